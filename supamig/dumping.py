"""pg_dump on the source, and what a dump's script holds as the manifest says it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from supamig import pgtools
from supamig.catalog import is_managed
from supamig.models import TableCopy
from supamig.moves import column_name, stored
from supamig.sides import Live, Memory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from supamig.bundle import Bundle
    from supamig.copying.script import ScriptRows
    from supamig.models import TableRef
    from supamig.pgtools import Tools
    from supamig.postgres import Source


def pg_dump(
    source: Source,
    options: Iterable[str],
    *,
    tools: Tools,
    sink: Callable[[bytes], object],
    leave_out: Iterable[str],
) -> None:
    """Run pg_dump on the source under its shared snapshot, without some schemas."""
    where, environment = pgtools.connection_arguments(source.dsn)
    schemas = [f'--exclude-schema="{schema}"' for schema in sorted(leave_out)]
    shared = [f"--snapshot={source.snapshot}"] if source.snapshot else []
    fixed = ["--no-subscriptions", "--no-tablespaces", "--no-password", "--lock-wait-timeout=60s"]
    fixed += ["--encoding=UTF8"]
    pgtools.run(
        [tools.program("pg_dump"), *fixed, *shared, *schemas, *options, *where],
        environment=environment,
        sink=sink,
    )


def record_script(source: Source, bundle: Bundle, script: ScriptRows) -> int:
    """Note every table of a ``data.sql`` in the manifest and return how many rows it has in all."""
    for table in stored(bundle.inventory):
        block = script.blocks.get(table.table)
        if block is not None:
            bundle.tables[table.table] = TableCopy(
                table=table.table,
                columns=table.columns,
                rows=block.rows,
                bytes=block.end - block.begin,
                seconds=0.0,
                snapshot=source.snapshot,
            )
    record_digests(source, bundle)
    return sum(copy.rows for copy in bundle.tables.values())


def record_digests(source: Source, bundle: Bundle, *, jobs: int = 1) -> None:
    """Digest every table of the bundle on the source and keep the digests in the manifest."""
    side = Live(source, Memory(), sessions=jobs)
    digests = side.digests({table: copy.columns for table, copy in bundle.tables.items()})
    filled = side.digests(dict(_filled(bundle)))
    for table, copy in bundle.tables.items():
        bundle.tables[table] = replace(copy, digest=digests[table], filled=filled.get(table))


def _filled(bundle: Bundle) -> Iterator[tuple[TableRef, tuple[str, ...]]]:
    """Name the columns with data of managed tables that also have columns without."""
    holding = {record["name"] for record in bundle.inventory.catalogs["holding"]}
    for table, copy in bundle.tables.items():
        filled = tuple(c for c in copy.columns if column_name(table, c) in holding)
        if is_managed(table.schema) and filled and filled != copy.columns:
            yield table, filled
