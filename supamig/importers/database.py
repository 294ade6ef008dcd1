"""The database itself: its settings, fresh statistics, and word to PostgREST of the change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
from psycopg import sql

from supamig.amounts import plural
from supamig.hookspecs import hookimpl
from supamig.models import TableRef
from supamig.parameters import apply_setting, why_left
from supamig.search_path import usual_path

if TYPE_CHECKING:
    from supamig.bundle import Bundle
    from supamig.config import Settings
    from supamig.models import Inventory, Record
    from supamig.postgres import Connection
    from supamig.protocols import Importer, Progress
    from supamig.target import Target


_INITIAL = "default administrative connection database"


class DatabaseImporter:
    """Carries ``ALTER DATABASE SET`` over; a setting that the target has stays, a secret too."""

    kind = "database"
    title = "Settings and statistics"
    after = ("rights",)

    def apply(self, bundle: Bundle, target: Target, progress: Progress) -> str:
        """Set what is missing, analyze, and have PostgREST read the schema again."""
        missing = missing_settings(bundle.inventory, target.before)
        place = sql.SQL("alter database {}").format(sql.Identifier(target.facts.database))
        with target.once(self.kind, "settings") as once:
            if once is not None:
                for record in missing:
                    if not why_left(record):
                        apply_setting(once.connection, place, record)
                _comment(once.connection, bundle.inventory, target)
        for record in missing:
            if reason := why_left(record):
                progress.note(f"database setting `{record['setting']}` {reason}")
        with target.session() as connection:
            _analyze(connection, usual_path(bundle.inventory.catalogs), progress)
            connection.execute("notify pgrst, 'reload schema'")
        return f"{plural(len(missing), 'setting')}, statistics gathered"


def _comment(connection: Connection, source: Inventory, target: Target) -> None:
    """Carry the database's comment over, unless it is the one that `initdb` gave it."""
    text = source.catalogs["database"][0].get("comment")
    if text and text != _INITIAL:
        database = sql.Identifier(target.facts.database)
        statement = sql.SQL("comment on database {} is {}").format(database, sql.Literal(text))
        connection.execute(statement)


def _analyze(connection: Connection, path: str, progress: Progress) -> None:
    """Gather statistics; an index on an expression that fails costs only its own table's."""
    change = "select pg_catalog.set_config('search_path', %s, false)"
    connection.execute(change, (path,))
    try:
        connection.execute("analyze")
    except psycopg.Error as error:
        if error.sqlstate is None:
            raise
        for schema, table in connection.execute(_TABLES).fetchall():
            name = sql.Identifier(schema, table)
            try:
                connection.execute(sql.SQL("analyze {}").format(name))
            except psycopg.Error as fault:
                if fault.sqlstate is None:
                    raise
                progress.note(
                    f"no statistics of `{TableRef(schema, table)}`: {fault.diag.message_primary};"
                    " give the function that an index of it calls a search path of its own"
                )
    connection.execute(change, ("",))


# pg_class: what can be analyzed
_TABLES = """
    select n.nspname, c.relname from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'm') and n.nspname !~ '^pg_' and c.relpersistence <> 't'
    order by 1, 2
"""


def missing_settings(source: Inventory, before: Inventory) -> list[Record]:
    """List the settings of the source's database that the target's lacks."""
    there = {record["name"] for record in before.catalogs["database_settings"]}
    return [
        record
        for record in source.catalogs["database_settings"]
        if record["database"] and record["name"] not in there
    ]


@hookimpl
def supamig_importers(settings: Settings) -> list[Importer]:
    """Hand over the importer of database settings."""
    del settings
    return [DatabaseImporter()]
