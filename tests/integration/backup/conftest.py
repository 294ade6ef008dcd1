"""A small database to back up, and an empty one beside it."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from supamig import api
from supamig.backup import scratch, store
from supamig.config import BackupSettings, Settings
from supamig.models import Outcome
from supamig.testing.servers import fresh_database


@pytest.fixture
def database(pg_pair):
    with fresh_database(pg_pair[1], prefix="kept") as made:
        with made.connect() as session:
            session.execute("create table public.notes as select generate_series(1, 100) as id")
        yield made


@pytest.fixture
def empty(pg_pair):
    with fresh_database(pg_pair[1], prefix="empty") as made:
        yield made


@pytest.fixture
def settings(database, tmp_path):
    (tmp_path / "backups").mkdir()
    return Settings(target=database.dsn, backups_dir=tmp_path / "backups", connect_timeout=5.0)


@pytest.fixture
def taken(settings):
    """Take a backup that is so many days old; return its directory."""

    def take(days=0):
        longer = replace(settings, backup=BackupSettings(keep_days=3000))
        made = settings.backups_dir / api.backup_now(longer).backup.name
        name = store.stamp(datetime.now(tz=UTC) - timedelta(days=days))
        if days == 0:
            return made
        text = (made / "manifest.json").read_text().replace(made.name, name)
        (made / "manifest.json").write_text(text)
        _resum(made)
        return made.rename(settings.backups_dir / name)

    return take


def _resum(place):
    names = sorted(one.name for one in place.iterdir() if one.name != "SHA256SUMS")
    done = subprocess.run(["sha256sum", *names], cwd=place, capture_output=True, check=True)
    (place / "SHA256SUMS").write_bytes(done.stdout)


def _rows_of(database):
    with database.connect() as session:
        return session.execute("select count(*) from public.notes").fetchone()[0]


def _raised(kind, code, call, *words):
    with pytest.raises(kind) as caught:
        call()
    error = caught.value
    assert error.exit_code == code
    assert error.hint
    for word in words:
        assert word in error.message + error.hint
    return error


def _left_on(server):
    with server.connect() as session:
        return session.execute(
            "select datname from pg_database where datname ~ '^supamig_|_before_'"
            " union all select rolname from pg_roles"
            " where shobj_description(oid, 'pg_authid') = %s",
            (scratch.MARK,),
        ).fetchall()


def _failures(report):
    return [
        (check.id, check.reason, [finding.message for finding in check.findings])
        for check in report.checks
        if check.outcome is not Outcome.PASSED
    ]


@pytest.fixture(scope="session")
def resum():
    return _resum


@pytest.fixture(scope="session")
def rows_of():
    return _rows_of


@pytest.fixture(scope="session")
def raised():
    return _raised


@pytest.fixture(scope="session")
def left_on():
    return _left_on


@pytest.fixture(scope="session")
def failures():
    return _failures
