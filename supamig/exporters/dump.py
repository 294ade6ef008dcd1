"""Rows by ``pg_dump``: one ``data.sql`` of COPY blocks, under the run's snapshot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from supamig import pgtools
from supamig.catalog import MANAGED
from supamig.copying.script import ScriptRows
from supamig.dumping import pg_dump, record_script
from supamig.hookspecs import hookimpl
from supamig.moves import CLI_HISTORY, HISTORIES, MOVED, stored

if TYPE_CHECKING:
    from pathlib import Path

    from supamig.bundle import Bundle
    from supamig.config import Settings
    from supamig.models import Inventory
    from supamig.postgres import Source
    from supamig.protocols import Exporter, Progress


class DumpExporter:
    """Writes ``data.sql`` by pg_dump."""

    kind = "rows"
    title = "Rows by pg_dump"
    after = ("inventory", "schema")
    replaces = ""

    def __init__(self, pg_bin: Path | None) -> None:
        self._pg_bin = pg_bin

    def estimate(self, inventory: Inventory) -> int:
        """Return the size of the tables on disk."""
        return sum(table.size for table in stored(inventory))

    def export(self, source: Source, bundle: Bundle, progress: Progress) -> str:
        """Run pg_dump for the rows, then note each table's rows and digest."""
        tools = pgtools.choose(source.facts.major, pg_bin=self._pg_bin)
        options = ["--data-only", *(f'--exclude-table="{t.schema}"."{t.name}"' for t in HISTORIES)]
        progress.started("data.sql", expected=self.estimate(bundle.inventory))
        producer = f"pg_dump {tools.version}"
        with bundle.writer("data.sql", kind="rows-script", producer=producer) as out:

            def take(chunk: bytes) -> None:
                out.write(chunk)
                progress.moved("data.sql", rows=0, bytes=out.size)

            leave_out = MANAGED - MOVED - {CLI_HISTORY}
            pg_dump(source, options, tools=tools, sink=take, leave_out=leave_out)
        rows = record_script(source, bundle, ScriptRows(bundle.file("data.sql")))
        progress.finished("data.sql", rows=rows, bytes=out.size)
        return f"{rows:,} rows by {producer}"


@hookimpl
def supamig_exporters(settings: Settings) -> list[Exporter]:
    """Hand over the exporter of rows when the method is ``pg_dump``."""
    return [DumpExporter(settings.pg_bin)] if settings.method == "pg_dump" else []
