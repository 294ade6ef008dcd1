"""One run through the six phases on disk: what is done, by whose word, with which report.

A run is a directory ``<state>/phases/<id>`` with a journal and the reports of its phases.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from supamig import disk
from supamig.errors import CannotResume, UsageError
from supamig.journal import JOURNAL, Journal
from supamig.phases import Phase, PhaseResult, Record
from supamig.report.json import from_json, to_json

if TYPE_CHECKING:
    from pathlib import Path

    from supamig.config import Settings
    from supamig.models import Report

DIRECTORY: Final = "phases"


class PhaseRun:
    """One run on disk."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal

    @classmethod
    def begin(cls, settings: Settings) -> PhaseRun:
        """Begin a run in a directory of its own."""
        return cls(Journal.begin(settings.state_dir / DIRECTORY, command="run"))

    @classmethod
    def latest(cls, settings: Settings) -> PhaseRun | None:
        """Return the newest run, if any."""
        directory = settings.state_dir / DIRECTORY
        found = [
            cls(Journal(path))
            for path in (directory.iterdir() if directory.is_dir() else ())
            if (path / JOURNAL).exists()
        ]
        begun = [run for run in found if run.journal.last("run-started")]
        return max(begun, key=lambda run: str(run.journal.started["at"]), default=None)

    def back_to(self, phase: Phase) -> None:
        """Note that this phase and all after it are to be done again.

        Raise `UsageError` when an earlier one is not done.
        """
        first = self.record().next
        if first is not None and list(Phase).index(first) < list(Phase).index(phase):
            message = f"`--from {phase}` would leave out `{first}`, which is not done"
            raise UsageError(message, hint=f"Pass `--from {first}`, or leave it out")
        self.journal.append("back-to", phase=phase)

    def keep(self, name: str, report: Report) -> None:
        """Keep a phase's report beside the journal."""
        place = self.journal.path / f"{name}.json"
        with disk.disk_errors(place):
            disk.replace(place, to_json(report).encode(), mode=0o600)

    def fact(self, name: str) -> str:
        """Return what an earlier phase noted for a later one."""
        found = [e[name] for e in self.journal.all("phase-finished") if name in e]
        if not found:
            message = f"the run does not know its {name}"
            raise CannotResume(message, hint="Begin again with `--from export`")
        return str(found[-1])

    def record(self) -> Record:
        """Return how far the run is."""
        states: dict[str, dict[str, Any]] = {phase: {} for phase in Phase}
        for entry in self.journal.entries:
            phase = str(entry.get("phase", ""))
            match entry["event"]:
                case "phase-started":
                    known = {key: entry[key] for key in ("started_at", "confirmed_by")}
                    states[phase] = {"state": "interrupted", **known}
                case "phase-finished" | "phase-failed":
                    states[phase] |= {
                        "state": "done" if entry["event"] == "phase-finished" else "failed",
                        **{k: entry[k] for k in ("seconds", "verdict", "detail", "reports")},
                    }
                case "back-to":
                    order = list(Phase)
                    for later in order[order.index(Phase(phase)) :]:
                        states[later] = {}
        results = tuple(
            PhaseResult(phase=phase, **{**found, "reports": tuple(found.get("reports", ()))})
            for phase, found in ((Phase(name), found) for name, found in states.items())
        )
        return Record(
            run_id=self.journal.run_id,
            started_at=str(self.journal.started["at"]),
            phases=results,
            reports=tuple(self._reports(results)),
        )

    def _reports(self, results: tuple[PhaseResult, ...]) -> list[tuple[Phase, Report]]:
        found = []
        for result in results:
            for name in result.reports:
                place: Path = self.journal.path / f"{name}.json"
                try:
                    found.append((result.phase, from_json(place.read_text(encoding="utf-8"))))
                except (OSError, json.JSONDecodeError) as error:
                    message = f"`{place}` is missing or damaged"
                    hint = f"`--from {result.phase}` makes it again"
                    raise CannotResume(message, hint=hint) from error
        return found
