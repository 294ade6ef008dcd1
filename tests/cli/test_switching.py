"""`supamig configure` and `supamig rollback` as commands: what is shown, asked and refused."""

from __future__ import annotations

import json

import pytest

OLD, NEW = "https://abcdefghijklmnopqrst.supabase.co", "https://api.example.org"
KEY = "old-anon-key-0123456789"
ENVIRON = {
    "SUPABASE_PROJECT_REF": "abcdefghijklmnopqrst",
    "SUPABASE_ANON_KEY": KEY,
    "SUPAMIG_TARGET_URL": NEW,
    "SUPAMIG_TARGET_ANON_KEY": "new-anon-key-0123456789",
    "SUPAMIG_TARGET_DSN": "host=127.0.0.1 port=1 user=postgres dbname=postgres",
    "SUPAMIG_CONNECT_TIMEOUT": "2",
}
TOML = """
[[applications]]
name = "backend"
env_files = ["backend.env"]
restart = "touch restarted"
"""


@pytest.fixture
def call(run, working_directory):
    (working_directory / "supamig.toml").write_text(TOML)
    (working_directory / "backend.env").write_text(f"SUPABASE_URL={OLD}\nK={KEY}\n")
    return lambda *arguments: run(*arguments, environ=ENVIRON, sides=False)


def test_a_dry_run_shows_the_difference(call, working_directory):
    ended = call("configure", "--dry-run")
    assert ended.code == 0, ended.err
    assert ended.out.splitlines()[2:] == [
        "@@ -1,2 +1,2 @@",
        f"-SUPABASE_URL={OLD}",
        "-K=*** (the source's anon key)",
        f"+SUPABASE_URL={NEW}",
        "+K=*** (the target's anon key)",
    ]
    assert OLD in (working_directory / "backend.env").read_text()
    assert not (working_directory / "restarted").exists()
    told = json.loads(call("configure", "--dry-run", "--output", "json").out)
    assert [change["name"] for change in told["files"][0]["changes"]] == ["SUPABASE_URL", "K"]


def test_nobody_there_is_a_no(call, working_directory):
    ended = call("configure")
    assert ended.code == 8
    assert "changes 2 values in 1 file and restarts backend" in ended.err
    assert KEY not in ended.err + ended.out
    assert OLD in (working_directory / "backend.env").read_text()


def test_there_and_back(call, working_directory):
    ended = call("configure", "--yes", "--output", "json")
    assert ended.code == 0, ended.err
    report = json.loads(ended.out)
    assert (report["command"], report["verdict"]) == ("configure", "passed")
    assert (working_directory / "restarted").exists()
    assert NEW in (working_directory / "backend.env").read_text()
    shown = call("rollback", "--dry-run")
    assert shown.out == "backend.env\n"
    assert call("rollback").code == 8
    back = call("rollback", "--yes")
    assert back.code == 0, back.err
    assert "Files as they were" in back.out
    assert "What the target took since the switch" in back.out
    assert OLD in (working_directory / "backend.env").read_text()
    assert call("rollback", "--yes").code == 6


def test_edits_stop_a_rollback(call, working_directory):
    assert call("configure", "--yes").code == 0
    file = working_directory / "backend.env"
    file.write_text(file.read_text() + "MINE=a-secret-of-mine\n")
    for arguments in (("--yes",), ("--dry-run",), ("--yes", "--output", "json")):
        ended = call("rollback", *arguments)
        assert ended.code == 6
        assert "edited since the switch: `backend.env`" in ended.err
        assert "a-secret-of-mine" not in ended.err + ended.out
    assert "+MINE=***" in call("rollback", "--yes").err
    assert call("rollback", "--yes", "--discard-edits").code == 0
    assert file.read_text() == f"SUPABASE_URL={OLD}\nK={KEY}\n"


def test_a_failed_switch_says_what_happened(call, working_directory):
    toml = working_directory / "supamig.toml"
    toml.write_text(TOML.replace("touch restarted", "ls not-there"))
    ended = call("configure", "--yes")
    assert ended.code == 5
    assert "`ls not-there` ended with status 2" in ended.err
    assert "not-there" in ended.err
    toml.write_text(TOML)
    assert call("rollback", "--yes").code == 0


def test_a_value_that_is_not_understood_stops_it(call, working_directory):
    file = working_directory / "backend.env"
    file.write_text(f"SUPABASE_URL={OLD}\nOTHER_URL=https://zzzzzzzzzzzzzzzzzzzz.supabase.co\n")
    shown = call("configure", "--dry-run")
    assert shown.code == 1
    assert "names `zzzzzzzzzzzzzzzzzzzz.supabase.co`, which is not the source" in shown.out
    assert call("configure", "--yes").code == 6
    assert OLD in file.read_text()
