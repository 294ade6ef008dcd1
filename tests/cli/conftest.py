"""A stand-in for `supamig.api`, and two ways to call the command line: here and as a process."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import supamig
from supamig.models import (
    CheckResult,
    Event,
    EventKind,
    Finding,
    Outcome,
    Plan,
    Report,
    Severity,
    Stage,
    Step,
    Summary,
    Verdict,
)

ROOT = Path(__file__).resolve().parents[2]
EVENTS = (
    Event(kind=EventKind.STEP_STARTED, stage=Stage.EXPORT, subject="rows", step="rows",
          message="Copy [/rows]", expected=2_000_000),
    Event(kind=EventKind.ITEM_STARTED, stage=Stage.EXPORT, subject="public.a", step="rows",
          expected=2_000_000),
    Event(kind=EventKind.ITEM_PROGRESS, stage=Stage.EXPORT, subject="public.a", step="rows",
          rows=10, bytes=1_000_000, expected=2_000_000, seconds=1.0),
    Event(kind=EventKind.ITEM_FINISHED, stage=Stage.EXPORT, subject="public.a", step="rows"),
    Event(kind=EventKind.NOTE, stage=Stage.EXPORT, subject="rows", message="a \x1b[31m note"),
    Event(kind=EventKind.STEP_FINISHED, stage=Stage.EXPORT, subject="rows", step="rows",
          outcome=Outcome.PASSED, rows=20, bytes=2_000_000, seconds=2.0),
    Event(kind=EventKind.CHECK_STARTED, stage=Stage.VERIFY, subject="core.rows",
          message="Rows are the same"),
    Event(kind=EventKind.CHECK_FINISHED, stage=Stage.VERIFY, subject="core.rows",
          outcome=Outcome.FAILED, items=1, seconds=0.1),
)  # fmt: skip


def make_report(*, verdict=Verdict.PASSED, message="one row differs"):
    finding = Finding(
        check="core.rows", severity=Severity.ERROR, message=message, subject="public.a"
    )
    failed = verdict is not Verdict.PASSED
    return Report(
        run_id="run-1",
        command="migrate",
        tool_version="0.1.0",
        method="stream",
        started_at="2026-11-23T16:00:00+00:00",
        source=None,
        target=None,
        summary=Summary(tables=1, rows=20, bytes=2_000_000, seconds=2.0),
        checks=(
            CheckResult(
                id="core.rows",
                title="Rows are the same",
                stage=Stage.VERIFY,
                outcome=Outcome.FAILED if failed else Outcome.PASSED,
                findings=(finding,) if failed else (),
            ),
        ),
        verdict=verdict,
    )


@dataclass
class FakeApi:
    """Remembers how its verbs were called; ``raises`` or ``report`` is how they end."""

    report: Report = field(default_factory=make_report)
    raises: BaseException | None = None
    calls: list = field(default_factory=list)
    findings: tuple = ()
    made: list = field(default_factory=list)
    is_done: bool = False

    def _verb(self, name, settings, observer=None, **more):
        self.calls.append((name, settings, more))
        for event in EVENTS:
            if observer is not None:
                observer(event)
        if self.raises is not None:
            raise self.raises
        return self.report

    def doctor(self, settings, *, observer=None):
        return self._verb("doctor", settings, observer)

    def validate(self, settings, *, observer=None):
        return self._verb("validate", settings, observer)

    def migrate(self, settings, *, fresh=False, observer=None):
        return self._verb("migrate", settings, observer, fresh=fresh)

    def export(self, settings, *, observer=None):
        return Path("backups/made"), self._verb("export", settings, observer)

    def import_bundle(self, settings, bundle, *, observer=None):
        return self._verb("import", settings, observer, bundle=bundle)

    def plan(self, settings, **more):
        self._verb("plan", settings, **more)
        step = Step(id="rows", kind="rows", stage=Stage.EXPORT, title="Copy [/rows]", estimate=2000)
        return Plan(
            steps=() if self.is_done else (step,),
            source_id="1/1",
            target_id="2/2",
            method="stream",
            findings=self.findings,
        )

    def checks(self, settings):
        self._verb("checks", settings)
        return self.made

    def plugins(self, settings):
        self._verb("plugins", settings)
        return self.made

    def status(self, settings):
        self._verb("status", settings)
        return self.made


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


@pytest.fixture
def report_of():
    """Make a report; see `make_report`."""
    return make_report


@pytest.fixture
def api(monkeypatch):
    fake = FakeApi()
    monkeypatch.setitem(sys.modules, "supamig.api", fake)
    monkeypatch.setattr(supamig, "api", fake, raising=False)
    return fake


@pytest.fixture
def run(working_directory, capsys, monkeypatch):
    """Call the command line in this process; ``environ`` is added to the environment."""
    from supamig.cli import main

    monkeypatch.setenv("COLUMNS", "200")

    def call(*arguments, environ=None, sides=True):
        with pytest.MonkeyPatch.context() as patch:
            if sides:
                patch.setenv("SUPAMIG_SOURCE_DSN", "host=s.example dbname=a")
                patch.setenv("SUPAMIG_TARGET_DSN", "host=t.example dbname=b")
            for name, value in (environ or {}).items():
                patch.setenv(name, value)
            code = main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return Ended(int(code), out, err)

    return call


#: A process whose `supamig.api` is the stand-in; ``{before}`` runs before the command.
STUBBED = """
import sys, time
sys.path.insert(0, {tests!r})
import conftest, supamig
fake = conftest.FakeApi()
sys.modules["supamig.api"] = supamig.api = fake
{before}
from supamig.cli import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture
def stubbed():
    """Return the code of a process that has the stand-in for the library."""
    return lambda before="": STUBBED.format(tests=str(Path(__file__).parent), before=before)


@pytest.fixture
def read_all():
    """Read a pseudo-terminal until the process at its other end is gone."""

    def read(terminal):
        shown = b""
        try:
            while piece := os.read(terminal, 65536):
                shown += piece
        except OSError as error:
            # how Linux says that nobody holds the other end any more
            if error.errno != errno.EIO:
                raise
        finally:
            os.close(terminal)
        return shown.decode()

    return read


@pytest.fixture
def start(working_directory):
    """Start `python -m supamig`, or Python code, as a process of its own."""
    started = []

    def call(*arguments, code=None, environ=None, terminal=None, **options):
        program = ["-c", code] if code else ["-m", "supamig"]
        pipe = subprocess.PIPE if terminal is None else terminal
        process = subprocess.Popen(
            [sys.executable, *program, *arguments],
            env={**os.environ, "PYTHONPATH": str(ROOT), **(environ or {})},
            stdin=options.pop("stdin", subprocess.DEVNULL),
            stdout=pipe,
            stderr=pipe,
            text=True,
            **options,
        )
        if terminal is not None:
            os.close(terminal)
        started.append(process)
        return process

    yield call
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()
