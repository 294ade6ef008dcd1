"""What moves, in which order, and what refuses the plan: pure functions over two inventories."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from supamig.archive import for_server
from supamig.config import Settings
from supamig.errors import SameDatabase, TargetNotEmpty, TargetOlder
from supamig.models import Inventory, ServerFacts, Severity, TableRef
from supamig.moves import moves
from supamig.plan import guard_servers, make_plan
from supamig.privileges import repairs, set_default

if TYPE_CHECKING:
    from supamig.models import Record

SERVER = ServerFacts(
    host="db:5432",
    database="postgres",
    user="postgres",
    version="17.6",
    version_num=170006,
    system_id="7",
    database_oid=5,
    size=1,
    superuser=True,
)


def table(name: str, **more: object) -> Record:
    schema, _, plain = name.partition(".")
    base = {"name": name, "schema": schema, "table": plain, "kind": "r", "bytes": 8192}
    return {**base, **more}  # type: ignore[dict-item]


def column(name: str, position: int = 1, **more: object) -> Record:
    schema, plain, attribute = name.split(".")
    base = {"name": name, "schema": schema, "table": plain, "column": attribute}
    rest = {"position": position, "generated": "", "default": "", "not_null": False, "identity": ""}
    return {**base, **rest, **more}  # type: ignore[dict-item]


def inventory(
    tables: list[Record], columns: list[Record], *, system_id: str = "7", **more: list[Record]
) -> Inventory:
    kinds = ("views", "sequences", "functions", "types", "schemas", "holding", "filled")
    kinds += ("collations", "others", "constraints")
    catalogs: dict[str, tuple[Record, ...]] = dict.fromkeys(kinds, ())
    catalogs |= {kind: tuple(records) for kind, records in more.items()}
    catalogs |= {"tables": tuple(tables), "columns": tuple(columns)}
    return Inventory(server=replace(SERVER, system_id=system_id), catalogs=catalogs)


AUTH = {"schemas": [{"name": "auth", "schema": "auth"}]}
TARGET = inventory(
    [table("auth.users"), table("auth.schema_migrations")],
    [column("auth.users.id"), column("auth.users.fresh", 2, not_null=True)],
    system_id="8",
    **AUTH,
)


def source(**more: list[Record]) -> Inventory:
    return inventory(
        [
            table("public.small"),
            table("public.big", bytes=1 << 30),
            table("public.parent", kind="p"),
            table("public.foreign", kind="f"),
            table("auth.users"),
            table("auth.schema_migrations"),
            table("auth.gone"),
            table("vault.secrets"),
        ],
        [
            column("public.small.b", 2),
            column("public.small.a", 1),
            column("public.small.g", 3, generated="s"),
            column("public.big.id"),
            column("auth.users.old", 3),
            column("auth.users.id"),
            column("auth.gone.id"),
        ],
        **{**AUTH, **more},
    )


def plan_of(ours: Inventory, theirs: Inventory = TARGET, **chosen: object) -> list[tuple[str, str]]:
    settings = Settings(**chosen)  # type: ignore[arg-type]
    plan = make_plan(ours, theirs, exporters=[], importers=[], settings=settings)
    return [(finding.severity, finding.subject) for finding in plan.findings]


def test_what_moves_comes_largest_first_and_without_what_holds_no_rows_of_its_own() -> None:
    found = {move.table: move for move in moves(source(), TARGET)}
    assert next(iter(found)) == TableRef("public", "big")
    assert set(found) == {
        TableRef("public", "big"),
        TableRef("public", "small"),
        TableRef("auth", "users"),
        TableRef("auth", "gone"),
    }
    assert found[TableRef("public", "small")].columns == ("a", "b")
    users = found[TableRef("auth", "users")]
    assert (users.columns, users.lost, users.unfilled) == (("id",), ("old",), ("fresh",))
    assert not found[TableRef("auth", "gone")].on_target


def test_a_column_that_holds_nothing_stops_nothing() -> None:
    assert plan_of(source()) == []


def test_a_column_that_holds_data_stops_the_plan_unless_it_is_accepted_by_name() -> None:
    ours = source(holding=[{"name": "auth.users.old", "rows": 3}])
    assert plan_of(ours) == [(Severity.ERROR, "auth.users.old")]
    assert plan_of(ours, accept_missing=("auth.users.old",)) == [
        (Severity.WARNING, "auth.users.old")
    ]


def test_a_table_that_holds_data_and_is_missing_stops_the_plan() -> None:
    ours = source(holding=[{"name": "auth.gone.id", "rows": 1}])
    assert plan_of(ours) == [(Severity.ERROR, "auth.gone")]
    assert plan_of(ours, accept_missing=("auth.gone",)) == [(Severity.WARNING, "auth.gone")]


def test_a_column_that_cannot_be_filled_is_said_when_there_are_rows() -> None:
    ours = source(holding=[{"name": "auth.users.id", "rows": 6}])
    assert plan_of(ours) == [(Severity.WARNING, "auth.users.fresh")]


def test_user_data_on_the_target_refuses_unless_told() -> None:
    filled = replace(TARGET, catalogs={**TARGET.catalogs, "filled": ({"name": "public.theirs"},)})
    with pytest.raises(TargetNotEmpty, match=r"public\.theirs"):
        plan_of(source(), filled)
    assert plan_of(source(), filled, into_nonempty=True) == []


def test_what_only_the_target_has_stays_and_is_told() -> None:
    theirs = table("public.theirs")
    more = replace(
        TARGET, catalogs={**TARGET.catalogs, "tables": (*TARGET.catalogs["tables"], theirs)}
    )
    assert plan_of(source(), more) == [(Severity.WARNING, "tables")]


def test_an_object_in_the_way_refuses_always() -> None:
    taken = replace(
        TARGET,
        catalogs={**TARGET.catalogs, "tables": (*TARGET.catalogs["tables"], table("public.big"))},
    )
    with pytest.raises(TargetNotEmpty, match=r"public\.big"):
        plan_of(source(), taken, into_nonempty=True)


def test_one_database_under_two_names_is_refused() -> None:
    other = replace(SERVER, host="elsewhere:6543")
    with pytest.raises(SameDatabase):
        guard_servers(SERVER, other)
    guard_servers(SERVER, replace(SERVER, database_oid=6))
    with pytest.raises(TargetOlder):
        guard_servers(SERVER, replace(SERVER, system_id="8", version_num=160004))


HEAD = b"--\n-- PostgreSQL database dump\n--\n\n\\restrict abcDEF\n\n-- Dumped\n\n"
BODY = (
    b"SET statement_timeout = 0;\nSET transaction_timeout = 0;\n\n"
    b"CREATE FUNCTION f() AS $$\n\\restrict abcDEF\nSET transaction_timeout = 0;\n$$;\n\n"
)
TAIL = b"--\n-- dump complete\n--\n\n\\unrestrict abcDEF\n\n"


def test_what_only_psql_reads_is_taken_out_of_a_script_and_nothing_else() -> None:
    made = for_server(HEAD + BODY + TAIL, target_major=17)
    assert b"\\unrestrict" not in made
    assert made.count(b"\\restrict abcDEF") == 1
    assert BODY.strip() in made
    older = for_server(HEAD + BODY + TAIL, target_major=15)
    assert older.count(b"SET transaction_timeout = 0;") == 1
    assert b"$$\n\\restrict abcDEF\nSET transaction_timeout = 0;\n$$" in older


ORDERS: Record = {"kind": "table", "object": "public.orders", "schema": "public", "column": ""}


def spoken(statements: object) -> list[str]:
    return [" ".join(s.as_string().split()) for s in statements]  # type: ignore[attr-defined]


def test_rights_are_repaired_in_both_directions() -> None:
    has = frozenset({"anon=SELECT", "anon=INSERT", "bob=SELECT"})
    wants = frozenset({"anon=SELECT", "bob=SELECT*", "public=SELECT"})
    assert spoken(repairs(ORDERS, has=has, wants=wants)) == [
        'revoke INSERT on table public.orders from "anon"',
        'grant SELECT on table public.orders to "bob" with grant option',
        "grant SELECT on table public.orders to public",
    ]


def test_default_privileges_become_exactly_the_wanted_ones() -> None:
    key = ("postgres", "public", "tables")
    has = frozenset({"anon=SELECT", "anon=INSERT", "service_role=SELECT"})
    wants = frozenset({"anon=SELECT", "service_role=SELECT"})
    lead = 'alter default privileges for role "postgres" in schema "public"'
    assert spoken(set_default(key, has=has, wants=wants)) == [
        f'{lead} revoke all on tables from "anon"',
        f'{lead} grant SELECT on tables to "anon"',
    ]
