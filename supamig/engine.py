"""Steps in order: each begun and ended in the journal, its progress told, its failure kept."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from supamig.models import Event, EventKind, Outcome, Stage, StepResult

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from supamig.journal import Journal
    from supamig.models import Observer, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A step and what does it: ``do`` returns one line for people."""

    step: Step
    do: Callable[[StepProgress], str]


class StepProgress:
    """The progress of one step: tells the observer, sums rows and bytes, keeps the notes."""

    def __init__(self, step: Step, observer: Observer) -> None:
        self._step = step
        self._observer = observer
        self._guard = threading.Lock()
        self._began: dict[str, float] = {}
        self.rows = 0
        self.bytes = 0
        self.notes: list[str] = []

    def started(self, item: str, *, expected: int = 0) -> None:
        """Announce an item."""
        self._began[item] = time.monotonic()
        self._tell(EventKind.ITEM_STARTED, item, expected=expected)

    def moved(self, item: str, *, rows: int, bytes: int) -> None:  # noqa: A002 - the unit
        """Report how far an item is."""
        self._tell(EventKind.ITEM_PROGRESS, item, rows=rows, bytes=bytes)

    def finished(self, item: str, *, rows: int = 0, bytes: int = 0) -> None:  # noqa: A002 - the unit
        """Report an item as done."""
        with self._guard:
            self.rows += rows
            self.bytes += bytes
        seconds = time.monotonic() - self._began.pop(item, time.monotonic())
        self._tell(EventKind.ITEM_FINISHED, item, rows=rows, bytes=bytes, seconds=seconds)

    def note(self, message: str) -> None:
        """Keep a line for the report and say it."""
        with self._guard:
            self.notes.append(message)
        self._tell(EventKind.NOTE, self._step.id, message=message)

    def _tell(self, kind: EventKind, subject: str, **more: Any) -> None:  # noqa: ANN401 - of Event
        stage, step = self._step.stage, self._step.id
        self._observer(Event(kind=kind, stage=stage, step=step, subject=subject, **more))


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What the steps of a run came to."""

    results: tuple[StepResult, ...]
    notes: tuple[str, ...]


def run_steps(works: Sequence[Work], *, journal: Journal | None, observer: Observer) -> Done:
    """Run the steps that the journal does not have as finished; stop at the first that fails."""
    results: list[StepResult] = []
    notes: list[str] = []
    finished = journal.steps_done if journal else {}
    for work in works:
        earlier = finished.get(work.step.id)
        if earlier is not None:
            result = noted(earlier)
            said = earlier["notes"]
        else:
            result, said = _run(work, journal, observer)
        results.append(result)
        notes.extend(said)
    return Done(results=tuple(results), notes=tuple(notes))


def noted(entry: Mapping[str, Any]) -> StepResult:
    """Return the result of a step that the journal has as finished."""
    return StepResult(
        id=entry["step"],
        title=entry["title"],
        stage=Stage(entry["stage"]),
        outcome=Outcome(entry["outcome"]),
        seconds=entry["seconds"],
        detail=entry["detail"],
        rows=entry["rows"],
        bytes=entry["bytes"],
    )


def _run(work: Work, journal: Journal | None, observer: Observer) -> tuple[StepResult, list[str]]:
    step = work.step
    observer(
        Event(
            kind=EventKind.STEP_STARTED,
            stage=step.stage,
            subject=step.id,
            step=step.id,
            message=step.title,
            expected=step.estimate,
        )
    )
    if journal:
        journal.append("step-started", step=step.id)
    progress = StepProgress(step, observer)
    began = time.monotonic()
    outcome, detail = Outcome.FAILED, ""
    try:
        detail = work.do(progress)
        outcome = Outcome.PASSED
    finally:
        result = StepResult(
            id=step.id,
            title=step.title,
            stage=step.stage,
            outcome=outcome,
            seconds=round(time.monotonic() - began, 3),
            detail=detail,
            rows=progress.rows,
            bytes=progress.bytes,
        )
        if journal and outcome is Outcome.PASSED:
            journal.append(
                "step-finished",
                step=step.id,
                title=step.title,
                stage=step.stage,
                outcome=outcome,
                seconds=result.seconds,
                detail=detail,
                rows=result.rows,
                bytes=result.bytes,
                notes=progress.notes,
            )
        observer(
            Event(
                kind=EventKind.STEP_FINISHED,
                stage=step.stage,
                subject=step.id,
                step=step.id,
                message=detail,
                outcome=outcome,
                rows=result.rows,
                bytes=result.bytes,
                seconds=result.seconds,
            )
        )
    return result, progress.notes
