"""The time that the services go by, which a test may set apart from the machine's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(frozen=True, slots=True)
class Clock:
    """The machine's clock, ``offset`` seconds ahead."""

    offset: float = 0.0

    def now(self) -> datetime:
        """Return the time as the services see it, in UTC."""
        return datetime.now(UTC) + timedelta(seconds=self.offset)


def rfc3339(moment: datetime) -> str:
    """Write a time as Go does: in UTC, the fraction without zeros at its end."""
    text = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f").rstrip("0").rstrip(".")
    return text + "Z"
