"""Schemas, tables and columns are the same on both sides."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from supamig.hookspecs import hookimpl
from supamig.models import Finding, Severity
from supamig.protocols import Validator, validator
from supamig.validators.compare import CLI_HISTORY, Rule, Sides, compare, is_compared, table_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from supamig.models import Record, Value
    from supamig.protocols import CheckContext

_SCHEMAS = Rule(
    check="schema.schemas",
    kind="schemas",
    noun="schema",
    attributes={},
    extra=Severity.WARNING,
    hint="Run the import again: the schema and all that is in it are missing",
)
_TABLES = Rule(
    check="schema.tables",
    kind="tables",
    noun="table",
    attributes={
        "kind": "kind of relation",
        "persistence": "persistence",
        "replica_identity": "replica identity",
        "parents": "parents",
        "partition_bound": "partition bound",
        "partition_key": "partition key",
        "options": "storage parameters",
        "access_method": "access method",
        "of_type": "type of the table",
        "foreign_server": "foreign server",
        "foreign_options": "foreign options",
    },
    soft=frozenset({"options", "access_method"}),
    texts=frozenset({"partition_bound", "partition_key"}),
    hint="Compare the table's definition on both sides and alter it on the target",
)
_COLUMNS = Rule(
    check="schema.columns",
    kind="columns",
    noun="column",
    attributes={
        "type": "type",
        "not_null": "NOT NULL",
        "not_null_valid": "validated NOT NULL",
        "default": "default",
        "identity": "identity",
        "generated": "generated",
        "expression": "expression",
        "collation": "collation",
        "storage": "storage",
        "compression": "compression",
        "statistics": "statistics target",
        "options": "column options",
    },
    soft=frozenset({"storage", "compression", "statistics", "options"}),
    texts=frozenset({"default", "expression"}),
    hint="Alter the column on the target: applications depend on its type and default",
)
#: From Postgres 17 on an identity column of a partitioned table is one of its partitions too.
_SINCE_INHERITED_IDENTITY = 17
_PARTS = replace(
    _COLUMNS, attributes={k: v for k, v in _COLUMNS.attributes.items() if k != "identity"}
)


@validator("schema.schemas", title="Schemas of the project are there", needs=("target",))
def schemas(context: CheckContext) -> Iterable[Finding]:
    """Find user schemas on one side only."""
    sides = Sides(context)
    has_history = CLI_HISTORY in sides.read("schemas")[0]

    def keep(record: Record) -> bool:
        # the CLI's history may be on the target because somebody used the CLI there
        return is_compared(str(record["schema"])) or (has_history and record["name"] == CLI_HISTORY)

    yield from compare(_SCHEMAS, sides, keep)


@validator("schema.tables", title="Tables, their partitions and storage", needs=("target",))
def tables(context: CheckContext) -> Iterable[Finding]:
    """Find tables that are missing, extra or of another kind."""
    sides = Sides(context)
    yield from compare(_TABLES, sides, lambda r: r["schema"] in sides.schemas)


@validator("schema.columns", title="Columns: type, default, identity, order", needs=("target",))
def columns(context: CheckContext) -> Iterable[Finding]:
    """Find columns that are missing, extra, different or in another order."""
    sides = Sides(context)
    source, target = sides.majors
    parts: set[tuple[Value, Value]] = set()
    if min(source, target) < _SINCE_INHERITED_IDENTITY <= max(source, target):
        tables, _ = sides.read("tables")
        parts = {(r["schema"], r["table"]) for r in tables.values() if r["is_partition"]}

    def is_part(record: Record) -> bool:
        return (record["schema"], record["table"]) in parts

    yield from compare(_COLUMNS, sides, lambda r: sides.in_scope(r) and not is_part(r))
    if parts:
        yield from compare(_PARTS, sides, lambda r: sides.in_scope(r) and is_part(r))
    yield from _reordered(sides)


def _reordered(sides: Sides) -> Iterator[Finding]:
    """Find tables whose shared columns are in another order: `insert` without names would break."""
    source, target = sides.read("columns", sides.in_scope)
    orders: list[dict[str, list[tuple[int, str]]]] = [{}, {}]
    for name in source.keys() & target.keys():
        for order, record in zip(orders, (source[name], target[name]), strict=True):
            position = int(str(record["position"]))
            order.setdefault(table_name(record), []).append((position, str(record["column"])))
    for table in sorted(orders[0]):
        there, here = ([column for _, column in sorted(order[table])] for order in orders)
        if there != here:
            yield Finding(
                check="schema.columns",
                severity=Severity.WARNING,
                subject=table,
                message=f"columns of `{table}` are in another order",
                hint="`insert` without column names and `select *` depend on the order",
                evidence={"order on source": there, "order on target": here},
            )


@hookimpl
def supamig_validators() -> list[Validator]:
    """Hand over the checks of schemas, tables and columns."""
    return [schemas, tables, columns]
