"""How a check is shown: one that only warns, in a run that warnings do not fail, has *warned*."""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from typing import TYPE_CHECKING

from supamig.models import Outcome, Severity, Verdict

if TYPE_CHECKING:
    from supamig.models import CheckResult, Report


class Sign(StrEnum):
    """An outcome as readers see it, worst first."""

    FAILED = "failed"
    ERRORED = "errored"
    TIMED_OUT = "timed-out"
    WARNED = "warned"
    SKIPPED = "skipped"
    PASSED = "passed"


def signs(report: Report) -> tuple[Sign, ...]:
    """Return how each check of the report is shown, in their order."""
    lost = any(step.outcome not in (Outcome.PASSED, Outcome.SKIPPED) for step in report.steps)
    failed = any(c.outcome is Outcome.FAILED and not _only_warns(c) for c in report.checks)
    # a report does not keep `--fail-on`; a run that failed through nothing else failed on warnings
    warnings_fail = report.verdict is Verdict.FAILED and not lost and not failed
    return tuple(
        Sign.WARNED if _only_warns(check) and not warnings_fail else Sign(check.outcome)
        for check in report.checks
    )


def tally(report: Report) -> tuple[tuple[Sign, int], ...]:
    """Count the checks by sign, worst first; signs that no check has are left out."""
    counted = Counter(signs(report))
    return tuple((sign, counted[sign]) for sign in Sign if counted[sign])


def _only_warns(check: CheckResult) -> bool:
    return (
        check.outcome is Outcome.FAILED
        and bool(check.findings)
        # with a reason it also stopped early, which is worse
        and not check.reason
        and all(finding.severity is not Severity.ERROR for finding in check.findings)
    )
