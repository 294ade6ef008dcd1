"""A backup holds all that it says, is proven on a scratch database, and comes back whole."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import replace

import pytest

from supamig import api
from supamig.backup.manifest import open_backup
from supamig.config import BackupSettings, Settings
from supamig.models import Verdict

pytestmark = [pytest.mark.pg, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def project(sample_pair, tmp_path_factory):
    """Settings of the whole sample project, with files and secrets, and a backup of it."""
    files = tmp_path_factory.mktemp("storage")
    (files / "stub" / "avatars").mkdir(parents=True)
    (files / "stub" / "avatars" / "a.png").write_bytes(b"picture")
    os.setxattr(files / "stub" / "avatars" / "a.png", "user.supabase.content-type", b"image/png")
    secrets = files.with_name("deployment.env")
    secrets.write_text("JWT_SECRET=canary\n")
    settings = Settings(
        target=sample_pair[0].dsn,
        backups_dir=tmp_path_factory.mktemp("backups"),
        backup=BackupSettings(files=files, secrets_file=secrets),
    )
    return settings, api.backup_now(settings).backup


def test_a_backup_is_whole_and_private(project):
    settings, status = project
    place = settings.backups_dir / status.name
    assert {one.name for one in place.iterdir()} == {
        *("database.dump", "roles.sql", "inventory.json", "files.tar", "deployment.env"),
        *("manifest.json", "SHA256SUMS"),
    }
    assert {one.stat().st_mode & 0o077 for one in (place, *place.iterdir())} == {0}
    assert "SCRAM-SHA-256$" in (place / "roles.sql").read_text()
    assert (place / "deployment.env").read_text() == "JWT_SECRET=canary\n"
    subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=place, check=True)
    manifest = json.loads((place / "manifest.json").read_text())
    assert manifest["files"]["database.dump"]["bytes"] == (place / "database.dump").stat().st_size
    backup = open_backup(place)
    assert (status.state, status.tables, status.rows) == ("good", len(backup.tables), backup.rows)
    assert any(str(table) == "auth.users" for table in backup.tables)


def test_a_backup_of_a_project_is_proven_and_leaves_nothing_behind(
    project, sample_pair, left_on, failures
):
    settings, status = project
    report = api.backup_verify(settings, status.name)
    assert report.verdict is Verdict.PASSED, failures(report)
    assert report.not_checked == ()
    assert {"backup.files", "backup.restore", "rows.digest"} < {one.id for one in report.checks}
    assert left_on(sample_pair[0].server) == []


def test_a_backup_is_proven_on_another_server(project, sample_pair, left_on, failures):
    settings, status = project
    other = sample_pair[1].server
    given = replace(settings, backup=BackupSettings(scratch=other.dsn("postgres")), target=None)
    report = api.backup_verify(given, status.name)
    assert report.verdict is Verdict.PASSED, failures(report)
    assert left_on(other) == []


def test_a_project_comes_back(project, source, target, catalogs, tmp_path, left_on, failures):
    settings, status = project
    files = tmp_path / "storage"
    given = replace(settings, target=target.dsn, backup=BackupSettings(files=files))
    passwords = passwords_of(target.server)
    report = api.backup_restore(given, status.name)
    assert report.verdict is Verdict.PASSED, failures(report)
    picture = files / "stub" / "avatars" / "a.png"
    assert picture.read_bytes() == b"picture"
    assert os.getxattr(picture, "user.supabase.content-type") == b"image/png"
    assert differences(catalogs.of(source), catalogs.of(target)) == {}
    there = passwords_of(target.server)
    # roles that were there keep their passwords, others bring theirs; which ones, is for the order
    # of the tests to say, as all databases of a server share its roles
    assert {role: there[role] for role in passwords} == passwords
    brought = passwords_of(source.server) | passwords
    assert there["app_reader"] == brought["app_reader"]
    assert left_on(target.server) == []


def passwords_of(server):
    with server.connect() as session:
        return dict(session.execute("select rolname, rolpassword from pg_authid").fetchall())


#: The name, and the place of a column after one that was dropped; roles that only one server has.
UNLIKE = ("database", "position", "object", "bytes", "estimate", "empty")


def differences(ours, theirs):
    found = {}
    for kind in ours:
        one, other = (
            {json.dumps({k: v for k, v in record.items() if k not in UNLIKE}) for record in side}
            for side in (ours[kind], theirs[kind])
        )
        if one ^ other and kind not in {"settings", "roles", "memberships"}:
            found[kind] = sorted(one ^ other)
    return found
