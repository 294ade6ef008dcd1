"""`supamig keys` and `supamig deployment`: what they write, what they show, what they refuse."""

from __future__ import annotations

import io
import json
import re
import stat
from pathlib import Path

import jwt
import pytest
from dotenv import dotenv_values

from supamig.cli import main
from supamig.deployment.secret_table import NAMES

CLOUD = "super-secret-jwt-token-with-at-least-32-characters-long"


pytestmark = pytest.mark.usefixtures("working_directory")


@pytest.fixture
def run(capsys):
    def run(*arguments):
        code = main(arguments)
        out, err = capsys.readouterr()
        return code, out, err

    return run


def values(path=".env.deployment"):
    return dotenv_values(path, interpolate=False)


def test_new_makes_a_private_file_and_shows_names_only(run):
    code, out, err = run("keys", "new")
    assert (code, set(out.split())) == (0, set(NAMES))
    assert stat.S_IMODE(Path(".env.deployment").stat().st_mode) == 0o600
    assert not [value for value in values().values() if value in out + err]
    assert run("keys", "check")[0] == 0


def test_new_never_replaces_what_is_there(run):
    run("keys", "new")
    before = Path(".env.deployment").read_bytes()
    code, out, err = run("keys", "new")
    assert (code, out) == (6, "")
    assert "--rotate" in err
    assert Path(".env.deployment").read_bytes() == before
    assert [path.name for path in Path().iterdir()] == [".env.deployment"]


def test_rotation_is_by_name_and_keeps_the_old_file(run):
    run("keys", "new")
    before = values()
    code, out, err = run("keys", "new", "--rotate", "POSTGRES_PASSWORD")
    assert (code, out.split()) == (0, ["POSTGRES_PASSWORD"])
    assert "ALTER ROLE" in err
    after = values()
    changed = {name for name, value in after.items() if before[name] != value}
    assert changed == {"POSTGRES_PASSWORD"}
    (kept,) = Path().glob(".env.deployment.*")
    assert values(kept) == before
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_what_is_missing_is_added(run):
    run("keys", "new")
    file = Path(".env.deployment")
    lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join(line for line in lines if not line.startswith("VAULT_ENC_KEY=")))
    code, out, _ = run("keys", "new")
    assert (code, out.split()) == (0, ["VAULT_ENC_KEY"])


@pytest.mark.parametrize("scheme", ["env", "file", "cmd"])
def test_the_clouds_secret_comes_by_reference(run, scheme, monkeypatch):
    monkeypatch.setenv("CLOUD_SECRET", CLOUD)
    Path("secret").write_text(CLOUD + "\n")
    reference = {"env": "env:CLOUD_SECRET", "file": "file:secret", "cmd": "cmd:cat secret"}[scheme]
    code, out, err = run("keys", "new", "--jwt-secret", reference)
    assert code == 0
    assert CLOUD not in out + err
    assert jwt.decode(values()["ANON_KEY"], CLOUD, ["HS256"])["role"] == "anon"


@pytest.mark.parametrize(
    "arguments",
    [
        ("--jwt-secret", CLOUD),
        ("--set", f"JWT_SECRET={CLOUD}"),
        ("--set", CLOUD),
        ("--set", f"{CLOUD}=env:X"),
    ],
)
def test_a_secret_in_place_of_a_reference_is_refused_and_not_repeated(run, arguments):
    code, out, err = run("keys", "new", *arguments)
    assert code == 2
    assert CLOUD not in out + err
    assert not Path(".env.deployment").exists()


def test_secrets_that_are_not_made_here_are_taken(run, monkeypatch):
    monkeypatch.setenv("MAIL_WORD", "it costs $5 # really")
    assert run("keys", "new", "--set", "SMTP_PASS=env:MAIL_WORD")[0] == 0
    assert values()["SMTP_PASS"] == "it costs $5 # really"


def test_another_deployments_public_keys_are_trusted(run):
    run("keys", "new", "--file", "other.env")
    other = values("other.env")
    Path("jwks.json").write_text(other["JWT_PUBLIC_JWKS"])
    assert run("keys", "new", "--trust", "jwks.json")[0] == 0
    (foreign,) = json.loads(other["JWT_PUBLIC_JWKS"])["keys"]
    assert foreign["kid"] in values()["JWT_KEYS"]
    assert run("keys", "new", "--trust", "missing.json", "--file", "third.env")[0] == 2


def test_a_dry_run_writes_nothing(run):
    code, out, _ = run("keys", "new", "--dry-run")
    assert (code, set(out.split())) == (0, set(NAMES))
    assert list(Path().iterdir()) == []


def test_json_says_the_same(run):
    code, out, _ = run("keys", "new", "--output", "json")
    assert (code, set(json.loads(out)["made"])) == (0, set(NAMES))


def test_pulumi_gets_values_through_a_pipe(run):
    code, out, err = run("keys", "new", "--pulumi", "--file", "my secrets")
    lines = out.splitlines()
    assert (code, len(lines)) == (0, len(NAMES))
    taken = r"pulumi config set --secret --path supamig:secrets\.(\w+)"
    form = rf"supamig keys show (\w+) --file 'my secrets' \| {taken}"
    for line in lines:
        name, again = re.fullmatch(form, line).groups()
        assert name == again
    assert not [value for value in values("my secrets").values() if value in out + err]
    assert run("keys", "new", "--pulumi", "--file", "my secrets")[:2] == (0, out)


def test_show_hands_one_secret_to_a_pipe(run):
    run("keys", "new")
    code, out, _ = run("keys", "show", "JWT_KEYS")
    assert (code, out) == (0, values()["JWT_KEYS"])
    assert run("keys", "show", "NOTHING")[0] == 2


def test_show_writes_nothing_to_a_terminal(run, monkeypatch):
    run("keys", "new")

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    screen = Terminal()
    monkeypatch.setattr("sys.stdout", screen)
    assert main(["keys", "show", "JWT_SECRET"]) == 6
    assert screen.getvalue() == ""


def test_check_names_what_is_wrong(run):
    run("keys", "new")
    file = Path(".env.deployment")
    file.write_text(re.sub("VAULT_ENC_KEY=.", "VAULT_ENC_KEY=", file.read_text()))
    code, _, err = run("keys", "check")
    assert code == 2
    assert "`VAULT_ENC_KEY` must have exactly 32 characters, not 31" in err


def test_a_file_that_others_can_read_stops_every_command(run):
    run("keys", "new")
    Path(".env.deployment").chmod(0o644)
    for arguments in (("new",), ("check",), ("show", "JWT_SECRET")):
        code, out, err = run("keys", *arguments)
        assert (code, out) == (2, "")
        assert "chmod 600" in err


def test_a_deployment_is_rendered_with_its_secrets(run):
    Path("supamig.toml").write_text("[deployment]\nlogs = true\ngateway = 'kong'\n")
    run("keys", "new")
    code, out, err = run("deployment", "render", "--compose", "out")
    assert code == 0
    assert set(out.split()) == {str(path) for path in Path("out").rglob("*") if path.is_file()}
    assert not [value for value in values().values() if value in out + err]
    text = Path("out/docker-compose.yml").read_text()
    assert not [value for value in values().values() if value in text]
    Path(".env.deployment").unlink()
    assert run("deployment", "render", "--compose", "out")[0] == 0


def test_rendering_without_secrets_says_how_to_make_them(run):
    code, out, err = run("deployment", "render", "--compose", "out")
    assert (code, out) == (2, "")
    assert "supamig keys new" in err
    assert not Path("out").exists()


def test_rendering_does_not_change_the_secrets_of_a_deployment_that_runs(run):
    run("keys", "new")
    run("deployment", "render", "--compose", "out")
    before = Path("out/.env").read_bytes()
    run("keys", "new", "--rotate", "JWT_SECRET")
    assert run("deployment", "render", "--compose", "out")[0] == 6
    assert Path("out/.env").read_bytes() == before


def test_a_dry_run_of_rendering_lists_the_files(run):
    code, out, _ = run("deployment", "render", "--compose", "out", "--dry-run")
    assert code == 0
    assert "out/docker-compose.yml" in out.split()
    assert not Path("out").exists()


def test_services_are_listed(run):
    Path("supamig.toml").write_text("[deployment.ports]\napi = 54321\n")
    assert run("deployment", "services")[0] == 2  # public_url still names port 8000
    Path("supamig.toml").write_text(
        "[deployment]\npublic_url = 'http://localhost:54321'\n[deployment.ports]\napi = 54321\n"
    )
    code, out, _ = run("deployment", "services", "--output", "json")
    rows = {row["name"]: row for row in json.loads(out)}
    assert (code, len(rows)) == (0, 11)
    assert rows["api-gw"]["ports"] == "0.0.0.0:54321/tcp"
    assert "supabase/gotrue" in run("deployment", "services")[1]


def test_a_wrong_setting_stops_the_command(run):
    Path("supamig.toml").write_text("[deployment.port]\napi = 1\n")
    code, _, err = run("deployment", "services")
    assert code == 2
    assert "`deployment.port`" in err


def test_other_commands_accept_the_deployments_table(run):
    Path("supamig.toml").write_text("[deployment]\nlogs = true\n")
    assert run("checks")[0] == 0
