"""What an access token of the target says, who signed it and how long it is good."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from supamig.hookspecs import hookimpl
from supamig.models import Finding, Severity
from supamig.protocols import Unavailable
from supamig.services import auth_checker
from supamig.services.sessions import header, is_signed_by

if TYPE_CHECKING:
    from collections.abc import Iterable

    from supamig.protocols import Validator
    from supamig.services import ServiceContext

_CLAIMS = "auth.token-claims"
_LIFETIME = "auth.token-lifetime"
_SIGNATURE = "auth.token-signature"
_JWKS = "auth.jwks"
_SLACK = 5
_PRIVATE = ("d", "k", "p", "q", "dp", "dq", "qi")


@auth_checker(_CLAIMS, title="Access tokens say who, for whom and as what")
def token_claims(context: ServiceContext) -> Iterable[Finding]:
    """Look for the claims that policies and PostgREST rely on."""
    said = context.sign_in().claims
    for name, variable in (("aud", "GOTRUE_JWT_AUD"), ("role", "GOTRUE_JWT_DEFAULT_GROUP_NAME")):
        if said.get(name) != "authenticated":
            yield Finding(
                check=_CLAIMS,
                severity=Severity.ERROR,
                subject=name,
                message=f"access tokens of new users say {name} `{said.get(name, '')}`,"
                " not `authenticated`",
                hint=f"Set `{variable}=authenticated` of the Auth server",
            )
    for name in ("sub", "session_id", "exp"):
        if not said.get(name):
            yield Finding(
                check=_CLAIMS,
                severity=Severity.ERROR,
                subject=name,
                message=f"access tokens have no claim `{name}`",
                hint="Does a hook of the Auth server rewrite the claims?",
            )


@auth_checker(_LIFETIME, title="Access tokens are good for as long as the source's")
def lifetime(context: ServiceContext) -> Iterable[Finding]:
    """Compare the seconds that a sign-in gives with the source's setting."""
    wanted = context.expected.get("jwt_exp")
    if not isinstance(wanted, int):
        raise Unavailable("the source's `jwt_exp` is not known (`auth.config_file`)")
    seconds = context.sign_in().expires_in
    if abs(seconds - wanted) > _SLACK:
        yield Finding(
            check=_LIFETIME,
            severity=Severity.ERROR,
            message=f"access tokens are good for {seconds} s, the source's for {wanted} s",
            hint=f"Set `GOTRUE_JWT_EXP={wanted}` of the Auth server",
            evidence={"source": wanted, "target": seconds},
        )


@auth_checker(_SIGNATURE, title="Access tokens are signed as those who read them expect")
def signature(context: ServiceContext) -> Iterable[Finding]:
    """Verify a new token by the target's secret, or find its key among the public ones."""
    token = context.sign_in().access
    said = header(token)
    secret = context.target_api.api.jwt_secret
    if said.get("alg") != "HS256":
        if said.get("kid") not in _kids(context):
            yield Finding(
                check=_SIGNATURE,
                severity=Severity.ERROR,
                subject="kid",
                message=f"the key `{said.get('kid')}` that signs access tokens is not public",
                hint="It must be at /auth/v1/.well-known/jwks.json, and in `JWT_JWKS`",
            )
    elif not secret:
        raise Unavailable("the target's JWT secret is not known: set SUPAMIG_TARGET_JWT_SECRET")
    elif not is_signed_by(token, secret):
        yield Finding(
            check=_SIGNATURE,
            severity=Severity.ERROR,
            subject="secret",
            message="access tokens are signed by another secret than the one that is given",
            hint="`GOTRUE_JWT_SECRET` must be the JWT_SECRET of all services",
        )


def _kids(context: ServiceContext) -> set[object]:
    answer = context.target_api.call("GET", "/auth/v1/.well-known/jwks.json", key="none")
    found = answer.get("keys")
    return {key.get("kid") for key in found} if isinstance(found, list) else set()


@auth_checker(_JWKS, title="The public keys are there, and only public ones")
def jwks(context: ServiceContext) -> Iterable[Finding]:
    """Look at the key set without any key, as other programs do."""
    answer = context.target_api.call("GET", "/auth/v1/.well-known/jwks.json", key="none")
    found = answer.get("keys")
    if not answer.is_ok or not isinstance(found, list):
        yield Finding(
            check=_JWKS,
            severity=Severity.ERROR,
            subject="jwks",
            message=f"/auth/v1/.well-known/jwks.json answers {answer.said}",
            hint="The gateway must leave this path open",
        )
        return
    for key in found:
        secret = [part for part in _PRIVATE if part in key] if isinstance(key, dict) else []
        if secret:
            yield Finding(
                check=_JWKS,
                severity=Severity.ERROR,
                subject=str(key.get("kid") or key.get("kty")),
                message=f"the public key set shows what is private: {', '.join(secret)}",
                hint="Everybody has seen this key: make a new one at once",
            )
    yield from _of_the_source(context, json.dumps(found))


def _of_the_source(context: ServiceContext, here: str) -> Iterable[Finding]:
    """Say that tokens of the source's pair end, where its public half was not brought along."""
    if not context.source_api.is_known:
        return
    try:
        answer = context.source_api.call("GET", "/auth/v1/.well-known/jwks.json", key="none")
    except Unavailable:
        return  # the source may be gone by now
    found = answer.get("keys")
    for key in found if isinstance(found, list) else ():
        kid = key.get("kid") if isinstance(key, dict) else None
        if kid and str(kid) not in here:
            yield Finding(
                check=_JWKS,
                severity=Severity.WARNING,
                subject=str(kid),
                message=f"the target does not know the source's key `{kid}`: access tokens that it"
                " signed are refused, refresh tokens live",
                hint="`supamig keys new --trust FILE` with a saved jwks.json of the source",
            )


@hookimpl
def supamig_auth_checkers() -> list[Validator]:
    """Hand over the checks of tokens and keys."""
    return [token_claims, lifetime, signature, jwks]
