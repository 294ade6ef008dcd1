"""Blocks of COPY text: rows joined until a block is worth a write, counted on the way."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Protocol

from psycopg import sql

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from supamig.models import TableRef
    from supamig.postgres import Connection

#: Rows come one by one; joined to this size, a write costs a quarter of the time.
BLOCK = 1 << 16


class Blocks:
    """An iterator over blocks of COPY text that knows how many rows and bytes it gave out.

    Blocks need not end where a row does.  A newline inside a value is escaped: each one ends a row.
    """

    def __init__(self, chunks: Iterator[bytes | bytearray | memoryview]) -> None:
        self._chunks = chunks
        self.rows = 0
        self.bytes = 0
        #: called after every block with the rows and bytes so far
        self.notify: Callable[[int, int], None] = lambda rows, bytes: None  # noqa: A006, ARG005

    def __iter__(self) -> Iterator[bytes]:
        waiting: list[bytes | bytearray | memoryview] = []
        size = 0
        for chunk in self._chunks:
            waiting.append(chunk)
            size += len(chunk)
            if size >= BLOCK:
                yield from self._block(waiting)
                size = 0
        if waiting:
            yield from self._block(waiting)

    def _block(self, waiting: list[bytes | bytearray | memoryview]) -> Iterator[bytes]:
        block = waiting[0] if len(waiting) == 1 else b"".join(waiting)
        waiting.clear()
        if not isinstance(block, bytes):
            block = bytes(block)
        self.rows += block.count(b"\n")
        self.bytes += len(block)
        yield block
        self.notify(self.rows, self.bytes)


class RowSource(Protocol):
    """Where the rows of a table come from: the source itself, or the files of a bundle."""

    def read(self, table: TableRef, columns: Sequence[str]) -> AbstractContextManager[Blocks]:
        """Open the rows of one table, with just these columns in this order."""


class NoRows:
    """The rows of nothing: what a bundle has until it is told where its rows come from."""

    @contextlib.contextmanager
    def read(self, table: TableRef, columns: Sequence[str]) -> Iterator[Blocks]:
        """Open no rows."""
        del table, columns
        yield Blocks(iter(()))


def column_list(columns: Sequence[str]) -> sql.Composable:
    """Write the columns for COPY; a table without columns has no list at all."""
    if not columns:
        return sql.SQL("")
    return sql.SQL(" ({})").format(sql.SQL(", ").join(map(sql.Identifier, columns)))


def copy_in(connection: Connection, table: TableRef, columns: Sequence[str], blocks: Blocks) -> int:
    """Write blocks into a table and return how many rows the server took."""
    statement = sql.SQL("copy {}{} from stdin").format(
        sql.Identifier(table.schema, table.name), column_list(columns)
    )
    with connection.cursor() as cursor:
        with cursor.copy(statement) as sink:
            for block in blocks:
                sink.write(block)
        return cursor.rowcount
