"""Constraints, indexes and extended statistics are the same on both sides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from supamig.hookspecs import hookimpl
from supamig.protocols import Validator, validator
from supamig.validators.compare import Rule, Sides, compare

if TYPE_CHECKING:
    from collections.abc import Iterable

    from supamig.models import Finding, Record
    from supamig.protocols import CheckContext

_CONSTRAINTS = Rule(
    check="schema.constraints",
    kind="constraints",
    noun="constraint",
    attributes={
        "type": "type",
        "definition": "definition",
        "validated": "validated",
        "deferrable": "deferrable",
        "deferred": "initially deferred",
    },
    texts=frozenset({"definition"}),
    hint="Add or validate the constraint on the target: rows that break it can get in",
)
_INDEXES = Rule(
    check="schema.indexes",
    kind="indexes",
    noun="index",
    attributes={
        "definition": "definition",
        "valid": "valid",
        "replica_identity": "replica identity",
        "parent": "index of the parent",
        "clustered": "clustered",
    },
    soft=frozenset({"clustered"}),
    texts=frozenset({"definition"}),
    hint="Create the index on the target; an invalid one is dropped first",
)
_STATISTICS = Rule(
    check="schema.statistics",
    kind="statistics",
    noun="extended statistics",
    attributes={"definition": "definition", "target": "statistics target"},
    soft=frozenset({"target"}),
    texts=frozenset({"definition"}),
    hint="Create the statistics on the target, then run `analyze`",
)


@validator("schema.constraints", title="Constraints, and whether validated", needs=("target",))
def constraints(context: CheckContext) -> Iterable[Finding]:
    """Find constraints that are missing, extra, different or not validated."""
    yield from compare(_CONSTRAINTS, Sides(context))


@validator("schema.indexes", title="Indexes, and whether valid", needs=("target",))
def indexes(context: CheckContext) -> Iterable[Finding]:
    """Find indexes that are missing, extra, different or invalid."""
    sides = Sides(context)
    source, target = sides.read("indexes")

    def keep(record: Record) -> bool:
        # the index of a constraint comes and goes with it, and that is another check's
        name = str(record["name"])
        of_constraint = bool(record["is_constraint"]) and (name not in source or name not in target)
        return sides.in_scope(record) and not of_constraint

    yield from compare(_INDEXES, sides, keep)


@validator("schema.statistics", title="Extended statistics", needs=("target",))
def statistics(context: CheckContext) -> Iterable[Finding]:
    """Find extended statistics that are missing, extra or different."""
    sides = Sides(context)

    def keep(record: Record) -> bool:
        table = (str(record["table_schema"]), str(record["table"]))
        return record["schema"] in sides.schemas and table in sides.relations

    yield from compare(_STATISTICS, sides, keep)


@hookimpl
def supamig_validators() -> list[Validator]:
    """Hand over the checks of constraints, indexes and statistics."""
    return [constraints, indexes, statistics]
