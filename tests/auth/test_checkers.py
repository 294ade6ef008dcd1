"""Every check of the cutover passes where all is well."""

from __future__ import annotations

import socket

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Debugging

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


@pytest.fixture
def mail_server():
    """A mail server that is greeted by nobody."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    server = Controller(Debugging(), hostname="127.0.0.1", port=port)
    server.start()
    yield server
    if server.server is not None:
        server.stop()


def test_the_mail_server_is_looked_for_from_where_the_database_is(deploy, settings, mail_server):
    deployment = deploy()
    port = mail_server.port

    def findings():
        options = {"auth": {"smtp_host": "127.0.0.1", "smtp_port": port}}
        report = validate_cutover(
            settings(deployment, select=("auth.smtp",), plugin_options=options)
        )
        assert [one.outcome for one in report.checks if one.id == "auth.smtp"] != []
        return [one.message for one in report.findings if one.check == "auth.smtp"]

    assert findings() == []
    mail_server.stop()
    (message,) = findings()
    assert message == (
        f"the mail server 127.0.0.1:{port} cannot be reached from the target's database server:"
        " Connection refused"
    )
    ((left,),) = deployment.rows("select count(*) from pg_extension where extname = 'dblink'")
    assert left == 0
