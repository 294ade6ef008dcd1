"""Users that checks make are made only when that is allowed, and never stay."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from psycopg.conninfo import make_conninfo

from supamig.api import validate_cutover
from supamig.models import Outcome, Severity, Verdict
from supamig.secret import Secret

pytestmark = [pytest.mark.pg, pytest.mark.timeout(300)]

ROOT = Path(__file__).resolve().parents[2]
KILLED = """
import os
import signal

from supamig import hookimpl
from supamig.services import auth_checker


@auth_checker("acme.killed", title="It does not come to its end")
def killed(context):
    context.throwaway()
    os.kill(os.getpid(), signal.SIGKILL)


@hookimpl
def supamig_auth_checkers():
    return [killed]
"""


@pytest.fixture
def killed(deploy, settings, tmp_path):
    """A deployment on which a run was killed while it had a user, and settings for the next."""
    (tmp_path / "checks").mkdir()
    (tmp_path / "checks" / "acme.py").write_text(KILLED)
    deployment = deploy()
    given = settings(deployment, select=("auth.clock",))
    api = deployment.api
    environ = {
        "SUPAMIG_TARGET_DSN": given.target.reveal(),
        "SUPAMIG_TARGET_URL": api.url,
        "SUPAMIG_TARGET_ANON_KEY": api.anon_key.reveal(),
        "SUPAMIG_TARGET_SERVICE_ROLE_KEY": api.service_role_key.reveal(),
        "SUPAMIG_STATE_DIR": str(given.state_dir),
        "SUPAMIG_LOAD_PLUGINS": "",
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run(
        [sys.executable, "-m", "supamig", "validate", "--stage", "cutover", "--throwaway-users",
         "--plugins-dir", "checks", "--select", "acme"],
        env={**os.environ, **environ},
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert len(deployment.left()) == 1
    return deployment, given


def test_the_next_run_removes_what_a_killed_one_left(killed):
    deployment, given = killed
    report = validate_cutover(given)
    assert deployment.left() == []
    (finding,) = report.findings
    assert (finding.check, finding.severity) == ("services.check-users", Severity.INFO)
    assert "was removed" in finding.message
    assert validate_cutover(given).findings == ()


def test_a_run_elsewhere_removes_it_once_it_is_old(killed):
    deployment, given = killed
    shutil.rmtree(given.state_dir)
    validate_cutover(given)
    assert len(deployment.left()) == 1  # the run that it belongs to may still work
    deployment.execute(
        "update auth.users set created_at = now() - interval '1 hour'"
        " where email like 'supamig-check-%'"
    )
    validate_cutover(given)
    assert deployment.left() == []


def test_nobody_is_made_unless_that_is_allowed(deploy, settings):
    deployment = deploy()
    given = settings(
        deployment, proofs={"throwaway_users": False}, select=("auth.mfa", "auth.clock")
    )
    before = deployment.rows("select count(*) from auth.users")
    report = validate_cutover(given)
    assert deployment.rows("select count(*) from auth.users") == before
    (skipped,) = [check for check in report.checks if check.outcome is Outcome.SKIPPED]
    assert skipped.id == "auth.mfa"
    assert "nobody allowed" in skipped.reason
    assert [line for line in report.not_checked if "auth.mfa" in line]


def test_nobody_is_made_on_another_project(deploy, settings):
    ours = deploy()
    theirs = deploy(statements=("update auth.users set id = gen_random_uuid()",))
    given = settings(theirs, target=ours.database.dsn, select=("auth.same", "auth.mfa"))
    report = validate_cutover(given)
    outcomes = {check.id: check for check in report.checks}
    assert outcomes["auth.same-database"].outcome is Outcome.FAILED
    assert "another database" in outcomes["auth.mfa"].reason
    assert (ours.left(), theirs.left()) == ([], [])
    audited = theirs.rows(
        "select count(*) from auth.users where raw_app_meta_data ? 'supamig_check'"
    )
    assert audited == [(0,)]


SLOW = """
create function public.slow() returns trigger language plpgsql as
  $$ begin perform pg_sleep(3); return new; end $$;
create trigger slow before insert on {table} for each row execute function public.slow();
alter table {table} enable always trigger slow
"""


def test_users_who_come_late_are_named_and_removed_by_the_next_run(deploy, settings, monkeypatch):
    monkeypatch.setattr("supamig.cutover.SECONDS", 1.0)
    deployment = deploy(statements=(SLOW.format(table="auth.users"),))
    report = validate_cutover(settings(deployment, select=("auth.sign-in", "auth.sign-up")))
    named = {f.subject for f in report.findings if f.check == "services.check-users"}
    assert len(named) == 2
    for _ in range(100):
        if {email for (email,) in deployment.left()} == named:
            break
        time.sleep(0.1)
    monkeypatch.undo()
    report = validate_cutover(settings(deployment, select=("auth.clock",)))
    assert {finding.subject for finding in report.findings} == named
    assert deployment.left() == []


def test_a_sign_in_that_hangs_does_not_pass(deploy, settings, monkeypatch):
    monkeypatch.setattr("supamig.cutover.SECONDS", 1.0)
    deployment = deploy(statements=(SLOW.format(table="auth.sessions"),))
    report = validate_cutover(settings(deployment, select=("auth.sign-in-existing",)))
    (check,) = [check for check in report.checks if check.id == "auth.sign-in-existing"]
    assert check.outcome is Outcome.ERRORED
    assert "ReadTimeout" in check.reason
    assert report.verdict is Verdict.INCOMPLETE


def test_the_services_of_the_source_in_place_of_the_targets(project, deploy, settings):
    source = project[0]
    api = replace(source.api, url=source.api.url.replace("127.0.0.1", "localhost"))
    given = settings(deploy(), target_api=api, select=("auth.same-database",))
    (finding,) = validate_cutover(given).findings
    assert "is not in the target's database" in finding.message
    assert source.left() == []


@pytest.mark.parametrize("what", ["no table", "no right"])
def test_users_of_the_target_that_cannot_be_read(deploy, settings, what):
    ours = deploy(statements=("alter schema auth rename to away",) if what == "no table" else ())
    dsn = ours.database.dsn
    if what == "no right":
        ours.execute(
            "drop role if exists supamig_nobody",
            "create role supamig_nobody login password 'a-long-password'",
        )
        login = {"user": "supamig_nobody", "password": "a-long-password"}
        dsn = Secret(make_conninfo(dsn.reveal(), **login))
    select = ("auth.mfa", "endpoints.rest-rows")
    report = validate_cutover(settings(deploy(), target=dsn, select=select))
    reasons = {check.id: check.reason for check in report.checks}
    assert "`auth.users` cannot be read" in reasons["auth.mfa"]
    if what == "no right":
        assert reasons["endpoints.rest-rows"] == "the target's login may not become `anon`"
        assert report.findings == ()
