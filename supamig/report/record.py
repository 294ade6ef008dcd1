"""The record of completion as Markdown: the phases, the checklist, what nobody looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from supamig.models import Outcome
from supamig.phases import TITLES, Phase
from supamig.report.summaries import found
from supamig.report.wording import OUTCOME_WORDS, count, duration, printable, size

if TYPE_CHECKING:
    from collections.abc import Iterator

    from supamig.models import CheckResult, Report
    from supamig.phases import PhaseResult, Record

_STATES: Final = {"done": "done", "failed": "failed", "interrupted": "interrupted", "open": "open"}


def markdown(record: Record) -> str:
    """Return the record as one Markdown page."""
    return "\n".join(_lines(record)) + "\n"


def _lines(record: Record) -> Iterator[str]:
    state = "complete" if record.is_complete else f"not complete: `{record.next}` is next"
    yield "# Record of the migration"
    yield ""
    yield f"- Run {record.run_id}, begun {record.started_at}"
    for name, server in _servers(record).items():
        yield f"- {name}: {_cell(server)}"
    yield f"- The migration is {state}"
    if record.source_kept_until:
        yield (
            f"- The source stays as it is until {record.source_kept_until}, to fall back on:"
            " `supamig rollback` puts the applications back on it"
        )
    yield ""
    yield "## Phases"
    yield ""
    yield "| Phase | State | Began | Took | Verdict | Confirmed by | What |"
    yield "|---|---|---|---|---|---|---|"
    for phase in record.phases:
        yield _phase(phase)
    yield from _summary(record)
    yield from _checklist(record)
    yield from _list("Findings", _findings(record), "None.")
    yield from _list("What nobody looked at", _not_checked(record), "Nothing: all checks ran.")
    yield from _list("Notes", _notes(record), "None.")


def _servers(record: Record) -> dict[str, str]:
    found: dict[str, str] = {}
    for _, report in record.reports:
        for name, server in (("Source", report.source), ("Target", report.target)):
            if server is not None:
                version = server.version.partition(" ")[0]
                found[name] = f"{server.host}/{server.database}, Postgres {version}"
    return found


def _phase(phase: PhaseResult) -> str:
    number = list(Phase).index(phase.phase) + 1
    cells = (
        f"{number}. {TITLES[phase.phase]}",
        _STATES[phase.state],
        phase.started_at,
        duration(phase.seconds) if phase.seconds else "",
        phase.verdict,
        phase.confirmed_by,
        phase.detail,
    )
    return f"| {' | '.join(map(_cell, cells))} |"


def _cell(text: str) -> str:
    """Write text so that it neither ends a cell nor begins a tag."""
    shown = printable(" ".join(text.split()))
    return shown.replace("|", "\\|").replace("<", "&lt;")


def _summary(record: Record) -> Iterator[str]:
    report = next((report for phase, report in record.reports if phase is Phase.IMPORT), None)
    if report is None:
        return
    numbers = report.summary
    yield from ("", "## Migration summary", "", "| | |", "|---|---|")
    for name, value in (
        ("Public tables", count(numbers.tables)),
        ("Other tables", count(numbers.other_tables)),
        ("Auth tables", count(numbers.auth_tables)),
        ("Auth users", count(numbers.auth_users)),
        ("Rows", count(numbers.rows)),
        ("Size", size(numbers.bytes)),
        ("Findings of the import", found(report)),
    ):
        yield f"| {name} | {value} |"


def _checklist(record: Record) -> Iterator[str]:
    yield from ("", "## Checklist of phase 5", "")
    checks = [
        check
        for phase, report in record.reports
        if phase is Phase.VALIDATE
        for check in report.checks
    ]
    if not checks:
        yield "Nothing was validated yet."
    for check in checks:
        mark = "x" if check.outcome is Outcome.PASSED else " "
        word = "" if mark == "x" else f": {OUTCOME_WORDS[check.outcome]}"
        yield f"- [{mark}] {_cell(check.title)} (`{check.id}`){word}"


def _list(title: str, lines: Iterator[str], nothing: str) -> Iterator[str]:
    yield from ("", f"## {title}", "")
    shown = list(dict.fromkeys(lines))
    yield from (f"- {_cell(line)}" for line in shown)
    if not shown:
        yield nothing


def _reported(record: Record) -> Iterator[tuple[Phase, Report, CheckResult]]:
    for phase, report in record.reports:
        for check in report.checks:
            yield phase, report, check


def _findings(record: Record) -> Iterator[str]:
    for phase, _, check in _reported(record):
        for finding in check.findings:
            yield f"{phase}, {finding.severity}: {finding.message}"


def _not_checked(record: Record) -> Iterator[str]:
    for phase, report in record.reports:
        for line in report.not_checked:
            yield f"{phase}: {line}"


def _notes(record: Record) -> Iterator[str]:
    for phase, report in record.reports:
        for note in report.notes:
            yield f"{phase}: {note}"
