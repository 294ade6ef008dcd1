"""Rows in a bundle: one zstd file a table under ``data/``, or a ``data.sql`` of pg_dump."""

from __future__ import annotations

import contextlib
import hashlib
import io
import sys
from typing import IO, TYPE_CHECKING
from urllib.parse import quote as percent

import zstandard

from supamig.copying.blocks import BLOCK, Blocks
from supamig.errors import BundleDamaged

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from supamig.bundle import Bundle
    from supamig.models import TableRef

_NAME_LIMIT = 200
_BUFFER = 1 << 18


def data_path(table: TableRef) -> str:
    """Name the file of a table: readable, safe on every file system, unique."""
    schema, name = (
        percent(part, safe=" ").replace(".", "%2E") for part in (table.schema, table.name)
    )
    stem = f"{schema}.{name}"
    if len(stem) > _NAME_LIMIT:
        stem = hashlib.sha256(str(table).encode()).hexdigest()
    return f"data/{stem}.copy.zst"


class FileRows:
    """Rows of a bundle made by ``stream``: each table in a file of its own."""

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle
        self._paths = {a.table: a for a in bundle.artifacts.values() if a.kind == "rows"}

    @contextlib.contextmanager
    def read(self, table: TableRef, columns: Sequence[str]) -> Iterator[Blocks]:
        """Open the rows of one table; columns that are not asked for are cut out."""
        artifact = self._paths.get(table)
        if artifact is None:
            message = f"the bundle has no rows of `{table}`"
            raise BundleDamaged(message, hint="Export again")
        with (
            self._bundle.file(artifact.path).open("rb") as stream,
            zstandard.ZstdDecompressor().stream_reader(stream) as reader,
        ):
            text = io.BufferedReader(reader, _BUFFER)
            yield Blocks(copy_text(text, artifact.columns, columns))


def copy_text(
    stream: IO[bytes] | io.BufferedReader,
    held: Sequence[str],
    wanted: Sequence[str],
    *,
    size: int = sys.maxsize,
) -> Iterator[bytes]:
    """Yield the next ``size`` bytes of a file, less the columns that are not wanted."""
    if list(held) == list(wanted):
        while size and (chunk := stream.read(min(size, BLOCK))):
            size -= len(chunk)
            yield chunk
    else:
        yield from pick(_lines(stream, size), held, wanted)


def _lines(stream: IO[bytes] | io.BufferedReader, size: int) -> Iterator[bytes]:
    """Yield row by row: a newline inside a value is escaped."""
    while size > 0 and (line := stream.readline()):
        size -= len(line)
        yield line


def pick(rows: Iterator[bytes], held: Sequence[str], wanted: Sequence[str]) -> Iterator[bytes]:
    """Keep the wanted columns of each row; a tab inside a value is escaped, so tabs part values."""
    places = [list(held).index(column) for column in wanted]
    for row in rows:
        values = row.rstrip(b"\n").split(b"\t")
        yield b"\t".join([values[place] for place in places]) + b"\n"
