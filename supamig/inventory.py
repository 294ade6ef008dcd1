"""Taking the inventory of a side: server, catalogs, and what the plan must know of its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg import sql

from supamig import catalog
from supamig.models import Inventory, Record, TableRef
from supamig.moves import CLI_HISTORY, HISTORIES, MOVED, column_name, stored, table_of
from supamig.statements import server_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from supamig.postgres import Connection, Server, Source

_BATCH = 40


def take(server: Server) -> Inventory:
    """Read every catalog of a side."""
    with server.session() as connection:
        catalogs = catalog.read_all(connection)
    return Inventory(server=server.facts, catalogs=catalogs)


def take_source(source: Source) -> Inventory:
    """Read the source: its catalogs, and which columns of managed tables hold data."""
    plain = take(source)
    with source.session() as connection:
        holding = tuple(_holding(connection, plain))
    return Inventory(
        server=plain.server,
        catalogs={**plain.catalogs, "holding": holding},
        snapshot=source.snapshot,
        lsn=source.lsn,
        taken_at=source.taken_at,
    )


def take_target(target: Server) -> Inventory:
    """Read the target before anything is done to it: its catalogs, and which tables hold rows."""
    plain = take(target)
    tables = [
        table_of(record)
        for record in plain.catalogs["tables"]
        if record["kind"] == "r" and _may_hold_user_data(table_of(record))
    ]
    with target.session() as connection:
        filled = tuple({"name": str(table)} for table in sorted(_filled(connection, tables)))
    return Inventory(server=plain.server, catalogs={**plain.catalogs, "filled": filled})


def _may_hold_user_data(table: TableRef) -> bool:
    if catalog.is_managed(table.schema) and table.schema not in MOVED | {CLI_HISTORY}:
        return False
    return table not in HISTORIES


def _filled(connection: Connection, tables: list[TableRef]) -> Iterator[TableRef]:
    for start in range(0, len(tables), _BATCH):
        batch = tables[start : start + _BATCH]
        parts = [
            sql.SQL("select {}::int where exists (select from only {})").format(
                sql.Literal(number), sql.Identifier(table.schema, table.name)
            )
            for number, table in enumerate(batch)
        ]
        # one transaction a batch, so that locks stay few
        for (number,) in connection.execute(sql.SQL(" union all ").join(parts)):
            yield batch[number]


def _holding(connection: Connection, inventory: Inventory) -> Iterator[Record]:
    """Count for every column of the moved managed tables the rows that differ from its default."""
    # a default that calls something (nextval, now) is not a value to compare with
    defaults = {
        str(r["name"]): str(r["default"])
        for r in inventory.catalogs["columns"]
        if r["default"] and "(" not in str(r["default"])
    }
    for entry in stored(inventory):
        if entry.table.schema not in MOVED | {CLI_HISTORY} or not entry.columns:
            continue
        names = [column_name(entry.table, column) for column in entry.columns]
        counts = [
            # as text: json has no equality, and a default may be of another type than its column
            sql.SQL("count(*) filter (where {}::text is distinct from ({})::text)").format(
                sql.Identifier(column),
                # the default's text is the server's own, from pg_get_expr
                server_text(defaults.get(name, "null")),
            )
            for column, name in zip(entry.columns, names, strict=True)
        ]
        query = sql.SQL("select {} from only {}").format(
            sql.SQL(", ").join(counts), sql.Identifier(entry.table.schema, entry.table.name)
        )
        row = connection.execute(query).fetchone() or ()
        yield from ({"name": n, "rows": rows} for n, rows in zip(names, row, strict=True) if rows)
