"""`supamig backup` on the command line: what it shows, what it asks, how it ends."""

from __future__ import annotations

import json

import pytest

from supamig import api
from supamig.testing.servers import fresh_database

pytestmark = [pytest.mark.pg, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def database(pg_pair):
    with fresh_database(pg_pair[1], prefix="kept") as made:
        with made.connect() as session:
            session.execute("create table public.notes as select generate_series(1, 100) as id")
        yield made


def test_it_takes_lists_proves_and_restores(run, database, pg_pair, working_directory):
    environ = {"SUPAMIG_TARGET_DSN": database.dsn.reveal()}
    assert run("backup", "list").code == 2
    taken = run("backup", "now", environ=environ)
    assert taken.code == 0, taken.err
    directory, _, name = taken.out.strip().partition("/")
    assert (working_directory / directory / name / "manifest.json").is_file()
    assert "[export] Database" in taken.err
    assert "storage's files are not part of this backup" in taken.err
    listed = run("backup", "list")
    assert listed.out.splitlines()[0].split() == [
        *("Backup", "Age", "Size", "State", "What", "is", "in", "it"),
    ]
    assert name in listed.out
    assert "unchecked" in listed.out
    assert f"`{database.name}`, 100 rows, database.dump" in listed.out
    (told,) = json.loads(run("backup", "list", "--check", "--output", "json").out)
    assert (told["name"], told["state"], told["rows"]) == (name, "good", 100)
    proven = run("backup", "verify", environ=environ)
    assert proven.code == 0, proven.out
    assert "✓ PASSED" in proven.out
    with fresh_database(pg_pair[1], prefix="back") as empty:
        environ = {"SUPAMIG_TARGET_DSN": empty.dsn.reveal()}
        planned = run("backup", "restore", name, "--dry-run", environ=environ)
        assert (planned.code, name in planned.out) == (0, True)
        asked = run("backup", "restore", name, environ=environ)
        assert (asked.code, "nobody is there to say yes" in asked.err) == (8, True)
        with empty.connect() as session:
            assert session.execute("select to_regclass('public.notes')").fetchone() == (None,)
        done = run("backup", "restore", name, "--yes", environ=environ)
        assert done.code == 0, done.out + done.err
        with empty.connect() as session:
            assert session.execute("select count(*) from public.notes").fetchone() == (100,)
        again = run("backup", "restore", "latest", "--yes", environ=environ)
        assert (again.code, "`--into-nonempty`" in again.err) == (6, True)
    (working_directory / "backups" / name / "database.dump").write_bytes(b"PGDMP")
    damaged = run("backup", "verify", name, environ={"SUPAMIG_TARGET_DSN": database.dsn.reveal()})
    assert (damaged.code, "`database.dump` is damaged" in damaged.out) == (1, True)
    assert "damaged" in run("backup", "list").out


@pytest.fixture
def called(monkeypatch):
    """Keep the settings that a verb is called with, and call nothing."""
    found = []

    def keep(settings, *_arguments, **_more):
        found.append(settings)
        return []

    monkeypatch.setattr(api, "backup_list", keep)
    return found


def test_options_and_settings_say_where_backups_are(run, called, working_directory):
    (working_directory / "supamig.toml").write_text(
        "[backup]\nkeep_days = 30\nfiles = 'volumes/storage'\nsecrets_file = '.env.deployment'\n"
    )
    run("backup", "list", "--dir", "/mnt/backups")
    run("backup", "list", environ={"SUPAMIG_BACKUPS_DIR": "/mnt/other"})
    assert [str(one.backups_dir) for one in called] == ["/mnt/backups", "/mnt/other"]
    assert called[0].backup.keep_days == 30
    assert str(called[0].backup.files) == "volumes/storage"


def test_a_bucket_without_keys_is_refused(run, working_directory):
    (working_directory / "supamig.toml").write_text("[backup]\ns3_bucket = 'mine'\n")
    done = run("backup", "now")
    assert done.code == 2
    assert "SUPAMIG_S3_ACCESS_KEY" in done.err
    (working_directory / "supamig.toml").write_text("[backup]\ns3_secret_key = 'plain'\n")
    assert run("backup", "now").code == 2
