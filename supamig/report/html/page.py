"""What the page shows, worked out from the report: sentences, orders, shares, what is left out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Final

from supamig.models import (
    CheckResult,
    Finding,
    Report,
    ServerFacts,
    Severity,
    Stage,
    StepResult,
    TableCopy,
    Verdict,
    quote,
)
from supamig.report import wording
from supamig.report.signs import Sign, signs, tally
from supamig.report.summaries import sentence

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

TABLES_SHOWN: Final = 200
#: On top of the largest ones: tables that a finding is about.
TABLES_FOUND_SHOWN: Final = 100
FINDINGS_SHOWN: Final = 200
#: Above so many findings a failed check starts closed.
_OPEN: Final = 20

_STAGES: Final = tuple(Stage)
_VERDICT_WORDS: Final = {
    Verdict.PASSED: "Passed",
    Verdict.FAILED: "Failed",
    Verdict.INCOMPLETE: "Incomplete",
}


@dataclass(frozen=True, slots=True)
class FindingView:
    """One finding and its anchor, which is empty when another finding has the same name."""

    finding: Finding
    anchor: str

    @property
    def link(self) -> str:
        """The documentation, if it is a web address."""
        return _web(self.finding.docs)


@dataclass(frozen=True, slots=True)
class CheckView:
    """One check with the findings that are shown; ``hidden`` are left to the JSON report."""

    result: CheckResult
    sign: Sign
    findings: tuple[FindingView, ...]
    hidden: int
    tally: tuple[tuple[Severity, int], ...]

    @property
    def link(self) -> str:
        """The documentation of the check, if it is a web address."""
        return _web(self.result.docs)

    @property
    def is_open(self) -> bool:
        """Whether its findings are to be seen at once."""
        return self.sign is Sign.FAILED and len(self.findings) <= _OPEN


@dataclass(frozen=True, slots=True)
class Bar:
    """A share of the greatest, or of the whole: ``start`` and ``width`` in percent."""

    start: float
    width: float


@dataclass(frozen=True, slots=True)
class PhaseView:
    """One stage: its steps, its seconds, and its part of the timeline."""

    title: str
    steps: tuple[tuple[StepResult, Bar], ...]
    seconds: float
    part: Bar
    tone: int


@dataclass(frozen=True, slots=True)
class TableView:
    """One table, its bars, and the anchor of the first finding about it."""

    copy: TableCopy
    schema: str
    name: str
    size: Bar
    time: Bar
    anchor: str


@dataclass(frozen=True, slots=True)
class Rest:
    """The tables that are not shown, summed."""

    tables: int
    rows: int
    bytes: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Page:
    """All that the template needs."""

    report: Report
    verdict: str
    sentence: str
    started: str
    numbers: tuple[tuple[str, str], ...]
    signs: tuple[tuple[Sign, int], ...]
    severities: tuple[tuple[Severity, int], ...]
    checks: tuple[CheckView, ...]
    phases: tuple[PhaseView, ...]
    tables: tuple[TableView, ...]
    rest: Rest | None
    servers: tuple[tuple[str, str, str], ...]


def page(report: Report) -> Page:
    """Work out the page of a report."""
    checks = _checks(report)
    anchors = {
        view.finding.subject: view.anchor
        for check in reversed(checks)
        for view in reversed(check.findings)
        if view.anchor
    }
    tables, rest = _tables(report.tables, anchors)
    return Page(
        report=report,
        verdict=_VERDICT_WORDS[report.verdict],
        sentence=sentence(report),
        started=_date(report.started_at),
        numbers=tuple(_numbers(report)),
        signs=tally(report),
        severities=_tally(report.findings),
        checks=checks,
        phases=_phases(report),
        tables=tables,
        rest=rest,
        servers=tuple(_servers(report.source, report.target)),
    )


def _numbers(report: Report) -> Iterable[tuple[str, str]]:
    numbers = report.summary
    if numbers.tables or numbers.rows or numbers.auth_tables:
        yield "Public tables", wording.count(numbers.tables)
        if numbers.other_tables:
            yield "Other tables", wording.count(numbers.other_tables)
        yield "Auth tables", wording.count(numbers.auth_tables)
        yield "Auth users", wording.count(numbers.auth_users)
        yield "Rows", wording.count(numbers.rows)
        yield "Size", wording.size(numbers.bytes)
    yield "Duration", wording.duration(numbers.seconds)


def _checks(report: Report) -> tuple[CheckView, ...]:
    seen: set[str] = set()
    views = []
    for result, sign in sorted(zip(report.checks, signs(report), strict=True), key=_badness):
        worst_first = sorted(result.findings, key=lambda f: wording.SEVERITIES.index(f.severity))
        shown = []
        for finding in worst_first[:FINDINGS_SHOWN]:
            name = finding.fingerprint
            shown.append(FindingView(finding, "" if name in seen else f"f-{name}"))
            seen.add(name)
        hidden = len(result.findings) - len(shown)
        views.append(CheckView(result, sign, tuple(shown), hidden, _tally(result.findings)))
    return tuple(views)


def _badness(shown: tuple[CheckResult, Sign]) -> tuple[int, int]:
    result, sign = shown
    found = [wording.SEVERITIES.index(finding.severity) for finding in result.findings]
    return list(Sign).index(sign), min(found, default=len(wording.SEVERITIES))


def _tally(findings: Iterable[Finding]) -> tuple[tuple[Severity, int], ...]:
    counted = Counter(finding.severity for finding in findings)
    return tuple((kind, counted[kind]) for kind in wording.SEVERITIES if counted[kind])


def _phases(report: Report) -> tuple[PhaseView, ...]:
    longest = max((step.seconds for step in report.steps), default=0.0)
    spent = sum(step.seconds for step in report.steps)
    # steps know how long they took, not when: what is left of the wall clock went to the checks
    others = max(report.summary.seconds - spent, 0.0)
    whole = spent + others
    phases: list[PhaseView] = []
    start = 0.0
    for tone, stage in enumerate(_STAGES):
        steps = tuple(step for step in report.steps if step.stage is stage)
        if steps:
            seconds = sum(step.seconds for step in steps)
            rows = tuple((step, Bar(0, _share(step.seconds, longest))) for step in steps)
            part = Bar(_share(start, whole), _share(seconds, whole))
            phases.append(PhaseView(wording.STAGE_TITLES[stage], rows, seconds, part, tone))
            start += seconds
    if phases and _share(others, whole) > 1:
        part = Bar(_share(start, whole), _share(others, whole))
        phases.append(PhaseView("Checks and the rest", (), others, part, len(_STAGES)))
    return tuple(phases)


def _tables(
    copies: Sequence[TableCopy], anchors: dict[str, str]
) -> tuple[tuple[TableView, ...], Rest | None]:
    by_size = sorted(copies, key=lambda copy: (-copy.bytes, -copy.rows, copy.table))
    found = (copy for copy in by_size[TABLES_SHOWN:] if str(copy.table) in anchors)
    shown = [*by_size[:TABLES_SHOWN], *islice(found, TABLES_FOUND_SHOWN)]
    names = {copy.table for copy in shown}
    rest = [copy for copy in by_size[TABLES_SHOWN:] if copy.table not in names]
    largest = max((copy.bytes for copy in shown), default=0)
    longest = max((copy.seconds for copy in shown), default=0.0)
    views = tuple(
        TableView(
            copy,
            quote(copy.table.schema),
            quote(copy.table.name),
            Bar(0, _share(copy.bytes, largest)),
            Bar(0, _share(copy.seconds, longest)),
            anchors.get(str(copy.table), ""),
        )
        for copy in shown
    )
    if not rest:
        return views, None
    rows, size = sum(copy.rows for copy in rest), sum(copy.bytes for copy in rest)
    return views, Rest(len(rest), rows, size, sum(copy.seconds for copy in rest))


def _share(part: float, whole: float) -> float:
    return round(100 * part / whole, 2) if whole else 0.0


def _servers(
    source: ServerFacts | None, target: ServerFacts | None
) -> Iterable[tuple[str, str, str]]:
    sides = [dict(_facts(server)) if server else {} for server in (source, target)]
    for name in sides[0] or sides[1]:
        yield name, sides[0].get(name, "not used"), sides[1].get(name, "not used")


def _facts(server: ServerFacts) -> Iterable[tuple[str, str]]:
    yield "Host", server.host
    yield "Database", server.database
    yield "Role", f"{server.user}, superuser" if server.superuser else server.user
    yield "Postgres", server.version
    yield "Size", wording.size(server.size)
    yield "System identifier", server.system_id
    yield "Database oid", str(server.database_oid)


def _web(address: str) -> str:
    """Return the address if a browser may follow it: a `javascript:` one would be run."""
    return address if address.startswith(("https://", "http://")) else ""


def _date(started_at: str) -> str:
    try:
        moment = datetime.fromisoformat(started_at)
    except ValueError:
        return started_at
    zone = moment.tzname() or ""
    return f"{moment.day} {moment:%B %Y, %H:%M} {zone}".strip()
