"""Which secrets a deployment takes over, and what of people's sessions each choice keeps alive.

What is said here was measured at a real auth server.  A session's row must move too, whatever is
chosen: without it neither its access token nor its refresh token is of any use.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from supamig.deployment import tokens

if TYPE_CHECKING:
    from supamig.deployment.settings import Signing
    from supamig.management.snapshot import Snapshot
    from supamig.secret import Secret

#: States of signing keys whose tokens may be in somebody's hands, now or until the switch.
_TRUSTED = frozenset({"in_use", "previously_used", "standby"})
_KEYS = ("ANON_KEY", "SERVICE_ROLE_KEY")
_NEW_KEYS = ("SUPABASE_PUBLISHABLE_KEY", "SUPABASE_SECRET_KEY")


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What a deployment takes over of a project's keys; all of it unless one says otherwise."""

    jwt_secret: bool = True
    signing_keys: bool = True
    api_keys: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Survival:
    """One kind of thing in people's hands, whether it goes on working, and why."""

    what: str
    lives: bool
    because: str


def public_keys(snapshot: Snapshot) -> tuple[tokens.Jwk, ...]:
    """Return the public keys whose tokens the project accepts; never one that was revoked."""
    listed = snapshot.table("signing_keys").get("keys", [])
    chosen = [
        key["public_jwk"]
        for key in listed
        if str(key.get("status", "")).lower() in _TRUSTED
        and isinstance(key.get("public_jwk"), dict)
    ]
    return tokens.read_public(json.dumps(chosen))


def brought(snapshot: Snapshot, taken: Taken) -> dict[str, Secret]:
    """Return the secrets to make a deployment's keys with, by their names there.

    The old API keys are signed with the JWT secret, so without it they cannot be taken over.
    """
    has_secret = taken.jwt_secret and "JWT_SECRET" in snapshot.secrets
    names: list[str] = ["JWT_SECRET"] if has_secret else []
    if taken.api_keys:
        names += [*(_KEYS if has_secret else ()), *_NEW_KEYS]
    return {name: snapshot.secrets[name] for name in names if name in snapshot.secrets}


def survival(
    snapshot: Snapshot, taken: Taken, *, signing: Signing = "es256"
) -> tuple[Survival, ...]:
    """Say what each kind of token, key and factor is worth at the deployment."""
    has_secret = taken.jwt_secret and "JWT_SECRET" in snapshot.secrets
    keys = public_keys(snapshot)
    has_pair = taken.signing_keys and bool(keys) and signing == "es256"
    same_keys = taken.api_keys and has_secret and all(name in snapshot.secrets for name in _KEYS)
    new_keys = taken.api_keys and all(name in snapshot.secrets for name in _NEW_KEYS)
    found = [
        Survival(
            what="refresh tokens",
            lives=True,
            because="they do not depend on the JWT secret: the next refresh gives a new pair,"
            " signed with the deployment's own key",
        ),
        Survival(
            what="access tokens signed with HS256",
            lives=has_secret,
            because="the JWT secret is the same"
            if has_secret
            else "403 bad_jwt with another JWT secret, until the next refresh",
        ),
        Survival(
            what="access tokens signed with ES256",
            lives=has_pair,
            because=_about_pairs(has_keys=bool(keys), has_pair=has_pair, signing=signing),
        ),
        Survival(
            what="anon and service role key",
            lives=same_keys,
            because="the same keys, signed with the same JWT secret"
            if same_keys
            else "applications must be given the new ones",
        ),
        Survival(
            what="publishable and secret key",
            lives=new_keys and signing == "es256",
            because="the gateway compares them as they are"
            if new_keys and signing == "es256"
            else "applications must be given the new ones",
        ),
        Survival(
            what="passwords and second factors",
            lives=True,
            because="hashes and TOTP secrets are rows of auth, and move with it",
        ),
    ]
    return tuple(found)


def _about_pairs(*, has_keys: bool, has_pair: bool, signing: Signing) -> str:
    if has_pair:
        return "the project's public keys are among those that verify; none of them signs here"
    if not has_keys:
        return "the project has no key of its own that signs so"
    if signing != "es256":
        return '403 with `signing = "hs256"`: no public key is asked'
    return "403 unrecognized kid without the project's public keys, until the next refresh"
