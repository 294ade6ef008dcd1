"""Built-in checks on two small databases: what the matrix of defects does not reach."""

from __future__ import annotations

import runpy
from dataclasses import replace
from pathlib import Path

import pytest

from supamig.models import Severity, Stage
from supamig.protocols import CheckContext
from supamig.secret import Redactor
from supamig.sides import Live, Memory
from supamig.testing.fakes import FakeSide, fake_context

pytestmark = [pytest.mark.pg, pytest.mark.timeout(120)]

BASE = runpy.run_path(Path(__file__).with_name("small_databases.py"))
CHECKS = BASE["CHECKS"]
both = BASE["both"]
run = BASE["run"]
servers = BASE["servers"]
sides = BASE["sides"]
told = BASE["told"]


def test_every_check_has_what_a_report_shows():
    assert len(CHECKS) >= 45
    for check in CHECKS.values():
        assert check.title
        assert check.id.startswith("preflight.") == (check.stage is Stage.PREFLIGHT)


def test_empty_databases_have_no_finding(sides, run):
    for check in sorted(CHECKS):
        if check == "preflight.auth-users":
            continue
        assert run(check) == [], check


def test_a_missing_schema_is_named_once(sides, run):
    sides[0].execute(
        "create schema a; create table a.t (id serial primary key); create view a.v"
        " as select id from a.t; comment on table a.t is 'x'; create type a.e as"
        " enum ('x'); grant select on a.t to checked_reader"
    )
    found = [f for check in CHECKS.values() if check.stage is Stage.VERIFY for f in run(check.id)]
    assert told(found) == [("a", Severity.ERROR)]


def test_a_missing_table_is_named_once(sides, run):
    both(sides, "create schema a")
    sides[0].execute(
        "create table a.t (id bigint generated always as identity primary key, b text default 'x');"
        " create index on a.t (b); comment on column a.t.b is 'x'; alter table a.t enable row level"
        " security; create policy p on a.t using (true); comment on policy p on a.t is 'y';"
        " create statistics a.s on id, b from a.t; comment on statistics a.s is 'z';"
        " create rule r as on delete to a.t do instead nothing; insert into a.t values (default)"
    )
    found = [f for check in CHECKS.values() if check.stage is Stage.VERIFY for f in run(check.id)]
    assert told(found) == [("a.t", Severity.ERROR)]


def test_a_table_in_a_schema_of_the_target_alone_only_warns(sides, run):
    sides[1].execute("create schema own; create table own.t (id int)")
    assert told(run("schema.schemas")) == [("own", Severity.WARNING)]
    assert run("schema.tables") == []


def test_order_of_columns_only_warns(sides, run):
    sides[0].execute("create table public.t (a int, b int)")
    sides[1].execute("create table public.t (b int, a int)")
    assert told(run("schema.columns")) == [("public.t", Severity.WARNING)]


def test_position_does_not_count_where_a_column_was_dropped(sides, run):
    sides[0].execute(
        "create table public.t (x int, a int, b int); alter table public.t drop column x"
    )
    sides[1].execute("create table public.t (a int, b int)")
    assert run("schema.columns") == []


def test_evidence_names_both_sides(sides, run):
    sides[0].execute("create table public.t (a int default 1)")
    sides[1].execute("create table public.t (a bigint default 1)")
    (finding,) = run("schema.columns")
    assert finding.subject == "public.t.a"
    assert dict(finding.evidence) == {"type on source": "integer", "type on target": "bigint"}
    assert "type" in finding.message


def test_foreign_servers_and_user_mappings(sides, run):
    for side in sides:
        side.execute(
            "create foreign data wrapper w; create server s foreign data wrapper w"
            " options (host 'a')"
        )
    sides[0].execute("create user mapping for checked_reader server s options (password 'hush')")
    sides[1].execute("alter server s options (add port '1')")
    found = run("schema.foreign-servers")
    assert told(found) == [("s", Severity.ERROR), ("checked_reader on s", Severity.ERROR)]
    assert "hush" not in str(found)


def test_collations(sides, run):
    both(sides, "create collation public.c (locale = 'C')")
    sides[1].execute("drop collation public.c; create collation public.c (locale = 'POSIX')")
    assert told(run("schema.collations")) == [("public.c", Severity.ERROR)]


def test_database_settings(sides, run):
    name = sides[0].facts.database
    sides[0].execute(f"alter database {name} set \"app.settings.jwt_secret\" = 'hush'")
    sides[0].execute(f"alter database {name} set timezone = 'Europe/Berlin'")
    found = run("server.settings")
    assert told(found) == [
        ("TimeZone", Severity.ERROR),
        ("app.settings.jwt_secret", Severity.WARNING),
    ]
    assert "hush" not in str(found)
    # what looks like a secret is masked: the rest of the command stays readable
    assert all(Redactor().redact(f.hint) == f.hint for f in found)


def test_a_database_right_is_compared_whatever_the_database_is_called(sides, run):
    sides[1].execute(f"grant create on database {sides[1].facts.database} to checked_reader")
    assert told(run("security.rights-wider")) == [("database", Severity.ERROR)]


def test_wider_and_narrower_are_told_apart(sides, run):
    both(sides, "create table public.t (a int)")
    sides[0].execute("grant select on public.t to checked_reader")
    sides[1].execute("grant insert on public.t to checked_reader")
    (wider,), (narrower,) = run("security.rights-wider"), run("security.rights-narrower")
    assert wider.evidence["only on target"] == ["checked_reader=INSERT"]
    assert narrower.evidence["only on source"] == ["checked_reader=SELECT"]


def test_whoever_may_use_a_foreign_server_is_compared(sides, run):
    both(sides, "create foreign data wrapper w; create server s foreign data wrapper w")
    sides[1].execute("grant usage on foreign server s to pg_monitor")
    assert told(run("security.rights-wider")) == [("foreign server s", Severity.ERROR)]
    assert run("security.rights-narrower") == []


def test_a_right_written_out_equals_the_default(sides, run):
    both(
        sides,
        "create table public.t (a int); create function public.f() returns int"
        " language sql as 'select 1'",
    )
    sides[1].execute(
        "grant all on public.t to current_user; grant execute on function public.f() to public"
    )
    assert run("security.rights-wider") == []
    assert run("security.rights-narrower") == []


def test_another_owner_is_one_finding_and_no_other_rights(sides, run):
    both(sides, "create table public.t (a int)")
    sides[1].execute("alter table public.t owner to checked_reader")
    assert told(run("security.owners")) == [("public.t", Severity.ERROR)]
    assert run("security.rights-wider") == []
    assert run("security.rights-narrower") == []


def test_default_privileges_that_restate_the_built_in_ones_are_equal(sides, run):
    sides[1].execute("alter default privileges grant execute on functions to public")
    assert run("security.default-privileges") == []
    sides[1].execute("alter default privileges revoke execute on functions from public")
    (finding,) = run("security.default-privileges")
    assert "narrower" in finding.message


def test_on_managed_schemas_only_what_users_put_there_counts(sides, run):
    for side in sides:
        side.execute(
            "create schema storage; create table storage.objects (id int);"
            " create function storage.f() returns trigger language plpgsql as"
            " 'begin return new; end'; create function public.g() returns trigger"
            " language plpgsql as 'begin return new; end'"
        )
    sides[0].execute(
        "alter table storage.objects add column newer int; create index on storage.objects (id);"
        " create trigger own before insert on storage.objects for each row"
        " execute function storage.f(); create trigger users before insert on storage.objects"
        " for each row execute function public.g();"
        " create policy p on storage.objects using (true);"
        " grant select on storage.objects to checked_reader"
    )
    found = [f for check in CHECKS.values() if check.stage is Stage.VERIFY for f in run(check.id)]
    assert {(f.check, f.subject) for f in found} == {
        ("schema.triggers", "storage.objects.users"),
        ("security.policies", "storage.objects.p"),
        ("security.rights-narrower", "table storage.objects"),
    }


def test_sequences_behind_the_rows_though_not_behind_the_source(sides, run):
    both(sides, "create table public.t (id serial primary key)")
    sides[1].execute("insert into public.t values (41)")
    (finding,) = run("sequences.values")
    assert finding.subject == "public.t_id_seq"
    assert finding.evidence["in use"] == 41


def test_a_sequence_that_counts_down(sides, run):
    both(sides, "create sequence public.s increment -1 start -1")
    sides[0].execute("alter sequence public.s restart with -10")
    assert told(run("sequences.values")) == [("public.s", Severity.ERROR)]
    sides[1].execute("alter sequence public.s restart with -11")
    assert run("sequences.values") == []


def test_the_same_values_of_a_bundle_are_compared_without_asking_it(sides, run):
    both(sides, "create table public.t (id serial primary key); insert into public.t values (7)")
    offline = Live(sides[0], Memory())
    offline.is_live = False
    assert run("sequences.values", source=offline) == []


def test_the_number_of_queries_does_not_grow_with_the_number_of_tables(sides):
    asked = []

    class Counted(Live):
        def rows(self, query, params=()):
            asked.append(query)
            return super().rows(query, params)

    for side in sides:
        side.execute(
            "do $$ begin for i in 1..150 loop execute format('create table public.t_%s"
            " (id bigint generated always as identity primary key);"
            " insert into public.t_%s default values', i, i); end loop; end $$"
        )
    source, target = (Counted(side, Memory()) for side in sides)
    context = CheckContext(source=source, target=target)
    for check in CHECKS.values():
        if check.stage is Stage.VERIFY and not check.id.startswith("rows."):
            assert list(check.run(context)) == []
    assert len(asked) == 2  # the highest numbers of 100 tables at a time


def test_definitions_of_other_majors_are_compared_without_qualifiers():
    record = {
        "name": "public.v",
        "schema": "public",
        "view": "v",
        "kind": "v",
        "options": [],
        "columns": ["id bigint"],
        "defaults": [],
        "populated": True,
    }
    old = record | {"definition": " SELECT users.id\n   FROM app.users\n  WHERE (users.id > 1);"}
    new = record | {"definition": " SELECT id\n   FROM app.users\n  WHERE (id > 1);"}
    other = record | {"definition": " SELECT id\n   FROM app.users\n  WHERE (id > 2);"}
    schemas = [{"name": "public", "schema": "public", "owner": "postgres"}]
    fifteen = replace(FakeSide().facts, version_num=150010)

    def found(target, facts):
        source = FakeSide(catalogs={"views": [old], "schemas": schemas}, facts=facts)
        there = FakeSide(label="target", catalogs={"views": [target], "schemas": schemas})
        return list(CHECKS["schema.views"].run(fake_context(source=source, target=there)))

    assert found(new, fifteen) == []
    assert told(found(other, fifteen)) == [("public.v", Severity.ERROR)]
    assert told(found(new, FakeSide().facts)) == [("public.v", Severity.ERROR)]


def test_an_older_target():
    sixteen = replace(FakeSide().facts, version="16.9", version_num=160009, system_id="1")
    context = fake_context(target=FakeSide(label="target", facts=sixteen))
    assert told(CHECKS["server.version"].run(context)) == [("server", Severity.ERROR)]
    assert told(CHECKS["preflight.servers"].run(context)) == [("target older", Severity.ERROR)]


def test_one_database_under_two_names():
    assert told(CHECKS["preflight.servers"].run(fake_context())) == [
        ("same database", Severity.ERROR)
    ]
