"""The tables, functions and buckets that the application asks for are on the target."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from supamig.hookspecs import hookimpl
from supamig.models import Finding, Severity, quote
from supamig.protocols import Validator

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from supamig.config import Settings
    from supamig.protocols import CheckContext
    from supamig.scanning.stored import Names

_ID = "application.objects-used"
#: What PostgREST shows when a request names no schema.
_USUAL = "public"
_BUCKETS = "select name from storage.buckets"


def _check(context: CheckContext, *, scan: Path) -> Iterable[Finding]:
    """Compare what the application names with what the target has."""
    from supamig.scanning.stored import objects_of

    used = objects_of(scan)
    target = context.target
    tables = {(str(r["schema"]), str(r["table"])) for r in target.catalog("tables")}
    views = {(str(r["schema"]), str(r["view"])) for r in target.catalog("views")}
    functions = {(str(r["schema"]), str(r["function"])) for r in target.catalog("functions")}
    yield from _missing("table or view", used.tables, tables | views)
    yield from _missing("function", used.functions, functions)
    if used.buckets and ("storage", "buckets") in tables:
        there = {str(name) for (name,) in target.rows(_BUCKETS)}
        for name in sorted(used.buckets - there):
            yield _finding(f"bucket {name}", f"the application uses the bucket `{name}`,")


def _missing(noun: str, used: Names, there: set[tuple[str, str]]) -> Iterator[Finding]:
    for schema, name in sorted(used):
        if (schema or _USUAL, name) in there:
            continue
        elsewhere = sorted(found for found, known in there if known == name)
        shown = f"{quote(schema or _USUAL)}.{quote(name)}"
        message = f"the application uses the {noun} `{shown}`,"
        if schema or not elsewhere:
            yield _finding(f"{noun} {shown}", message)
            continue
        yield Finding(
            check=_ID,
            severity=Severity.WARNING,
            subject=f"{noun} {shown}",
            message=f"{message} which the target has in `{elsewhere[0]}` only",
            hint="Put that schema first in `deployment.rest.schemas`",
        )


def _finding(subject: str, message: str) -> Finding:
    return Finding(
        check=_ID,
        severity=Severity.ERROR,
        subject=subject,
        message=f"{message} which the target does not have",
        hint="Look on the source: a call of what is nowhere fails there too",
    )


@hookimpl
def supamig_validators(settings: Settings | None) -> list[Validator]:
    """Hand over the check where `application.scan` says what the application uses."""
    if settings is None or settings.application_scan is None:
        return []
    title = "The objects that the application uses"
    run = partial(_check, scan=settings.application_scan)
    return [Validator(id=_ID, title=title, run=run, needs=("target",))]
