"""Tokens as a client sees them: what a sign-in gave, what a token says, one signed by hand."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from supamig.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

    from supamig.services.client import Answer

_PARTS = 3


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session: both tokens, and for how many seconds the access token is good."""

    user_id: str
    access: Secret
    refresh: Secret
    expires_in: int = field(default=0)

    @classmethod
    def read(cls, answer: Answer) -> SignedIn | None:
        """Take the session out of an answer; None where there is none in it."""
        access, refresh = answer.get("access_token"), answer.get("refresh_token")
        user = answer.get("user")
        if not isinstance(access, str) or not isinstance(refresh, str) or not access:
            return None
        user_id = str(user.get("id", "")) if isinstance(user, dict) else ""
        seconds = answer.get("expires_in")
        lasts = int(seconds) if isinstance(seconds, int) else 0
        return cls(user_id, Secret(access), Secret(refresh), lasts)

    @property
    def claims(self) -> dict[str, Any]:
        """What the access token says, whoever signed it."""
        return claims(self.access)


def claims(token: Secret) -> dict[str, Any]:
    """Return what a token says without verifying it; nothing where it is no token."""
    return _part(token, 1)


def header(token: Secret) -> dict[str, Any]:
    """Return a token's header: its algorithm and the key that signed it."""
    return _part(token, 0)


def _part(token: Secret, number: int) -> dict[str, Any]:
    parts = token.reveal().split(".")
    if len(parts) != _PARTS:
        return {}
    try:
        text = base64.urlsafe_b64decode(parts[number] + "=" * (-len(parts[number]) % 4))
        found = json.loads(text)
    except (ValueError, binascii.Error):
        return {}
    return found if isinstance(found, dict) else {}


def signed(content: Mapping[str, Any], secret: Secret) -> Secret:
    """Return a token that ``secret`` signs (HS256)."""
    from joserfc import jwt
    from joserfc.jwk import OctKey

    signer = {"alg": "HS256", "typ": "JWT"}
    return Secret(jwt.encode(signer, dict(content), OctKey.import_key(secret.reveal())))


def is_signed_by(token: Secret, secret: Secret) -> bool:
    """Tell whether ``secret`` signed a token (HS256); its dates do not matter."""
    from joserfc import jwt
    from joserfc.errors import JoseError
    from joserfc.jwk import OctKey

    try:
        jwt.decode(token.reveal(), OctKey.import_key(secret.reveal()), algorithms=["HS256"])
    except (JoseError, ValueError):
        return False
    return True
