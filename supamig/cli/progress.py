"""Progress, from the observer's events: bars on a terminal, lines elsewhere, JSON for machines.

Events come from several threads, so each observer takes them one at a time.
"""

from __future__ import annotations

import contextlib
import json
import sys
import threading
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from supamig.models import EventKind, Outcome, Severity

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from rich.console import Console
    from rich.progress import Progress, Task, TaskID

    from supamig.models import Event, Stage

    Redact = Callable[[str], str]

#: Seconds between two plain lines about one table.
EVERY = 5.0


class _Observer(ABC):
    """One event at a time; a context manager so that bars end before the report is shown.

    Meanwhile what a plugin prints goes to stderr: stdout is for data.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stray = contextlib.ExitStack()

    def __enter__(self) -> Callable[[Event], None]:
        self._stray.enter_context(contextlib.redirect_stdout(sys.stderr))
        return self._observe

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stray.close()

    def _observe(self, event: Event) -> None:
        with self._lock:
            self.take(event)

    @abstractmethod
    def take(self, event: Event) -> None:
        """Show one event."""


class Silence(_Observer):
    """Shows nothing."""

    def take(self, event: Event) -> None:
        """Let the event go."""


class Lines(_Observer):
    """Writes every event to stdout as one line of JSON."""

    def __init__(self, redact: Redact) -> None:
        super().__init__()
        self._redact = redact
        self._stream = sys.stdout

    def take(self, event: Event) -> None:
        """Write the event with all its fields."""
        from pydantic_core import to_jsonable_python

        from supamig.cli.scrub import scrub

        line = json.dumps(to_jsonable_python(scrub(event, self._redact)), ensure_ascii=True)
        self._stream.write(line + "\n")
        self._stream.flush()


class Plain(_Observer):
    """Writes a line where a step starts and ends, and now and then one about a long table."""

    def __init__(
        self, stream: IO[str], redact: Redact, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__()
        self._stream = stream
        self._redact = redact
        self._clock = clock
        self._said: dict[tuple[str, str], float] = {}
        self._titles = _Titles()

    def take(self, event: Event) -> None:
        """Write a line if the event deserves one."""
        item = (event.step, event.subject)
        if event.kind is EventKind.ITEM_STARTED:
            self._said[item] = self._clock()
        elif event.kind is EventKind.ITEM_FINISHED:
            self._said.pop(item, None)
        elif event.kind is EventKind.ITEM_PROGRESS:
            if self._clock() - self._said.setdefault(item, self._clock()) >= EVERY:
                self._said[item] = self._clock()
                self._say(f"[{event.stage}]   {event.subject}: {_amount(event)}")
        elif event.kind is EventKind.STEP_STARTED:
            self._say(f"[{event.stage}] {self._titles.begin(event)} ...")
        elif event.kind is EventKind.CHECK_STARTED:
            self._titles.begin(event)  # a check mostly ends at once
        elif event.kind is EventKind.NOTE:
            self._say(f"[{event.stage}] note: {event.message}")
        elif event.kind in (EventKind.STEP_FINISHED, EventKind.CHECK_FINISHED):
            self._say(f"[{event.stage}] {self._titles.end(event)}")

    def _say(self, line: str) -> None:
        self._stream.write(_shown(line, self._redact) + "\n")
        self._stream.flush()


@dataclass(slots=True)
class _Tally:
    """The bar of a stage's checks, and how many of them passed."""

    task: TaskID
    passed: int = 0


class Bars(_Observer):
    """Draws one bar a running step, one a running table and one for all checks of a stage.

    What ends becomes a line above; of the checks only those that did not pass.
    """

    def __init__(self, console: Console, redact: Redact) -> None:
        super().__init__()
        self._console = console
        self._redact = redact
        self._progress = _bars(console)
        self._steps: dict[str, TaskID] = {}
        self._titles = _Titles()
        self._items: dict[tuple[str, str], tuple[TaskID, int]] = {}
        self._checks: dict[Stage, _Tally] = {}

    def __enter__(self) -> Callable[[Event], None]:
        self._progress.start()
        return super().__enter__()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        super().__exit__(kind, error, traceback)
        self._progress.stop()
        self._console.print()  # what comes next is the report

    def take(self, event: Event) -> None:
        """Move, add or remove a bar."""
        if event.kind is EventKind.STEP_STARTED:
            self._steps[event.step] = self._add(
                self._titles.begin(event), float(event.expected) or None
            )
        elif event.kind is EventKind.CHECK_STARTED:
            self._begin_check(event)
        elif event.kind is EventKind.CHECK_FINISHED:
            self._end_check(event)
        elif event.kind is EventKind.ITEM_STARTED:
            self._find(event)
        elif event.kind is EventKind.ITEM_PROGRESS:
            self._move(event)
        elif event.kind is EventKind.ITEM_FINISHED:
            self._move(event)
            task, _ = self._items.pop((event.step, event.subject))
            self._remove(task)
        elif event.kind is EventKind.NOTE:
            self._say(f"note: {event.message}")
        else:
            self._remove(self._steps.pop(event.step, None))
            self._say(self._titles.end(event))

    def _begin_check(self, event: Event) -> None:
        from supamig.report.wording import STAGE_TITLES

        if event.stage not in self._checks:
            task = self._progress.add_task("", total=event.expected or None, counts="checks")
            self._checks[event.stage] = _Tally(task)
        title = f"{STAGE_TITLES[event.stage]}: {self._titles.begin(event)}"
        self._progress.update(
            self._checks[event.stage].task, description=_shown(title, self._redact)
        )

    def _end_check(self, event: Event) -> None:
        from supamig.report.wording import MARKS, STAGE_TITLES, duration, plural

        line, tally = self._titles.end(event), self._checks[event.stage]
        self._advance(tally.task, 1)
        if event.outcome is Outcome.PASSED:
            tally.passed += 1
        else:
            self._say(line)
        bar = next(one for one in self._progress.tasks if one.id == tally.task)
        if bar.total is not None and bar.completed >= bar.total:
            self._remove(self._checks.pop(event.stage).task)
            checks = plural(int(bar.total), "check")
            passed = f"{tally.passed} of {checks} passed, {duration(bar.elapsed or 0.0)}"
            mark = MARKS[Outcome.PASSED if tally.passed == bar.total else Outcome.FAILED]
            self._say(f"{mark} {STAGE_TITLES[event.stage]}, {passed}")

    def _find(self, event: Event) -> tuple[TaskID, int]:
        key = (event.step, event.subject)
        if key not in self._items:
            self._items[key] = (self._add(f"  {event.subject}", float(event.expected) or None), 0)
        return self._items[key]

    def _move(self, event: Event) -> None:
        task, before = self._find(event)
        # a finished item may come without its numbers
        now = max(before, event.bytes)
        self._items[event.step, event.subject] = (task, now)
        self._advance(task, now - before)
        if event.step in self._steps:
            self._advance(self._steps[event.step], now - before)

    def _advance(self, task: TaskID, moved: int) -> None:
        """Move a bar; what it was expected to come to is an estimate, and may be too low."""
        self._progress.advance(task, moved)
        now = next(one for one in self._progress.tasks if one.id == task)
        if now.total is not None and now.completed > now.total:
            self._progress.update(task, total=now.completed)

    def _add(self, label: str, total: float | None) -> TaskID:
        return self._progress.add_task(_shown(label, self._redact), total=total)

    def _remove(self, task: TaskID | None) -> None:
        if task is not None:
            self._progress.remove_task(task)

    def _say(self, line: str) -> None:
        self._console.print(_shown(line, self._redact), markup=False, highlight=False)


def _bars(console: Console) -> Progress:
    from rich.progress import BarColumn, Progress, ProgressColumn, TextColumn, TimeRemainingColumn
    from rich.table import Column
    from rich.text import Text

    from supamig.report.wording import duration, size

    class Amount(ProgressColumn):
        """Bytes and rate; for what has no bytes, how long it has been at work."""

        def render(self, task: Task) -> Text:
            if "counts" in task.fields:
                total = f" of {int(task.total)}" if task.total else ""
                return Text(f"{int(task.completed)}{total} checks", style="progress.download")
            if not task.completed:
                return Text(duration(task.elapsed or 0.0), style="progress.elapsed")
            total = f" of {size(int(task.total))}" if task.total else ""
            speed = f", {size(int(task.speed))}/s" if task.speed else ""
            return Text(f"{size(int(task.completed))}{total}{speed}", style="progress.download")

    # what a bar, an amount and a time leave of the line
    title = Column(no_wrap=True, overflow="ellipsis", max_width=max(20, console.width - 56))
    return Progress(
        TextColumn("{task.description}", markup=False, table_column=title),
        BarColumn(bar_width=24),
        Amount(table_column=Column(no_wrap=True)),
        TimeRemainingColumn(compact=True),
        console=console,
        transient=True,
    )


class _Titles:
    """Remembers how steps and checks were announced, since their ends bear only their ids."""

    def __init__(self) -> None:
        self._titles: dict[str, str] = {}

    def begin(self, event: Event) -> str:
        title = event.message or event.subject or event.step
        self._titles[event.step or event.subject] = title
        return title

    def end(self, event: Event) -> str:
        """Return one line on how a step or check ended."""
        from supamig.report.wording import MARKS, OUTCOME_WORDS, duration, plural

        outcome: str = event.outcome or Outcome.PASSED
        if outcome == Outcome.FAILED and event.severity is Severity.WARNING and not event.message:
            outcome = "warned"
        key = event.step or event.subject
        parts = [f"{MARKS[outcome]} {self._titles.pop(key, key)}"]
        if outcome != Outcome.PASSED:
            parts.append(OUTCOME_WORDS[outcome])
        if event.items:
            parts.append(plural(event.items, "finding"))
        if event.message:
            parts.append(event.message)
        elif event.bytes or event.rows:
            parts.append(_amount(event))
        return ", ".join([*parts, duration(event.seconds)])


def _amount(event: Event) -> str:
    from supamig.report.wording import count, duration, size

    parts = []
    if event.rows:
        parts.append(f"{count(event.rows)} rows")
    parts.append(size(event.bytes))
    if event.seconds > 0:
        rate = event.bytes / event.seconds
        parts.append(f"{size(int(rate))}/s")
        if event.expected > event.bytes and rate > 0:
            parts.append(f"{duration((event.expected - event.bytes) / rate)} left")
    return ", ".join(parts)


def _shown(line: str, redact: Redact) -> str:
    from supamig.report.wording import printable

    return printable(redact(line))
