"""A session that was begun before the move goes on after it, or the reason why not.

What survives was measured: refresh tokens do not depend on the JWT secret, access tokens and API
keys do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from supamig.hookspecs import hookimpl
from supamig.models import Finding, Severity
from supamig.protocols import Unavailable
from supamig.services import SignedIn, auth_checker
from supamig.services.sessions import is_signed_by

if TYPE_CHECKING:
    from collections.abc import Iterable

    from supamig.protocols import Validator
    from supamig.services import Answer, ServiceContext

_CHECK = "auth.sessions"
_SECRET = "auth.sessions-secret"  # noqa: S105 - the id of a check
_WHY = {
    "refresh_token_not_found": (
        "the row of the token is not in `auth.refresh_tokens`",
        "Move `auth.sessions` and `auth.refresh_tokens` too, or everybody signs in anew",
    ),
    "session_not_found": (
        "the row of the session is not in `auth.sessions`",
        "Move the rows of `auth.sessions` too, or everybody signs in anew",
    ),
    "session_expired": (
        "the session has come to its end on the source already",
        "Give a token of a session that goes on",
    ),
    "refresh_token_already_used": (
        "the token was used before, on the source or in an earlier proof",
        "Give a new one: each is good once",
    ),
    "validation_failed": ("it is no refresh token", "It has 12 characters, or about 51"),
}


@auth_checker(_CHECK, title="A session from before the move goes on after it")
def sessions(context: ServiceContext) -> Iterable[Finding]:
    """Exchange on the target a refresh token that the source gave out."""
    token = context.refresh_token
    if token is None:
        raise Unavailable(
            "no session from before the move is given: set SUPAMIG_REFRESH_TOKEN to a refresh token"
            " of the source (`supamig session` makes one)"
        )
    answer = context.refresh(token)
    session = SignedIn.read(answer)
    if session is None:
        yield _ended(answer)
        return
    user = context.target_api.call("GET", "/auth/v1/user", token=session.access)
    if not user.is_ok:
        yield _ended(user)


def _ended(answer: Answer) -> Finding:
    why, hint = _WHY.get(answer.code, ("the answer says no more", "Look at the logs of `auth`"))
    return Finding(
        check=_CHECK,
        severity=Severity.ERROR,
        subject=answer.code,
        message=f"a session from before the move does not go on ({answer.said}): {why}",
        hint=hint,
    )


@auth_checker(_SECRET, title="What was signed before the move is accepted after it")
def same_secret(context: ServiceContext) -> Iterable[Finding]:
    """Say what dies with the source's secret, where the target has another."""
    here = context.target_api.api.jwt_secret
    source = context.source_api.api
    key = source.anon_key or source.service_role_key
    there = source.jwt_secret
    if not here or not (there or key):
        raise Unavailable(
            "the target's JWT secret and the source's (or its anon key) are needed to compare them"
        )
    is_same = here == there if there else key is not None and is_signed_by(key, here)
    if not is_same:
        yield Finding(
            check=_SECRET,
            severity=Severity.WARNING,
            message="the target has another JWT secret than the source: access tokens and API keys"
            " from before the move are refused (403 bad_jwt), refresh tokens live, and passwords"
            " stay good",
            hint="Nobody signs in anew, but each client must refresh at once and needs the new API"
            " keys; `supamig keys new --jwt-secret` keeps all of it",
        )


@hookimpl
def supamig_auth_checkers() -> list[Validator]:
    """Hand over the checks of sessions from before the move."""
    return [sessions, same_secret]
