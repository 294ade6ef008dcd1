"""How often the Auth server may be asked: it answers 429 to whoever is faster.

`/token` and `/verify` allow a burst of 30 for each address, whatever rate is configured.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

#: Some of the burst is left to the people who sign in meanwhile.
BURST = 20
#: A second; the server's default is 150 in five minutes.
RATE = 0.5
PACED = ("/auth/v1/token", "/auth/v1/verify")
#: Seconds between two mails to one address.
MAIL_INTERVAL = 60.0


class Pace:
    """One bucket of permissions for each paced path of one server."""

    def __init__(
        self,
        *,
        burst: float = BURST,
        rate: float = RATE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._burst = burst
        self._rate = rate
        self._clock = clock
        self._guard = threading.Lock()
        self._left: dict[str, tuple[float, float]] = {}
        self._mails: dict[str, float] = {}

    def request(self, path: str) -> float:
        """Take one permission and return the seconds to wait before asking for ``path``."""
        bucket = next((paced for paced in PACED if path.partition("?")[0] == paced), "")
        if not bucket:
            return 0.0
        with self._guard:
            now = self._clock()
            left, since = self._left.get(bucket, (self._burst, now))
            left = min(self._burst, left + (now - since) * self._rate) - 1
            self._left[bucket] = (left, now)
        return max(0.0, -left / self._rate)

    def mail(self, address: str) -> float:
        """Return the seconds to wait before what mails ``address``, or makes a link for it."""
        with self._guard:
            now = self._clock()
            free = self._mails.get(address, now)
            self._mails[address] = max(now, free) + MAIL_INTERVAL
        return max(0.0, free - now)
