"""Checks that rows did not meet while they were loaded: validated when all rows are there.

The source holds such a check for valid, with the same rows: it may read another table, or say that
a date is in the future, as it was once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
from psycopg import sql

from supamig import catalog
from supamig.amounts import plural
from supamig.hookspecs import hookimpl
from supamig.models import TableRef
from supamig.moves import is_ours
from supamig.search_path import lent, usual_path

if TYPE_CHECKING:
    from supamig.bundle import Bundle
    from supamig.config import Settings
    from supamig.models import Inventory, Record
    from supamig.postgres import Connection
    from supamig.protocols import Importer, Progress
    from supamig.target import Target

# No statement says that rows were checked when they came: what the source says is written down.
_SAY_VALID = """
    update pg_catalog.pg_constraint set convalidated = true
    where conrelid = %s::pg_catalog.regclass and conname = %s and contype = 'c'
"""


class ChecksImporter:
    """Validates what the source holds for valid."""

    kind = "checks"
    title = "Checks that waited for all rows"
    after = ("constraints",)

    def apply(self, bundle: Bundle, target: Target, progress: Progress) -> str:
        """Validate each in a transaction of its own; note those that today's rows do not meet."""
        path = usual_path(bundle.inventory.catalogs)
        with target.session() as connection:
            waiting = _waiting(bundle.inventory, target.before, connection)
        for record in waiting:
            with target.once(self.kind, str(record["name"])) as once:
                if once is not None and not _validate(once.connection, record, path):
                    progress.note(
                        f"check `{record['name']}` is not met by every row, nor is it on the source"
                    )
        return f"{plural(len(waiting), 'check')} validated" if waiting else "none did"


def _waiting(source: Inventory, before: Inventory, connection: Connection) -> list[Record]:
    present = catalog.read(connection, "constraints")
    open_ones = {r["name"] for r in present if r["type"] == "c" and not r["validated"]}
    return [
        record
        for record in source.catalogs["constraints"]
        if record["name"] in open_ones and record["validated"]
        if is_ours(str(record["schema"]), before)
    ]


def _validate(connection: Connection, record: Record, path: str) -> bool:
    table = TableRef(str(record["schema"]), str(record["table"]))
    name = str(record["constraint"])
    statement = sql.SQL("alter table {} validate constraint {}").format(
        sql.Identifier(table.schema, table.name), sql.Identifier(name)
    )
    try:
        with connection.transaction(), lent(connection, path):
            connection.execute(statement)
    except psycopg.errors.CheckViolation:
        connection.execute(_SAY_VALID, (str(table), name))
        return False
    return True


@hookimpl
def supamig_importers(settings: Settings) -> list[Importer]:
    """Hand over the importer of checks that waited."""
    del settings
    return [ChecksImporter()]
