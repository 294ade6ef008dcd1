"""The rows themselves: how many, and whether every one of them is the same on both sides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from supamig.catalog import is_managed
from supamig.copying import parallel
from supamig.copying.differing import Comparison, differing_rows
from supamig.hookspecs import hookimpl
from supamig.models import Finding, Severity, TableRef
from supamig.moves import HISTORIES, MOVED, table_of
from supamig.protocols import Unavailable, validator
from supamig.sides import binary_columns

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from supamig.config import Settings
    from supamig.copying.differing import DifferingRow
    from supamig.models import Digest, Record
    from supamig.protocols import CheckContext, Side, Validator

#: Rows named for each table that differs.
MOST_ROWS = 20
_ONE_DAY = 86_400.0


def compared_columns(context: CheckContext) -> dict[TableRef, tuple[str, ...]]:
    """Return the tables that both sides have and whose rows are the project's, with their columns.

    Generated columns are compared too where both sides have them: they follow from the others.
    """
    ours, theirs = _columns(context.source), _columns(context.target)
    plain = {table_of(r) for r in context.source.catalog("tables") if r["kind"] == "r"}
    bare = _bare(context.target)
    found = {}
    for table in sorted(plain & (theirs.keys() | bare)):
        if table in HISTORIES or (is_managed(table.schema) and table.schema not in MOVED):
            continue
        common = theirs.get(table, {})
        found[table] = tuple(c for c, generated in ours.get(table, {}).items()
                             if c in common and not generated)  # fmt: skip
    return found


def _bare(side: Side) -> set[TableRef]:
    return {table_of(record) for record in side.catalog("tables") if record["kind"] == "r"}


def _columns(side: Side) -> dict[TableRef, dict[str, bool]]:
    found: dict[TableRef, dict[str, bool]] = {}
    for record in sorted(side.catalog("columns"), key=_position):
        found.setdefault(table_of(record), {})[str(record["column"])] = bool(record["generated"])
    return found


def _position(record: Record) -> int:
    return int(str(record["position"]))


def _digests(
    context: CheckContext,
) -> tuple[dict[TableRef, tuple[str, ...]], Mapping[TableRef, Digest], Mapping[TableRef, Digest]]:
    tables = compared_columns(context)
    if not context.source.is_live:
        # a bundle knows the digests of some columns only
        ours = context.source.digests(tables)
        tables |= {table: digest.columns for table, digest in ours.items()}
    found: dict[str, Mapping[TableRef, Digest]] = {}

    def take(side: Side) -> None:
        found[side.label] = side.digests(tables)

    # two servers, and neither has to wait for the other
    parallel.each([context.source, context.target], take, jobs=2, cancel=lambda: None)
    return tables, found["source"], found["target"]


@validator("rows.count", title="Every table has as many rows", timeout=_ONE_DAY)
def row_counts(context: CheckContext) -> Iterator[Finding]:
    """Compare row counts, table by table."""
    tables, ours, theirs = _digests(context)
    for table in tables:
        if table in ours and table in theirs and ours[table].rows != theirs[table].rows:
            here, there = ours[table].rows, theirs[table].rows
            yield Finding(
                check="rows.count",
                severity=Severity.ERROR,
                subject=str(table),
                message=f"`{table}` has {here:,} rows on the source and {there:,} on the target",
                hint="`rows.digest` names the rows; were they written after the move?",
                evidence={"source": here, "target": there},
            )


@validator("rows.digest", title="Every row is the same", timeout=_ONE_DAY)
def row_digests(context: CheckContext) -> Iterator[Finding]:
    """Compare the digests of all tables and name the rows that differ."""
    tables, ours, theirs = _digests(context)
    unknown = [table for table in tables if table not in ours or table not in theirs]
    for table in tables:
        if table not in unknown and ours[table] != theirs[table]:
            yield _differs(context, table, ours[table], theirs[table])
    if unknown:
        names = ", ".join(f"`{table}`" for table in unknown[:5])
        message = f"{len(unknown)} tables have no digest over the columns of both sides: {names}"
        raise Unavailable(message)


def _differs(context: CheckContext, table: TableRef, ours: Digest, theirs: Digest) -> Finding:
    evidence: dict[str, str | int | float | bool | list[str] | None] = {
        "source rows": ours.rows,
        "target rows": theirs.rows,
    }
    message = f"`{table}` does not hold the same rows"
    if context.source.is_live and context.target.is_live:
        rows = list(_rows(context, table, ours))
        evidence["rows"] = [
            f"{row.how}: {row.key}" + (f" ({', '.join(row.columns)})" if row.columns else "")
            for row in rows
        ]
        more = " at least" if len(rows) == MOST_ROWS else ""
        message += f":{more} {len(rows)} differ, the first is {rows[0].how} ({rows[0].key})" * bool(
            rows
        )
    return Finding(
        check="rows.digest",
        severity=Severity.ERROR,
        subject=str(table),
        message=message,
        hint="Rows written on either side after the move differ too: freeze writes and move again",
        evidence=evidence,
    )


def _rows(context: CheckContext, table: TableRef, ours: Digest) -> Iterator[DifferingRow]:
    keys = {table_of(r): r["primary_key"] for r in context.source.catalog("tables")}
    key = keys.get(table)
    what = Comparison(
        table=table,
        columns=ours.columns,
        key=tuple(key) if isinstance(key, list) and set(key) <= set(ours.columns) else (),
        binary=binary_columns(context.source.catalog("columns")).get(table, frozenset()),
        rows=ours.rows,
    )
    return differing_rows(what, source=context.source, target=context.target, most=MOST_ROWS)


@hookimpl
def supamig_validators(settings: Settings) -> list[Validator]:
    """Hand over the checks of rows."""
    del settings
    return [row_counts, row_digests]
