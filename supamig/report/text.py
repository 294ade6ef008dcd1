"""The report on a terminal: phases, findings, what nobody looked at, and last the verdict.

Names and messages come from databases: everything is a :class:`rich.text.Text`, never markup, and
control characters are shown instead of sent.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Final

from rich.console import Console, Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from supamig.models import Outcome, Severity, Stage, Verdict
from supamig.report import wording
from supamig.report.signs import Sign, signs, tally
from supamig.report.summaries import found, sentence

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import RenderableType

    from supamig.models import CheckResult, Finding, Report, ServerFacts, StepResult

FINDINGS_SHOWN: Final = 10
_WIDTH: Final = 100
_NARROW: Final = 60
_LONGEST: Final = 48

_ASCII: Final = str.maketrans({"✓": "+", "✗": "x", "\N{EN DASH}": "-"})

_STYLES: Final[dict[str, str]] = {
    Outcome.PASSED: "green",
    Outcome.FAILED: "red",
    Outcome.ERRORED: "yellow",
    Outcome.TIMED_OUT: "yellow",
    Outcome.SKIPPED: "dim",
    Sign.WARNED: "yellow",
    Severity.ERROR: "red",
    Severity.WARNING: "yellow",
    Severity.INFO: "dim",
    Verdict.INCOMPLETE: "yellow",
}


class PlainText:
    """The reporter that writes what a terminal would show, without colours."""

    name = "text"
    suffix = ".txt"

    def render(self, report: Report) -> str:
        """Return the text of ``report``, 100 characters wide."""
        stream = io.StringIO()
        show(report, Console(file=stream, width=_WIDTH, no_color=True, color_system=None))
        return stream.getvalue()


def show(report: Report, console: Console, *, limit: int = FINDINGS_SHOWN) -> None:
    """Print ``report``; of each check at most ``limit`` findings, then `and 12 more`."""
    with console.capture() as capture:
        for part in _parts(report, limit, console.width):
            console.print(part, highlight=False)
            console.print()
    # rich fills its tables up with blanks, which nobody wants in a file or in what is copied
    text = "\n".join(line.rstrip(" ") for line in capture.get().split("\n"))
    if not console.encoding.lower().startswith("utf"):
        # a terminal of LANG=C cannot take ✓, and a report must not end in a UnicodeEncodeError
        text = text.translate(_ASCII).encode(console.encoding, "backslashreplace").decode()
    console.file.write(text)


def _parts(report: Report, limit: int, width: int) -> Iterable[RenderableType]:
    yield _heading(report)
    if report.earlier:
        yield _lines("Nothing was changed", report.notes[:1])
        yield _verdict(report)
        return
    for stage in Stage:
        steps = [step for step in report.steps if step.stage is stage]
        if steps:
            yield _phase(stage, steps, width)
    if report.checks:
        yield from _checks(report, limit)
    if report.notes:
        yield _lines("Notes", report.notes)
    if report.not_checked:
        yield _lines("Nobody looked at", report.not_checked)
    if report.steps or report.tables:
        yield _summary(report)
    yield _verdict(report)


def _heading(report: Report) -> RenderableType:
    grid = _grid()
    grid.add_row(_dim("run"), _text(f"{report.run_id}, started {report.started_at}"))
    if report.method:
        grid.add_row(_dim("method"), _text(report.method))
    grid.add_row(_dim("source"), _text(place(report.source)))
    grid.add_row(_dim("target"), _text(place(report.target)))
    return Group(Text(f"supamig {wording.printable(report.command)}", style="bold"), grid)


def place(server: ServerFacts | None) -> str:
    """Say in a few words which database on which server a side is."""
    if server is None:
        return "not used"
    return f"{server.host}/{server.database} (Postgres {short_version(server)})"


def short_version(server: ServerFacts) -> str:
    """Cut what a distribution adds: `15.8` of `15.8 (Ubuntu 15.8-1.pgdg22.04+1)`."""
    return server.version.partition(" ")[0]


def _phase(stage: Stage, steps: list[StepResult], width: int) -> RenderableType:
    """Show the steps of a stage; the columns that a narrow terminal lacks go below the title."""
    amounts = {step.id: _amounts(step) for step in steps}
    headings = ("Rows", "Size") if width >= _NARROW and any(map(any, amounts.values())) else ()
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("")
    # where there is room, the details give way first
    keep = width >= _WIDTH and max(len(step.title) for step in steps) <= _LONGEST
    table.add_column("Step", overflow="fold", min_width=12, no_wrap=keep)
    all_passed = all(step.outcome is Outcome.PASSED for step in steps)
    if not all_passed:
        table.add_column("Outcome", no_wrap=True)
    for heading in (*headings, "Time"):
        table.add_column(heading, justify="right", no_wrap=True)
    if width >= _WIDTH:
        table.add_column("", style="dim", overflow="fold")
    for step in steps:
        title = _text(step.title)
        below = () if width >= _WIDTH else (step.detail, *(() if headings else amounts[step.id]))
        for detail in filter(None, below):
            title.append(f"\n{wording.printable(detail)}", style="dim")
        table.add_row(
            _mark(step.outcome),
            title,
            *(() if all_passed else (_word(step.outcome),)),
            *(amounts[step.id] if headings else ()),
            wording.duration(step.seconds),
            *((_text(step.detail),) if width >= _WIDTH else ()),
        )
    total = wording.duration(sum(step.seconds for step in steps))
    passed = wording.plural(len(steps), "step") + (" passed" if all_passed else "")
    heading = Text.assemble((wording.STAGE_TITLES[stage], "bold"), (f"  {passed}, {total}", "dim"))
    return Group(heading, table)


def _amounts(step: StepResult) -> tuple[str, str]:
    rows = wording.count(step.rows) if step.rows else ""
    return rows, wording.size(step.bytes) if step.bytes else ""


def _checks(report: Report, limit: int) -> Iterable[RenderableType]:
    """Count the checks by sign, show what they found, and last what only passed checks remark."""
    yield _counts(report)
    remarks: list[Finding] = []
    for check, sign in zip(report.checks, signs(report), strict=True):
        if sign is Sign.PASSED:
            remarks += check.findings
        elif check.findings:
            yield _findings(check, sign, limit)
    if remarks:
        yield _remarks(remarks, limit)


def _counts(report: Report) -> RenderableType:
    line = Text.assemble(("Checks", "bold"), "  ")
    for sign, number in tally(report):
        line.append_text(_mark(sign)).append(f" {wording.count(number)} ").append_text(_word(sign))
        line.append("  ")
    return line


def _findings(check: CheckResult, sign: Sign, limit: int) -> RenderableType:
    heading = Text.assemble(
        _mark(sign),
        " ",
        (wording.printable(check.title), "bold"),
        (f" ({wording.printable(check.id)}): ", "dim"),
        f"{wording.OUTCOME_WORDS[sign]}, {wording.plural(len(check.findings), 'finding')}",
    )
    worst_first = sorted(check.findings, key=lambda f: wording.SEVERITIES.index(f.severity))
    parts: list[RenderableType] = [heading]
    for finding in worst_first[:limit]:
        parts += [Padding(line, (0, 0, 0, indent)) for line, indent in _finding(finding)]
    hidden = len(check.findings) - limit
    if hidden > 0:
        parts.append(Padding(Text(f"and {wording.count(hidden)} more"), (0, 0, 0, 2)))
    return Group(*parts)


def _finding(finding: Finding) -> Iterable[tuple[Text, int]]:
    mark = wording.SEVERITY_MARKS[finding.severity]
    line = Text.assemble((f"{mark} {finding.severity} ", _STYLES[finding.severity]))
    if finding.subject:
        line.append(f"{wording.printable(finding.subject)}: ", style="bold")
    yield line.append(wording.printable(finding.message, lines=True)), 2
    if finding.hint:
        yield Text.assemble(("hint: ", "dim"), wording.printable(finding.hint, lines=True)), 4


def _remarks(remarks: list[Finding], limit: int) -> RenderableType:
    """Show what checks that passed have to say: one quiet line each, without hints."""
    lines = [f"{f.subject}: {f.message}" if f.subject else f.message for f in remarks]
    more = len(lines) - limit
    return _lines("Remarks", (*lines[:limit], *([f"and {more:,} more"] if more > 0 else ())))


def _lines(title: str, lines: tuple[str, ...]) -> RenderableType:
    grid = Table.grid(padding=(0, 1))
    for line in lines:
        grid.add_row("  \N{EN DASH}", _text(line))
    return Group(Text(title, style="bold"), grid)


def _summary(report: Report) -> RenderableType:
    numbers = report.summary
    grid = _grid()
    for name, number in (
        ("Public tables", numbers.tables),
        ("Other tables", numbers.other_tables),
        ("Auth tables", numbers.auth_tables),
        ("Auth users", numbers.auth_users),
        ("Rows", numbers.rows),
    ):
        grid.add_row(name, wording.count(number))
    if numbers.bytes:
        grid.add_row("Size", wording.size(numbers.bytes))
    grid.add_row("Duration", wording.duration(numbers.seconds))
    grid.add_row("Findings", found(report))
    grid.add_row("Not checked", wording.count(len(report.not_checked)))
    title = "Migration summary" if report.steps else "Summary"
    return Group(Text(title, style="bold"), grid)


def _verdict(report: Report) -> RenderableType:
    mark = f"{wording.VERDICT_MARKS[report.verdict]} {report.verdict.upper()}"
    style = f"bold {_STYLES[report.verdict]}"
    return Group(Text.assemble(("Verdict  ", "bold"), (mark, style)), _text(sentence(report)))


def _grid() -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    return grid


def _text(text: str) -> Text:
    return Text(wording.printable(text, lines=True), overflow="fold")


def _dim(text: str) -> Text:
    return Text(text, style="dim")


def _mark(outcome: Outcome | Sign) -> Text:
    return Text(wording.MARKS[outcome], style=_STYLES[outcome])


def _word(outcome: Outcome | Sign) -> Text:
    return Text(wording.OUTCOME_WORDS[outcome], style=_STYLES[outcome])
