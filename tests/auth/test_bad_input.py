"""What a person may have given wrongly, and how large a project may be."""

from __future__ import annotations

import socket
import time
from dataclasses import replace

import pytest
from click.testing import CliRunner

from supamig.api import begin_session, end_session, validate_cutover
from supamig.cli.group import make_commands
from supamig.config import Api
from supamig.errors import AuthenticationFailed, Unreachable, UsageError
from supamig.models import Outcome, Verdict
from supamig.secret import Secret

pytestmark = [pytest.mark.pg, pytest.mark.timeout(300)]

MANY = """
insert into auth.users (id, instance_id, aud, role, email, encrypted_password, email_confirmed_at,
  confirmation_token, recovery_token, email_change, email_change_token_new, created_at, updated_at)
select md5(i::text)::uuid, '00000000-0000-0000-0000-000000000000', 'authenticated',
  'authenticated', 'user' || i || '@example.com', '$2a$10$' || repeat('x', 53), now(), '', '', '',
  '', now(), now()
from generate_series(1, 100000) i
"""


@pytest.fixture
def silent():
    """An address where nobody answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    return f"http://127.0.0.1:{port}"


def test_services_that_do_not_answer(deploy, settings, silent):
    given = settings(deploy(), api={"url": silent})
    with pytest.raises(Unreachable) as caught:
        validate_cutover(given)
    assert silent in caught.value.message
    assert caught.value.exit_code == 4
    assert caught.value.hint


def test_services_that_never_answer(deploy, settings, monkeypatch):
    monkeypatch.setattr("supamig.cutover.SECONDS", 1.0)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with pytest.raises(Unreachable, match="do not answer"):
            validate_cutover(settings(deploy(), api={"url": url}))


def test_without_an_address_nothing_is_passed(deploy, settings):
    given = settings(deploy(), target_api=None)
    report = validate_cutover(given)
    assert report.verdict is Verdict.INCOMPLETE
    reasons = {check.id: check.reason for check in report.checks if check.reason}
    assert "SUPAMIG_TARGET_URL" in reasons["services.reachable"]
    assert "SUPAMIG_TARGET_URL" in reasons["auth.health"]


def test_source_and_target_with_one_address(project, deploy, settings):
    with pytest.raises(UsageError, match="the same services"):
        validate_cutover(settings(deploy(), target_api=project[0].api))


def test_a_database_that_does_not_answer_leaves_out_what_needs_it(deploy, settings):
    nowhere = Secret("postgresql://postgres@127.0.0.1:1/postgres")
    given = settings(deploy(), target=nowhere, source=nowhere, select=("auth.rows", "auth.clock"))
    report = validate_cutover(given)
    outcomes = {check.outcome for check in report.checks if check.id.startswith("auth.rows")}
    assert outcomes == {Outcome.SKIPPED}


def test_a_wrong_anon_key_is_said_and_not_shown(deploy, settings, silent, monkeypatch, tmp_path):
    deployment = deploy()
    wrong = "eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoiYW5vbiJ9.c2lnbmF0dXJl"
    monkeypatch.chdir(tmp_path)
    environ = {
        "SUPAMIG_TARGET_URL": deployment.api.url,
        "SUPAMIG_TARGET_ANON_KEY": wrong,
        "SUPAMIG_TARGET_JWT_SECRET": deployment.api.jwt_secret.reveal(),
    }
    done = CliRunner().invoke(
        make_commands(),
        ["validate", "--stage", "cutover", "--select", "auth.keys", "--output", "json"],
        env=environ,
        standalone_mode=False,
    )
    assert done.return_value == 1, done.output
    assert "signed by another secret" in done.output
    assert "the gateway answers 401 to the anon key" in done.output
    assert wrong not in done.output


def test_a_key_that_no_header_can_hold(deploy, settings):
    api = {"anon_key": Secret("schlüssel\nmit Zeilen")}
    report = validate_cutover(settings(deploy(), api=api, select=("auth.health",)))
    (check,) = [check for check in report.checks if check.id == "auth.health"]
    assert check.outcome is Outcome.SKIPPED
    assert "schl" not in check.reason


def test_a_hundred_thousand_users(deploy, settings):
    deployment = deploy(
        statements=(MANY, "update auth.users set confirmation_token = null where email like '%7@%'")
    )
    began = time.monotonic()
    report = validate_cutover(settings(deployment, select=("auth.rows",)))
    assert time.monotonic() - began < 60
    (null,) = [f for f in report.findings if f.check == "auth.rows-null"]
    assert null.message.startswith("10,000 users have NULL")
    assert len(null.evidence["first ids"]) == 5


def test_a_session_is_begun_on_the_source_and_goes_on(project, deploy, settings, copy_of, silent):
    source, _ = project
    given = settings(deploy(), proofs={"refresh_token": None, "password": None})
    path = begin_session(given)
    assert path.stat().st_mode & 0o777 == 0o600
    try:
        moved = deploy(
            template=copy_of(source.database),
            # a move takes long
            statements=("update auth.users set created_at = now() - interval '1 hour'",),
        )
        again = settings(moved, proofs={"refresh_token": None}, select=("auth.sessions",))
        report = validate_cutover(again)
        assert [finding.message for finding in report.findings] == []
        (check,) = [check for check in report.checks if check.id == "auth.sessions"]
        assert check.outcome is Outcome.PASSED
    finally:
        gone = end_session(given)
    assert len(gone) == 1
    assert not path.exists()
    assert source.left() == []


def test_a_session_that_is_refused_leaves_nobody(project, deploy, settings):
    source, _ = project
    given = settings(deploy(), proofs={"refresh_token": None, "password": None})
    given = replace(given, source_api=replace(source.api, anon_key=Secret("wrong")))
    with pytest.raises(AuthenticationFailed, match="401"):
        begin_session(given)
    assert source.left() == []


def test_a_session_needs_somebody(deploy, settings):
    nobody = {"refresh_token": None, "password": None, "throwaway_users": False}
    with pytest.raises(UsageError, match="nobody to sign in as"):
        begin_session(settings(deploy(), proofs=nobody))
    with pytest.raises(AuthenticationFailed, match="invalid_credentials"):
        begin_session(settings(deploy(), proofs={"password": Secret("wrong")}))
    source = Api(url="http://127.0.0.1:1", anon_key=Secret("a"))
    with pytest.raises(Unreachable):
        begin_session(settings(deploy(), source_api=source))
