"""Naming the rows in which two tables differ: by primary key, descending through buckets of keys.

A digest of each bucket of keys tells which buckets differ; only the keys of those are fetched.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from psycopg import sql

from supamig.copying.digest import row_hash

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from supamig.models import TableRef
    from supamig.protocols import Side

_BUCKET_ROWS = 500
_MOST_BUCKETS = 65_536
_OPENED = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What two tables are compared by; ``key`` is empty when there is no primary key."""

    table: TableRef
    columns: tuple[str, ...]
    key: tuple[str, ...]
    binary: frozenset[str]
    rows: int

    @property
    def buckets(self) -> int:
        """How many buckets the keys are dealt into."""
        return max(1, min(_MOST_BUCKETS, self.rows // _BUCKET_ROWS))


@dataclass(frozen=True, slots=True, kw_only=True)
class DifferingRow:
    """One row: ``missing`` or ``extra`` on the target, or ``changed`` in some columns.

    ``key`` is its primary key as text; without one, the position (ctid) on the side that has it.
    """

    key: str
    how: str
    columns: tuple[str, ...] = ()


def differing_rows(
    what: Comparison, *, source: Side, target: Side, most: int = 20
) -> Iterator[DifferingRow]:
    """Yield up to ``most`` rows that are not the same on both sides, in the order of their keys."""
    buckets = _differing_buckets(what, source, target)[:_OPENED]
    if not buckets:
        return
    found = (
        _by_key(what, buckets, source, target)
        if what.key
        else _by_row(what, source, target, buckets)
    )
    for number, row in enumerate(found):
        if number >= most:
            return
        yield row


def _differing_buckets(what: Comparison, source: Side, target: Side) -> list[int]:
    query = sql.SQL(
        "select bucket, count(*), sum(h)::text, bit_xor(h) from"
        " (select {bucket} as bucket, {hash} as h from only {table}) r group by bucket"
    ).format(**_parts(what))
    ours, theirs = ({row[0]: row[1:] for row in side.rows(query)} for side in (source, target))
    return sorted(b for b in ours.keys() | theirs.keys() if ours.get(b) != theirs.get(b))


def _parts(what: Comparison) -> dict[str, sql.Composable]:
    whole = row_hash(what.columns, what.binary)
    key = row_hash(what.key, what.binary & frozenset(what.key)) if what.key else whole
    return {
        "hash": whole,
        "bucket": sql.SQL("abs(pg_catalog.mod({}, {}))").format(key, sql.Literal(what.buckets)),
        "table": sql.Identifier(what.table.schema, what.table.name),
    }


def _by_key(
    what: Comparison, buckets: Sequence[int], source: Side, target: Side
) -> Iterator[DifferingRow]:
    keys = sql.SQL(", ").join(
        sql.SQL("{}::text").format(sql.Identifier(column)) for column in what.key
    )
    hashes = sql.SQL(", ").join(row_hash([c], what.binary & {c}) for c in what.columns)
    query = sql.SQL(
        "select array[{keys}], {hash}, array[{hashes}] from only {table}"
        " where {bucket} = any({buckets})"
    ).format(keys=keys, hashes=hashes, buckets=sql.Literal(list(buckets)), **_parts(what))
    # no parameters: with them a `%` in a column's name would be taken for a placeholder
    ours, theirs = (
        {tuple(row[0]): row[1:] for row in side.rows(query)} for side in (source, target)
    )
    for key in sorted(ours.keys() | theirs.keys()):
        text = ", ".join(f"{c}={v}" for c, v in zip(what.key, key, strict=True))
        mine, yours = ours.get(key), theirs.get(key)
        if mine is None or yours is None:
            yield DifferingRow(key=text, how="missing" if yours is None else "extra")
        elif mine[0] != yours[0]:
            changed = [c for c, a, b in zip(what.columns, mine[1], yours[1], strict=True) if a != b]
            yield DifferingRow(key=text, how="changed", columns=tuple(changed))


def _by_row(
    what: Comparison, source: Side, target: Side, buckets: Sequence[int]
) -> Iterator[DifferingRow]:
    """Without a key a changed row is one missing and one extra."""
    query = sql.SQL(
        "select h, count(*), min(place)::text from (select {hash} as h, ctid as place,"
        " {bucket} as bucket from only {table}) r where bucket = any({buckets}) group by h"
    ).format(buckets=sql.Literal(list(buckets)), **_parts(what))
    ours, theirs = ({row[0]: row[1:] for row in side.rows(query)} for side in (source, target))
    for hashed in sorted(ours.keys() | theirs.keys()):
        mine, yours = ours.get(hashed, (0, "")), theirs.get(hashed, (0, ""))
        for _ in range(mine[0] - yours[0]):
            yield DifferingRow(key=f"ctid {mine[1]} on the source", how="missing")
        for _ in range(yours[0] - mine[0]):
            yield DifferingRow(key=f"ctid {yours[1]} on the target", how="extra")
