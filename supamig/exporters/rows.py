"""Rows by ``stream``: parallel COPY under one snapshot, each table into a zstd file of its own."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import zstandard

from supamig.amounts import plural
from supamig.copying import parallel
from supamig.copying.files import data_path
from supamig.copying.live import LiveRows
from supamig.dumping import record_digests
from supamig.hookspecs import hookimpl
from supamig.models import TableCopy
from supamig.moves import stored

if TYPE_CHECKING:
    from pathlib import Path

    from supamig.bundle import Bundle
    from supamig.config import Settings
    from supamig.models import Inventory
    from supamig.moves import Stored
    from supamig.postgres import Source
    from supamig.protocols import Exporter, Progress

_LEVEL = 3


class RowsExporter:
    """Writes ``data/<schema>.<table>.copy.zst``."""

    kind = "rows"
    title = "Rows"
    after = ("inventory", "schema")
    replaces = ""

    def __init__(self, jobs: int, pg_bin: Path | None) -> None:
        self._jobs = jobs
        self._pg_bin = pg_bin

    def estimate(self, inventory: Inventory) -> int:
        """Return the size of the tables on disk."""
        return sum(table.size for table in stored(inventory))

    def export(self, source: Source, bundle: Bundle, progress: Progress) -> str:
        """Copy every table out, a few at a time, and record its rows and digest."""
        tables = stored(bundle.inventory)
        rows = LiveRows(source, bundle.inventory, pg_bin=self._pg_bin)

        def copy_out(entry: Stored) -> None:
            table, columns = entry.table, entry.columns
            began = time.monotonic()
            progress.started(str(table), expected=entry.size)
            copy = TableCopy(table=table, columns=columns, rows=0, bytes=0, seconds=0.0)
            with bundle.writer(data_path(table), kind="rows", producer="copy", table=copy) as out:
                with (
                    rows.read(table, columns) as blocks,
                    zstandard.ZstdCompressor(level=_LEVEL).stream_writer(out, closefd=False) as zst,  # type: ignore[arg-type]
                ):
                    blocks.notify = lambda rows, size: progress.moved(
                        str(table), rows=rows, bytes=size
                    )
                    for block in blocks:
                        zst.write(block)
                out.rows = blocks.rows
            bundle.tables[table] = TableCopy(
                table=table,
                columns=columns,
                rows=blocks.rows,
                bytes=blocks.bytes,
                seconds=time.monotonic() - began,
                snapshot=source.snapshot,
            )
            progress.finished(str(table), rows=blocks.rows, bytes=blocks.bytes)

        parallel.each(tables, copy_out, jobs=self._jobs, cancel=source.cancel)
        record_digests(source, bundle, jobs=self._jobs)
        total = sum(copy.rows for copy in bundle.tables.values())
        return f"{plural(total, 'row')} of {plural(len(tables), 'table')}"


@hookimpl
def supamig_exporters(settings: Settings) -> list[Exporter]:
    """Hand over the exporter of rows when the method is ``stream``."""
    if settings.method != "stream":
        return []
    return [RowsExporter(settings.jobs, settings.pg_bin)]
