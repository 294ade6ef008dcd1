"""What the target took since the applications were switched to it: rows, by their digests.

At the switch the digest of every table is kept, and of small tables a hash of every row, so that
rows which were added, changed and removed can be told apart.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from psycopg import sql

from supamig.amounts import plural
from supamig.catalog import is_managed
from supamig.copying.digest import row_hash
from supamig.models import Finding, Severity, TableRef
from supamig.moves import HISTORIES, MOVED, table_of
from supamig.sides import binary_columns

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from supamig.models import Digest, Record
    from supamig.protocols import Side

CHECK: Final = "rollback.target-writes"
#: Rows up to which the rows of a table are kept one by one, and of all tables together.
MOST_ROWS: Final = 10_000
MOST_TOGETHER: Final = 200_000
#: Rows whose keys a finding names.
_NAMED: Final = 5

#: Rows of one table: a hash of the key, one of the row, and the key itself.
Rows = list[tuple[int, int, str]]


def take(target: Side) -> dict[str, Any]:
    """Return what the target holds now, as JSON."""
    tables = _tables(target)
    digests = target.digests({table: columns for table, (columns, _) in tables.items()})
    left = MOST_TOGETHER
    kept: dict[str, Any] = {}
    for table, digest in sorted(digests.items(), key=lambda item: (item[1].rows, item[0])):
        columns, key = tables[table]
        entry: dict[str, Any] = {"columns": columns, "key": key, **_numbers(digest)}
        if digest.rows <= min(MOST_ROWS, left):
            left -= digest.rows
            entry["each"] = [row[:2] for row in _rows(target, table, columns, key, digest.rows)]
        kept[_name(table)] = entry
    return kept


def read(path: Path) -> dict[str, Any] | None:
    """Return what was kept at the switch; None where nothing was."""
    if not path.exists():
        return None
    found: dict[str, Any] = json.loads(path.read_bytes())
    return found


def compare(before: Mapping[str, Any], target: Side) -> Iterator[Finding]:
    """Yield a finding a table that holds other rows than at the switch, or is new or gone."""
    tables = {_name(table): (table, *rest) for table, rest in _tables(target).items()}
    for name in sorted(before.keys() - tables.keys()):
        yield _finding(_shown(name), f"`{_shown(name)}` is gone since the switch")
    wanted = {
        tables[name][0]: tuple(before[name]["columns"]) if name in before else columns
        for name, (_, columns, _) in tables.items()
    }
    now = target.digests(_existing(wanted, tables))
    for name, (table, _, _) in sorted(tables.items()):
        if name not in before:
            rows = now[table].rows if table in now else 0
            yield _finding(str(table), f"`{table}` is new, with {plural(rows, 'row')}")
        elif table not in now:
            yield _finding(str(table), f"columns of `{table}` are gone since the switch")
        elif _numbers(now[table]) != {k: before[name][k] for k in ("rows", "total", "xor")}:
            old = before[name]
            after: Rows = []
            if "each" in old and now[table].rows <= MOST_ROWS * 10:
                after = _rows(target, table, old["columns"], old["key"], now[table].rows)
            yield _changed(table, old, now[table], after)


def _existing(
    wanted: Mapping[TableRef, tuple[str, ...]],
    tables: Mapping[str, tuple[TableRef, tuple[str, ...], tuple[str, ...]]],
) -> dict[TableRef, tuple[str, ...]]:
    """Leave out tables that lack a column they had."""
    held = {table: set(columns) for table, columns, _ in tables.values()}
    return {table: columns for table, columns in wanted.items() if set(columns) <= held[table]}


def _changed(table: TableRef, old: Mapping[str, Any], now: Digest, after: Rows) -> Finding:
    before_rows = int(old["rows"])
    evidence: dict[str, Any] = {"rows at the switch": before_rows, "rows now": now.rows}
    if "each" not in old or (now.rows and not after):
        more = now.rows - before_rows
        told = f"{plural(abs(more), 'row')} {'more' if more > 0 else 'fewer'}" if more else ""
        told = told or "as many rows, and not the same"
        message = f"`{table}` holds {told}; which of them is not known, as it is large"
        return _finding(str(table), message, evidence)
    then = Counter((key, row) for key, row in old["each"])
    here = Counter((key, row) for key, row, _ in after)
    new, lost = here - then, then - here
    changed = {key for key, _ in new} & {key for key, _ in lost} if old["key"] else set()
    added = sum(number for (key, _), number in new.items() if key not in changed)
    removed = sum(number for (key, _), number in lost.items() if key not in changed)
    counts = {"added": added, "changed": len(changed), "removed": removed}
    evidence |= counts
    named = [text for key, row, text in after if text and (key, row) in new]
    if named:
        evidence["keys"] = named[:_NAMED]
    parts = [f"{number:,} {how}" for how, number in counts.items() if number]
    return _finding(str(table), f"`{table}` took writes: {', '.join(parts)}", evidence)


def _finding(subject: str, message: str, evidence: dict[str, Any] | None = None) -> Finding:
    return Finding(
        check=CHECK,
        severity=Severity.WARNING,
        subject=subject,
        message=message,
        hint="It stays on the target, and the source does not have it: copy over what is needed",
        evidence=evidence or {},
    )


def _tables(target: Side) -> dict[TableRef, tuple[tuple[str, ...], tuple[str, ...]]]:
    """Return the tables of the project and of its users' accounts: their columns and keys."""
    columns: dict[TableRef, list[str]] = {}
    for record in sorted(target.catalog("columns"), key=_position):
        if not record["generated"]:
            columns.setdefault(table_of(record), []).append(str(record["column"]))
    found = {}
    for record in target.catalog("tables"):
        table = table_of(record)
        is_ours = not is_managed(table.schema) or table.schema in MOVED
        if record["kind"] == "r" and is_ours and table not in HISTORIES and table in columns:
            key = record["primary_key"]
            names = tuple(key) if isinstance(key, list) else ()
            found[table] = (tuple(columns[table]), names)
    return found


def _position(record: Record) -> int:
    return int(str(record["position"]))


def _rows(
    target: Side, table: TableRef, columns: tuple[str, ...], key: tuple[str, ...], rows: int
) -> Rows:
    if not rows:
        return []
    binary = binary_columns(target.catalog("columns")).get(table, frozenset())
    whole = row_hash(columns, binary)
    query = sql.SQL("select {key}, {row}, {text} from only {table}").format(
        key=row_hash(key, binary) if key else whole,
        row=whole,
        text=sql.SQL("left(row({})::pg_catalog.text, 100)").format(
            sql.SQL(", ").join(map(sql.Identifier, key))
        )
        if key
        else sql.SQL("''"),
        table=sql.Identifier(table.schema, table.name),
    )
    return [(row[0], row[1], row[2]) for row in target.rows(query)]


def _numbers(digest: Digest) -> dict[str, int | str]:
    return {"rows": digest.rows, "total": digest.total, "xor": digest.xor}


def _name(table: TableRef) -> str:
    """Name a table as a key of JSON; a line feed can stand in neither part by accident."""
    return json.dumps([table.schema, table.name])


def _shown(name: str) -> str:
    return str(TableRef(*json.loads(name)))
