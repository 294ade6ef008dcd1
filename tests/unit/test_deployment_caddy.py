"""Caddy in front, with the file and the command that the deployment gives it."""

from __future__ import annotations

import contextlib
import os
import runpy
import shutil
import subprocess
import time
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest

from supamig.deployment import describe

SAMPLES = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("deployment_samples.py"))))
VARIANTS = SAMPLES.VARIANTS


@pytest.fixture(scope="module")
def caddy(tmp_path_factory):
    directory = tmp_path_factory.mktemp("caddy")
    service = describe(VARIANTS["tls"]).service("caddy")
    port = SAMPLES.free_port()
    with contextlib.ExitStack() as stack:
        text = SAMPLES.shipped("tls", "caddy", "Caddyfile")
        for host in ("api-gw:8000", "studio:3000"):
            upstream = SAMPLES.serve(host.partition(":")[0], stack)
            text = text.replace(host, f"127.0.0.1:{upstream}")
        (directory / "Caddyfile").write_text("{\n\tadmin off\n}\n" + text)
        shell, dash_c, line = service.command
        environment = {
            "PATH": f"{SAMPLES.program('caddy').parent}:{os.environ['PATH']}",
            "HOME": str(directory),
            "PROXY_DOMAIN": f"http://127.0.0.1:{port}",
            "PROXY_AUTH_USERNAME": "supabase",
            "PROXY_AUTH_PASSWORD": "correct $horse",
        }
        command = line.replace("/etc/caddy/Caddyfile", str(directory / "Caddyfile"))
        process = subprocess.Popen(
            [shutil.which(shell), dash_c, command],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        stack.callback(process.wait)
        stack.callback(process.terminate)
        client = stack.enter_context(httpx.Client(base_url=f"http://127.0.0.1:{port}"))
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with contextlib.suppress(httpx.TransportError):
                client.get("/auth/v1/health")
                break
            assert process.poll() is None
            time.sleep(0.1)
        yield client


@pytest.mark.parametrize(
    "path",
    [
        *("/auth/v1/token", "/rest/v1/orders", "/graphql/v1", "/realtime/v1/websocket"),
        *("/storage/v1/object/a", "/functions/v1/hello", "/mcp"),
        "/.well-known/oauth-authorization-server",
    ],
)
def test_caddy_sends_the_api_to_the_gateway(caddy, path):
    seen = caddy.get(path, headers={"Authorization": "Bearer x"}).json()
    assert (seen["service"], seen["path"]) == ("api-gw", path)
    assert seen["headers"]["authorization"] == "Bearer x"


@pytest.mark.parametrize("path", ["/", "/project/default", "/api/mcp", "/pg/tables"])
def test_caddy_asks_for_a_password_everywhere_else(caddy, path):
    assert caddy.get(path).status_code == 401


def test_caddy_sends_who_knows_the_password_to_studio(caddy):
    answer = caddy.get("/project/default", auth=("supabase", "correct $horse"))
    assert answer.json()["service"] == "studio"
    assert "caddy" not in answer.headers.get("server", "").lower()
    assert "authorization" not in answer.json()["headers"]
