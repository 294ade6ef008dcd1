"""Every check of the cutover passes where all is well."""

from __future__ import annotations

import pytest

from supamig.api import validate_cutover
from supamig.models import Outcome, Severity, Verdict

pytestmark = [pytest.mark.pg, pytest.mark.timeout(300)]
# the stand-in has neither; tests/auth/test_endpoints.py looks at these two
ELSEWHERE = ("endpoints.storage", "endpoints.realtime")


def test_all_is_well_on_a_healthy_deployment(deploy, settings):
    deployment = deploy()
    report = validate_cutover(settings(deployment, ignore=ELSEWHERE))
    problems = [f for f in report.findings if f.severity is not Severity.INFO]
    assert [(finding.check, finding.message) for finding in problems] == []
    assert report.verdict is Verdict.PASSED
    skipped = {check.id for check in report.checks if check.outcome is not Outcome.PASSED}
    assert skipped == {"auth.smtp", "endpoints.applications", "endpoints.tls"}
    assert len(report.checks) > 40
    assert deployment.left() == []
