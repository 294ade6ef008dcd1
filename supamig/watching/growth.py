"""Rows that are written on both sides: nothing should write to the source after the switch.

Counters of the statistics say how much was written; exact counts of small tables stand in where
statistics are late or off.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg import sql

from supamig.models import Severity, TableRef
from supamig.watching.model import Look, Trouble

if TYPE_CHECKING:
    from collections.abc import Mapping

    from supamig.postgres import Connection, Server
    from supamig.watching.model import Moment

_LIMIT = "select set_config('statement_timeout', '20s', false)"
# Schemas in which services write by themselves, with no application behind it.
_OWN = (
    *("_realtime", "realtime", "_analytics", "_supavisor", "cron", "net", "pgsodium", "vault"),
    *("extensions", "graphql", "supabase_functions", "supabase_migrations", "_supamig"),
)
# pg_stat_user_tables
_WRITTEN = """
select schemaname::text, relname::text, n_tup_ins + n_tup_upd + n_tup_del
from pg_catalog.pg_stat_user_tables
where schemaname <> all (%s) and relname not in ('schema_migrations', 'migrations')
"""
# pg_class: tables that are counted in no time
_SMALL = """
select n.nspname::text, c.relname::text from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind = 'r' and c.relpersistence = 'p' and n.nspname not like 'pg\\_%%'
  and n.nspname <> 'information_schema' and n.nspname <> all (%s)
  and c.relname not in ('schema_migrations', 'migrations')
  and c.reltuples < 10000 and pg_catalog.pg_relation_size(c.oid) < 4000000
  and pg_catalog.has_table_privilege(c.oid, 'select')
  and pg_catalog.has_schema_privilege(n.oid, 'usage')
order by 1, 2 limit 300
"""
# pg_subscription: what comes from the target is no application's
_FED = """
select exists (select from pg_catalog.pg_subscription s
               join pg_catalog.pg_database d on d.oid = s.subdbid
               where d.datname = current_database() and s.subenabled)
"""


@dataclass(frozen=True, slots=True)
class _Side:
    """Counters and exact counts of one side at one time."""

    written: Mapping[TableRef, int]
    rows: Mapping[TableRef, int]

    def grown(self, before: _Side | None) -> dict[TableRef, int]:
        """Return how many rows were written since, by table."""
        if before is None:
            return {}
        found: dict[TableRef, int] = {}
        for table, number in self.written.items():
            # smaller than before means that the statistics were set back
            more = number - before.written.get(table, 0)
            if more > 0 and table in before.written:
                found[table] = more
        for table, number in self.rows.items():
            changed = abs(number - before.rows.get(table, number))
            if changed:
                found[table] = max(found.get(table, 0), changed)
        return found


class Growth:
    """Both databases, compared with what they held a round before."""

    name = "rows"

    def __init__(self, *, source: Server | None, target: Server) -> None:
        self._servers = {"source": source, "target": target}
        self._before: dict[str, _Side] = {}
        self._since_start = {"source": 0, "target": 0}

    def look(self, moment: Moment) -> Look:
        """Count on both sides; what raises on one side is the probe's failure."""
        del moment
        grown = {side: self._grown(side) for side in self._servers}
        for side, tables in grown.items():
            self._since_start[side] += sum(tables.values())
        readings = {f"{side}_rows_written": number for side, number in self._since_start.items()}
        return Look(
            readings=readings,
            troubles=tuple(
                _trouble(table, rows, also=table in grown["target"])
                for table, rows in sorted(grown["source"].items())
            ),
        )

    def _grown(self, side: str) -> dict[TableRef, int]:
        server = self._servers[side]
        if server is None:
            return {}
        with server.session() as session:
            session.execute(_LIMIT)
            if side == "source" and _value(session, _FED):
                self._before.pop(side, None)
                return {}
            now = _read(session)
        found = now.grown(self._before.get(side))
        self._before[side] = now
        return found


def _read(session: Connection) -> _Side:
    own = list(_OWN)
    written = session.execute(_WRITTEN, (own,)).fetchall()
    small = [TableRef(*row) for row in session.execute(_SMALL, (own,)).fetchall()]
    rows: dict[TableRef, int] = {}
    if small:
        counts = sql.SQL(" union all ").join(
            sql.SQL("select {}::int, count(*) from {}").format(
                sql.Literal(number), sql.Identifier(table.schema, table.name)
            )
            for number, table in enumerate(small)
        )
        rows = {small[number]: count for number, count in session.execute(counts).fetchall()}
    return _Side({TableRef(schema, name): number for schema, name, number in written}, rows)


def _value(session: Connection, query: str) -> Any:  # noqa: ANN401 - whatever the query asks for
    row = session.execute(query).fetchone()
    return row[0] if row else None


def _trouble(table: TableRef, rows: int, *, also: bool) -> Trouble:
    beside = "and on the target" if also else "and nothing on the target"
    return Trouble(
        probe=Growth.name,
        subject=str(table),
        severity=Severity.ERROR,
        message=f"`{table}` is still written on the source: {rows} rows since the last look,"
        f" {beside}",
        hint="An application still uses the old address: `supamig scan` finds it, and"
        " `pg_stat_activity` of the source says from where",
    )
