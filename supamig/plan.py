"""The plan: what will be done in which order, and what stands in its way.  Pure.

A problem that could lose something is an error of the plan; the run is then refused before
anything is written.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING

from supamig.catalog import is_managed
from supamig.errors import SameDatabase, TargetNotEmpty, TargetOlder
from supamig.models import Finding, Plan, Severity, Stage, Step, TableRef
from supamig.moves import CLI_HISTORY, column_name, is_ours, moves

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from supamig.config import Settings
    from supamig.models import Inventory, ServerFacts
    from supamig.moves import Move
    from supamig.protocols import Exporter, Importer

_SHOWN = 5
#: Catalogs whose objects live in schemas by name: an equal name on the target is in the way.
_NAMED = ("tables", "views", "sequences", "functions", "types")
_KEPT = (*_NAMED, "collations", "others", "schemas")


def guard_servers(source: ServerFacts, target: ServerFacts) -> None:
    """Raise `SameDatabase` or `TargetOlder` when these two cannot be source and target."""
    if source.identity == target.identity:
        raise SameDatabase(
            f"source and target are the same database: `{target.database}` of the server with "
            f"system identifier {target.system_id}",
            hint="Check --source and --target: two names or addresses may lead to one server",
        )
    if target.major < source.major:
        raise TargetOlder(
            f"the target runs Postgres {target.major}, older than the source's {source.major}",
            hint=f"Use a target with Postgres {source.major} or newer",
        )


def make_plan(
    source: Inventory,
    target: Inventory,
    *,
    exporters: Sequence[Exporter],
    importers: Sequence[Importer],
    settings: Settings,
) -> Plan:
    """Order the steps and gather the findings; raise `TargetNotEmpty` when user data is there."""
    guard_empty(source, target, into_nonempty=settings.into_nonempty)
    steps = [_step("export", e.kind, e.title, e.after, e.estimate(source)) for e in exporters]
    weight = sum(move.size for move in moves(source, target))
    steps += [
        _step("import", i.kind, i.title, i.after, weight if i.kind == "rows" else 0)
        for i in importers
    ]
    plan = Plan(
        steps=tuple(steps),
        source_id=source.server.identity,
        target_id=target.server.identity,
        method=settings.method,
        findings=tuple(_obstacles(source, target, frozenset(settings.accept_missing))),
    )
    # what resuming must find unchanged: the steps, not the sizes that they were estimated at
    facts = [[s.id, s.after] for s in plan.steps], plan.source_id, plan.target_id, plan.method
    text = json.dumps(facts)
    return replace(plan, digest=hashlib.sha256(text.encode()).hexdigest()[:16])


def export_plan(source: Inventory, *, exporters: Sequence[Exporter], settings: Settings) -> Plan:
    """Order the steps of an export alone, which has no target."""
    steps = [_step("export", e.kind, e.title, e.after, e.estimate(source)) for e in exporters]
    source_id = source.server.identity
    return Plan(steps=tuple(steps), source_id=source_id, target_id="", method=settings.method)


def _step(verb: str, kind: str, title: str, after: tuple[str, ...], estimate: int) -> Step:
    return Step(
        id=f"{verb}.{kind}",
        kind=kind,
        stage=Stage(verb),
        title=title,
        after=tuple(f"{verb}.{name}" for name in after),
        estimate=estimate,
    )


def kept(source: Inventory, target: Inventory) -> dict[str, frozenset[str]]:
    """Name by kind the user's objects that only the target has: the move leaves them alone."""
    found = {}
    for kind in _KEPT:
        theirs = {
            str(r["name"]) for r in target.catalogs[kind] if is_ours(str(r["schema"]), target)
        }
        found[kind] = frozenset(theirs - {str(r["name"]) for r in source.catalogs[kind]})
    return found


def guard_empty(source: Inventory, target: Inventory, *, into_nonempty: bool) -> None:
    """Raise `TargetNotEmpty` when the target holds rows, or objects that are in the way."""
    filled = [str(record["name"]) for record in target.catalogs["filled"]]
    if filled and not into_nonempty:
        raise TargetNotEmpty(
            f"the target holds user data: {_some(filled)}",
            hint="Check that source and target are not swapped; `--into-nonempty` goes on beside "
            "data that you want to keep, `migrate --fresh` first removes an earlier run of yours",
        )
    in_the_way = []
    for kind in _NAMED:
        theirs = {str(record["name"]) for record in target.catalogs[kind]}
        ours = {str(r["name"]) for r in source.catalogs[kind] if is_ours(str(r["schema"]), target)}
        in_the_way += sorted(ours & theirs)
    if in_the_way:
        raise TargetNotEmpty(
            f"the target already has objects of the source's names: {_some(in_the_way)}",
            hint="Drop or rename them, or use an empty target; `migrate --fresh` first removes "
            "what an earlier run of yours made",
        )


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in sorted(names)[:_SHOWN])
    return shown + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")


def _obstacles(source: Inventory, target: Inventory, accepted: frozenset[str]) -> Iterator[Finding]:
    holding = {str(r["name"]): int(str(r["rows"])) for r in source.catalogs["holding"]}
    for move in moves(source, target):
        if move.managed:
            yield from _of_managed(move, holding, accepted)
    yield from _pointing_nowhere(source, target)
    if not any(is_managed(str(r["schema"])) for r in target.catalogs["schemas"]):
        yield from _bare_target(source)
    for kind, names in kept(source, target).items():
        if names:
            yield Finding(
                check="plan.kept",
                severity=Severity.WARNING,
                subject=kind,
                message=f"the target had {kind} of its own, which stay: {_some(list(names))}",
                hint="Drop them if they do not belong there",
            )


def _of_managed(move: Move, holding: dict[str, int], accepted: frozenset[str]) -> Iterator[Finding]:
    if not move.on_target:
        rows = max((holding.get(column_name(move.table, c), 0) for c in move.columns), default=0)
        rows = max(rows, *(holding.get(column_name(move.table, c), 0) for c in move.lost), 0)
        if rows:
            yield _lost(
                "plan.table-missing",
                str(move.table),
                f"`{move.table}` holds data ({rows} rows) and the target has no such table",
                accepted,
            )
        return
    for column in move.lost:
        name = column_name(move.table, column)
        if holding.get(name):
            yield _lost(
                "plan.column-missing",
                name,
                f"`{name}` holds data in {holding[name]} rows and the target has no such column",
                accepted,
            )
    if any(holding.get(column_name(move.table, column)) for column in move.columns):
        for column in move.unfilled:
            yield Finding(
                check="plan.column-unfilled",
                severity=Severity.WARNING,
                subject=column_name(move.table, column),
                message=f"`{column_name(move.table, column)}` must be given on the target and the "
                "source has no such column",
                hint="Give the column a default on the target",
            )


def _pointing_nowhere(source: Inventory, target: Inventory) -> Iterator[Finding]:
    """Find foreign keys to managed tables that the target lacks."""
    there = {str(record["name"]) for record in target.catalogs["tables"]}
    for record in source.catalogs["constraints"]:
        schema = str(record["referenced_schema"])
        table = str(TableRef(schema, str(record["referenced_table"])))
        if is_managed(schema) and table not in there and is_ours(str(record["schema"]), target):
            yield Finding(
                check="plan.table-missing",
                severity=Severity.ERROR,
                subject=str(record["name"]),
                message=f"foreign key `{record['name']}` leads to `{table}`, which the target has"
                " not",
                hint="Start the target's services once, so that they make their tables",
            )


def _lost(check: str, subject: str, message: str, accepted: frozenset[str]) -> Finding:
    is_accepted = subject in accepted
    return Finding(
        check=check,
        severity=Severity.WARNING if is_accepted else Severity.ERROR,
        subject=subject,
        message=message + (" (accepted)" if is_accepted else ""),
        hint=f"Update the target's services to the source's version and start them once, or pass "
        f"`--accept-missing {subject}` to leave that data behind",
    )


def _bare_target(source: Inventory) -> Iterator[Finding]:
    missing = {str(r["schema"]) for r in source.catalogs["schemas"]} & {"auth", "storage"}
    for schema in sorted(missing - {CLI_HISTORY}):
        yield Finding(
            check="plan.not-supabase",
            severity=Severity.WARNING,
            subject=schema,
            message=f"the target has no schema `{schema}`: its services have not started yet",
            hint="Start the deployment once, so that its services make their own schemas",
        )
