"""The samples of README.md work: as plugins, in a real move, and as a program."""

from __future__ import annotations

import json
import runpy
import shutil
from pathlib import Path

import click
import httpx
import pytest

from supamig import Settings, migrate
from supamig.models import Event, EventKind, Outcome, Stage, Verdict
from supamig.plugins import Plugins, PluginStatus
from supamig.testing.fakes import FakeSide, fake_context, fake_service_context
from supamig.testing.sample import install

SAMPLES = Path(__file__).with_name("samples")
QUERY = "select email from auth.users where is_super_admin"


@pytest.fixture
def directory(tmp_path):
    """All samples but the program, as a plugin directory."""
    return shutil.copytree(SAMPLES, tmp_path / "plugins", ignore=lambda *_: ["library.py"])


@pytest.fixture
def plugins(directory):
    found = Plugins.load(plugins_dirs=[directory], entry_points=False, builtins=())
    assert found.findings == []
    assert {record.status for record in found.records} == {PluginStatus.LOADED}
    return found


def test_each_hook_has_a_sample(plugins):
    from supamig import hookspecs

    hooks = {hook for record in plugins.records for hook in record.hooks}
    assert hooks == {name for name in vars(hookspecs) if name.startswith("supamig_")}


def test_the_checks_find_what_they_look_for(plugins):
    source = FakeSide(answers={QUERY: [("a@example.org",), ("b@example.org",)]})
    target = FakeSide(answers={QUERY: [("b@example.org",)]})
    context = fake_context(source=source, target=target)
    (admins,) = plugins.validators(None)
    assert [f.subject for f in admins.validator.run(context)] == ["a@example.org"]


def test_the_auth_checker_finds_what_it_looks_for(plugins, tmp_path):
    asked = []

    def answer(request):
        asked.append((request.method, request.url.path, request.headers["apikey"]))
        session = {"access_token": "a.b.c", "refresh_token": "r", "user": {"id": "1"}}
        return httpx.Response(200, json=session)

    (staff,) = plugins.auth_checkers(None)
    context = fake_service_context(answer, state_dir=tmp_path)
    assert [f.check for f in staff.validator.run(context)] == ["acme.sign-in"]
    assert asked == [
        ("POST", "/auth/v1/admin/users", "service"),
        ("POST", "/auth/v1/token", "anon"),
        ("GET", "/rest/v1/staff", "anon"),
    ]


def test_the_reporter_writes(plugins):
    samples = runpy.run_path(SAMPLES.parents[1] / "unit" / "report_samples.py")
    (markdown,) = plugins.reporters()
    assert markdown.render(samples["perfect"]()).startswith("# migrate: passed\n")


def test_the_command_prints(plugins, tmp_path, capsys):
    saved = tmp_path / "report.json"
    saved.write_text(json.dumps({"verdict": "passed"}))
    group = click.Group()
    plugins.commands(group)
    group.main(["verdict", str(saved)], standalone_mode=False)
    assert capsys.readouterr().out == "passed\n"


def test_the_event_is_logged(plugins, monkeypatch):
    told = []
    monkeypatch.setattr("syslog.syslog", told.append)
    for kind in (EventKind.STEP_STARTED, EventKind.STEP_FINISHED):
        event = Event(
            kind=kind, stage=Stage.IMPORT, subject="a", step="a", outcome=Outcome.PASSED, seconds=2
        )
        plugins.event(event)
    assert told == ["supamig: a passed after 2 s"]


def test_the_secret_is_asked_for(plugins, tmp_path, monkeypatch):
    program = tmp_path / "pass"
    program.write_text('#!/bin/sh\necho "$1 $2"\necho more\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert plugins.secret("pass:prod/db").reveal() == "show prod/db"
    assert plugins.secret("other:prod/db") is None


@pytest.fixture
def sides(pg_pair, fresh_database):
    source, target = (fresh_database(server) for server in pg_pair)
    install(source.dsn, flavour="cloud", application=False)
    install(target.dsn, flavour="self-hosted", application=False)
    return source.dsn, target.dsn


@pytest.mark.pg
@pytest.mark.timeout(180)
def test_the_plugins_take_part_in_a_move(sides, directory, tmp_path):
    source, target = sides
    settings = Settings(
        source=source,
        target=target,
        plugins_dirs=(directory,),
        load_plugins=(),
        state_dir=tmp_path / "state",
    )
    report = migrate(settings)
    assert {"export.acme-objects", "import.acme-counters"} <= {step.id for step in report.steps}
    assert "acme.admins" in {check.id for check in report.checks}
    assert report.verdict is Verdict.PASSED


@pytest.mark.pg
@pytest.mark.timeout(180)
def test_the_program_moves_a_database(sides, working_directory, monkeypatch, capsys):
    for name, dsn in zip(("SOURCE", "TARGET"), sides, strict=True):
        monkeypatch.setenv(f"SUPAMIG_{name}_DSN", dsn.reveal())
    runpy.run_path(SAMPLES / "library.py")
    lines = capsys.readouterr().out.splitlines()
    assert "step-finished import.rows" in lines
    assert lines[-1].endswith("rows moved: True")
