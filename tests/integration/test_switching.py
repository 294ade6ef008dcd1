"""Switching a running application and back: real files, a real process, no database."""

from __future__ import annotations

import runpy
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from supamig import api
from supamig.config import Api
from supamig.errors import (
    DotenvUnusable,
    ExitCode,
    FilesEdited,
    PlanRefused,
    Refused,
    RunInProgress,
    SwitchFailed,
    UsageError,
)
from supamig.journal import Hold
from supamig.models import Verdict
from supamig.secret import Secret
from supamig.switching import record

pytestmark = pytest.mark.timeout(240)
BASE = runpy.run_path(Path(__file__).with_name("switching_world.py"))
world = BASE["world"]
OLD, NEW, OLD_KEY, NEW_KEY = (BASE[name] for name in ("OLD", "NEW", "OLD_KEY", "NEW_KEY"))
BACKEND, FRONTEND, SWITCHED = BASE["BACKEND"], BASE["FRONTEND"], BASE["SWITCHED"]


def test_there_and_back(world):
    assert world.project() == OLD
    report = api.configure(world.settings)
    assert report.verdict is Verdict.PASSED
    assert [step.id for step in report.steps] == [
        "configure.files", "configure.build.frontend", "configure.restart.backend",
        "configure.health.backend",
    ]  # fmt: skip
    assert world.texts() == SWITCHED
    assert world.project() == NEW
    assert (world.frontend / "built").read_bytes().decode() == SWITCHED[1]
    assert (world.backend / ".env").stat().st_mode & 0o777 == 0o640
    # the target's database does not answer, which costs only what a rollback could tell
    assert any("configure.target-state" in line for line in report.not_checked)
    again = api.configure(world.settings)
    assert again.steps == ()
    assert "switched already" in again.notes[0]
    back = api.rollback(world.settings)
    assert back.verdict is Verdict.PASSED
    assert world.texts() == [BACKEND, FRONTEND]
    assert world.project() == OLD
    assert (world.frontend / "built").read_text() == FRONTEND
    assert any("rollback.target-writes" in line for line in back.not_checked)
    with pytest.raises(Refused, match="no switch is noted"):
        api.rollback(world.settings)


def test_copies_are_their_owners_alone(world):
    api.configure(world.settings)
    switch = record.latest(world.settings)
    assert switch.journal.path.stat().st_mode & 0o777 == 0o700
    assert {p.stat().st_mode & 0o777 for p in switch.journal.path.iterdir()} == {0o600}


def test_what_is_shown_holds_no_secret(world):
    found = api.configure_changes(world.settings)
    assert world.texts() == [BACKEND, FRONTEND]
    shown = found.diff + repr([file.changes for file in found.files]) + repr(found.findings)
    for secret in (OLD_KEY, NEW_KEY, "db-password", "target-password", "sk_live", "Stripe"):
        assert secret not in shown
    assert f"-export SUPABASE_URL='{OLD}'" in found.diff
    assert f"+export SUPABASE_URL='{NEW}'" in found.diff
    assert "+SUPABASE_ANON_KEY=*** (the target's anon key)" in found.diff
    assert [(c.name, c.what) for c in found.files[0].changes] == [
        ("SUPABASE_URL", ("URL",)),
        ("SUPABASE_ANON_KEY", ("anon key",)),
        ("DATABASE_URL", ("database address",)),
    ]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"restart": (sys.executable, "-c", "print('port taken'); exit(3)")}, "status 3"),
        ({"restart": ("no-such-program",)}, "does not start"),
        ({"restart": (sys.executable, "-c", "import time; time.sleep(600)"), "timeout": 1.0},
         "did not end within 1.0 s"),
        ({"build": (sys.executable, "-c", "exit(1)")}, "status 1"),
    ],
)  # fmt: skip
def test_a_command_that_fails_puts_everything_back(world, more, words):
    with pytest.raises(SwitchFailed, match=words) as raised:
        api.configure(world.change(**more))
    assert raised.value.exit_code is ExitCode.STEP_FAILED
    assert world.texts() == [BACKEND, FRONTEND]
    # the same command fails on the way back too, and both is said
    assert "Putting back failed too" in raised.value.message
    report = api.rollback(world.settings)
    assert report.verdict is Verdict.PASSED
    assert world.project() == OLD


def test_an_application_that_stays_unhealthy_is_put_back(world):
    env = world.backend / ".env"
    env.write_text(env.read_text() + f"BROKEN_ON={NEW}\n")
    before = world.texts()
    settings = world.change(env={"BROKEN_ON": "keep"}, timeout=8.0)
    with pytest.raises(SwitchFailed) as raised:
        api.configure(settings)
    assert "`backend` was not healthy within 8.0 s" in raised.value.message
    assert "answers 503, not 200" in raised.value.message
    assert "Every file is as it was" in raised.value.message
    assert world.texts() == before
    assert world.project() == OLD
    with pytest.raises(Refused, match="no switch is noted"):
        api.rollback(settings)


def test_output_of_commands_is_kept_without_secrets(world):
    told = f"print('{NEW_KEY} sk_live_do_not_show fine')"
    api.configure(world.change(restart=(sys.executable, "-c", told), health=()))
    ran = record.latest(world.settings).journal.all("ran")
    assert [entry["printed"] for entry in ran if entry["what"] == "restart"] == ["*** *** fine\n"]


def test_a_server_that_a_command_leaves_behind_is_not_waited_for(world):
    began = time.monotonic()
    api.configure(world.settings)
    assert time.monotonic() - began < 60


def test_commands_do_not_inherit_where_the_source_is(world, monkeypatch):
    monkeypatch.setenv("SUPABASE_URL", OLD)
    told = "import os; print(os.environ.get('SUPABASE_URL'))"
    api.configure(world.change(restart=(sys.executable, "-c", told), health=()))
    ran = record.latest(world.settings).journal.all("ran")
    assert "None\n" in [entry["printed"] for entry in ran]


def test_edits_are_not_lost_by_accident(world):
    api.configure(world.settings)
    env = world.backend / ".env"
    added = b"NEW_SECRET=mine-alone # remark\nPEM=-----BEGIN\nMIIkey\nA: mine\n# mine\nB='mine' x"
    env.write_bytes(env.read_bytes() + added)
    undone = api.rollback_changes(world.settings)
    assert undone.edited == (str(env),)
    shown = ["+NEW_SECRET=*** # ***", "+PEM=***", "+***", "+***", "+# ***", "+***"]
    assert undone.edits.splitlines()[-6:] == shown
    with pytest.raises(FilesEdited) as raised:
        api.rollback(world.settings)
    assert raised.value.exit_code is ExitCode.REFUSED
    assert str(env) in raised.value.message
    assert "NEW_SECRET" in env.read_text()
    api.rollback(world.settings, discard_edits=True)
    assert world.texts() == [BACKEND, FRONTEND]


def test_a_file_that_was_removed_since_comes_back(world):
    api.configure(world.settings)
    env = world.backend / ".env"
    env.unlink()
    with pytest.raises(FilesEdited):
        api.rollback(world.settings)
    api.rollback(world.settings, discard_edits=True)
    assert world.texts() == [BACKEND, FRONTEND]
    assert env.stat().st_mode & 0o777 == 0o640


def test_an_earlier_switch_that_stands_is_said(world):
    backend, _ = world.settings.applications
    api.configure(replace(world.settings, applications=(backend,)))
    api.configure(world.settings)
    report = api.rollback(world.settings)
    assert world.texts() == [SWITCHED[0], FRONTEND]
    said = f"An earlier switch stands: `supamig rollback` again for `{world.backend / '.env'}`"
    assert said in report.notes
    report = api.rollback(world.settings)
    assert not any("earlier" in note for note in report.notes)
    assert world.texts() == [BACKEND, FRONTEND]


def test_a_link_stays_one(world):
    env = world.backend / ".env"
    real = world.directory / "real.env"
    env.rename(real)
    env.symlink_to(real)
    api.configure(world.settings)
    assert env.is_symlink()
    assert real.read_bytes().decode() == SWITCHED[0]
    api.rollback(world.settings)
    assert env.is_symlink()
    assert world.texts() == [BACKEND, FRONTEND]


def test_duplicate_names_are_all_edited_and_said(world):
    env = world.frontend / ".env"
    env.write_text(f"{FRONTEND}\nVITE_SUPABASE_URL={OLD}/\n")
    report = api.configure(world.settings)
    assert OLD not in env.read_text()
    (finding,) = [f for f in report.findings if "times" in f.message]
    assert "`VITE_SUPABASE_URL` stands 2 times" in finding.message
    assert "in the lines 1, 3: the last one counts" in finding.message


def test_bytes_that_are_not_utf_8_pass_through(world):
    env = world.frontend / ".env"
    env.write_bytes(b"# caf\xe9\n" + FRONTEND.encode())
    api.configure(world.settings)
    assert env.read_bytes() == b"# caf\xe9\n" + SWITCHED[1].encode()


def spoil_missing(env):
    env.unlink()


def spoil_read_only(env):
    env.chmod(0o444)


def spoil_utf_16(env):
    env.write_bytes(FRONTEND.encode("utf-16"))


def spoil_link(env):
    env.unlink()
    env.symlink_to("nowhere")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (spoil_missing, "is not there"),
        (spoil_read_only, "is read-only"),
        (spoil_utf_16, "is not UTF-8"),
        (spoil_link, "is a link to `nowhere`"),
    ],
)
def test_files_that_cannot_be_edited_stop_it_before_anything(world, spoil, words):
    spoil(world.frontend / ".env")
    with pytest.raises(DotenvUnusable, match=words) as raised:
        api.configure(world.settings)
    assert raised.value.exit_code is ExitCode.USAGE
    assert raised.value.hint
    assert (world.backend / ".env").read_bytes().decode() == BACKEND


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (f"SUPABASE_KEY: {OLD_KEY}", "holds a value of the source"),
        (f"SUPABASE_URL='{OLD}", "holds a value of the source"),
        ("SUPABASE_KEY: sb_secret_x", "holds a Supabase key that is neither"),
    ],
)
def test_a_line_that_only_others_can_read_stops_it(world, line, words):
    env = world.backend / ".env"
    env.write_text(f"{env.read_text()}\nPASSED_ON\n- not: a variable\n{line}\n# {line}\n")
    before = world.texts()
    with pytest.raises(PlanRefused) as raised:
        api.configure(world.settings)
    number = len(before[0].splitlines()) - 1
    assert f"line {number} of `{env}` is no NAME=VALUE and {words}" in raised.value.message
    assert raised.value.message.startswith("1 value is not understood")
    assert OLD_KEY not in raised.value.message
    assert world.texts() == before


def test_a_wrong_anon_key_stops_it_before_anything(world):
    role = "eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoiYW5vbiJ9.c2ln"
    env = world.frontend / ".env"
    env.write_text(f"VITE_SUPABASE_URL={OLD}\nVITE_SUPABASE_ANON_KEY={role}\n")
    with pytest.raises(PlanRefused) as raised:
        api.configure(world.settings)
    assert raised.value.exit_code is ExitCode.REFUSED
    assert "neither the source's nor the target's" in raised.value.message
    assert 'VITE_SUPABASE_ANON_KEY = "anon_key"' in raised.value.hint
    assert role not in raised.value.message
    backend, frontend = world.applications
    told = replace(frontend, env={"VITE_SUPABASE_ANON_KEY": "anon_key"})
    api.configure(replace(world.settings, applications=(backend, told)))
    assert env.read_text() == f"VITE_SUPABASE_URL={NEW}\nVITE_SUPABASE_ANON_KEY={NEW_KEY}\n"


def test_equal_keys_on_both_sides_stay(world):
    same = Api(url=NEW, anon_key=Secret(OLD_KEY))
    report = api.configure(replace(world.settings, target_api=same))
    assert report.verdict is Verdict.PASSED
    assert OLD_KEY in world.texts()[1]


def test_nothing_to_change_is_refused(world):
    with pytest.raises(Refused, match="no file of any application"):
        api.configure(
            replace(
                world.settings,
                project_ref="",
                source=None,
                source_api=Api(url="https://zzzzzzzzzzzzzzzzzzzz.example.org"),
                applications=tuple(
                    replace(a, env=dict.fromkeys(
                        ("SUPABASE_URL", "VITE_SUPABASE_URL", "DATABASE_URL"), "keep"))
                    for a in world.applications
                ),
            )
        )  # fmt: skip


@pytest.mark.parametrize("lacking", ["applications", "source_api", "target_api"])
def test_settings_that_are_missing_are_named(world, lacking):
    empty = () if lacking == "applications" else None
    with pytest.raises(UsageError) as raised:
        api.configure(replace(world.settings, **{lacking: empty}))
    assert raised.value.hint


def test_two_at_once_are_refused(world):
    hold = Hold(world.settings.state_dir, "applications")
    try:
        for verb in (api.configure, api.rollback):
            with pytest.raises(RunInProgress, match="working on the applications"):
                verb(world.settings)
    finally:
        hold.release()
    assert world.texts() == [BACKEND, FRONTEND]
