"""The reference case from end to end: a whole project, two `.env` files, one running backend."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import urllib.request

import pytest

from supamig import api
from supamig.config import Api, AuthProofs
from supamig.errors import Cancelled, UsageError
from supamig.models import Verdict
from supamig.phases import Phase
from supamig.report.record import markdown
from supamig.secret import Secret
from supamig.testing import application as sample
from supamig.testing.sample import PASSWORDS
from supamig.testing.services import serve

pytestmark = [pytest.mark.pg, pytest.mark.timeout(600)]
MARY = "mary@example.com"
SECRET = "the-secret-of-the-project-of-40-letters-"
ENVIRONMENT = {
    "GOTRUE_SITE_URL": "https://app.example.com",
    "GOTRUE_RATE_LIMIT_HEADER": "X-Forwarded-For",
    "GOTRUE_MFA_TOTP_ENROLL_ENABLED": "true",
    "GOTRUE_MFA_TOTP_VERIFY_ENABLED": "true",
}


def served(stack, dsn):
    one = stack.enter_context(serve(dsn, jwt_secret=SECRET, env=ENVIRONMENT))
    return Api(
        url=one.url,
        anon_key=Secret(one.anon_key),
        service_role_key=Secret(one.service_role_key),
        jwt_secret=Secret(SECRET),
    )


@pytest.fixture
def case(settings, own_source, owner_of, target, tmp_path):
    """The whole of it: both sides with services, applications on the source, the settings."""
    with contextlib.ExitStack() as stack:
        old, new = (served(stack, database.dsn) for database in (own_source, target))
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        backend, frontend = tmp_path / "backend", tmp_path / "frontend"
        backend.mkdir()
        frontend.mkdir()
        (backend / ".env").write_text(
            f"# the backend\nSUPABASE_URL='{old.url}'\nSUPABASE_ANON_KEY={old.anon_key.reveal()}\n"
            f"SUPABASE_SERVICE_KEY={old.service_role_key.reveal()}\nHEALTH_EMAIL={MARY}\n"
            f"HEALTH_PASSWORD={PASSWORDS[MARY]}\nHEALTH_TABLE=profiles\n"
        )
        (frontend / ".env").write_text(f"VITE_SUPABASE_URL={old.url}\n")
        made = settings(
            source=owner_of(own_source),
            source_api=old,
            target_api=new,
            load_plugins=(),
            # the stand-in has no Storage and no Realtime
            ignore=("endpoints.realtime", "endpoints.storage"),
            auth=AuthProofs(email=MARY, password=Secret(PASSWORDS[MARY])),
            applications=sample.as_configured(backend, frontend, port, os.getpid()),
        )
        sample.restart(backend, port, os.getpid())
        stack.callback(sample.stop, backend)
        yield made


def project_of(settings):
    with urllib.request.urlopen(settings.applications[0].health[0].url, timeout=30) as answer:
        return json.load(answer)["project"]


def test_the_reference_case_from_end_to_end(case, target):
    asked = []

    def no_further(phase, question):
        asked.append(phase)
        if phase is Phase.CUTOVER:
            raise Cancelled("not yet")
        return "ada"

    with pytest.raises(Cancelled):
        api.run_phases(case, confirm=no_further)
    assert asked == [Phase.IMPORT, Phase.CONFIGURE, Phase.CUTOVER]
    halfway = api.phases(case)
    assert halfway.next is Phase.CUTOVER
    record = api.run_phases(case, confirm=lambda *_: "grace")
    assert record.is_complete, [(p.phase, p.detail) for p in record.phases]
    assert [phase.confirmed_by for phase in record.phases] == ["", "", "ada", "ada", "", "grace"]
    reports = dict(record.reports)
    summary = reports[Phase.IMPORT].summary
    assert (summary.tables, summary.auth_tables, summary.auth_users) == (84, 20, 6)
    assert project_of(case) == case.target_api.url
    page = markdown(record)
    for line in (
        "The migration is complete",
        "| Public tables | 84 |",
        "grace",
        "[x] The services of the target answer",
    ):
        assert line in page
    for secret in case.secrets():
        assert secret.reveal() not in page
    with target.connect() as session:
        session.execute("insert into public.feature_flags (name) values ('since-the-switch')")
    back = api.rollback(case)
    assert back.verdict is Verdict.PASSED
    assert project_of(case) == case.source_api.url
    found = {finding.subject: finding.message for finding in back.findings}
    assert "took writes: 1 added" in found["public.feature_flags"]
    # what the health check's sign-in on the target left there
    assert "added" in found["auth.sessions"]
    assert "changed" in found["auth.users"]


def test_a_phase_cannot_be_begun_with_before_the_ones_that_it_needs(settings):
    given = settings()
    with pytest.raises(UsageError, match="`--from import` would leave out `export`"):
        api.run_phases(given, confirm=lambda *_: "ada", start=Phase.IMPORT)
    assert api.phases(given) is None
