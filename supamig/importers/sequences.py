"""Where sequences stand, managed ones too: a sequence behind its table breaks every sign-in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg import sql

from supamig import catalog
from supamig.amounts import plural
from supamig.catalog import is_managed
from supamig.hookspecs import hookimpl
from supamig.moves import MOVED

if TYPE_CHECKING:
    from supamig.bundle import Bundle
    from supamig.config import Settings
    from supamig.models import Record
    from supamig.protocols import Importer, Progress
    from supamig.target import Target

_BATCH = 200


class SequencesImporter:
    """Sets every sequence to where the source's stands."""

    kind = "sequences"
    title = "Sequences"
    after = ("rows",)

    def apply(self, bundle: Bundle, target: Target, progress: Progress) -> str:
        """Set the values in batches; a managed sequence that the target lacks is left out."""
        with target.session() as connection:
            there = {record["name"] for record in catalog.read(connection, "sequences")}
        wanted = [
            record
            for record in bundle.inventory.catalogs["sequence_values"]
            if record["last_value"] is not None
            and record["name"] in there
            and (not is_managed(str(record["schema"])) or record["schema"] in MOVED)
        ]
        for start in range(0, len(wanted), _BATCH):
            with target.once(self.kind, f"batch {start // _BATCH + 1}") as once:
                if once is not None:
                    calls = [_setval(record) for record in wanted[start : start + _BATCH]]
                    once.connection.execute(sql.SQL("select {}").format(sql.SQL(", ").join(calls)))
        for record in bundle.inventory.catalogs["sequence_values"]:
            if record["last_value"] is None and not is_managed(str(record["schema"])):
                progress.note(f"sequence `{record['name']}` may not be read on the source")
        return plural(len(wanted), "sequence")


def _setval(record: Record) -> sql.Composable:
    return sql.SQL("pg_catalog.setval({}, {}, {})").format(
        sql.Literal(record["name"]),
        sql.Literal(record["last_value"]),
        sql.Literal(record["is_called"]),
    )


@hookimpl
def supamig_importers(settings: Settings) -> list[Importer]:
    """Hand over the importer of sequence values."""
    del settings
    return [SequencesImporter()]
