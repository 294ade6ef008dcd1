"""The codes of authenticator apps: RFC 6238 with SHA-1, six digits and steps of 30 seconds."""

from __future__ import annotations

import base64
import hashlib
import hmac

STEP = 30


def totp(secret: str, *, at: float) -> str:
    """Return the code for a base32 secret ``at`` a time in seconds since 1970."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8), casefold=True)
    digest = hmac.new(key, int(at // STEP).to_bytes(8, "big"), hashlib.sha1).digest()
    start = digest[-1] & 0x0F
    number = int.from_bytes(digest[start : start + 4], "big") & 0x7FFFFFFF
    return f"{number % 1_000_000:06d}"
