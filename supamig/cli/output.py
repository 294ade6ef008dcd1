"""What a command shows: data to stdout, all else to stderr, nothing that was not redacted."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from supamig.cli.scrub import scrub
from supamig.errors import Cancelled, ExitCode
from supamig.models import Severity, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from rich.console import Console

    from supamig.cli.files import Files
    from supamig.cli.invocation import Invocation
    from supamig.models import Finding, Observer, Plan, Report
    from supamig.switching.changes import Changes


_UNFOLDED = 10_000


class Output:
    """Shows what one command yields, in the form that was asked for."""

    def __init__(self, invocation: Invocation) -> None:
        self._invocation = invocation
        self._redact = invocation.redactor().redact

    @property
    def is_text(self) -> bool:
        """Whether people read stdout."""
        return self._invocation.format == "text"

    def console(self, *, stderr: bool = False, width: int = 100) -> Console:
        """Return a console; rich knows NO_COLOR, FORCE_COLOR and how wide a terminal is.

        ``width`` is for what is no terminal.
        """
        from rich.console import Console

        console = Console(stderr=stderr, markup=False, highlight=False, emoji=False)
        if not console.is_terminal:
            console.width = width
        return console

    def data(self, text: str) -> None:
        """Write one line of data to stdout."""
        sys.stdout.write(self._redact(text) + "\n")
        sys.stdout.flush()

    def hint(self, text: str) -> None:
        """Write one line for people to stderr."""
        if not self._invocation.quiet:
            sys.stderr.write(self._redact(text) + "\n")

    def values(self, values: object) -> None:
        """Write a value as JSON to stdout: one line for ndjson, else indented."""
        from pydantic_core import to_jsonable_python

        self._json(to_jsonable_python(scrub(values, self._redact)))

    def table(self, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Write rows under headings to stdout."""
        from rich.table import Table
        from rich.text import Text

        from supamig.report.wording import printable

        table = Table(box=None, pad_edge=False, header_style="bold")
        for number, heading in enumerate(headings):
            table.add_column(heading, overflow="fold", no_wrap=number == 0)
        for row in rows:
            table.add_row(*(Text(printable(self._redact(cell))) for cell in row))
        # in a pipe each row is one line, for `grep`
        self.console(width=_UNFOLDED).print(table)

    def progress(self) -> AbstractContextManager[Observer]:
        """Show progress in the form that fits where stdout and stderr lead."""
        from supamig.cli import progress

        if self._invocation.format == "ndjson":
            return progress.Lines(self._redact)
        if self._invocation.quiet:
            return progress.Silence()
        if sys.stderr.isatty():
            return progress.Bars(self.console(stderr=True), self._redact)
        return progress.Plain(sys.stderr, self._redact)

    def confirm(self, question: str, *, yes: bool) -> None:
        """Ask before something is written; raise `Cancelled` for no, or where nobody can say."""
        if yes:
            return
        if not sys.stdin.isatty():
            asked = self._redact(question[:1].lower() + question[1:])
            message = f"{asked}, and nobody is there to say yes"
            raise Cancelled(message, hint="Pass `--yes`, or `--dry-run` to see the plan")
        sys.stderr.write(f"{self._redact(question)}. Go on? [y/N] ")
        sys.stderr.flush()
        if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
            raise Cancelled("nothing was changed")

    def plan(self, plan: Plan) -> int:
        """Show what would be done, and end as the plan's findings say."""
        if not self.is_text:
            self.values(plan)
        elif not plan.steps:
            self.data("no step is left to do")
        else:
            from supamig.report.wording import size

            rows = [
                (step.stage, step.id, step.title, size(step.estimate) if step.estimate else "")
                for step in plan.steps
            ]
            self.table(("Phase", "Step", "What", "Size"), rows)
        return self._findings(plan.findings)

    def changes(self, changes: Changes) -> int:
        """Show what would change in files of applications, and end as the findings say."""
        if not self.is_text:
            shown = [
                {"application": file.application, "path": str(file.path), "changes": file.changes}
                for file in changes.files
            ]
            self.values({"files": shown, "findings": changes.findings})
        elif changes.files:
            self.data(changes.diff.rstrip("\n"))
        else:
            self.data("no file holds a value of the source")
        return self._findings(changes.findings)

    def _findings(self, findings: Sequence[Finding]) -> int:
        for finding in findings if self.is_text else ():
            self.data(f"{finding.severity}: {finding.message}")
            if finding.hint:
                self.data(f"  hint: {finding.hint}")
        failing = any(finding.severity is Severity.ERROR for finding in findings)
        return ExitCode.FINDINGS if failing else ExitCode.OK

    def report(self, report: Report, files: Files, *, bundle: Path | None = None) -> int:
        """Write the report to its files and to stdout, and end as its verdict says."""
        from supamig.report.json import to_json

        report = scrub(report, self._redact)
        is_written = files.write(report)
        if self.is_text:
            from supamig.report.text import show

            show(report, self.console())
            if bundle is not None:
                self.data(str(bundle))
        else:
            made = {} if bundle is None else {"bundle": str(bundle)}
            self._json({"kind": "report", **made, **json.loads(to_json(report))})
        passed = report.verdict is Verdict.PASSED and is_written
        return ExitCode.OK if passed else ExitCode.FINDINGS

    def _json(self, value: Any) -> None:  # noqa: ANN401 - JSON
        if self._invocation.format == "ndjson":
            text = json.dumps(value, ensure_ascii=True)
        else:
            text = json.dumps(value, indent=2, ensure_ascii=True)
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
