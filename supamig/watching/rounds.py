"""The loop: every interval each probe looks, and what began or ended is told once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from supamig.models import Severity
from supamig.watching.model import Change, Look, Moment, Number, Round, Trouble, Unwatched, Watched
from supamig.wording import explain

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from supamig.watching.model import Clock, Probe
    from supamig.watching.webhook import Webhook

    Tell = Callable[[Round], None]

#: Rounds without it after which a trouble is over: one that comes and goes is told once.
CALM = 2
#: What a probe that fails is called, beside what it looks at.
_BLIND = "not looked at"


class Watch:
    """Looks until its time is over; ``watched`` is what it has come to so far."""

    def __init__(
        self,
        probes: Sequence[Probe],
        *,
        clock: Clock,
        webhook: Webhook | None = None,
        unwatched: Sequence[Unwatched] = (),
        redact: Callable[[str], str] = lambda text: text,
    ) -> None:
        self._probes = tuple(probes)
        self._clock = clock
        self._webhook = webhook
        self._unwatched = tuple(unwatched)
        self._redact = redact
        self._open: dict[tuple[str, str], Trouble] = {}
        self._began: dict[tuple[str, str], datetime] = {}
        self._calm: dict[tuple[str, str], int] = {}
        self._looked: dict[str, float] = {}
        self._changes: list[Change] = []
        self._least: dict[str, Number] = {}
        self._most: dict[str, Number] = {}
        self._rounds = self._missed = 0
        self._started_at = clock.now()
        self._started = clock.elapsed()
        self._is_whole = False

    def run(self, *, duration: float, every: float, tell: Tell) -> Watched:
        """Look every so many seconds until ``duration`` is over; both ends are looked at."""
        number, last = 0, int(duration // every)
        while True:
            tell(self._round())
            now = self._clock.elapsed() - self._started
            following = max(number + 1, int(now // every) + (now % every > 0))
            self._missed += min(following, last + 1) - number - 1
            number = following
            if number > last:
                self._is_whole = True
                return self.watched
            self._clock.sleep(max(0.0, number * every - now))

    @property
    def watched(self) -> Watched:
        """What was seen so far."""
        return Watched(
            started_at=self._started_at,
            seconds=self._clock.elapsed() - self._started,
            rounds=self._rounds,
            missed=self._missed,
            changes=tuple(self._changes),
            open=tuple(self._open.values()),
            unwatched=self._unwatched,
            least=dict(self._least),
            most=dict(self._most),
            lost_alerts=self._webhook.lost if self._webhook else 0,
            is_whole=self._is_whole,
        )

    def _round(self) -> Round:
        self._rounds += 1
        readings: dict[str, Number] = {}
        seen: dict[tuple[str, str], Trouble] = {}
        blind: set[str] = set()
        for probe in self._probes:
            look = self._look(probe, blind)
            readings |= look.readings
            seen |= {one.name: one for one in look.troubles}
        changes = self._compare(seen, blind)
        self._remember(readings)
        self._changes += changes
        if self._webhook is not None:
            self._webhook.send(changes)
        return Round(
            number=self._rounds,
            at=self._clock.now(),
            readings=readings,
            changes=changes,
            open=tuple(self._open.values()),
        )

    def _look(self, probe: Probe, blind: set[str]) -> Look:
        elapsed = self._clock.elapsed()
        since = elapsed - self._looked.get(probe.name, elapsed)
        try:
            look = probe.look(Moment(now=self._clock.now(), since_last=since))
        except Exception as error:  # noqa: BLE001 - one blind probe must not end the watch of all
            blind.add(probe.name)
            trouble = Trouble(
                probe=probe.name,
                subject=_BLIND,
                severity=Severity.WARNING,
                message=self._redact(f"`{probe.name}` could not be looked at: {explain(error)}"),
            )
            return Look(troubles=(trouble,))
        self._looked[probe.name] = elapsed
        return look

    def _compare(
        self, seen: Mapping[tuple[str, str], Trouble], blind: set[str]
    ) -> tuple[Change, ...]:
        """Return what began and what is over; of what nobody looked at nothing is over."""
        at = self._clock.now()
        changes = [
            Change(kind="began", at=at, trouble=one)
            for name, one in seen.items()
            if name not in self._open
        ]
        for name, one in seen.items():
            self._open[name] = one
            self._began.setdefault(name, at)
            self._calm[name] = 0
        for name in [name for name in self._open if name not in seen]:
            self._calm[name] += name[0] not in blind
            if self._calm[name] >= CALM:
                lasted = (at - self._began.pop(name)).total_seconds()
                trouble = self._open.pop(name)
                changes.append(Change(kind="ended", at=at, trouble=trouble, seconds=lasted))
        return tuple(changes)

    def _remember(self, readings: Mapping[str, Number]) -> None:
        for name, value in readings.items():
            self._least[name] = min(value, self._least.get(name, value))
            self._most[name] = max(value, self._most.get(name, value))
