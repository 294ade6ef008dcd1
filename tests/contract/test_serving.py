"""The services as a child process: started, ended, and never left behind."""

from __future__ import annotations

import ipaddress
import json
import os
import signal
import ssl
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from psycopg.conninfo import make_conninfo

from supamig.secret import Secret
from supamig.testing.services import NotStarted, serve

ROOT = Path(__file__).resolve().parents[2]
_PARENT = """
import json, sys
from supamig.testing.services import serve
with serve(json.loads(sys.stdin.readline()), jwt_secret="x" * 40) as services:
    print(json.dumps({"url": services.url, "pid": services.pid}), flush=True)
    sys.stdin.readline()
"""


@pytest.fixture(autouse=True)
def _stand_in_only(backend):
    if backend.is_real:
        pytest.skip("only the stand-in is a child of these tests")


def test_a_sign_in_through_the_gateway(project, user, people):
    with serve(project, jwt_secret="y" * 40, env={"GOTRUE_JWT_EXP": "60"}) as services:
        headers = {"apikey": services.anon_key}
        body = {"email": user["email"], "password": people.password}
        answer = httpx.post(
            f"{services.url}/auth/v1/token?grant_type=password", json=body, headers=headers
        )
        assert (answer.status_code, answer.json()["expires_in"]) == (200, 60)
        assert "y" * 40 not in repr(services)
    with pytest.raises(httpx.TransportError):
        httpx.get(services.url)


def test_the_same_port_again(project):
    with serve(project) as first:
        port = int(first.url.rpartition(":")[2])
    with serve(project, port=port) as second:
        assert second.url == first.url


def test_as_a_login_that_is_no_superuser(project, user, people):
    """The services' own roles log in then, by the password that all of them have."""
    owner = Secret(make_conninfo(project.reveal(), user="postgres"))
    with serve(owner) as services:
        headers = {"apikey": services.anon_key}
        body = {"email": user["email"], "password": people.password}
        url = f"{services.url}/auth/v1/token?grant_type=password"
        assert httpx.post(url, json=body, headers=headers).status_code == 200
        rows = httpx.get(f"{services.url}/rest/v1/feature_flags", headers=headers)
        assert rows.status_code == 200


def test_over_tls(project, tmp_path):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(here, critical=False)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "certificate.pem"
    form = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(key.private_bytes(*form) + made.public_bytes(Encoding.PEM))
    with serve(project, certificate=file) as services:
        assert services.url.startswith("https://127.0.0.1:")
        trusted = ssl.create_default_context(cafile=str(file))
        answer = httpx.get(f"{services.url}/storage/v1/status", verify=trusted)
        assert answer.status_code == 200


def test_the_fixture_for_plugins(project, serve_services):
    services = serve_services(project, env={"GOTRUE_DISABLE_SIGNUP": "true"})
    headers = {"apikey": services.anon_key}
    found = httpx.get(f"{services.url}/auth/v1/settings", headers=headers).json()
    assert found["disable_signup"] is True


def test_another_clock(project, user, people):
    with serve(project, clock_offset=600) as services:
        body = {"email": user["email"], "password": people.password}
        answer = httpx.post(
            f"{services.url}/auth/v1/token?grant_type=password",
            json=body, headers={"apikey": services.anon_key},
        )  # fmt: skip
        assert answer.json()["expires_at"] - time.time() > 4000


def test_what_the_real_one_would_not_start_with(project):
    started = serve(project, env={"GOTRUE_SMTP_PORT": ""})
    with pytest.raises(NotStarted, match="assigning GOTRUE_SMTP_PORT") as caught, started:
        pytest.fail("it started")
    assert caught.value.status == 1


def gone(pid):
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().split()[2]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks at processes in /proc")
def test_a_parent_that_is_killed_leaves_nothing(project):
    parent = subprocess.Popen(
        [sys.executable, "-c", _PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)}, text=True,
    )  # fmt: skip
    with parent:
        parent.stdin.write(json.dumps(project.reveal()) + "\n")
        parent.stdin.flush()
        said = json.loads(parent.stdout.readline())
        assert httpx.get(f"{said['url']}/storage/v1/status").status_code == 200
        parent.send_signal(signal.SIGKILL)
        parent.wait(10)
    assert gone(said["pid"])
