"""Targets unlike the source: older services, newer servers, data of their own."""

from __future__ import annotations

import pytest

from supamig import api
from supamig.backup.manifest import open_backup
from supamig.config import BackupSettings
from supamig.errors import PlanRefused, TargetNotEmpty
from supamig.models import Severity, TableRef, Verdict
from supamig.secret import Secret
from supamig.testing.sample import install
from supamig.testing.servers import fresh_database

pytestmark = [pytest.mark.pg, pytest.mark.timeout(180)]

COLUMN = "auth.sessions.scopes"


def test_column_that_the_target_lacks_and_that_holds_data(own_source, owner_of, target, settings):
    with own_source.connect() as session:
        session.execute("update auth.sessions set scopes = 'openid email'")
    source = owner_of(own_source)
    with pytest.raises(PlanRefused) as caught:
        api.migrate(settings(source=source))
    error = caught.value
    assert error.exit_code == 6
    assert f"`{COLUMN}` holds data in 3 rows" in error.message
    assert f"--accept-missing {COLUMN}" in error.hint
    with target.connect() as session:
        assert session.execute("select to_regclass('public.tags')").fetchone() == (None,)
    with pytest.raises(PlanRefused):
        api.migrate(settings(source=source, accept_missing=("auth.sessions.tag",)))
    report = api.migrate(settings(source=source, accept_missing=(COLUMN,)))
    assert report.verdict is Verdict.PASSED
    (found,) = [one for one in report.findings if one.check == "plan.column-missing"]
    assert (found.subject, found.severity) == (COLUMN, Severity.WARNING)
    assert "(accepted)" in found.message
    with target.connect() as session:
        assert session.execute("select count(*) from auth.sessions").fetchone() == (3,)


def test_target_that_holds_data_of_its_own(target, settings):
    with target.connect() as session:
        session.execute("create table public.mine as select 1 as a")
        session.execute("create view public.my_view as select * from public.mine")
        session.execute("create role my_reader; grant select on public.mine to my_reader")
        session.execute("create policy p on public.mine using (true)")
        rights = "select relacl::text from pg_class where oid = 'public.mine'::regclass"
        had = session.execute(rights).fetchone()
    with pytest.raises(TargetNotEmpty) as caught:
        api.migrate(settings())
    assert "`public.mine`" in caught.value.message
    assert "--into-nonempty" in caught.value.hint
    report = api.migrate(settings(into_nonempty=True))
    assert report.verdict is Verdict.PASSED
    with target.connect() as session:
        assert session.execute("select a from public.my_view").fetchone() == (1,)
        assert session.execute(rights).fetchone() == had
        assert session.execute("select count(*) from public.profiles").fetchone() == (6,)
    # what the target held was backed up first
    (backup,) = api.backup_list(settings(), hashes=True)
    assert (backup.state, backup.database) == ("good", target.name)
    assert any(backup.name in note for note in report.notes)
    kept = open_backup(settings().backups_dir / backup.name).tables
    assert kept[TableRef("public", "mine")].rows == 1
    assert TableRef("public", "profiles") not in kept


def test_into_nonempty_refuses_what_it_cannot_tell_apart(target, settings):
    """Accounts that are on both sides, or that only the target has."""
    with target.connect() as session:
        session.execute(
            "insert into auth.users (id, email) values (gen_random_uuid(), 'mine@example.com')"
        )
    with pytest.raises(TargetNotEmpty):
        api.migrate(settings())
    without = BackupSettings(first=False)
    report = api.migrate(settings(into_nonempty=True, backup=without))
    assert not settings().backups_dir.exists()
    told = {one.subject for one in report.findings if one.check.startswith("rows.")}
    assert report.verdict is Verdict.FAILED
    assert "auth.users" in told
    with target.connect() as session:
        assert session.execute("select count(*) from auth.users").fetchone() == (7,)


@pytest.mark.parametrize("method", ["stream", "pg_dump"])
def test_target_of_a_newer_major_version(method, newer, sample_pair, owner_of, settings):
    project = sample_pair[0]
    with fresh_database(project.server) as portable, fresh_database(newer) as deployment:
        # what only some builds of Postgres have is not of interest here
        install(portable.dsn, flavour="cloud", application=True, scale=0.01, portable=True)
        install(deployment.dsn, flavour="self-hosted", application=False)
        given = settings(source=owner_of(portable), target=deployment.dsn, method=method)
        report = api.migrate(given)
        assert report.verdict is Verdict.PASSED
        assert {one.severity for one in report.findings} <= {Severity.INFO, Severity.WARNING}
        assert report.source.major < report.target.major
        assert report.not_checked == ()
        bundle, _ = api.export(given)
        alone = settings(source=None, source_bundle=bundle, target=deployment.dsn)
        assert api.validate(alone).verdict is Verdict.PASSED
        assert isinstance(given.target, Secret)
