"""Stands in for GoTrue's rate limits: a bucket for each kind of request and each address."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from supamig.testing.services.gotrue.problems import Problem

if TYPE_CHECKING:
    from supamig.testing.services.gotrue.calls import Call
    from supamig.testing.services.gotrue.environment import Configuration

_BURST = 30
#: By kind: the variable, and the seconds that its number is for.
_KINDS = {
    "anonymous": ("RATE_LIMIT_ANONYMOUS_USERS", 3600),
    "factor": ("MFA_RATE_LIMIT_CHALLENGE_AND_VERIFY", 60),
    "otp": ("RATE_LIMIT_OTP", 300),
    "token": ("RATE_LIMIT_TOKEN_REFRESH", 300),
    "verify": ("RATE_LIMIT_VERIFY", 300),
}


class Limits:
    """What each address has left."""

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration
        self._left: dict[tuple[str, str], tuple[float, float]] = {}
        self._guard = threading.Lock()

    def check(self, kind: str, call: Call) -> None:
        """Raise 429; only when a header is configured that names the client, and sent."""
        header = self._configuration.text("RATE_LIMIT_HEADER").lower()
        key = call.headers.get(header, "").partition(",")[0].strip() if header else ""
        name, seconds = _KINDS[kind]
        if key and not self._take(kind, key, self._configuration.rate(name).events / seconds):
            raise Problem(429, "over_request_rate_limit", "Request rate limit reached")

    def check_mail(self) -> None:
        """Raise 429 when no mail may be sent any more."""
        rate = self._configuration.rate("RATE_LIMIT_EMAIL_SENT")
        allowed = rate.events > 0
        if allowed and not self._configuration.flag("MAILER_AUTOCONFIRM"):
            allowed = self._take("mail", "", rate.events / rate.seconds, burst=int(rate.events))
        if not allowed:
            raise Problem(429, "over_email_send_rate_limit", "email rate limit exceeded")

    def _take(self, kind: str, key: str, rate: float, *, burst: int = _BURST) -> bool:
        with self._guard:
            now = time.monotonic()
            left, since = self._left.get((kind, key), (float(burst), now))
            left = min(burst, left + (now - since) * rate)
            self._left[kind, key] = (left - 1 if left >= 1 else left, now)
            return left >= 1
