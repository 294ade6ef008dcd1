"""Stands in for PostgREST's tokens: who signed one, whether it is in time, which role it names."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, OctKey

from supamig.testing.services.rest.problems import RestProblem

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

_SKEW = 30.0
_PARTS = 3
_ALGORITHMS = ["HS256", "HS384", "HS512", "RS256", "RS512", "ES256", "ES512", "EdDSA"]


@dataclass(frozen=True, slots=True)
class Verifier:
    """The keys of `PGRST_JWT_SECRET`: one secret, or a set of keys."""

    keys: tuple[Any, ...]
    anon: str

    @classmethod
    def of(cls, variables: Mapping[str, str]) -> Verifier:
        """Read the variables."""
        text = variables["PGRST_JWT_SECRET"]
        keys: tuple[Any, ...] = (OctKey.import_key(text),)
        if text.lstrip().startswith("{"):
            keys = tuple(JWKRegistry.import_key(one) for one in json.loads(text)["keys"])
        return cls(keys, variables.get("PGRST_DB_ANON_ROLE", ""))

    def claims(self, authorization: str, *, now: datetime) -> dict[str, Any]:
        """Return what the token claims, always with a role."""
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer":
            if not self.anon:
                raise RestProblem(401, "PGRST302", "Anonymous access is disabled")
            return {"role": self.anon}
        claims = self._verified(token.strip())
        _check_times(claims, now.timestamp())
        if not claims.get("role"):
            if not self.anon:
                raise RestProblem(401, "PGRST302", "Anonymous access is disabled")
            return claims | {"role": self.anon}
        return claims

    def _verified(self, token: str) -> dict[str, Any]:
        if not token:
            raise _undecodable("Empty JWT is sent in Authorization header")
        parts = token.split(".")
        if len(parts) != _PARTS:
            raise _undecodable(f"Expected 3 parts in JWT; got {len(parts)}")
        for key in self.keys:
            try:
                found = jws.deserialize_compact(token, key, algorithms=_ALGORITHMS)
                claims = json.loads(found.payload)
            except (JoseError, ValueError):
                continue
            if not isinstance(claims, dict):
                raise RestProblem(401, "PGRST303", "Parsing claims failed")
            return claims
        details = "None of the keys was able to decode the JWT"
        raise _undecodable("No suitable key or wrong key type", details)


def _check_times(claims: Mapping[str, Any], now: float) -> None:
    for name in ("exp", "nbf", "iat"):
        if name in claims and not isinstance(claims[name], int | float):
            raise RestProblem(401, "PGRST303", f"The JWT '{name}' claim must be a number")
    if now > claims.get("exp", now) + _SKEW:
        raise RestProblem(401, "PGRST303", "JWT expired")
    if now < claims.get("nbf", now) - _SKEW:
        raise RestProblem(401, "PGRST303", "JWT not yet valid")
    if now < claims.get("iat", now) - _SKEW:
        raise RestProblem(401, "PGRST303", "JWT issued at future")


def _undecodable(message: str, details: str | None = None) -> RestProblem:
    return RestProblem(401, "PGRST301", message, details=details)
