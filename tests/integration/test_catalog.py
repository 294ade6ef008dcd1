"""Catalogs: what each kind says of a database that has one of everything, on every server."""

from __future__ import annotations

import json
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from supamig import catalog
from supamig.testing.clusters import start_cluster
from supamig.testing.installations import find_installations
from supamig.testing.servers import fresh_database

pytestmark = [pytest.mark.pg, pytest.mark.timeout(300)]

OBJECTS = (Path(__file__).parent / "one_of_everything.sql").read_text()
ROLES = ("cat_owner", "cat_reader", "Cat Role")
OTHER_MAJORS = {i.major: i for i in find_installations()}


def load(connection):
    """Make one of everything; roles are the server's, so they may be there already."""
    for role in ROLES:
        known = connection.execute("select from pg_roles where rolname = %s", (role,)).fetchone()
        if known is None:
            connection.execute(sql.SQL("create role {}").format(sql.Identifier(role)))
    connection.execute(OBJECTS)


@pytest.fixture(scope="module")
def database(pg_pair):
    with fresh_database(pg_pair[0], prefix="catalog") as made:
        with made.connect() as connection:
            load(connection)
        yield made
    with pg_pair[0].connect() as connection:
        for role in ROLES:
            connection.execute(sql.SQL("drop role {}").format(sql.Identifier(role)))


@pytest.fixture(scope="module")
def connection(database):
    with database.connect() as opened:
        yield opened


@pytest.fixture(scope="module")
def records(connection):
    """All catalogs, each as a dictionary by name."""
    return {
        kind: {record["name"]: record for record in found}
        for kind, found in catalog.read_all(connection).items()
    }


@pytest.mark.parametrize("kind", catalog.ALL)
def test_names_are_unique_and_sorted_and_records_are_json(kind, connection):
    found = catalog.read(connection, kind)
    names = [record["name"] for record in found]
    assert names == sorted(set(names))
    assert json.loads(json.dumps(list(map(dict, found)))) == [dict(record) for record in found]


def test_every_kind_of_the_database_is_filled(records):
    empty = {kind for kind, found in records.items() if not found}
    assert empty <= {"security_labels"}


def test_a_catalog_is_one_query_however_many_tables(database):
    class Counting(psycopg.Cursor):
        count = 0

        def execute(self, *args, **kwargs):
            type(self).count += 1
            return super().execute(*args, **kwargs)

    with database.connect() as opened:
        opened.cursor_factory = Counting
        for kind in catalog.KINDS:
            Counting.count = 0
            catalog.read(opened, kind)
            # the search path, the query, and begin and rollback beside them
            assert Counting.count <= 2, kind


def test_reading_changes_nothing_of_the_session(connection):
    connection.execute("set search_path = app")
    with connection.transaction():
        catalog.read_all(connection)
        assert connection.execute("show search_path").fetchone() == ("app",)
        held = connection.execute(
            "select count(*) from pg_locks where pid = pg_backend_pid() and locktype = 'relation'"
            " and relation >= 16384"
        ).fetchone()
        assert held == (0,)
    assert connection.execute("show search_path").fetchone() == ("app",)


def test_a_read_only_session_is_enough(connection):
    connection.execute("set default_transaction_read_only = on")
    try:
        assert catalog.read_all(connection)["tables"]
    finally:
        connection.execute("reset default_transaction_read_only")


def test_an_ordinary_role_reads_the_same(database, records):
    with database.connect() as opened:
        opened.execute("set role cat_reader")
        seen = catalog.read_all(opened)
    aside = {"sequence_values", "settings", "user_mappings"}
    for kind in set(catalog.ALL) - aside:
        assert {r["name"] for r in seen[kind]} == set(records[kind]), kind
    assert seen["sequence_values"][0]["last_value"] is None


def test_members_of_extensions_are_left_out(records):
    assert "plpgsql" in records["extensions"]
    assert not any("plpgsql" in name for name in records["functions"])


def test_tables(records):
    tables = records["tables"]
    users = tables["app.users"]
    assert users["primary_key"] == ["id"]
    assert (users["rls"], users["force_rls"], users["replica_identity"]) == (True, True, "f")
    assert tables["app.parts"]["partition_key"] == "RANGE (id)"
    part = tables["app.parts_1"]
    assert part["parents"] == ["app.parts"]
    assert part["partition_bound"] == "FOR VALUES FROM (0) TO (10)"
    assert part["primary_key"] == ["id", "k"]
    assert tables["app.child"]["parents"] == ["app.base"]
    assert tables["app.unlogged"]["persistence"] == "u"
    assert tables['"Mixed.Case"."Ta""ble"']["table"] == 'Ta"ble'
    assert tables["app.remote"]["foreign_server"] == "elsewhere"
    assert tables["app.order"]["table"] == "order"


def test_columns(records):
    columns = records["columns"]
    assert columns["app.users.id"]["identity"] == "d"
    assert columns["app.users.mood"]["default"] == "'happy'::app.mood"
    assert columns["app.users.low"]["expression"] == 'lower(("E mail")::text)'
    assert (columns["app.users.low"]["generated"], columns["app.users.low"]["default"]) == ("s", "")
    assert columns["app.users.name"]["collation"] == "app.de"
    assert columns["app.orders.id"]["default"] == "nextval('app.orders_id_seq'::regclass)"
    assert "app.users.gone" not in columns
    assert columns["app.users.created"]["position"] == 7


def test_constraints_and_indexes(records):
    constraints, indexes = records["constraints"], records["indexes"]
    assert constraints["app.users.positive"]["validated"] is False
    assert "DEFERRABLE INITIALLY DEFERRED" in str(
        constraints["app.orders.orders_user_id_fkey"]["definition"]
    )
    assert constraints["app.orders.orders_during_excl"]["type"] == "x"
    assert "app.parts.parts_fkey" in constraints
    assert not any(name.startswith("app.parts_1.parts") and "fkey" in name for name in constraints)
    assert indexes['"Mixed.Case"."I x"']["is_constraint"] is False
    assert indexes["app.users_pkey"]["is_constraint"] is True
    assert indexes["app.parts_1_pkey"]["parent"] == "app.parts_pkey"
    assert indexes["app.orders_pkey"]["clustered"] is True


def test_sequences_say_exactly_where_they_stand(connection, records):
    values = {
        r["name"]: (r["last_value"], r["is_called"]) for r in catalog.sequence_values(connection)
    }
    assert values["app.seq"] == (20, False)  # restarted, and not called since
    assert values["app.never"] == (1, False)
    assert values["app.orders_id_seq"] == (1, True)
    seq = records["sequences"]["app.seq"]
    assert [seq[k] for k in ("type", "start", "increment", "min", "max", "cache", "cycle")] == [
        "smallint", 50, -2, -100, 100, 3, True,
    ]  # fmt: skip
    assert records["sequences"]["app.orders_id_seq"]["owned_by"] == "app.orders.id"
    assert records["sequences"]["app.users_id_seq"]["identity"] is True


def test_views_and_programs(records):
    assert records["views"]["app.v"]["options"] == ["security_invoker=true"]
    assert records["views"]["app.empty"]["populated"] is False
    function = records["functions"]["app.f(integer, text)"]
    assert function["security_definer"] is True
    assert "SET search_path TO ''" in str(function["definition"])
    assert records["functions"]["app.agg(integer)"]["kind"] == "a"
    assert "sfunc int4pl(integer,integer)" in str(
        records["functions"]["app.agg(integer)"]["definition"]
    )
    assert records["functions"]["app.p(integer)"]["kind"] == "p"
    assert not any("frange" in name for name in records["functions"])
    assert records["triggers"]["app.users.t1"]["enabled"] == "D"
    assert records["triggers"]["auth.users.on_auth"]["function_schema"] == "app"
    assert "app.parts_1.tp" not in records["triggers"]
    assert records["event_triggers"]["on_ddl"]["tags"] == ["CREATE TABLE"]
    assert "app.base.keep" in records["rules"]


def test_types(records):
    types = records["types"]
    assert types["app.mood"]["labels"] == ["sad", "it's ok", "happy"]
    assert types["app.email"]["definition"] == (
        "text collate \"C\" not null default 'x@y'::text"
        " email_check CHECK ((VALUE ~ '@'::text)) short CHECK ((length(VALUE) < 100))"
    )
    assert types["app.pair"]["definition"] == 'a integer, "B c" text collate "C"'
    assert "multirange app.fmultirange" in str(types["app.frange"]["definition"])
    assert set(types) == {"app.mood", "app.email", "app.pair", "app.frange"}


def test_policies(records):
    policy = records["policies"]["app.users.pol"]
    assert policy["roles"] == ["Cat Role", "cat_reader"]
    assert (policy["permissive"], policy["command"]) == (False, "UPDATE")
    assert (policy["using"], policy["check"]) == ("(id > 0)", "(mood = 'sad'::app.mood)")
    assert records["policies"]["app.users.pol2"]["roles"] == ["public"]


def test_rights(records):
    acls = records["acls"]
    assert "cat_reader=SELECT" in acls["table app.users"]["grants"]
    assert acls["column app.users.mood"]["grants"] == ["cat_reader=UPDATE"]
    assert "Cat Role=SELECT*" in acls["table app.orders"]["grants"]
    assert acls["table app.base"]["grants"] == []
    assert "public=EXECUTE" not in acls["function app.f(integer, text)"]["grants"]
    assert "public=EXECUTE" in acls["function app.agg(integer)"]["grants"]
    assert acls["procedure app.p(integer)"]["object"] == "app.p(integer)"
    assert acls["table app.order"]["object"] == 'app."order"'
    assert "public=CONNECT" in acls["database"]["grants"]


def test_no_acl_equals_the_default_written_out(connection):
    with connection.transaction(force_rollback=True):
        before = catalog.read(connection, "acls")
        connection.execute("grant select on app.child to cat_reader")
        connection.execute("revoke select on app.child from cat_reader")
        assert catalog.read(connection, "acls") == before


def test_grants_can_be_given_with_the_object_as_it_is_written(connection, records):
    with connection.transaction(force_rollback=True):
        for record in records["acls"].values():
            if record["kind"] == "column":
                continue
            grant = f"grant all on {record['kind']} {record['object']} to cat_reader"
            connection.execute(grant)


def test_default_privileges(records):
    found = records["default_privileges"]
    everywhere = found["functions of cat_owner"]
    assert everywhere["baseline"] == ["cat_owner=EXECUTE", "public=EXECUTE"]
    assert everywhere["grants"] == ["cat_owner=EXECUTE"]
    inside = next(record for name, record in found.items() if name.endswith("in schema app"))
    assert (inside["grants"], inside["baseline"]) == (["cat_reader=SELECT"], [])


def test_publications(records):
    assert records["publications"]["pub2"]["schemas"] == ["app"]
    table = records["publication_tables"]["pub: app.users"]
    assert (table["columns"], table["row_filter"]) == (["id", "mood"], "(id > 5)")


def test_comments_know_their_schema(records):
    comments = records["comments"]
    assert comments["table app.users"]["comment"] == "ünïcode"
    for name in ("policy pol on app.users", "trigger t1 on app.users", "schema app",
                 "table constraint positive on app.users", "table column app.users.mood",
                 "domain constraint short on app.email"):  # fmt: skip
        assert comments[name]["schema"] == "app", name


def test_no_secret_is_read(records):
    text = json.dumps({kind: list(map(dict, found.values())) for kind, found in records.items()})
    assert "hush" not in text
    setting = records["database_settings"]["app.settings.jwt_secret"]
    assert setting["secret"] is True
    assert len(setting["digest"]) == 16
    assert records["database_settings"]["TimeZone"]["value"] == "UTC"


def test_roles(records):
    assert records["roles"]["cat_reader"]["reserved"] is False
    bootstrap = [record for record in records["roles"].values() if record["bootstrap"]]
    assert [record["reserved"] for record in bootstrap] == [True]
    assert records["memberships"]["cat_reader in cat_owner"]["admin"] is False
    assert not any(name.startswith("pg_") for name in records["memberships"])


@pytest.mark.parametrize("major", sorted(OTHER_MAJORS))
def test_other_versions_say_the_same(major, records):
    with start_cluster(OTHER_MAJORS[major]) as server, server.connect() as opened:
        load(opened)
        seen = catalog.read_all(opened)
    varying = {"available_extensions", "settings", "database", "roles", "memberships",
               "role_settings", "acls", "default_privileges", "comments", "extensions"}  # fmt: skip
    for kind in set(catalog.ALL) - varying:
        assert [r["name"] for r in seen[kind]] == list(records[kind]), kind
        attributes = [set(record) for record in seen[kind][:1]]
        assert attributes == [set(r) for r in list(records[kind].values())[:1]], kind


def test_managed_schemas_and_reserved_roles():
    assert catalog.is_managed("auth")
    assert catalog.is_managed("_supamig")
    assert catalog.is_managed("pg_toast")
    assert not catalog.is_managed("public")
    assert not catalog.is_managed("supabase_migrations")
    assert catalog.is_reserved("cli_login_postgres")
    assert not catalog.is_reserved("cat_reader")
