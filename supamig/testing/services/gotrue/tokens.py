"""Stands in for GoTrue's access tokens: which key signs, and which keys verify."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, OctKey

from supamig.testing.services.gotrue.environment import Misconfigured
from supamig.testing.services.gotrue.problems import Problem

if TYPE_CHECKING:
    from datetime import datetime

    from supamig.testing.services.gotrue.environment import Configuration

Claims = dict[str, Any]
Jwk = dict[str, Any]
_PRIVATE = {"d", "p", "q", "dp", "dq", "qi", "k"}
_PARTS = 3
_ALGORITHMS = ["HS256", "RS256", "RS512", "ES256", "ES512", "EdDSA"]
_BEARER_REFUSED = "invalid JWT: unable to parse or verify signature, "


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys by their `kid`, the one that signs, and the shared secret."""

    by_kid: dict[str, Jwk]
    signing: Jwk
    secret: str
    key_id: str
    methods: frozenset[str]

    @property
    def public(self) -> list[Jwk]:
        """What `jwks.json` shows: no symmetric key, and of pairs the public half."""
        return [
            {name: value for name, value in key.items() if name not in _PRIVATE}
            | {"key_ops": ["verify"], "use": "sig"}
            for key in self.by_kid.values()
            if key["kty"] != "oct"
        ]

    def sign(self, claims: Claims) -> str:
        """Return a token."""
        algorithm = _algorithm(self.signing)
        header = {"alg": algorithm, "typ": "JWT"}
        if kid := self.signing.get("kid"):
            header["kid"] = kid
        key = JWKRegistry.import_key(self.signing)
        return jwt.encode(header, claims, key, algorithms=[algorithm])

    def read(self, token: str, *, now: datetime) -> Claims:
        """Return what a token claims, or raise the 403 of a bad one."""
        header, claims = _parsed(token)
        algorithm = str(header.get("alg"))
        if algorithm not in self.methods:
            raise _bad(f"token signature is invalid: signing method {algorithm} is invalid")
        key = self._key_of(header, algorithm)
        try:
            jws.deserialize_compact(token, key, algorithms=_ALGORITHMS)
        except (JoseError, ValueError) as error:
            raise _bad("token signature is invalid: signature is invalid") from error
        stamp = now.timestamp()
        if (expiry := claims.get("exp")) is not None and stamp >= expiry:
            raise _bad("token has invalid claims: token is expired")
        if (start := claims.get("nbf")) is not None and stamp < start:
            raise _bad("token has invalid claims: token is not valid yet")
        return claims

    def _key_of(self, header: Claims, algorithm: str) -> Any:
        kid = header.get("kid")
        if isinstance(kid, str):
            if kid in self.by_kid:
                return JWKRegistry.import_key(self.by_kid[kid])
            if kid == self.key_id:
                return OctKey.import_key(self.secret)
        if algorithm == "HS256":
            return OctKey.import_key(self.secret)
        shown = "<nil>" if kid is None else kid
        reason = (
            f"token is unverifiable: error while executing keyfunc: unrecognized JWT kid {shown}"
        )
        raise _bad(f"{reason} for algorithm {algorithm}")


def load(configuration: Configuration) -> Keys:
    """Read `JWT_KEYS`, or make a key of the secret; raise `Misconfigured`."""
    secret, key_id = configuration.text("JWT_SECRET"), configuration.text("JWT_KEY_ID")
    given = _given(configuration.text("JWT_KEYS")) if configuration.is_set("JWT_KEYS") else []
    if not given:
        if "JWT_KEYS" in configuration.given and not configuration.text("JWT_KEYS"):
            raise Misconfigured("envconfig.Process: assigning GOTRUE_JWT_KEYS to Keys: "
                                "unexpected end of JSON input")  # fmt: skip
        encoded = base64.urlsafe_b64encode(secret.encode()).decode().rstrip("=")
        given = [{"kty": "oct", "k": encoded, "alg": "HS256", "kid": key_id,
                  "key_ops": ["sign", "verify"]}]  # fmt: skip
    by_kid = {str(key.get("kid", "")): key for key in given}
    signing = [key for key in by_kid.values() if "sign" in key.get("key_ops", ())]
    if not signing:
        raise Misconfigured("no signing key found")
    if len(signing) > 1:
        raise Misconfigured("multiple signing keys detected, only 1 signing key is supported")
    methods = configuration.words("JWT_VALID_METHODS")
    known = methods or [str(key.get("alg", "")) for key in by_kid.values()]
    return Keys(by_kid, signing[0], secret, key_id, frozenset(known))


def _given(text: str) -> list[Jwk]:
    try:
        keys = json.loads(text)
        if not isinstance(keys, list):
            raise TypeError("cannot unmarshal object into Go value of type []json.RawMessage")  # noqa: TRY301 - one message for all
        for key in keys:
            JWKRegistry.import_key(key)
    except (JoseError, TypeError, ValueError, KeyError, AttributeError) as error:
        # not chained: the exception may hold the keys
        message = f"envconfig.Process: assigning GOTRUE_JWT_KEYS to Keys: {type(error).__name__}"
        raise Misconfigured(message) from None
    return keys


def _algorithm(key: Jwk) -> str:
    return key["alg"] if key.get("alg") in _ALGORITHMS else "HS256"


def _parsed(token: str) -> tuple[Claims, Claims]:
    parts = token.split(".")
    if len(parts) != _PARTS:
        raise _bad("token is malformed: token contains an invalid number of segments")
    try:
        header, claims = (json.loads(_decoded(part)) for part in parts[:2])
    except (ValueError, binascii.Error) as error:
        raise _bad("token is malformed: could not JSON decode header") from error
    if not isinstance(header, dict) or not isinstance(claims, dict):
        raise _bad("token is malformed: could not JSON decode claim")
    return header, claims


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _bad(why: str) -> Problem:
    return Problem(403, "bad_jwt", _BEARER_REFUSED + why)
