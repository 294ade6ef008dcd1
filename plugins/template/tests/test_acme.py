"""The plugin loads as a single file, and its check finds what it looks for."""

from __future__ import annotations

from pathlib import Path

from supamig.models import Outcome
from supamig.plugins import Plugins
from supamig.runner import Opened, run_check
from supamig.testing.fakes import FakeSide, fake_context

SOURCES = Path(__file__).parents[1] / "src"
JOBS = "select jobname, schedule from cron.job"
EXTENSIONS = {"extensions": [{"name": "pg_cron"}]}


def judge(*, source, target, extensions=EXTENSIONS):
    plugins = Plugins.load(plugins_dirs=[SOURCES], builtins=(), entry_points=False)
    assert plugins.findings == []
    [check] = plugins.validators(None)
    context = fake_context(
        source=FakeSide(label="source", answers={JOBS: source}, catalogs=extensions),
        target=FakeSide(label="target", answers={JOBS: target}),
    )
    return run_check(
        check.validator,
        make_context=lambda validator, cancelled: Opened(context, lambda: None, lambda: None),
    )


def test_equal_jobs_are_no_finding():
    jobs = [("nightly", "0 3 * * *"), ("hourly", "0 * * * *")]
    assert judge(source=jobs, target=jobs).outcome is Outcome.PASSED


def test_a_job_that_is_gone_or_runs_at_another_time_is_found():
    result = judge(
        source=[("nightly", "0 3 * * *"), ("hourly", "0 * * * *")],
        target=[("hourly", "5 * * * *")],
    )
    assert [finding.subject for finding in result.findings] == ["hourly", "nightly"]
    assert result.findings[0].evidence == {"source": "0 * * * *", "target": "5 * * * *"}


def test_without_pg_cron_it_is_skipped():
    assert judge(source=[], target=[], extensions={}).outcome is Outcome.SKIPPED
