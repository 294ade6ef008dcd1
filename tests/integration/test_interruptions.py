"""Lines that break and people who press Ctrl-C: nothing is lost, nothing stays behind."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import psycopg
import pytest

from supamig import api
from supamig.errors import ConnectionLost, SupamigError, ToolFailed
from supamig.models import EventKind, Severity, Verdict

pytestmark = [pytest.mark.pg, pytest.mark.timeout(180)]

#: A resumed copy reads a second snapshot and says so; the sides' services differ by a version.
USUAL = {"preflight.left-behind", "preflight.unlogged-tables", "run.snapshots"}


def cut_at(proxy, step, *, after):
    """Make an observer that cuts the line so many bytes into a step."""

    def observe(event):
        if event.kind is EventKind.STEP_STARTED and event.step == step:
            proxy.cut(after=after)

    return observe


def assert_passed(report):
    assert report.verdict is Verdict.PASSED
    assert {finding.check for finding in report.findings} <= USUAL
    worst = {f.severity for f in report.findings if f.check == "preflight.left-behind"}
    assert worst <= {Severity.INFO}


@pytest.mark.parametrize(
    ("side", "step", "after", "kind"),
    [
        ("source", "export.inventory", 30_000, ConnectionLost),
        ("source", "export.schema", 30_000, ToolFailed),
        ("source", "import.rows", 600_000, (ConnectionLost, ToolFailed)),
        ("target", "import.schema", 60_000, ConnectionLost),
        ("target", "import.rows", 600_000, ConnectionLost),
        ("target", "import.constraints", 10_000, ConnectionLost),
    ],
)
def test_server_that_hangs_up_during_a_move(side, step, after, kind, settings, proxy):
    line = proxy(settings().require(side))
    given = settings(**{side: line.dsn})
    with pytest.raises(SupamigError) as caught:
        api.migrate(given, observer=cut_at(line, step, after=after))
    error = caught.value
    assert isinstance(error, kind), error
    assert error.exit_code == 5
    assert error.hint
    if isinstance(error, ConnectionLost):
        assert error.message.startswith(f"the {side} closed the connection")
    else:
        assert "server closed the connection" in error.message
    line.mend()
    assert_passed(api.migrate(given))
    states = [run.state for run in api.status(given)]
    assert states == ["finished"]


@pytest.mark.parametrize("method", ["stream", "pg_dump"])
def test_server_that_hangs_up_during_an_export(method, settings, proxy, working_directory):
    line = proxy(settings().require("source"))
    given = settings(source=line.dsn, method=method)
    with pytest.raises(SupamigError) as caught:
        api.export(given, observer=cut_at(line, "export.rows", after=600_000))
    assert caught.value.exit_code == 5
    assert list((working_directory / "backups").iterdir()) == []
    line.mend()
    bundle, report = api.export(given)
    assert report.verdict is Verdict.PASSED
    assert list((working_directory / "backups").iterdir()) == [working_directory / bundle]


@pytest.mark.parametrize("side", ["source", "target"])
def test_server_that_hangs_up_while_the_target_is_proven(side, settings, proxy):
    line = proxy(settings().require(side))
    given = settings(**{side: line.dsn})

    def observe(event):
        if event.kind is EventKind.CHECK_STARTED and event.subject == "rows.digest":
            line.cut(after=0)

    try:
        report = api.migrate(given, observer=observe)
    except ConnectionLost as error:
        assert side in error.message  # noqa: PT017 - either ending is right
    else:
        assert report.verdict is Verdict.INCOMPLETE
        assert report.not_checked
    line.mend()
    assert_passed(api.migrate(given))


# Ctrl-C

#: Stops before a step until the test has locked a table, so that the step waits for the lock.
PAUSE = """
import pathlib, time
from supamig.hookspecs import hookimpl
from supamig.models import EventKind

@hookimpl
def supamig_event(event):
    if event.kind is EventKind.STEP_STARTED and event.step == {step!r}:
        pathlib.Path("reached").touch()
        while not pathlib.Path("go").exists():
            time.sleep(0.02)
"""


def children(pid):
    """List the processes below one."""
    found = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, path.read_text().split()):
            found += [child, *children(child)]
    return found


def wait_until(condition, *, seconds=60.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


WAITING = "select count(*) from pg_stat_activity where datname = %s and wait_event_type = 'Lock'"


@pytest.fixture
def waiting(supamig, own_source, owner_of, working_directory):
    """Start a command that waits in a step for a table of the source that is locked."""
    plugins = working_directory / "plugins"
    plugins.mkdir()
    with own_source.connect() as holder:

        def start(*arguments, step):
            (plugins / "pause.py").write_text(PAUSE.format(step=step))
            process = supamig(
                *arguments,
                *("--yes", "--plugins-dir", "plugins"),
                environ={"SUPAMIG_SOURCE_DSN": owner_of(own_source).reveal()},
                start_new_session=True,
            )
            wait_until((working_directory / "reached").exists)
            holder.execute("begin")
            holder.execute("lock table public.artifacts in access exclusive mode")
            (working_directory / "go").touch()
            with own_source.server.connect() as session:
                wait_until(lambda: session.execute(WAITING, (own_source.name,)).fetchone()[0])
            return process

        start.release = lambda: holder.execute("rollback")
        yield start
        if holder.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
            holder.execute("rollback")


COMMANDS = [
    ("process", ("migrate",), "import.rows"),
    ("group", ("migrate",), "import.rows"),
    ("process", ("migrate", "--method", "pg_dump"), "export.rows"),
    ("group", ("export", "--method", "pg_dump"), "export.rows"),
    ("process", ("export",), "export.schema"),
    pytest.param(
        *("process", ("export", "--method", "cli"), "export.rows"), marks=pytest.mark.supabase_cli
    ),
]


@pytest.mark.skipif(not Path("/proc").exists(), reason="looks for processes in /proc")
@pytest.mark.parametrize(("whom", "arguments", "step"), COMMANDS)
def test_ctrl_c_stops_everything(
    request, whom, arguments, step, waiting, sessions, own_source, target, working_directory
):
    if "cli" in arguments:
        program = request.getfixturevalue("supabase_cli")
        request.getfixturevalue("monkeypatch").setenv("SUPAMIG_SUPABASE_CLI", str(program))
    process = waiting(*arguments, step=step)
    below = children(process.pid)
    assert sessions(own_source) > 0
    began = time.monotonic()
    if whom == "process":
        process.send_signal(signal.SIGINT)
    else:
        os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    assert err.rstrip().endswith("interrupted")
    assert "Traceback" not in err
    assert time.monotonic() - began < 10
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in below), seconds=5)
    wait_until(lambda: sessions(own_source) + sessions(target) == 0, seconds=5)
    backups = working_directory / "backups"
    assert not backups.exists() or list(backups.iterdir()) == []


def test_a_move_that_was_interrupted_goes_on(
    waiting, supamig, own_source, owner_of, working_directory
):
    process = waiting("migrate", step="import.rows")
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 143, err
    waiting.release()
    environ = {"SUPAMIG_SOURCE_DSN": owner_of(own_source).reveal()}
    process = supamig("migrate", "--yes", environ=environ)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert "PASSED" in out
