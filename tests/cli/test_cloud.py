"""What is taken over from Supabase Cloud, on the command line: shown, written, never a secret."""

from __future__ import annotations

import functools
import json
import re
import stat
from pathlib import Path

import jwt
import pytest
from dotenv import dotenv_values

from supamig import management
from supamig.deployment import describe
from supamig.deployment.reading import read_settings
from supamig.testing.cloud_project import (
    JWT_SECRET,
    REF,
    SECRET,
    SMTP_PASS,
    auth_config,
    cloud_project,
)
from supamig.testing.management import FakeManagementApi

DEPLOYMENT = '[deployment]\npublic_url = "https://api.example.com"\n'


@pytest.fixture
def cloud(monkeypatch, working_directory):
    """The Management API; a test may change it before it is asked."""
    fake = FakeManagementApi({REF: cloud_project()})
    client = functools.partial(management.ManagementApi, transport=fake, sleep=lambda _: None)
    monkeypatch.setattr(management, "ManagementApi", client)
    Path("supamig.toml").write_text(DEPLOYMENT)
    return fake


@pytest.fixture
def ask(cloud, run):
    """Call a command that asks the cloud."""
    environ = {"SUPABASE_PROJECT_REF": REF, "SUPABASE_ACCESS_TOKEN": cloud.token}
    return lambda *arguments, **more: run(*arguments, environ={**environ, **more}, sides=False)


def secrets():
    return dotenv_values(".env.deployment", interpolate=False)


def test_the_plan_says_what_is_carried_and_what_lives(ask, cloud):
    ended = ask("auth", "plan")
    assert ended.code == 0, ended.err
    assert "SMTP_PASS" in ended.out
    assert re.search(
        r"external_twitter_client_id +left out +the provider twitter is off", ended.out
    )
    lines = [line for line in ended.out.splitlines() if line.startswith("refresh tokens")]
    assert lines[0].split()[2] == "yes"
    assert "must send people back to https://api.example.com/auth/v1/callback" in ended.out
    assert JWT_SECRET not in ended.out + ended.err
    assert {request.method for request in cloud.seen} == {"GET"}


@pytest.mark.parametrize(
    ("left", "dead"),
    [
        ("jwt-secret", {"access tokens signed with HS256", "anon and service role key"}),
        ("signing-keys", {"access tokens signed with ES256"}),
        ("api-keys", {"anon and service role key", "publishable and secret key"}),
    ],
)
def test_what_is_left_behind_ends_something(ask, left, dead):
    ended = ask("auth", "plan", "--leave", left, "--output", "json")
    found = json.loads(ended.out)["survival"]
    assert {one["what"] for one in found if not one["lives"]} == dead
    assert all(one["because"] for one in found)


def test_the_plan_knows_secrets_that_were_given(ask):
    assert ask("keys", "new", "--set", "SMTP_PASS=env:MAIL", "--set", "STRIPE_KEY=env:MAIL",
               "--set", "GITHUB_SECRET=env:MAIL", MAIL=SMTP_PASS).code == 0  # fmt: skip
    found = json.loads(ask("auth", "plan", "--output", "json").out)["secrets"]
    assert found["SMTP_PASS"] == "the project's own"
    assert found["GITHUB_SECRET"] == "not the project's"
    assert found["STRIPE_KEY"] == "given"
    assert found["GOOGLE_SECRET"] == "missing"


def test_an_unknown_field_is_reported(ask, cloud):
    cloud.answers[REF]["auth_config"] = auth_config(mailer_pigeons_enabled=True)
    ended = ask("auth", "plan")
    assert ended.code == 0
    assert "warning: the field `mailer_pigeons_enabled`" in ended.out


def test_a_value_that_auth_would_end_over_is_an_error(ask, cloud):
    cloud.answers[REF]["auth_config"] = auth_config(security_captcha_provider="abacus")
    ended = ask("auth", "plan")
    assert ended.code == 1
    assert "error: auth would not start" in ended.out


def test_settings_are_written_and_can_be_named(ask):
    ended = ask("deployment", "from-cloud")
    assert (ended.code, ended.out.split()) == (
        0,
        [f"deployment.cloud/{name}" for name in
         ("deployment.json", "templates/confirmation.html", "templates/recovery.html")],
    )  # fmt: skip
    assert 'from_cloud = "deployment.cloud/deployment.json"' in ended.err
    named = 'from_cloud = "deployment.cloud/deployment.json"\n[deployment.rest]\nmax_rows = 7\n'
    Path("supamig.toml").write_text(DEPLOYMENT + named)
    settings = read_settings(Path("supamig.toml"))
    assert settings.auth.site_url == "https://app.example.com"
    assert settings.auth.templates["confirmation"].startswith("<a href=")
    # what stands in supamig.toml wins
    assert (settings.rest.max_rows, settings.rest.schemas[1]) == (7, "api")
    assert "mail-pages" in {one.name for one in describe(settings).services}
    # and again, now that the file is named
    assert ask("deployment", "from-cloud").code == 0
    assert ask("auth", "plan").code == 0


def test_nothing_is_written_for_a_look(ask):
    assert ask("deployment", "from-cloud", "--dry-run").code == 0
    assert not Path("deployment.cloud").exists()


def test_a_file_that_is_named_and_not_there(ask):
    Path("supamig.toml").write_text(DEPLOYMENT + 'from_cloud = "gone.json"\n')
    ended = ask("deployment", "services")
    assert ended.code == 2
    assert "`supamig deployment from-cloud` writes it" in ended.err


def test_keys_of_the_cloud_are_taken_over(ask):
    ended = ask("keys", "new", "--from-cloud")
    assert ended.code == 0, ended.err
    made = secrets()
    assert made["JWT_SECRET"] == JWT_SECRET
    assert made["SUPABASE_SECRET_KEY"] == SECRET
    assert jwt.decode(made["ANON_KEY"], JWT_SECRET, algorithms=["HS256"])["ref"] == REF
    assert stat.S_IMODE(Path(".env.deployment").stat().st_mode) == 0o600
    assert not [value for value in made.values() if value in ended.out + ended.err]
    assert "refresh tokens: yes" in ended.err
    assert "access tokens signed with ES256: yes" in ended.err


def test_keys_say_what_ends_before_anything_is_made(ask):
    ended = ask("keys", "new", "--from-cloud", "--leave", "jwt-secret", "--dry-run")
    assert ended.code == 0
    assert "access tokens signed with HS256: no, 403 bad_jwt" in ended.err
    assert "refresh tokens: yes" in ended.err
    assert not Path(".env.deployment").exists()


def test_another_secret_than_that_of_the_file_is_refused(ask):
    assert ask("keys", "new").code == 0
    before = Path(".env.deployment").read_bytes()
    ended = ask("keys", "new", "--from-cloud")
    assert ended.code == 6
    assert "`JWT_SECRET`" in ended.err
    assert Path(".env.deployment").read_bytes() == before


def test_leaving_something_needs_something_to_leave(ask):
    ended = ask("keys", "new", "--leave", "api-keys")
    assert ended.code == 2
    assert "--from-cloud" in ended.err


@pytest.mark.parametrize("command", [("auth", "plan"), ("deployment", "from-cloud"),
                                     ("keys", "new", "--from-cloud")])  # fmt: skip
class TestEveryCommandSays:
    def test_which_permission_is_missing(self, ask, cloud, command):
        cloud.permissions = frozenset({"project_admin_read"})
        ended = ask(*command)
        assert ended.code == 3
        assert "`auth_config_read`" in ended.err

    def test_that_the_project_is_paused(self, ask, cloud, command):
        cloud.answers[REF]["project"]["status"] = "INACTIVE"
        ended = ask(*command)
        assert ended.code == 4
        assert "is paused" in ended.err

    def test_that_there_is_no_such_project(self, ask, command):
        ended = ask(*command, SUPABASE_PROJECT_REF="zzzzzzzzzzzzzzzzzzzz")
        assert ended.code == 2
        assert "there is no project" in ended.err

    def test_that_the_cloud_is_too_busy(self, ask, cloud, command):
        cloud.busy = -1
        ended = ask(*command)
        assert ended.code == 4
        assert "asked too often" in ended.err

    def test_what_is_not_set(self, run, cloud, command):
        ended = run(*command, environ={"SUPABASE_PROJECT_REF": REF}, sides=False)
        assert ended.code == 2
        assert "SUPABASE_ACCESS_TOKEN is not set" in ended.err

    def test_that_there_is_nothing_in_a_bundle(self, ask, cloud, command):
        Path("bundle").mkdir()
        if command[0] == "keys":
            command = ("keys", "new")
        ended = ask(*command, "--bundle", "bundle")
        assert ended.code == 2
        assert "holds no configuration" in ended.err
        assert cloud.seen == []
