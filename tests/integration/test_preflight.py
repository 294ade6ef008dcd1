"""The checks before a move, on two small databases."""

from __future__ import annotations

import runpy
from dataclasses import replace
from pathlib import Path

import pytest

from supamig.models import Severity
from supamig.protocols import CheckContext, Unavailable
from supamig.secret import Secret
from supamig.sides import Live, Memory
from supamig.testing.fakes import FakeSide, fake_context
from supamig.validators import preflight_activity, preflight_servers

pytestmark = [pytest.mark.pg, pytest.mark.timeout(120)]

BASE = runpy.run_path(Path(__file__).with_name("small_databases.py"))
CHECKS = BASE["CHECKS"]
InTransaction = BASE["InTransaction"]
run = BASE["run"]
servers = BASE["servers"]
sides = BASE["sides"]
told = BASE["told"]


def test_extensions_not_available(sides, run):
    extension = {
        "name": "acme",
        "extension": "acme",
        "schema": "public",
        "version": "1.0",
        "owner": "postgres",
    }
    source = FakeSide(catalogs={"extensions": [extension]})
    assert told(run("preflight.extensions", source=source)) == [("acme", Severity.ERROR)]
    assert told(run("schema.extensions", source=source)) == [("acme", Severity.ERROR)]


def test_an_older_extension_warns():
    def side(version):
        record = {"name": "pg_trgm", "extension": "pg_trgm", "schema": "public", "version": version}
        return FakeSide(catalogs={"extensions": [record]})

    context = fake_context(source=side("1.10"), target=side("1.9"))
    assert told(CHECKS["schema.extensions"].run(context)) == [("pg_trgm", Severity.WARNING)]
    assert list(CHECKS["schema.extensions"].run(replace(context, target=side("1.11")))) == []


def test_an_ordinary_role_on_the_source(sides, run):
    sides[0].execute(
        "create table public.closed (a int); create table public.open (a int);"
        " grant select on public.open to checked_reader; alter table public.open enable row level"
        " security; create sequence public.s; set role checked_reader"
    )
    closed, filtered = run("preflight.source-rights")
    assert closed.evidence["relations"] == ["public.closed", "public.s"]
    assert filtered.evidence["relations"] == ["public.open"]


def test_an_ordinary_role_on_the_target(sides, run):
    sides[1].execute("set role checked_reader")
    subjects = [finding.subject for finding in run("preflight.target-rights")]
    assert subjects[0] == "superuser"
    assert "CREATEROLE" in subjects
    assert "SET on session_replication_role" in subjects


def test_long_transactions(servers, pg_pair, monkeypatch):
    monkeypatch.setattr(preflight_activity, "_LONG_SECONDS", 0)
    source, target = (Live(side, Memory()) for side in servers)
    with pg_pair[0].connect(servers[1].facts.database) as other, other.transaction():
        other.execute("select 1")
        check = CHECKS["preflight.long-transactions"]
        found = list(check.run(CheckContext(source=source, target=target)))
        assert [f.subject for f in found] == [f"target {other.info.backend_pid}"]


def test_prepared_transactions(servers, pg_pair):
    source, target = (Live(side, Memory()) for side in servers)
    with pg_pair[0].connect(servers[0].facts.database) as other:
        if other.execute("show max_prepared_transactions").fetchone() == ("0",):
            pytest.skip("this server prepares no transactions")
        other.execute("begin")
        other.execute("create table public.t (a int)")
        other.execute("prepare transaction 'half done'")
        try:
            check = CHECKS["preflight.prepared-transactions"]
            found = list(check.run(CheckContext(source=source, target=target)))
        finally:
            other.execute("rollback prepared 'half done'")
    assert told(found) == [("source half done", Severity.WARNING)]


def test_unlogged_tables_and_large_objects(sides, run):
    sides[0].execute("create unlogged table public.t (a int); select lo_from_bytea(0, 'x')")
    assert told(run("preflight.unlogged-tables")) == [("public.t", Severity.INFO)]
    assert told(run("preflight.large-objects")) == [("large objects", Severity.WARNING)]
    assert told(run("data.large-objects")) == [("large objects", Severity.ERROR)]


def test_sequences_behind_on_the_source(sides, run):
    sides[0].execute(
        "create table public.t (id serial primary key); insert into public.t values (3)"
    )
    assert told(run("preflight.sequences")) == [("public.t_id_seq", Severity.WARNING)]


def test_addresses_of_the_old_project(sides, run):
    sides[0].execute(
        "create function public.call() returns text language sql as"
        " $$select 'https://abcdefghijklmnopqrst.supabase.co/functions/v1/x'$$;"
        " create table public.t (a text default 'https://abcdefghijklmnopqrst.supabase.co/x')"
    )
    assert [finding.subject for finding in run("preflight.addresses")] == [
        "functions public.call()",
        "columns public.t.a",
    ]


def test_settings_that_functions_read(sides, run):
    sides[0].execute(
        "create function public.secret() returns text language sql as"
        " $$select current_setting('app.settings.jwt_secret')$$"
    )
    (finding,) = run("preflight.app-settings")
    assert "app.settings.jwt_secret" in finding.message


def test_users_that_the_auth_server_cannot_read(sides, run):
    sides[0].execute(
        "create schema auth; create table auth.users (instance_id uuid, role text,"
        " recovery_token text, encrypted_password text);"
        " insert into auth.users values"
        " ('00000000-0000-0000-0000-000000000000', 'authenticated', '', 'x'),"
        " ('00000000-0000-0000-0000-000000000000', 'authenticated', null, '{\"key_id\": 1}'),"
        " (null, 'authenticated', null, 'x')"
    )
    found = {f.subject: f.evidence["users"] for f in run("preflight.auth-users")}
    assert found == {
        "recovery_token is NULL": 2,
        "instance_id is not all zeros": 1,
        "the password is encrypted by the platform": 1,
    }


def test_no_users_is_a_reason_to_skip(sides, run):
    with pytest.raises(Unavailable, match="no table"):
        run("preflight.auth-users")


def test_room_on_the_disk(sides, run, monkeypatch, tmp_path):
    class Usage:
        free = 1

    monkeypatch.setattr(preflight_servers, "_data_directory", lambda _: tmp_path)
    monkeypatch.setattr(preflight_servers.shutil, "disk_usage", lambda _: Usage)
    assert told(run("preflight.disk")) == [("disk", Severity.ERROR)]
    monkeypatch.setattr(preflight_servers, "_data_directory", lambda _: None)
    with pytest.raises(Unavailable, match="cannot be read"):
        run("preflight.disk")


@pytest.mark.parametrize(
    ("count", "severity"), [(64, None), (65, Severity.WARNING), (129, Severity.ERROR)]
)
def test_too_few_locks(count, severity):
    tables = [
        {"name": f"public.t{n}", "schema": "public", "table": f"t{n}", "kind": "r"}
        for n in range(count)
    ]
    # nobody dumps these
    tables += [{**tables[0], "schema": "auth"}, {**tables[0], "kind": "f"}]
    values = {
        "max_locks_per_transaction": "64",
        "max_connections": "1",
        "max_prepared_transactions": "0",
        "wal_level": "logical",
    }
    settings = [{"name": k, "setting": k, "value": v, "source": ""} for k, v in values.items()]
    source = FakeSide(catalogs={"tables": tables, "settings": settings})
    found = list(CHECKS["preflight.locks"].run(fake_context(source=source)))
    assert told(found) == ([("source", severity)] if severity else [])
    if severity:
        assert f"max_locks_per_transaction = {count}`" in found[0].hint


def test_time_limits_of_the_role(pg_pair, servers):
    with pg_pair[0].connect() as session:
        session.execute("alter role checked_reader password 'xyz'")
        session.execute("alter role checked_reader set statement_timeout = '8s'")
    name = servers[0].facts.database
    dsn = pg_pair[0].dsn(name, user="checked_reader", password=Secret("xyz"))
    limited = InTransaction(dsn, "target")
    with limited.connection:
        context = CheckContext(source=FakeSide(is_live=False), target=Live(limited, Memory()))
        (finding,) = CHECKS["preflight.time-limits"].run(context)
    assert finding.subject == "target statement_timeout"
    assert "8 s" in finding.message
