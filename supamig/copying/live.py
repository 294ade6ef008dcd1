"""Rows of a live source: small tables over a session of ours, large ones through ``psql``.

libpq hands over one whole row at a time and holds it three times while doing so.  What psql prints
is passed on as it comes: no row is ever whole in this process, and Python works once a block
instead of once a row.
"""

from __future__ import annotations

import contextlib
import os
from functools import partial
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql

from supamig import pgtools
from supamig.copying.blocks import BLOCK, Blocks, column_list
from supamig.errors import StepFailed
from supamig.moves import table_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from supamig.models import Inventory, TableRef
    from supamig.postgres import Source

_Chunk = bytes | bytearray | memoryview
#: Bytes on the source's disk from which a table is worth a process of its own.
_LARGE = 1 << 20


class LiveRows:
    """Rows read from the source, under its shared snapshot."""

    def __init__(self, source: Source, inventory: Inventory, *, pg_bin: Path | None) -> None:
        self._source = source
        self._psql = pgtools.choose(source.facts.major, pg_bin=pg_bin).program("psql")
        self._large = {
            table_of(record)
            for record in inventory.catalogs["tables"]
            if int(str(record["bytes"] or 0)) > _LARGE
        }

    @contextlib.contextmanager
    def read(self, table: TableRef, columns: Sequence[str]) -> Iterator[Blocks]:
        """Open the rows of one table on the source."""
        statement = sql.SQL("copy {}{} to stdout").format(
            sql.Identifier(table.schema, table.name), column_list(columns)
        )
        if table in self._large:
            with self._printed(statement.as_string()) as child:
                yield Blocks(iter(partial(child.read, BLOCK), b""))
            return
        with (
            self._source.session() as connection,
            connection.cursor() as cursor,
            cursor.copy(statement) as copy,
        ):
            yield Blocks(_given(copy, table))

    @contextlib.contextmanager
    def _printed(self, statement: str) -> Iterator[pgtools.Child]:
        """Run a COPY in psql, under the same snapshot and settings as any session of ours."""
        where, environment = pgtools.connection_arguments(self._source.dsn)
        command = [self._psql, "--no-psqlrc", "--no-password", "--quiet", *where]
        command += ["--set=ON_ERROR_STOP=1", f"--output={os.devnull}"]
        command += [f"--command={text}" for text in self._source.preamble()]
        command += [r"--command=\o", f"--command={statement}"]
        environment |= {"PGAPPNAME": self._source.application, "PGCLIENTENCODING": "UTF8"}
        with (
            pgtools.start(command, environment=environment) as child,
            self._source.cancelling(child.kill),
        ):
            yield child


def _given(copy: Iterable[_Chunk], table: TableRef) -> Iterator[_Chunk]:
    """Pass on what the source gives; an error of its own must not look like one of the target."""
    try:
        yield from copy
    except psycopg.Error as error:
        if error.sqlstate is None:
            raise
        raise StepFailed(
            f"the source does not give the rows of `{table}`: {error.diag.message_primary}",
            hint=error.diag.message_hint or "The same command goes on with this table",
        ) from error
