"""Which tables' rows move, and with which columns: a pure comparison of two inventories.

User tables move with all their columns.  Tables of the managed schemas belong to the target's own
services, so their rows move with the columns that both sides have (DESIGN: Postgres rules).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from supamig.catalog import is_managed
from supamig.models import TableRef, quote

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from supamig.models import Inventory, Record

#: Managed schemas whose rows are the project's own and move; the others hold the services' state.
MOVED = frozenset({"auth", "storage", "supabase_functions"})
#: The history of the services' own migrations: the target's stays as it is.
HISTORIES = frozenset(
    {
        TableRef("auth", "schema_migrations"),
        TableRef("storage", "migrations"),
        TableRef("supabase_functions", "migrations"),
    }
)
#: Made by the Supabase CLI on both sides: moved with its DDL unless the target has it already.
CLI_HISTORY = "supabase_migrations"


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """The rows of one table: ``lost`` names columns that only the source has."""

    table: TableRef
    columns: tuple[str, ...]
    size: int
    managed: bool
    lost: tuple[str, ...] = ()
    #: columns that only the target has, must not be null there and have no default
    unfilled: tuple[str, ...] = ()
    on_target: bool = True


def table_of(record: Record) -> TableRef:
    """Return the table that a record is or belongs to."""
    return TableRef(str(record["schema"]), str(record["table"]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A table whose rows are the project's: ``size`` is its size on the source's disk."""

    table: TableRef
    columns: tuple[str, ...]
    size: int


def stored(source: Inventory) -> list[Stored]:
    """List the tables that hold the project's rows, largest first.

    Foreign tables and partitioned parents hold none; generated columns are not copied.
    """
    columns = _columns(source.catalogs["columns"])
    found = []
    for record in source.catalogs["tables"]:
        table = table_of(record)
        if record["kind"] != "r" or table in HISTORIES:
            continue
        if not is_managed(table.schema) or table.schema in MOVED:
            names = [n for n, column in columns.get(table, {}).items() if not column["generated"]]
            size = int(str(record["bytes"] or 0))
            found.append(Stored(table=table, columns=tuple(names), size=size))
    return sorted(found, key=lambda entry: (-entry.size, entry.table))


def moves(source: Inventory, target: Inventory) -> tuple[Move, ...]:
    """List the tables whose rows move, largest first, with the columns that both sides have."""
    theirs = _columns(target.catalogs["columns"])
    there = {table_of(t) for t in target.catalogs["tables"] if t["kind"] == "r"}
    return tuple(
        Move(table=entry.table, columns=entry.columns, size=entry.size, managed=False)
        if is_ours(entry.table.schema, target)
        else _shared(entry, theirs.get(entry.table, {}), there=entry.table in there)
        for entry in stored(source)
    )


def is_ours(schema: str, target: Inventory) -> bool:
    """Tell whether supamig makes this schema's objects on the target."""
    if schema == CLI_HISTORY:
        return all(record["schema"] != schema for record in target.catalogs["tables"])
    return not is_managed(schema)


def _columns(records: Iterable[Record]) -> dict[TableRef, dict[str, Record]]:
    found: dict[TableRef, dict[str, Record]] = {}
    for record in sorted(records, key=lambda record: int(str(record["position"]))):
        found.setdefault(table_of(record), {})[str(record["column"])] = record
    return found


def _shared(entry: Stored, theirs: Mapping[str, Record], *, there: bool) -> Move:
    taken = {name for name, column in theirs.items() if not column["generated"]}
    unfilled = [n for n in taken if n not in entry.columns and _must_be_given(theirs[n])]
    return Move(
        table=entry.table,
        columns=tuple(name for name in entry.columns if name in taken),
        size=entry.size,
        managed=True,
        lost=tuple(name for name in entry.columns if name not in theirs),
        unfilled=tuple(sorted(unfilled)),
        on_target=there,
    )


def _must_be_given(column: Record) -> bool:
    return bool(column["not_null"] and not column["default"] and not column["identity"])


def column_name(table: TableRef, column: str) -> str:
    """Name a column as ``--accept-missing`` and findings do: ``auth.flow_state.referrer``."""
    return f"{table}.{quote(column)}"
