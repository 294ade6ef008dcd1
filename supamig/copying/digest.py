"""Digests: the rows of a table as count, sum and exclusive or of a 64-bit hash of each row's text.

Text, not the record's own hash: it exists for every type and is comparable between major versions.
Sum and exclusive or together notice what each alone would miss (a pair of equal changes).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psycopg import sql

from supamig.models import Digest, TableRef

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

#: Most tables that one query digests, and about the most bytes of them.
_BATCH = 40
_LARGE = 1 << 26


def row_hash(columns: Sequence[str], binary: frozenset[str] = frozenset()) -> sql.Composable:
    """Write the hash of one row; ``binary`` names the bytea columns, which are hashed as bytes.

    The text of a bytea is twice its size and may pass the gigabyte that a text can hold.
    """
    values = [
        sql.SQL("pg_catalog.sha256({})" if column in binary else "{}").format(
            sql.Identifier(column)
        )
        for column in columns
    ]
    return sql.SQL('pg_catalog.hashtextextended(row({})::pg_catalog.text collate "C", 0)').format(
        sql.SQL(", ").join(values)
    )


def digest_queries(
    tables: Mapping[TableRef, Sequence[str]],
    binary: Mapping[TableRef, frozenset[str]],
    sizes: Mapping[TableRef, int],
) -> Iterator[tuple[list[TableRef], sql.Composable]]:
    """Yield queries, each over a batch of tables: number in the batch, rows, sum, exclusive or.

    The largest tables come first, so that nobody waits for one of them at the end.
    """
    for batch in _batches(sorted(tables, key=lambda t: (-sizes.get(t, 0), t)), sizes):
        parts = [
            sql.SQL(
                "select {number}::int, count(*), coalesce(sum(h), 0)::pg_catalog.text,"
                " coalesce(bit_xor(h), 0) from (select {hash} as h from only {table}) as r"
            ).format(
                number=sql.Literal(number),
                hash=row_hash(tables[table], binary.get(table, frozenset())),
                table=sql.Identifier(table.schema, table.name),
            )
            for number, table in enumerate(batch)
        ]
        yield batch, sql.SQL(" union all ").join(parts)


def _batches(tables: Sequence[TableRef], sizes: Mapping[TableRef, int]) -> Iterator[list[TableRef]]:
    batch: list[TableRef] = []
    size = 0
    for table in tables:
        if batch and (len(batch) == _BATCH or size + sizes.get(table, 0) > _LARGE):
            yield batch
            batch, size = [], 0
        batch.append(table)
        size += sizes.get(table, 0)
    if batch:
        yield batch


def digest(row: Sequence[Any], columns: Sequence[str]) -> Digest:
    """Build a digest from one row of a digest query."""
    return Digest(rows=row[1], total=row[2], xor=row[3], columns=tuple(columns))


def no_rows(columns: Sequence[str]) -> Digest:
    """Build the digest of a table without rows."""
    return Digest(rows=0, total="0", xor=0, columns=tuple(columns))
