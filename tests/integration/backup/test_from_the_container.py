"""What the backups container writes is read, proven and restored by the command line."""

from __future__ import annotations

import contextlib
import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from supamig import api, catalog, pgtools
from supamig.backup.catalogs import scripts
from supamig.backup.manifest import open_backup
from supamig.config import BackupSettings, Settings
from supamig.models import Verdict
from supamig.postgres import connect

PROGRAM = Path(__file__).resolve().parents[3] / "infra" / "components" / "backup.sh"
pytestmark = [pytest.mark.pg, pytest.mark.timeout(300)]


@pytest.fixture
def shell(tmp_path):
    """Have the container's program take a backup of a database; return its directory."""
    queries, backups = tmp_path / "queries", tmp_path / "backups"
    queries.mkdir()
    backups.mkdir(exist_ok=True)
    for name, content in scripts().items():
        (queries / name).write_text(content)

    def take(database):
        with database.connect() as session:
            tools = pgtools.choose(session.info.server_version // 10000)
        environment = {
            "PATH": f"{tools.bindir}:{os.environ['PATH']}",
            "PGHOST": database.server.host,
            "PGPORT": str(database.server.port),
            "PGUSER": database.server.user,
            "PGPASSWORD": database.server.password.reveal(),
            "PGDATABASE": database.name,
            "BACKUP_QUERIES": str(queries),
            "BACKUP_DIR": str(backups),
            "BACKUP_FILES": str(tmp_path / "files"),
        }
        subprocess.run(["sh", str(PROGRAM), "now"], env=environment, check=True)
        (made,) = backups.glob("2*")
        return made

    return take


def test_the_command_line_lists_proves_and_restores_it(shell, database, empty, failures, tmp_path):
    (tmp_path / "files").mkdir()
    picture = tmp_path / "files" / "picture"
    picture.write_text("bytes")
    os.setxattr(picture, "user.supabase.content-type", b"image/png")
    with database.connect() as session:
        session.execute('create table "o\'dd \\ one" (id serial, b bytea, t text[])')
        session.execute("insert into \"o'dd \\ one\" (b, t) values ('\\x00ff', '{a,NULL,\"b c\"}')")
        session.execute("create view public.some as select * from notes where id > 50")
    made = shell(database)
    settings = Settings(target=database.dsn, backups_dir=made.parent)
    (listed,) = api.backup_list(settings, hashes=True)
    assert (listed.state, listed.tables, listed.rows) == ("good", 2, 101)
    report = api.backup_verify(settings)
    assert (report.verdict, report.not_checked) == (Verdict.PASSED, ()), failures(report)
    files = tmp_path / "restored"
    given = replace(settings, target=empty.dsn, backup=BackupSettings(files=files))
    assert api.backup_restore(given, made.name).verdict is Verdict.PASSED
    with empty.connect() as session:
        assert session.execute("select count(*) from public.some").fetchone() == (50,)
    assert os.getxattr(files / "picture", "user.supabase.content-type") == b"image/png"


def test_the_command_line_finds_a_row_that_is_missing(shell, database, resum):
    made = shell(database)
    text = (made / "manifest.json").read_text()
    (made / "manifest.json").write_text(text.replace('"rows" : 100', '"rows" : 101'))
    resum(made)
    report = api.backup_verify(Settings(target=database.dsn, backups_dir=made.parent))
    assert report.verdict is Verdict.FAILED
    assert {finding.check for finding in report.findings} == {"rows.count", "rows.digest"}


def test_its_catalogs_are_those_that_supamig_reads(shell, sample_pair, failures):
    source = sample_pair[0]
    made = shell(source)
    inventory = open_backup(made).inventory
    with contextlib.closing(connect(source.dsn, label="target", read_only=True)) as session:
        ours = catalog.read_all(session)
    assert inventory.server.database == source.name
    for kind, records in ours.items():
        assert plain(inventory.catalogs[kind]) == plain(records), kind
    report = api.backup_verify(Settings(target=source.dsn, backups_dir=made.parent))
    assert (report.verdict, report.not_checked) == (Verdict.PASSED, ()), failures(report)


def plain(records):
    """Return records without what is measured, and without who set a parameter of a session."""
    unlike = ("bytes", "estimate", "empty", "source")
    return [{key: value for key, value in one.items() if key not in unlike} for one in records]
