"""Checks for supamig by acme."""

from __future__ import annotations

from typing import TYPE_CHECKING

from supamig import Finding, Severity, hookimpl, validator

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from supamig import CheckContext, Validator

# cron.job: one row a scheduled job
_JOBS = "select jobname, schedule from cron.job"


@hookimpl
def supamig_validators() -> Iterable[Validator]:
    """Hand over the checks of this plugin."""
    return [cron_jobs]


@validator(
    "acme.cron-jobs",
    title="Scheduled jobs are the same",
    needs=("source", "target", "extension:pg_cron"),
    timeout=60,
)
def cron_jobs(context: CheckContext) -> Iterator[Finding]:
    """Find jobs of the source that the target lacks or runs at another time."""
    target = dict(context.target.rows(_JOBS))
    for name, schedule in sorted(context.source.rows(_JOBS)):
        if target.get(name) != schedule:
            yield Finding(
                check="acme.cron-jobs",
                severity=Severity.ERROR,
                subject=name,
                message=f"job `{name}` ({schedule}) is not on the target",
                hint="Schedule it with cron.schedule",
                evidence={"source": schedule, "target": target.get(name)},
            )
