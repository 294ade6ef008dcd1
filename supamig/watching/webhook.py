"""Who is told: JSON to one address, a few times, and never at the cost of the watch."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from collections.abc import Sequence

    from supamig.secret import Secret
    from supamig.watching.model import Change

#: Rounds in which an alert is tried.
TRIES = 5
#: Alerts that wait at most; of more the oldest are lost.
_WAITING = 200
_SECONDS = 10.0


@dataclass(slots=True)
class _Alert:
    change: Change
    tried: int = 0


class Webhook:
    """Posts each beginning and end once; what is not taken is tried again in the next rounds."""

    def __init__(self, url: Secret, *, transport: httpx.BaseTransport | None = None) -> None:
        self._url = url
        self._transport = transport
        self._waiting: deque[_Alert] = deque()
        self.lost = 0

    def send(self, changes: Sequence[Change]) -> None:
        """Post what is new and what waits, in order, until one is not taken."""
        self._waiting += [_Alert(change) for change in changes]
        while len(self._waiting) > _WAITING:
            self._waiting.popleft()
            self.lost += 1
        while self._waiting:
            alert = self._waiting[0]
            alert.tried += 1
            if self._post(alert.change):
                self._waiting.popleft()
                continue
            if alert.tried >= TRIES:
                self._waiting.popleft()
                self.lost += 1
            return

    def _post(self, change: Change) -> bool:
        """Tell whether the other side took it; what it says otherwise is nobody's business."""
        try:
            with httpx.Client(timeout=_SECONDS, transport=self._transport) as client:
                answer = client.post(self._url.reveal(), json=_body(change))
        except (httpx.HTTPError, httpx.InvalidURL, OSError):
            return False
        return answer.is_success


def _body(change: Change) -> dict[str, object]:
    """Return what is posted; ``text`` is what chat programs show."""
    trouble = change.trouble
    sign = "began" if change.kind == "began" else f"ended after {change.seconds:.0f} s"
    return {
        "text": f"supamig watch: {sign}: {trouble.message}",
        "event": change.kind,
        "at": change.at.isoformat(),
        "probe": trouble.probe,
        "subject": trouble.subject,
        "severity": str(trouble.severity),
        "message": trouble.message,
        "hint": trouble.hint,
        "seconds": change.seconds,
    }
