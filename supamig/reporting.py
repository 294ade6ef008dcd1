"""The account of one call: what it did and found, gathered on the way and made into a report."""

from __future__ import annotations

import time
import uuid
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from supamig.amounts import duration
from supamig.checking import judge, said
from supamig.disk import disk_errors
from supamig.engine import noted
from supamig.errors import CannotResume
from supamig.models import Finding, Report, Severity, Stage, StepResult, TableCopy, Verdict
from supamig.report import not_checked, summary
from supamig.report.json import from_json, to_json
from supamig.session import tool_version

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from supamig.engine import Done
    from supamig.journal import Journal
    from supamig.migration import Run
    from supamig.models import CheckResult, Digest, Record, ServerFacts, TableRef
    from supamig.session import Session


class Account:
    """Gathers what a call did; ``report`` makes a value of it."""

    def __init__(self, session: Session, command: str) -> None:
        self._session = session
        self._command = command
        self._began = time.monotonic()
        self._started_at = datetime.now(tz=UTC).isoformat(timespec="seconds")
        self.source: ServerFacts | None = None
        self.target: ServerFacts | None = None
        self.steps: tuple[StepResult, ...] = ()
        self.tables: tuple[TableCopy, ...] = ()
        self.checks: tuple[CheckResult, ...] = ()
        self.listed: Sequence[Record] = ()
        self.notes: list[str] = []

    def add(
        self, done: Done, tables: tuple[TableCopy, ...], *, earlier: Journal | None = None
    ) -> None:
        """Take the steps that were done, those of the export before them, and their tables."""
        self.steps = (*_exported(earlier), *done.results) if earlier else done.results
        self.tables = tables
        self.notes += done.notes
        snapshots = {copy.snapshot for copy in tables if copy.snapshot}
        if len(snapshots) > 1:
            finding = Finding(
                check="run.snapshots",
                severity=Severity.INFO,
                message=f"rows were read under {len(snapshots)} snapshots, because the move was "
                "interrupted: what was written on the source between them is in some tables only",
                hint="The row digests say whether that matters",
            )
            checks = [said("run.snapshots", "One snapshot", [finding], stage=Stage.EXPORT)]
            self.checks += tuple(checks)

    def take_digests(self, digests: Mapping[tuple[TableRef, tuple[str, ...]], Digest]) -> None:
        """Keep the digests of the source that the checks have taken with the tables."""
        known = {table: digest for (table, _), digest in digests.items()}
        self.tables = tuple(replace(copy, digest=known.get(copy.table)) for copy in self.tables)

    def take_compared(self, digests: Mapping[tuple[TableRef, tuple[str, ...]], Digest]) -> None:
        """Count the tables that were compared, where none was moved."""
        self.tables = tuple(
            TableCopy(table=t, columns=c, rows=d.rows, bytes=0, seconds=0.0, digest=d)
            for (t, c), d in digests.items()
        )

    def report(self, *, checks: Sequence[CheckResult] | None = None, run_id: str = "") -> Report:
        """Judge and return the report."""
        if checks is not None:
            self.checks += tuple(checks)
        settings, plugins = self._session.settings, self._session.plugins
        verdict, results = judge(self.checks, plugins, settings, self.steps)
        if self._command == "export":
            # an export proves nothing about a target; its own steps decide
            verdict = Verdict.INCOMPLETE if plugins.findings else Verdict.PASSED
        seconds = time.monotonic() - self._began
        if self._command == "migrate":
            self.notes.append(
                f"A move of this source into this target takes {_span(self.steps)}, checks aside"
            )
        return Report(
            run_id=run_id or uuid.uuid4().hex[:12],
            command=self._command,
            tool_version=tool_version(),
            method=settings.method,
            started_at=self._started_at,
            source=self.source,
            target=self.target,
            summary=summary(self.tables, seconds=seconds, listed=self.listed),
            steps=self.steps,
            checks=results,
            tables=self.tables,
            verdict=verdict,
            not_checked=not_checked(results, plugins.findings),
            notes=tuple(map(self._session.redact, self.notes)),
        )

    def save(self, report: Report, run: Run) -> None:
        """Keep the report with the run and note its end; a passed run is over for good."""
        with disk_errors(run.report_path):
            run.report_path.write_text(to_json(report), encoding="utf-8")
        run.journal.append("run-finished", verdict=report.verdict)
        if report.verdict is Verdict.PASSED:
            run.tidy()


def _exported(journal: Journal) -> list[StepResult]:
    done = map(noted, journal.steps_done.values())
    return [result for result in done if result.stage is Stage.EXPORT]


def _span(steps: Sequence[StepResult]) -> str:
    seconds = round(sum(step.seconds for step in steps))
    return f"about {duration(max(1, seconds)).replace('.0 s', ' s')}"


def saved(run: Run) -> Report:
    """Return the report of a run that is over, and say that nothing was done again."""
    try:
        report = from_json(run.report_path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CannotResume(
            f"{run.report_path} of a finished run is missing or damaged",
            hint="`supamig validate` proves the target again; `--fresh` moves everything again",
        ) from error
    note = f"This move was finished in run {run.journal.run_id}; `supamig validate` proves it again"
    if report.command == "migrate":
        note += ", `supamig migrate --fresh` does it again"
    return replace(report, notes=(note, *report.notes), earlier=True)
