"""Ten lines in a plugin directory are a check; one that misbehaves costs only itself."""

from __future__ import annotations

import subprocess
import sys

from supamig.runner import Opened, run_checks
from supamig.testing.fakes import FakeSide, fake_context

CRON = """
@validator("acme.cron-jobs", title="Scheduled jobs are the same")
def cron_jobs(context):
    sql = "select jobname, schedule from cron.job"
    for name, schedule in sorted(set(context.source.rows(sql)) - set(context.target.rows(sql))):
        yield Finding(check="acme.cron-jobs", severity=Severity.ERROR, subject=name,
                      message=f"job `{name}` ({schedule}) is not on the target", hint="...")

@hookimpl
def supamig_validators():
    return [cron_jobs]
"""

FAULTY = """
import time

def checks():
    def hang(context):
        while True:
            time.sleep(0.05)

    def leave(context):
        raise SystemExit(0)

    def garble(context):
        print("\\x00garbage")
        yield b"garbage"

    def flood(context):
        while True:
            yield Finding(check="faulty.flood", severity=Severity.ERROR, message="again")

    def forge(context):
        yield Finding(check="acme.cron-jobs", severity=Severity.INFO, message="all is well")

    for run in (hang, leave, garble, flood, forge):
        yield Validator(id=f"faulty.{run.__name__}", title="Faulty", run=run, timeout=0.5)

@hookimpl
def supamig_validators(settings):
    return checks()
"""


def run(plugins, source, target):
    context = fake_context(source=source, target=target)
    results = run_checks(
        plugins.validators(None),
        make_context=lambda validator, cancelled: Opened(context, lambda: None, lambda: None),
    )
    return {result.id: result for result in results}


def test_a_check_in_a_file_finds_what_it_looks_for(write, load):
    write("acme", CRON)
    sql = "select jobname, schedule from cron.job"
    source = FakeSide(label="source", answers={sql: [("nightly", "0 3 * * *"), ("hourly", "@h")]})
    target = FakeSide(label="target", answers={sql: [("hourly", "@h")]})
    result = run(load(), source, target)["acme.cron-jobs"]
    assert (str(result.outcome), result.plugin) == ("failed", "acme")
    assert [finding.subject for finding in result.findings] == ["nightly"]


def test_faulty_checks_cost_only_themselves(write, load):
    write("acme", CRON)
    write("faulty", FAULTY)
    sql = "select jobname, schedule from cron.job"
    side = FakeSide(answers={sql: []})
    results = run(load(), side, side)
    assert {check: str(result.outcome) for check, result in results.items()} == {
        "acme.cron-jobs": "passed",
        "faulty.hang": "timed-out",
        "faulty.leave": "errored",
        "faulty.garble": "errored",
        "faulty.flood": "failed",
        "faulty.forge": "errored",
    }
    assert all(r.reason for check, r in results.items() if check.startswith("faulty."))


def test_a_check_that_hangs_does_not_hold_up_the_exit(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "import time\n"
        "from supamig.protocols import Validator\n"
        "from supamig.runner import Opened, run_check\n"
        "from supamig.testing.fakes import fake_context\n"
        "check = Validator(id='a.b', title='', run=lambda c: time.sleep(1000), timeout=0.1)\n"
        "make = lambda v, c: Opened(fake_context(), lambda: None, lambda: None)\n"
        "print(run_check(check, make_context=make).outcome)\n"
    )
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=30, check=True
    )
    assert (done.stdout, done.stderr) == ("timed-out\n", "")
