"""`[[applications]]` of `supamig.toml`: what is read of it, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from supamig.config import Application, Health, load
from supamig.errors import ConfigError
from supamig.secret import Secret

WHOLE = """
[[applications]]
name = "backend"
path = "../backend"
env_files = [".env", "worker/.env"]
env = { OLD_KEY = "anon_key", DATABASE_URL = "env:NEW_DSN" }
build = ["npm", "run", "build"]
restart = "systemctl restart 'e2i api'"
timeout = 30

[[applications.health]]
url = "http://127.0.0.1:8000/health"
method = "POST"
status = 204
json = { "checks.database" = "ok", ready = true }

[[applications]]
name = "frontend"
health = ["https://app.example.org/"]
"""


@pytest.fixture
def read(tmp_path):
    def call(text, **environ):
        path = tmp_path / "supamig.toml"
        path.write_text(text)
        return load(file=path, environ=environ).applications

    return call


def test_applications_are_read_relative_to_the_file(read, tmp_path):
    path = tmp_path / "../backend"
    assert read(WHOLE, NEW_DSN="postgresql://u:pw@h/d") == (
        Application(
            name="backend",
            path=path,
            env_files=(path / ".env", path / "worker/.env"),
            env={"OLD_KEY": "anon_key", "DATABASE_URL": Secret("postgresql://u:pw@h/d")},
            build=("npm", "run", "build"),
            restart=("systemctl", "restart", "e2i api"),
            health=(
                Health(
                    url="http://127.0.0.1:8000/health",
                    method="POST",
                    status=204,
                    json={"checks.database": "ok", "ready": True},
                ),
            ),
            timeout=30.0,
        ),
        Application(
            name="frontend", path=tmp_path, health=(Health(url="https://app.example.org/"),)
        ),
    )


def test_addresses_of_no_application_are_read_too(tmp_path):
    path = tmp_path / "supamig.toml"
    path.write_text(
        '[[http]]\nurl = "https://app.example.org/health/deep"\nmethod = "POST"\nstatus = 201\n'
        'json = { "checks.database" = "ok" }\n'
    )
    assert load(file=path, environ={}).http == (
        Health(
            url="https://app.example.org/health/deep",
            method="POST",
            status=201,
            json={"checks.database": "ok"},
        ),
    )
    path.write_text('http = ["https://app.example.org/"]')
    assert load(file=path, environ={}).http == (Health(url="https://app.example.org/"),)
    path.write_text('[[http]]\nurl = "https://app.example.org/"\nstatuss = 200\n')
    with pytest.raises(ConfigError, match="statuss"):
        load(file=path, environ={})


def test_a_value_that_is_named_for_a_variable_is_a_secret(tmp_path):
    path = tmp_path / "supamig.toml"
    path.write_text(WHOLE)
    settings = load(file=path, environ={"NEW_DSN": "a-value"})
    assert Secret("a-value") in settings.secrets()
    assert "a-value" not in repr(settings)


def test_no_reference_is_resolved_for_commands_that_need_no_target(tmp_path):
    path = tmp_path / "supamig.toml"
    path.write_text(WHOLE)
    (backend, _) = load(file=path, environ={}, sides=()).applications
    assert backend.env["DATABASE_URL"] == "env:NEW_DSN"
    assert backend.path == Path(tmp_path / "../backend")


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ('nam = "a"', "unknown key `applications.0.nam`"),
        ('name = ""', "`applications.0.name` in"),
        ('name = "a"\nrestart = "it\'s"', "must be a command"),
        ('name = "a"\nrestart = []', "must be a command"),
        ('name = "a"\nhealth = ["ftp://h"]', "must be https://HOST/PATH"),
        ('name = "a"\nhealth = [{ url = "http://h", statuss = 200 }]', "unknown key"),
        ('name = "a"\ntimeout = 0', "seconds, more than 0"),
        ('name = "a"\nenv = { A = "a-plain-value" }', "`A` of the application `a` becomes"),
        ('name = "a"\n[[applications]]\nname = "a"', "two applications are named `a`"),
    ],
)
def test_what_cannot_be_used_is_named(read, lines, message):
    with pytest.raises(ConfigError) as raised:
        read(f"[[applications]]\n{lines}\n")
    assert message in raised.value.message
    assert "a-plain-value" not in raised.value.message + raised.value.hint


def test_a_table_in_place_of_several_is_refused(read):
    with pytest.raises(ConfigError, match=r"\[\[applications\]\]"):
        read('[applications]\nname = "a"\n')
