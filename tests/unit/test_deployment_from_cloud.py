"""Settings that come from Supabase Cloud in a file of their own, pages of mail, the SAML key."""

from __future__ import annotations

import base64
import json
import os
import runpy
import subprocess
import time
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from supamig.config.connection import project_of
from supamig.deployment import DeploymentSettings, describe
from supamig.deployment.reading import read_settings
from supamig.deployment.saml_key import is_readable
from supamig.deployment.secret_table import problems
from supamig.errors import ConfigError
from supamig.secret import Secret

SAMPLES = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("deployment_samples.py"))))
REF = "abcdefghijklmnopqrst"


@pytest.fixture
def toml(tmp_path):
    """Write supamig.toml beside a file of settings of the cloud's."""

    def write(text, table=None, pages=()):
        (tmp_path / "cloud" / "templates").mkdir(parents=True, exist_ok=True)
        if table is not None:
            (tmp_path / "cloud" / "deployment.json").write_text(json.dumps(table))
        for name, page in dict(pages).items():
            (tmp_path / "cloud" / name).write_text(page)
        place = tmp_path / "supamig.toml"
        place.write_text(f"[deployment]\n{text}")
        return place

    return write


NAMED = 'from_cloud = "cloud/deployment.json"\n'


def test_what_stands_in_the_file_itself_wins(toml):
    table = {"auth": {"site_url": "https://a.example", "jwt_expiry": 60}, "rest": {"max_rows": 5}}
    own = NAMED + '[deployment.auth]\nsite_url = "https://b.example"\n'
    settings = read_settings(toml(own, table))
    assert settings.auth.site_url == "https://b.example"
    assert (settings.auth.jwt_expiry, settings.rest.max_rows) == (60, 5)


def test_pages_lie_beside_the_file_that_names_them(toml):
    pages = {"templates/recovery.html": "<p>{{ .Token }}</p>"}
    table = {"auth": {"templates": {"recovery": "templates/recovery.html"}}}
    own = NAMED + '[deployment.auth.templates]\ninvite = "cloud/templates/recovery.html"\n'
    settings = read_settings(toml(own, table, pages))
    assert dict(settings.auth.templates) == {
        "recovery": "<p>{{ .Token }}</p>",
        "invite": "<p>{{ .Token }}</p>",
    }


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (None, "cannot be read"),
        ([1], "not a table"),
        ({"auth": {"pigeons": True}}, r"deployment\.auth\.pigeons"),
        ({"auth": {"templates": {"recovery": "gone.html"}}}, r"gone\.html` cannot be read"),
        ({"auth": {"templates": {"pigeon": "deployment.json"}}}, "templates"),
    ],
)
def test_what_is_wrong_with_the_file_is_said(toml, table, message):
    with pytest.raises(ConfigError, match=message) as caught:
        read_settings(toml(NAMED, table))
    assert caught.value.exit_code == 2


def test_a_file_that_is_no_json(toml):
    place = toml(NAMED, {})
    (place.parent / "cloud" / "deployment.json").write_text("{")
    with pytest.raises(ConfigError, match="not valid JSON"):
        read_settings(place)
    assert read_settings(place, with_cloud=False) == DeploymentSettings()


def test_the_pulumi_program_reads_the_same_file(toml):
    from infra.config import read_config

    place = toml(NAMED, {"auth": {"site_url": "https://a.example"}})
    config = {
        "supamig:droplet": '{"id": 1}',
        "supamig:docker": '{"host": "unix:///var/run/docker.sock"}',
        "supamig:settings_file": place.name,
    }
    assert read_config(config, root=place.parent).deployment == read_settings(place)
    assert read_settings(place).auth.site_url == "https://a.example"


def test_the_real_caddy_serves_the_pages_of_mail(tmp_path):
    deployment = describe(SAMPLES.VARIANTS["carried"])
    service = deployment.service("mail-pages")
    assert service.ports == ()
    for file in service.files:
        assert file.target.startswith("/srv/")
        (tmp_path / Path(file.target).name).write_text(file.content)
    port = SAMPLES.free_port()
    command = [
        part.replace("/srv", str(tmp_path)).replace(":8080", f"127.0.0.1:{port}")
        for part in service.command
    ]
    process = subprocess.Popen(
        [str(SAMPLES.program("caddy")), *command[1:]],
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        told = deployment.service("auth").environment["GOTRUE_MAILER_TEMPLATES_RECOVERY"].fill({})
        url = told.replace("http://mail-pages:8080", f"http://127.0.0.1:{port}")
        assert fetched(url) == "<p>{{ .Token }} costs $5</p>\n"
        health = service.health.test[-1].fill({})
        assert fetched(health.replace(":8080", f":{port}")) == "<p>{{ .Token }} costs $5</p>\n"
    finally:
        process.kill()
        process.wait()


def fetched(url):
    deadline = time.monotonic() + 30
    while True:
        try:
            return httpx.get(url).raise_for_status().text
        except httpx.TransportError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def written(key, form):
    content = key.private_bytes(serialization.Encoding.DER, form, serialization.NoEncryption())
    return base64.b64encode(content).decode()


def test_a_saml_key_has_the_one_form_that_auth_reads():
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    good = written(key, serialization.PrivateFormat.TraditionalOpenSSL)
    assert is_readable(good)
    assert not is_readable(written(key, serialization.PrivateFormat.PKCS8))
    assert not is_readable("not base64!")
    other = ec.generate_private_key(ec.SECP256R1())
    assert not is_readable(written(other, serialization.PrivateFormat.TraditionalOpenSSL))
    assert list(problems({"SAML_PRIVATE_KEY": Secret(good)})) == []
    (problem,) = problems({"SAML_PRIVATE_KEY": Secret("x")})
    assert "PKCS#1" in problem


@pytest.mark.parametrize(
    ("dsn", "ref"),
    [
        (f"postgresql://postgres:p@db.{REF}.supabase.co:5432/postgres", REF),
        (f"postgresql://postgres.{REF}:p@aws-1-eu-central-1.pooler.supabase.com/postgres", REF),
        ("postgresql://postgres.x:p@localhost/postgres", ""),
        ("postgresql://postgres:p@db.example.org/postgres", ""),
        ("host=evil.supabase.co.example.org", ""),
    ],
)
def test_the_project_of_a_connection_string(dsn, ref):
    assert project_of(Secret(dsn)) == ref
    assert project_of(None) == ""
