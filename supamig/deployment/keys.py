"""Makes the secrets of a deployment, and changes none that is there unless told to by name."""

from __future__ import annotations

import secrets as chance
from dataclasses import dataclass
from typing import TYPE_CHECKING

from supamig.deployment import secret_table, tokens
from supamig.deployment.secret_table import DERIVED, NAMES, RANDOM, Random
from supamig.errors import ConfigError, Refused, UsageError
from supamig.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from supamig.deployment.tokens import Jwk

_ROLES = {"ANON_KEY": "anon", "SERVICE_ROLE_KEY": "service_role"}
#: What is not made anew by itself, as it follows from these.
_ROOT = {
    "JWT_JWKS": "JWT_KEYS",
    "JWT_PUBLIC_JWKS": "JWT_KEYS",
    "ANON_KEY_ASYMMETRIC": "JWT_KEYS",
    "SERVICE_ROLE_KEY_ASYMMETRIC": "JWT_KEYS",
}


@dataclass(frozen=True, slots=True)
class Keys:
    """All the secrets, and the names of those that are new or changed."""

    values: Mapping[str, Secret]
    made: tuple[str, ...]
    replaced: tuple[str, ...]


def make(
    existing: Mapping[str, Secret],
    *,
    now: int,
    brought: Mapping[str, Secret] = {},
    rotate: Collection[str] = (),
    also: Sequence[Jwk] = (),
) -> Keys:
    """Return ``existing`` with what is missing made, and what ``rotate`` names made anew.

    ``brought`` are secrets from elsewhere, such as the one that Supabase Cloud signs with: with it
    the keys that applications hold, and their users' sessions, stay good.  Raise `Refused` where a
    secret would be replaced that ``rotate`` does not name.
    """
    _refuse_rotations(rotate)
    _refuse_replacing(existing, brought, rotate)
    stale = _stale(existing, brought, rotate)
    known = {name: value.reveal() for name, value in existing.items() if name not in stale}
    known |= {name: value.reveal() for name, value in brought.items()}
    for one in RANDOM:
        known.setdefault(one.name, random_text(one))
    # before anything is signed with them
    _refuse_problems(secret_table.forms(known))
    pair = existing["JWT_KEYS"].reveal() if "JWT_KEYS" in existing else ""
    _derive(known, now=now, pair="" if "JWT_KEYS" in rotate else pair, also=tuple(also))
    values = {name: Secret(value) for name, value in known.items()}
    _refuse_problems(secret_table.problems(values))
    made = tuple(name for name in values if name not in existing)
    replaced = tuple(name for name in existing if values[name] != existing[name])
    return Keys(values, made, replaced)


def _refuse_problems(found: Iterable[str]) -> None:
    if wrong := list(found):
        raise ConfigError("; ".join(wrong), hint="Mend it, or let it be made with `--rotate NAME`")


def random_text(one: Random) -> str:
    """Return a new value of the secret's own length and alphabet."""
    return "".join(chance.choice(one.alphabet) for _ in range(one.length))


def _refuse_rotations(rotate: Collection[str]) -> None:
    for name in rotate:
        if name in _ROOT:
            hint = f"Pass `--rotate {_ROOT[name]}`"
            raise UsageError(f"`{name}` follows from `{_ROOT[name]}`", hint=hint)
        if name not in NAMES:
            known = ", ".join(name for name in NAMES if name not in _ROOT)
            raise UsageError(f"`{name}` is not made here", hint=f"What is: {known}")


def _refuse_replacing(
    existing: Mapping[str, Secret], brought: Mapping[str, Secret], rotate: Collection[str]
) -> None:
    clash = [
        name
        for name, value in brought.items()
        if name in existing and existing[name] != value and name not in rotate
    ]
    if clash:
        names = ", ".join(f"`{name}`" for name in clash)
        message = f"{names} would be replaced by another value"
        raise Refused(message, hint=f"Pass `--rotate {clash[0]}` if that is meant")


def _stale(
    existing: Mapping[str, Secret], brought: Mapping[str, Secret], rotate: Collection[str]
) -> set[str]:
    """Return what may not stay: what is rotated, and what was made of it."""
    changed = {name for name in rotate if name in existing}
    gone = {name for name, roots in DERIVED.items() if roots & changed}
    # a pair that stays gets the new secret beside it; the tokens that it signed stay good
    if "JWT_KEYS" not in changed:
        gone -= {"ANON_KEY_ASYMMETRIC", "SERVICE_ROLE_KEY_ASYMMETRIC"}
    return (changed | gone) - brought.keys()


def _derive(known: dict[str, str], *, now: int, pair: str, also: tuple[Jwk, ...]) -> None:
    """Make what follows from other secrets, where it is missing."""
    secret = known["JWT_SECRET"]
    for name, role in _ROLES.items():
        known.setdefault(name, tokens.symmetric(role, secret, now=now))
    before = known.get("JWT_KEYS", pair)
    if "JWT_KEYS" not in known or also:
        known["JWT_KEYS"] = tokens.new_keys(secret, before=before, also=also)
        known.pop("JWT_JWKS", None)
        known.pop("JWT_PUBLIC_JWKS", None)
    keys = known["JWT_KEYS"]
    known.setdefault("JWT_JWKS", tokens.verifying(keys))
    known.setdefault("JWT_PUBLIC_JWKS", tokens.public(keys))
    for name, role in _ROLES.items():
        known.setdefault(f"{name}_ASYMMETRIC", tokens.asymmetric(role, keys, now=now))
    for name in ("SUPABASE_PUBLISHABLE_KEY", "SUPABASE_SECRET_KEY"):
        if name not in known:
            known[name] = tokens.api_key(name, random=lambda: chance.token_urlsafe(17)[:22])
