"""Checks, each run alone: whatever one does, it costs only itself and ends by its deadline.

Every check has a daemon thread of its own.  A thread of an executor would be waited for at exit,
and no thread can be killed: so one that misses its deadline is cancelled and then given up.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from supamig.harvest import Harvest
from supamig.models import CheckResult, Event, EventKind, Outcome, Severity
from supamig.plugins import Registered
from supamig.protocols import Unavailable, Validator
from supamig.secret import Redactor
from supamig.wording import clean, explain, one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from supamig.models import Observer
    from supamig.protocols import CheckContext, Side

#: Seconds in which an abandoned check may still put its sessions away itself.
GRACE = 1.0
#: Seconds after which cancelling and closing are given up as well.
PATIENCE = 4.0
_SEVERITIES = list(Severity)
_log = logging.getLogger(__name__)


class Opened(NamedTuple):
    """What one check works with: its context, and how to cancel and to close what is behind it.

    ``cancel`` ends the query at work and is called from another thread; ``close`` is called once,
    by the check's thread or, when that is given up, by another.
    """

    context: CheckContext
    close: Callable[[], None]
    cancel: Callable[[], None]


#: Opens the context of one check, in the check's thread; the callable tells whether to stop.
MakeContext = Callable[[Validator, Callable[[], bool]], Opened]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Manner:
    """How checks are run: the parameters that all of a run share."""

    make_context: MakeContext
    redact: Callable[[str], str]
    clock: Callable[[], float]
    limit: int


def run_check(  # noqa: PLR0913 - parameters of a run, each by name
    validator: Validator,
    *,
    make_context: MakeContext,
    plugin: str = "",
    redact: Callable[[str], str] | None = None,
    clock: Callable[[], float] = time.monotonic,
    limit: int = 1000,
) -> CheckResult:
    """Run one check and say how it ended; never raises what the check raises."""
    checks = [Registered(validator=validator, plugin=plugin)]
    return run_checks(checks, make_context=make_context, redact=redact, clock=clock, limit=limit)[0]


def run_checks(  # noqa: PLR0913 - parameters of a run, each by name
    checks: Sequence[Registered],
    *,
    make_context: MakeContext,
    observer: Observer | None = None,
    redact: Callable[[str], str] | None = None,
    clock: Callable[[], float] = time.monotonic,
    limit: int = 1000,
    parallel: int = 2,
) -> list[CheckResult]:
    """Run the checks, ``parallel`` at a time, and return their results in the order given."""
    manner = _Manner(
        make_context=make_context, redact=redact or Redactor().redact, clock=clock, limit=limit
    )
    tell: Observer = observer or (lambda _: None)
    finished: queue.SimpleQueue[_Attempt] = queue.SimpleQueue()
    waiting = deque(enumerate(checks))
    running: dict[_Attempt, int] = {}
    results: dict[int, CheckResult] = {}
    try:
        while waiting or running:
            while waiting and len(running) < parallel:
                position, check = waiting.popleft()
                started = _event(EventKind.CHECK_STARTED, check.validator)
                tell(replace(started, expected=len(checks)))
                attempt = _Attempt(check, manner, finished)
                running[attempt] = position
                attempt.start()
            for attempt in _ended(running, finished, clock):
                result = attempt.result()
                results[running.pop(attempt)] = result
                tell(_event(EventKind.CHECK_FINISHED, attempt.validator, result))
    finally:
        # Only an interruption leaves some: their queries must not outlive the command.
        for attempt in running:
            attempt.abandon()
    return [results[position] for position in range(len(checks))]


def _ended(
    running: dict[_Attempt, int],
    finished: queue.SimpleQueue[_Attempt],
    clock: Callable[[], float],
) -> list[_Attempt]:
    """Wait until a check ends or the next deadline passes; those past it are abandoned."""
    left = min(attempt.deadline for attempt in running) - clock()
    with contextlib.suppress(queue.Empty):
        attempt = finished.get(timeout=min(max(left, 0.0), threading.TIMEOUT_MAX))
        return [attempt] if attempt in running else []
    late = [attempt for attempt in running if attempt.deadline <= clock()]
    for attempt in late:
        attempt.abandon()
    return late


class _Attempt:
    """One check in its own thread."""

    def __init__(
        self, check: Registered, manner: _Manner, finished: queue.SimpleQueue[_Attempt]
    ) -> None:
        self.validator = check.validator
        self.deadline = float("inf")
        self._plugin = check.plugin
        self._manner = manner
        self._finished = finished
        self._cancelled = threading.Event()
        self._harvest = Harvest(
            self.validator.id,
            redact=manner.redact,
            limit=manner.limit,
            cancelled=self._cancelled.is_set,
        )
        self._done = threading.Event()
        self._closing = threading.Lock()
        self._opened: Opened | None = None
        self._judgement: tuple[Outcome, str] | None = None
        self._began = 0.0
        self._seconds = 0.0

    def start(self) -> None:
        """Begin; from now on the deadline counts."""
        self._began = self._manner.clock()
        self.deadline = self._began + self.validator.timeout
        name = f"supamig check {self.validator.id}"
        try:
            threading.Thread(target=self._work, name=name, daemon=True).start()
        except RuntimeError as error:  # the machine has no thread left
            self._conclude((Outcome.ERRORED, explain(error)))
            self._end()

    def _work(self) -> None:
        self._conclude(self._judge())
        self._close()
        self._end()

    def _conclude(self, judgement: tuple[Outcome, str]) -> None:
        """Keep the judgement, unless it comes from a query that was cancelled at the deadline."""
        self._seconds = self._manner.clock() - self._began
        if not self._cancelled.is_set():
            self._judgement = judgement

    def _end(self) -> None:
        self._done.set()
        self._finished.put(self)

    def _judge(self) -> tuple[Outcome, str]:
        harvest = self._harvest
        try:
            context = self._open()
            lack = _lack(self.validator.needs, context)
            if lack:
                return Outcome.SKIPPED, lack
            harvest.take(self.validator.run(context))
        except Unavailable as error:
            reason = one_line(str(error)) or "what it needs cannot be had"
            outcome = Outcome.SKIPPED if error.is_skipped else Outcome.ERRORED
            return (Outcome.FAILED if harvest.has_problems else outcome), reason
        except BaseException as error:  # noqa: BLE001 - SystemExit in a plugin is no exit of ours
            return Outcome.ERRORED, explain(error)
        return harvest.outcome()

    def _open(self) -> CheckContext:
        self._opened = self._manner.make_context(self.validator, self._cancelled.is_set)
        if self._cancelled.is_set():
            raise Unavailable("the deadline passed while the sessions were being opened")
        return self._opened.context

    def _close(self) -> None:
        with self._closing:
            opened, self._opened = self._opened, None
        if opened is not None:
            _quietly(opened.close, self.validator.id)

    def abandon(self) -> None:
        """Cancel what the check is doing and put its sessions away, without waiting for ever."""
        self._cancelled.set()
        name = f"supamig cancel {self.validator.id}"
        canceller = threading.Thread(target=self._cancel, name=name, daemon=True)
        canceller.start()
        canceller.join(PATIENCE)

    def _cancel(self) -> None:
        opened = self._opened
        if opened is not None:
            _quietly(opened.cancel, self.validator.id)
        self._done.wait(GRACE)
        self._close()

    def result(self) -> CheckResult:
        """Say how the check ended; without a judgement of its own it ran out of time."""
        validator, redact = self.validator, self._manner.redact
        if self._judgement is None:
            outcome, seconds = Outcome.TIMED_OUT, self._manner.clock() - self._began
            reason = f"still running after {validator.timeout:g} s"
        else:
            (outcome, reason), seconds = self._judgement, self._seconds
        return CheckResult(
            id=validator.id,
            title=clean(validator.title, redact),
            stage=validator.stage,
            outcome=outcome,
            seconds=seconds,
            findings=self._harvest.findings,
            reason=clean(reason, redact),
            plugin=self._plugin,
            docs=clean(validator.docs, redact),
        )


def _lack(needs: Sequence[str], context: CheckContext) -> str:
    """Say what of ``needs`` is missing; empty when all is there."""
    for need in needs:
        kind, _, name = need.partition(":")
        if need in {"source", "target"}:
            side: Side = getattr(context, need)
            if not side.is_live:
                return f"it needs a live {need}, and no server answers for it"
        elif kind == "extension" and name:
            if all(record["name"] != name for record in context.source.catalog("extensions")):
                return f"the source has no extension `{name}`"
        else:
            raise ValueError(f"`{need}` is not a need: use source, target or extension:NAME")
    return ""


def _quietly(act: Callable[[], None], check: str) -> None:
    try:
        act()
    except Exception as error:  # noqa: BLE001 - the result of the check stands without it
        _log.debug("after the check %s: %s", check, type(error).__name__)


def _event(kind: EventKind, validator: Validator, result: CheckResult | None = None) -> Event:
    if result is None:
        return Event(
            kind=kind, stage=validator.stage, subject=validator.id, message=validator.title
        )
    return Event(
        kind=kind,
        stage=result.stage,
        subject=result.id,
        message=result.reason,
        outcome=result.outcome,
        severity=max(
            (finding.severity for finding in result.findings), key=_SEVERITIES.index, default=None
        ),
        items=len(result.findings),
        seconds=result.seconds,
    )
