"""The migration in six numbers, and the verdict in one or two sentences."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from supamig.catalog.managed import is_managed
from supamig.models import Outcome, Report, Summary, TableRef, Verdict
from supamig.report.signs import Sign, tally
from supamig.report.wording import SEVERITIES, SEVERITY_WORDS, count, plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from supamig.models import Record, TableCopy

_USERS = TableRef("auth", "users")
_STEPS_NAMED = 3


def summary(
    tables: Iterable[TableCopy], *, seconds: float, listed: Iterable[Record] = ()
) -> Summary:
    """Count what moved: the source's tables as ``listed`` in its catalog, else those with rows.

    Rows and bytes are those of all tables, also of the other schemas that belong to Supabase.
    """
    moved = tuple(tables)
    schemas = [str(record["schema"]) for record in listed if record["kind"] != "f"]
    schemas = schemas or [copy.table.schema for copy in moved]
    return Summary(
        tables=schemas.count("public"),
        other_tables=sum(schema != "public" and not is_managed(schema) for schema in schemas),
        auth_tables=schemas.count(_USERS.schema),
        auth_users=sum(copy.rows for copy in moved if copy.table == _USERS),
        rows=sum(copy.rows for copy in moved),
        bytes=sum(copy.bytes for copy in moved),
        seconds=seconds,
    )


def found(report: Report) -> str:
    """Count the findings by severity: `2 errors, 1 warning`, or `none`."""
    counted = Counter(finding.severity for finding in report.findings)
    parts = [plural(counted[kind], SEVERITY_WORDS[kind]) for kind in SEVERITIES if counted[kind]]
    return ", ".join(parts) or "none"


def sentence(report: Report) -> str:
    """Say in one or two sentences what the verdict rests on."""
    return " ".join((*_about_steps(report), *_about_checks(report)))


def _about_steps(report: Report) -> Iterator[str]:
    lost = [s for s in report.steps if s.outcome not in (Outcome.PASSED, Outcome.SKIPPED)]
    for step in lost[:_STEPS_NAMED]:
        yield f"The step `{step.title}` did not pass."
    if len(lost) > _STEPS_NAMED:
        yield f"Nor did {plural(len(lost) - _STEPS_NAMED, 'more step')}."


def _about_checks(report: Report) -> Iterator[str]:
    if not report.checks:
        yield "No check was run."
        return
    shown = dict(tally(report))
    total = plural(len(report.checks), "check")
    failed, passed = shown.get(Sign.FAILED, 0), shown.get(Sign.PASSED, 0)
    if report.verdict is Verdict.FAILED:
        yield f"{count(failed) if failed else 'None'} of {total} failed."
    elif passed == len(report.checks):
        yield f"All {total} passed." if passed > 1 else f"{total} passed."
    else:
        yield f"{count(passed)} of {total} passed."
        if failed:
            yield f"{count(failed)} failed."
    unfinished = shown.get(Sign.ERRORED, 0) + shown.get(Sign.TIMED_OUT, 0)
    if unfinished:
        yield f"{count(unfinished)} could not finish."
    warned = shown.get(Sign.WARNED, 0)
    if warned:
        yield f"{count(warned)} only warned."
    skipped = shown.get(Sign.SKIPPED, 0)
    if skipped:
        yield f"{count(skipped)} {'was' if skipped == 1 else 'were'} skipped."
