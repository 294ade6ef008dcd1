"""A database with pg_cron, which a server has in one database only, and never in a scratch one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from supamig import api
from supamig.config import Settings
from supamig.models import Verdict

pytestmark = [pytest.mark.docker, pytest.mark.pg, pytest.mark.timeout(300)]


def test_jobs_come_back_with_the_database(container, tmp_path, failures):
    with container.connect() as session:
        session.execute("create extension pg_cron")
        session.execute("select cron.schedule('nightly', '0 3 * * *', 'select 1')")
        session.execute("create table public.notes as select generate_series(1, 100) as id")
    (tmp_path / "backups").mkdir()
    settings = Settings(target=container.dsn(), backups_dir=tmp_path / "backups")
    taken = api.backup_now(settings).backup
    report = api.backup_verify(settings)
    assert report.verdict is Verdict.PASSED, failures(report)
    with container.connect() as session:
        session.execute("delete from public.notes")
        session.execute("select cron.unschedule('nightly')")
    report = api.backup_restore(replace(settings, into_nonempty=True), taken.name)
    assert report.verdict is Verdict.PASSED, failures(report)
    assert report.target.database == "postgres"
    with container.connect() as session:
        assert session.execute("select jobname, schedule from cron.job").fetchall() == [
            ("nightly", "0 3 * * *")
        ]
        assert session.execute("select count(*) from public.notes").fetchone() == (100,)
