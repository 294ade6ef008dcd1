"""A file in `--plugins-dir` adds a check to the report; faulty ones cost only themselves."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from supamig import Settings, validate
from supamig.models import Outcome, Verdict

GOOD = """
@validator("acme.answer", title="Both sides know the answer")
def answer(context):
    source, target = context.source.rows("select 6 * 7"), context.target.rows("select 6 * 7")
    if source != target:
        yield Finding(check="acme.answer", severity=Severity.ERROR, message="they differ")

@hookimpl
def supamig_validators():
    return [answer]
"""

FAULTY = """
def hang(context):
    yield from context.source.rows("select pg_sleep(600)")

def wait(context):
    import time
    time.sleep(5)

def leave(context):
    raise SystemExit(f"password=hunter2 {context}")

def garble(context):
    print("\\x00\\x1b[2J{garbage")
    return [b"garbage"]

def write(context):
    context.source.rows("create table evil (id int)")

@hookimpl
def supamig_validators():
    return [
        Validator(id=f"faulty.{run.__name__}", title="Faulty", run=run, timeout=1)
        for run in (hang, wait, leave, garble, write)
    ]
"""

EXPECTED = {
    "acme.answer": "passed",
    "faulty.garble": "errored",
    "faulty.hang": "timed-out",
    "faulty.leave": "errored",
    "faulty.wait": "timed-out",
    "faulty.write": "errored",
}


@pytest.fixture
def databases(pg_pair, fresh_database):
    return [fresh_database(server) for server in pg_pair]


@pytest.fixture
def plugins(write):
    write("acme", GOOD)
    write("faulty", FAULTY)
    write("broken", "import not_there")
    return write.directory


def test_the_report_of_the_library(databases, plugins, tmp_path):
    source, target = databases
    settings = Settings(
        source=source.dsn,
        target=target.dsn,
        plugins_dirs=(plugins,),
        load_plugins=(),
        state_dir=tmp_path / "state",
        ignore=("security.",),  # other tests leave roles in these servers
    )
    report = validate(settings)
    checks = {check.id: check for check in report.checks}
    outcomes = {id_: str(c.outcome) for id_, c in checks.items() if c.plugin in {"acme", "faulty"}}
    assert outcomes == EXPECTED
    assert checks["faulty.leave"].reason.startswith("SystemExit: password=***")
    assert "read-only transaction" in checks["faulty.write"].reason
    assert "not_there" in repr(checks["plugin.load"])
    built_in = [c for c in report.checks if c.plugin.startswith("supamig.")]
    assert len(built_in) > 20
    assert {c.outcome for c in built_in} <= {Outcome.PASSED, Outcome.SKIPPED}
    assert report.verdict is Verdict.INCOMPLETE


@pytest.mark.parametrize("form", ["json", "ndjson"])
def test_what_a_check_prints_does_not_spoil_the_output(databases, plugins, tmp_path, form):
    source, target = databases
    command = [
        *(sys.executable, "-m", "supamig", "validate", "--select", "faulty.garble"),
        *("--select", "acme", "--plugins-dir", str(plugins), "--output", form),
    ]
    environ = {
        "SUPAMIG_SOURCE_DSN": source.dsn.reveal(),
        "SUPAMIG_TARGET_DSN": target.dsn.reveal(),
        "PATH": "/usr/bin:/bin",
    }
    done = subprocess.run(
        command, cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=50, check=False
    )
    texts = done.stdout.splitlines() if form == "ndjson" else [done.stdout]
    values = [json.loads(text) for text in texts]
    assert "garbage" not in done.stdout.replace("faulty.garble", "")
    assert values, done.stderr
    assert "garbage" in done.stderr
