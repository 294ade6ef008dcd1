"""Rows in a ``data.sql`` that pg_dump wrote with COPY: found once, read in place.

The text of a dump is not interpreted beyond its COPY blocks, whose form pg_dump fixes: a line
``COPY schema.table (columns) FROM stdin;``, rows, a line of a backslash and a dot.
"""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from supamig.copying.blocks import Blocks
from supamig.copying.files import copy_text
from supamig.models import TableRef

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_NAME = rb'(?:"(?:[^"]|"")*"|[^\s".,()]+)'
_COPY = re.compile(
    rb"^COPY (" + _NAME + rb")\.(" + _NAME + rb")(?: \((.*)\)| )? FROM stdin;\n$", re.DOTALL
)
_END = b"\\.\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Where the rows of one table are: ``begin`` and ``end`` are offsets in bytes."""

    table: TableRef
    columns: tuple[str, ...]
    begin: int
    end: int
    rows: int


def blocks_of(path: Path) -> dict[TableRef, Block]:
    """Find the COPY block of every table in a dump."""
    found: dict[TableRef, Block] = {}
    with path.open("rb") as stream:
        for line in stream:
            match = _COPY.match(_whole(line, stream))
            if match is None:
                continue
            schema, name, columns = match.groups()
            begin = stream.tell() if stream.seekable() else 0
            rows, end = _skip_rows(stream, begin)
            table = TableRef(_plain(schema), _plain(name))
            listed = tuple(map(_plain, re.findall(_NAME, columns or b"")))
            found[table] = Block(table=table, columns=listed, begin=begin, end=end, rows=rows)
    return found


def _whole(line: bytes, stream: IO[bytes]) -> bytes:
    """Return a COPY statement whole: names may hold newlines."""
    while line.startswith(b"COPY ") and line.count(b'"') % 2 and (more := stream.readline()):
        line += more
    return line


def _skip_rows(stream: IO[bytes], begin: int) -> tuple[int, int]:
    rows, end = 0, begin
    while (line := stream.readline()) and line != _END:
        rows += 1
        end += len(line)
    return rows, end


def _plain(identifier: bytes) -> str:
    text = identifier.decode()
    return text[1:-1].replace('""', '"') if text.startswith('"') else text


class ScriptRows:
    """Rows of a bundle made by ``pg_dump`` or ``cli``."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.blocks = blocks_of(path)

    @contextlib.contextmanager
    def read(self, table: TableRef, columns: Sequence[str]) -> Iterator[Blocks]:
        """Open the rows of one table; a table that the dump lacks has none."""
        block = self.blocks.get(table)
        if block is None:
            yield Blocks(iter(()))
            return
        with self._path.open("rb") as stream:
            stream.seek(block.begin)
            size = block.end - block.begin
            yield Blocks(copy_text(stream, block.columns, columns, size=size))
