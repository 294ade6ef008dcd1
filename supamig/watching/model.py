"""What a watch sees: readings and troubles of each round, their beginnings and ends, a summary."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from supamig.models import Severity

Number = int | float


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Something that is wrong now; ``probe`` and ``subject`` are its name from round to round."""

    probe: str
    subject: str
    severity: Severity
    message: str
    hint: str = ""

    @property
    def name(self) -> tuple[str, str]:
        """What stays the same while it lasts."""
        return self.probe, self.subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one probe saw at once: numbers by name, and troubles."""

    readings: Mapping[str, Number] = field(default_factory=dict)
    troubles: tuple[Trouble, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """When a probe looks, and how many seconds after it looked last; 0 the first time."""

    now: datetime
    since_last: float


class Probe(Protocol):
    """Looks at one thing; whatever it raises is told as a trouble of its own."""

    @property
    def name(self) -> str:
        """What it looks at, such as `auth` or `disk`."""

    def look(self, moment: Moment) -> Look:
        """Look once, within some seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unwatched:
    """A thing that nobody looks at, and why."""

    probe: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A trouble that began or ended; ``seconds`` is how long one that ended has lasted."""

    kind: Literal["began", "ended"]
    at: datetime
    trouble: Trouble
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """All probes, once."""

    number: int
    at: datetime
    readings: Mapping[str, Number]
    changes: tuple[Change, ...]
    open: tuple[Trouble, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What a watch comes to; ``changes`` are all that began or ended, ``open`` those that last.

    ``seconds`` is how long it lasted, ``missed`` counts the rounds that were left out because the
    ones before took too long, ``lost_alerts`` those that the webhook never took.
    """

    started_at: datetime
    seconds: float
    rounds: int
    missed: int
    changes: tuple[Change, ...]
    open: tuple[Trouble, ...]
    unwatched: tuple[Unwatched, ...]
    least: Mapping[str, Number]
    most: Mapping[str, Number]
    lost_alerts: int
    is_whole: bool

    @property
    def troubles(self) -> tuple[Trouble, ...]:
        """Every trouble that began, in that order."""
        return tuple(one.trouble for one in self.changes if one.kind == "began")


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """Time of day, time that only goes forward, and a way to wait: a test has a day in no time."""

    now: Callable[[], datetime] = lambda: datetime.now(tz=UTC)
    elapsed: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
