"""The configuration of a cloud project in a bundle and in the directory of a move."""

from __future__ import annotations

import functools
import json
import stat
from dataclasses import replace

import pytest

from supamig import api, management
from supamig.bundle import Bundle
from supamig.deployment import DeploymentSettings
from supamig.errors import PermissionMissing
from supamig.management.snapshot import read
from supamig.models import Verdict
from supamig.secret import Secret
from supamig.testing.cloud_project import JWT_SECRET, REF, SMTP_PASS, cloud_project
from supamig.testing.management import FakeManagementApi

pytestmark = [pytest.mark.pg, pytest.mark.timeout(300)]


@pytest.fixture
def cloud(monkeypatch):
    fake = FakeManagementApi({REF: cloud_project()})
    client = functools.partial(management.ManagementApi, transport=fake, sleep=lambda _: None)
    monkeypatch.setattr(management, "ManagementApi", client)
    return fake


@pytest.fixture
def chosen(settings, cloud):
    """Settings of a move whose source is a project of the cloud."""
    return settings(project_ref=REF, access_token=Secret(cloud.token))


def test_an_export_takes_the_configuration_along(chosen, cloud):
    path, report = api.export(chosen)
    bundle = Bundle.open(path)
    kinds = {artifact.path: artifact.kind for artifact in bundle.artifacts.values()}
    assert kinds["auth_config.json"] == "project"
    assert kinds["functions/hello/source/index.ts"] == "project"
    assert kinds["secrets.env"] == "project-secrets"
    assert stat.S_IMODE((path / "secrets.env").stat().st_mode) == 0o600
    for file in path.rglob("*"):
        if file.is_file() and file.name != "secrets.env":
            assert JWT_SECRET.encode() not in file.read_bytes(), file
    assert JWT_SECRET not in repr(report)
    assert {request.method for request in cloud.seen} == {"GET"}
    snapshot = api.cloud_snapshot(chosen, bundle=path)
    assert snapshot.secrets["JWT_SECRET"].reveal() == JWT_SECRET
    found = api.cloud_plan(
        snapshot, deployment=DeploymentSettings(), secrets={"SMTP_PASS": Secret(SMTP_PASS)}
    )
    assert found.secrets["SMTP_PASS"] == "the project's own"


def test_a_token_that_may_not_read_it_ends_the_export_before_the_rows(chosen, cloud):
    cloud.permissions = frozenset({"project_admin_read"})
    with pytest.raises(PermissionMissing) as caught:
        api.export(chosen)
    assert "`auth_config_read`" in caught.value.hint
    assert not list(chosen.backups_dir.glob("*"))


def test_without_a_token_the_report_says_so(chosen):
    path, report = api.export(replace(chosen, access_token=None))
    assert not (path / "auth_config.json").exists()
    assert any("SUPABASE_ACCESS_TOKEN is not set" in note for note in report.notes)


def test_a_source_that_is_no_cloud_project_is_asked_for_nothing(chosen, cloud):
    _, report = api.export(replace(chosen, project_ref=""))
    assert cloud.seen == []
    assert not [note for note in report.notes if "SUPABASE_ACCESS_TOKEN" in note]


def test_a_move_keeps_the_configuration_without_the_secrets(chosen, cloud):
    del cloud.answers[REF]["storage"]
    cloud.permissions = None
    report = api.migrate(chosen)
    assert report.verdict is Verdict.PASSED
    (kept,) = chosen.state_dir.glob("runs/*/bundle")
    snapshot = read(kept)
    assert snapshot.auth["site_url"] == "https://app.example.com"
    assert not snapshot.secrets
    assert not (kept / "secrets.env").exists()
    assert json.loads((kept / "functions/hello/function.json").read_text())["verify_jwt"] is True
