"""JSON web tokens and keys: the API keys of both forms, and the key sets that verify them.

`JWT_KEYS` signs and stays with auth.  `JWT_JWKS` verifies, and holds the symmetric secret too, so
it is as secret as that.  Only `JWT_PUBLIC_JWKS` may be shown.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import uuid
from typing import TYPE_CHECKING, Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, OctKey

from supamig.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: Five years, as upstream's keys have.
LIFETIME = 5 * 365 * 24 * 3600
_PREFIXES = {
    "SUPABASE_PUBLISHABLE_KEY": "sb_publishable_",
    "SUPABASE_SECRET_KEY": "sb_secret_",
}
_PUBLIC = ("kty", "kid", "use", "alg", "ext", "crv", "x", "y", "n", "e")
_PRIVATE_KINDS = {"oct"}
_HINT = 'It must be {"keys": [...]} or a list, as `supamig keys new` and /jwks.json have it'

Jwk = dict[str, Any]


def symmetric(role: str, secret: str, *, now: int) -> str:
    """Return an API key of the old form: a token that the shared secret signs."""
    header = {"alg": "HS256", "typ": "JWT"}
    return jwt.encode(header, _claims(role, now), OctKey.import_key(secret))


def asymmetric(role: str, keys: str, *, now: int) -> str:
    """Return the token that the gateway puts in place of a key of the new form."""
    signing = _signing(keys)
    header = {"alg": "ES256", "typ": "JWT", "kid": signing["kid"]}
    try:
        return jwt.encode(header, _claims(role, now), ECKey.import_key(signing))
    except (JoseError, ValueError):
        # not chained: the exception may hold the key
        message = "the pair of `JWT_KEYS` that signs is no key"
        raise ConfigError(message, hint="Pass `--rotate JWT_KEYS`") from None


def _claims(role: str, now: int) -> dict[str, Any]:
    return {"role": role, "iss": "supabase", "iat": now, "exp": now + LIFETIME}


def api_key(name: str, *, random: Callable[[], str]) -> str:
    """Return a key of the new form: 22 characters of chance, and 8 to recognise a torn one."""
    start = _PREFIXES[name] + random()
    return f"{start}_{_sum(start)}"


def is_api_key(value: str, *, name: str) -> bool:
    """Tell whether a key has the form; the sum of one that comes from elsewhere is its own."""
    return bool(re.fullmatch(_PREFIXES[name] + r"[\w-]{22}_[\w-]{8}", value, re.ASCII))


def _sum(start: str) -> str:
    digest = hashlib.sha256(f"supabase-self-hosted|{start}".encode()).digest()
    return base64.urlsafe_b64encode(digest).decode()[:8]


def new_keys(secret: str, *, before: str = "", also: tuple[Jwk, ...] = ()) -> str:
    """Return `JWT_KEYS`: the pair that signs, what verifies beside it, the shared secret.

    The pair of ``before`` stays.  ``also`` are public keys of another deployment, so that tokens
    which it signed stay good here until they expire.
    """
    if before:
        signing = _signing(before)
        also = (*_others(before), *also)
    else:
        made = ECKey.generate_key("P-256").as_dict(private=True)
        signing = {part: made[part] for part in ("kty", "crv", "x", "y", "d")} | {
            "kid": str(uuid.uuid4()),
            "use": "sig",
            "key_ops": ["sign", "verify"],
            "alg": "ES256",
            "ext": True,
        }
    by_kid = {key.get("kid"): key for key in also}
    return _written([signing, *by_kid.values(), _shared(secret)])


def _shared(secret: str) -> Jwk:
    encoded = base64.urlsafe_b64encode(secret.encode()).decode().rstrip("=")
    return {"kty": "oct", "k": encoded, "alg": "HS256", "key_ops": ["verify"]}


def verifying(keys: str) -> str:
    """Return `JWT_JWKS`: the public halves and the shared secret."""
    shared = [key for key in _parsed(keys) if key["kty"] in _PRIVATE_KINDS]
    return _written({"keys": [*_public(keys), *shared]})


def public(keys: str) -> str:
    """Return `JWT_PUBLIC_JWKS`: what anybody may see.

    A library's own export would not do: it calls a set public that still holds symmetric keys.
    """
    return _written({"keys": _public(keys)})


def _public(keys: str) -> list[Jwk]:
    return [public_half(key) for key in _parsed(keys) if key["kty"] not in _PRIVATE_KINDS]


def public_half(key: Jwk) -> Jwk:
    """Return what of an asymmetric key may be seen; raise `ConfigError` for a symmetric one."""
    if key.get("kty") not in {"EC", "RSA"}:
        raise ConfigError("a key that is not of a pair has no public half")
    return {part: key[part] for part in _PUBLIC if part in key} | {"key_ops": ["verify"]}


def role_by_secret(token: str, secret: str) -> str:
    """Return the role of a token that the shared secret signed; nothing if it did not."""
    try:
        found = jwt.decode(token, OctKey.import_key(secret), algorithms=["HS256"])
    except (JoseError, ValueError):
        return ""
    return str(found.claims.get("role", ""))


def role_by_pair(token: str, jwks: str) -> str:
    """Return the role of a token that a pair of the set signed; nothing if none did."""
    for key in _parsed(jwks):
        if key["kty"] != "EC":
            continue
        try:
            found = jwt.decode(token, ECKey.import_key(key), algorithms=["ES256"])
        except (JoseError, ValueError):
            continue
        return str(found.claims.get("role", ""))
    return ""


def problems_of_keys(keys: str, secret: str) -> Iterator[str]:
    """Yield what auth would not start with, and what would refuse the API keys of the old form."""
    try:
        parsed = _parsed(keys)
    except ConfigError as error:
        yield error.message
        return
    signing = [key for key in parsed if "sign" in key.get("key_ops", ())]
    if len(signing) != 1:
        yield f"`JWT_KEYS` must hold one key that signs, not {len(signing)}"
    if _shared(secret)["k"] not in [key.get("k") for key in parsed]:
        yield "`JWT_KEYS` does not hold `JWT_SECRET`, so `ANON_KEY` would be refused"


def _signing(keys: str) -> Jwk:
    for key in _parsed(keys):
        if "sign" in key.get("key_ops", ()) and key["kty"] == "EC" and key.get("kid"):
            return key
    raise ConfigError("`JWT_KEYS` holds no pair that signs", hint="Pass `--rotate JWT_KEYS`")


def _others(keys: str) -> tuple[Jwk, ...]:
    signing = _signing(keys)
    found = [key for key in _parsed(keys) if key["kty"] not in _PRIVATE_KINDS and key != signing]
    return tuple(found)


def _parsed(keys: str) -> list[Jwk]:
    """Read a list of keys, or a set of them."""
    try:
        value = json.loads(keys)
    except ValueError:
        # not chained: the exception holds the keys
        raise ConfigError("a set of JSON web keys is not valid JSON", hint=_HINT) from None
    found = value.get("keys") if isinstance(value, dict) else value
    if not isinstance(found, list) or not all(isinstance(key, dict) for key in found):
        raise ConfigError("a set of JSON web keys is not a list of keys", hint=_HINT)
    if not all(isinstance(key.get("kty"), str) for key in found):
        raise ConfigError("a JSON web key does not say its kind (`kty`)", hint=_HINT)
    if not all(isinstance(key.get("kid", ""), str) for key in found):
        raise ConfigError("the name (`kid`) of a JSON web key is no text", hint=_HINT)
    return found


def read_public(text: str) -> tuple[Jwk, ...]:
    """Return the public halves of a set, such as the one at `/auth/v1/.well-known/jwks.json`."""
    found = tuple(public_half(key) for key in _parsed(text) if key["kty"] not in _PRIVATE_KINDS)
    for key in found:
        try:
            JWKRegistry.import_key(key)
        except (JoseError, ValueError, TypeError, KeyError, AttributeError):
            # auth would not start with it
            raise ConfigError("a key of it is no key", hint=_HINT) from None
    return found


def _written(value: object) -> str:
    """Write JSON on one line, as an environment wants it."""
    return json.dumps(value, separators=(",", ":"))
