"""Users that checks make are made only when that is allowed, and never stay."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from supamig.api import validate_cutover
from supamig.models import Outcome, Severity

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
