"""Sequences are defined alike, not behind the source's, and ahead of the rows that they number."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
from psycopg import sql

from supamig.catalog import is_managed
from supamig.hookspecs import hookimpl
from supamig.models import Finding, Severity, Stage
from supamig.protocols import Unavailable, Validator, validator
from supamig.validators.compare import Rule, Sides, compare

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from supamig.models import Record, Value
    from supamig.protocols import CheckContext, Side

_RULE = Rule(
    check="schema.sequences",
    kind="sequences",
    noun="sequence",
    attributes={
        "type": "type",
        "start": "start",
        "increment": "increment",
        "min": "minimum",
        "max": "maximum",
        "cache": "cache",
        "cycle": "cycle",
        "owned_by": "owning column",
        "persistence": "persistence",
    },
    soft=frozenset({"cache", "persistence"}),
    hint="Alter the sequence on the target",
)
_VALUES = "sequences.values"
#: Managed schemas whose rows move, so that their sequences must follow.
_MOVED = frozenset({"auth", "storage", "supabase_functions"})
_WHOLE_NUMBERS = frozenset({"smallint", "integer", "bigint"})
_BATCH = 100


@validator("schema.sequences", title="Sequences and the columns that own them", needs=("target",))
def sequences(context: CheckContext) -> Iterable[Finding]:
    """Find sequences that are missing, extra or different."""
    sides = Sides(context)
    source, target = sides.read("sequences")

    def keep(record: Record) -> bool:
        # an identity column brings its sequence along, and the check of columns names it
        name = str(record["name"])
        of_identity = bool(record["identity"]) and (name not in source or name not in target)
        owner = (str(record["owned_schema"]), str(record["owned_table"]))
        return (
            record["schema"] in sides.schemas
            and not of_identity
            and (not record["owned_table"] or owner in sides.relations)
        )

    yield from compare(_RULE, sides, keep)


@validator(_VALUES, title="Sequences stand where the source's do, ahead of data", needs=("target",))
def values(context: CheckContext) -> Iterable[Finding]:
    """Find sequences that would give a number again."""
    sides = Sides(context)
    defined, _ = sides.read("sequences")
    source, target = sides.read("sequence_values", lambda r: _moves(str(r["schema"])))
    behind = set()
    for name in sorted(defined.keys() & source.keys() & target.keys()):
        step = int(str(defined[name]["increment"]))
        there, here = (_next(record[name], step) for record in (source, target))
        if there is None or here is None:
            yield _unread(name, on_source=there is None)
        elif (there - here) * step > 0:
            behind.add(name)
            yield _behind_source(name, there, here)
    if context.target.is_live:
        found = {
            name: finding
            for name, finding in _behind_rows(context.target, _VALUES, Severity.ERROR)
            if name not in behind
        }
        level = {n for n in found if n in source and _state(source[n]) == _state(target[n])}
        for name in sorted(found.keys() - _so_before(context.source, level)):
            yield found[name]


@validator(
    "preflight.sequences",
    title="The source's sequences are ahead of the rows that they number",
    stage=Stage.PREFLIGHT,
    needs=("source",),
)
def preflight(context: CheckContext) -> Iterable[Finding]:
    """Find sequences that will give a number again, on the source already."""
    for _, finding in _behind_rows(context.source, "preflight.sequences", Severity.WARNING):
        yield finding


def _so_before(source: Side, names: set[str]) -> set[str]:
    """Return those that are behind their rows on the source too, which preflight says."""
    if not names or not source.is_live:
        return names
    return {name for name, _ in _behind_rows(source, _VALUES, Severity.ERROR)}


def _moves(schema: str) -> bool:
    return schema in _MOVED or not is_managed(schema)


def _state(record: Record) -> tuple[object, object]:
    return record["last_value"], record["is_called"]


def _next(record: Record, step: int) -> int | None:
    """Return the number that the next call gives; None where the role may not look."""
    if record["last_value"] is None:
        return None
    return int(str(record["last_value"])) + (step if record["is_called"] else 0)


def _behind_rows(side: Side, check: str, severity: Severity) -> Iterator[tuple[str, Finding]]:
    """Yield name and finding of every sequence whose next number is in its column already."""
    values = {
        str(r["name"]): r for r in side.catalog("sequence_values") if _moves(str(r["schema"]))
    }
    owned = [r for r in side.catalog("sequences") if r["name"] in values and r["owned_by"]]
    for record, highest in _highest(side, owned):
        name, step = str(record["name"]), int(str(record["increment"]))
        here = _next(values[name], step)
        if here is None or (highest - here) * step < 0:
            continue
        yield (
            name,
            Finding(
                check=check,
                severity=severity,
                subject=name,
                message=f"sequence `{name}` gives {here} next on the {side.label}, but"
                f" `{record['owned_by']}` holds {highest} already",
                hint=f"Run `select setval('{name}', {highest + step}, false)` on the {side.label}",
                evidence={"next": here, "in use": highest},
            ),
        )


def _highest(side: Side, records: Sequence[Record]) -> Iterator[tuple[Record, int]]:
    """Ask for the extreme value of every column that owns a sequence, in batches."""
    types = {str(r["name"]): str(r["type"]) for r in side.catalog("columns")}
    empty = _empty(side)
    owned = [
        r
        for r in records
        if types.get(str(r["owned_by"])) in _WHOLE_NUMBERS
        and (r["owned_schema"], r["owned_table"]) not in empty
    ]
    for start in range(0, len(owned), _BATCH):
        batch = owned[start : start + _BATCH]
        parts = [
            sql.SQL("select {}::int, {}({})::int8 from {}").format(
                number,
                sql.SQL("max" if int(str(record["increment"])) > 0 else "min"),
                sql.Identifier(str(record["owned_column"])),
                sql.Identifier(str(record["owned_schema"]), str(record["owned_table"])),
            )
            for number, record in enumerate(batch)
        ]
        try:
            rows = side.rows(sql.SQL(" union all ").join(parts).as_string())
        except psycopg.errors.InsufficientPrivilege as error:
            message = (
                f"the {side.label}'s role may not read every table: {error.diag.message_primary}"
            )
            raise Unavailable(message) from error
        yield from ((batch[number], highest) for number, highest in rows if highest is not None)


def _empty(side: Side) -> set[tuple[Value, Value]]:
    """Name the tables that nobody needs to ask; with inheritance a query asks the heirs too."""
    tables = side.catalog("tables")
    if any(r["parents"] and not r["is_partition"] for r in tables):
        return set()
    return {(r["schema"], r["table"]) for r in tables if r.get("empty")}


def _unread(name: str, *, on_source: bool) -> Finding:
    side = "source" if on_source else "target"
    return Finding(
        check=_VALUES,
        severity=Severity.WARNING,
        subject=name,
        message=f"sequence `{name}` may not be read on the {side}, so its value is not known",
        hint=f"Grant SELECT on it to the role that reads the {side}",
    )


def _behind_source(name: str, there: int, here: int) -> Finding:
    return Finding(
        check=_VALUES,
        severity=Severity.ERROR,
        subject=name,
        message=f"sequence `{name}` gives {here} next, the source's gives {there}",
        hint=f"Run `select setval('{name}', {there}, false)` on the target",
        evidence={"next on source": there, "next on target": here},
    )


@hookimpl
def supamig_validators() -> list[Validator]:
    """Hand over the checks of sequences."""
    return [sequences, values, preflight]
