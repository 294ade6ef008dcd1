"""Stands in for refresh tokens of version 2, which carry the session and a counter, signed."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from supamig.testing.services.database import Row

_VERSION = b"\0"
_ID, _SIGNATURE, _SUM = 16, 16, 4
_SHORTEST = 1 + _ID + 1 + _SIGNATURE + _SUM


@dataclass(frozen=True, slots=True)
class SignedToken:
    """What a token says; ``payload`` is what was signed."""

    session_id: uuid.UUID
    counter: int
    payload: bytes
    signature: bytes

    def fits(self, key: str) -> bool:
        """Tell whether the key of the session signed it."""
        return hmac.compare_digest(_signed(self.payload, key), self.signature)


def new_key() -> str:
    """Return a key for a new session."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("=")


def encode(session: Row) -> str:
    """Return the current token of a session."""
    counter = int(session["refresh_token_counter"])
    payload = _VERSION + session["id"].bytes + _varint(counter)
    whole = payload + _signed(payload, session["refresh_token_hmac_key"])
    return base64.urlsafe_b64encode(whole + _sum(whole)).decode().rstrip("=")


def decode(text: str) -> SignedToken:
    """Read a token; raise `ValueError` if it is none."""
    raw = _bytes(text)
    if len(raw) < _SHORTEST or raw[:1] != _VERSION:
        raise ValueError("not a refresh token of version 2")
    whole, checksum = raw[:-_SUM], raw[-_SUM:]
    if _sum(whole) != checksum:
        raise ValueError("the token is torn")
    payload, signature = whole[:-_SIGNATURE], whole[-_SIGNATURE:]
    counter = sum((byte & 0x7F) << (7 * place) for place, byte in enumerate(payload[1 + _ID :]))
    return SignedToken(uuid.UUID(bytes=payload[1 : 1 + _ID]), counter, payload, signature)


def _varint(number: int) -> bytes:
    found = bytearray()
    while number > 0x7F:  # noqa: PLR2004 - seven bits a byte
        found.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*found, number])


def _signed(payload: bytes, key: str) -> bytes:
    return hmac.new(_bytes(key), payload, hashlib.sha256).digest()[:_SIGNATURE]


def _sum(whole: bytes) -> bytes:
    return hashlib.sha256(whole).digest()[:_SUM]


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
