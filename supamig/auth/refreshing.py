"""Refresh tokens: exchanged, rotated, and worth nothing when somebody else uses them again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from supamig.hookspecs import hookimpl
from supamig.models import Finding, Severity
from supamig.protocols import Unavailable
from supamig.services import SignedIn, auth_checker

if TYPE_CHECKING:
    from collections.abc import Iterable

    from supamig.protocols import Validator
    from supamig.secret import Secret
    from supamig.services import Answer, ServiceContext

_REFRESH = "auth.refresh"
_ROTATION = "auth.rotation"
_INTERVAL = "auth.reuse-interval"
#: Seconds that the platform gives a client whose requests cross each other.
_USUAL_INTERVAL = 10
_LONGEST_INTERVAL = 60
_ROTATES = "security_refresh_token_rotation_enabled"
_LASTS = "security_refresh_token_reuse_interval"


@auth_checker(_REFRESH, title="A session is prolonged by its refresh token")
def refresh(context: ServiceContext) -> Iterable[Finding]:
    """Exchange the token of a throw-away user once, and use what came of it."""
    first = context.sign_in()
    answer = context.refresh(first.refresh)
    second = SignedIn.read(answer)
    if second is None:
        yield Finding(
            check=_REFRESH,
            severity=Severity.ERROR,
            subject="refresh",
            message=f"a refresh token that is minutes old is answered {answer.said}",
            hint="Look at the logs of `auth`",
        )
        return
    if second.claims.get("session_id") != first.claims.get("session_id"):
        yield Finding(
            check=_REFRESH,
            severity=Severity.ERROR,
            subject="session",
            message="the refreshed token is of another session",
            hint="Does a hook of the Auth server rewrite the claims?",
        )


def _descendants(context: ServiceContext, number: int) -> list[Secret]:
    """Sign in, and refresh so often; return all refresh tokens, the oldest first."""
    tokens = [context.sign_in().refresh]
    for _ in range(number):
        answer = context.refresh(tokens[-1])
        session = SignedIn.read(answer)
        if session is None:
            raise Unavailable(f"a session cannot be prolonged: {answer.said}")
        tokens.append(session.refresh)
    return tokens


def _interval(context: ServiceContext) -> int:
    found = context.expected.get(_LASTS)
    return found if isinstance(found, int) else _USUAL_INTERVAL


@auth_checker(_INTERVAL, title="A refresh token is good twice for a moment, as on the source")
def reuse_interval(context: ServiceContext) -> Iterable[Finding]:
    """Use a token again at once: tabs of one browser do so."""
    interval = _interval(context)
    oldest = _descendants(context, 2)[0]
    answer = context.refresh(oldest)
    if interval and SignedIn.read(answer) is None:
        yield Finding(
            check=_INTERVAL,
            severity=Severity.ERROR,
            message=f"a token that is used again at once is answered {answer.said}: an application"
            " in two tabs signs people out",
            hint=f"Set `GOTRUE_SECURITY_REFRESH_TOKEN_REUSE_INTERVAL` to {interval}",
        )
    elif not interval and answer.is_ok:
        yield Finding(
            check=_INTERVAL,
            severity=Severity.WARNING,
            message="a token can be used again, on the source it cannot",
            hint="Set `GOTRUE_SECURITY_REFRESH_TOKEN_REUSE_INTERVAL` to 0",
        )


@auth_checker(
    _ROTATION,
    title="A refresh token that was stolen ends its session when used again",
    timeout=2 * _LONGEST_INTERVAL + 60,
)
def rotation(context: ServiceContext) -> Iterable[Finding]:
    """Use an old token after the interval, and then the current one."""
    if context.expected.get(_ROTATES) is False:
        raise Unavailable("rotation is off on the source")
    interval = _interval(context)
    if interval > _LONGEST_INTERVAL:
        raise Unavailable(f"it would wait for {interval} s, the source's interval of reuse")
    oldest, *_, current = _descendants(context, 3)
    context.target_api.wait(interval + 1.5)
    answer = context.refresh(oldest)
    if answer.is_ok:
        yield _weak("reuse", "an old refresh token is accepted again", answer, interval)
        return
    # the current token was revoked now, so that it too is good for the interval
    context.target_api.wait(interval + 1.5)
    answer = context.refresh(current)
    if answer.is_ok:
        yield _weak("family", "a session goes on after an old token was used", answer, interval)


def _weak(subject: str, what: str, answer: Answer, interval: int) -> Finding:
    return Finding(
        check=_ROTATION,
        severity=Severity.ERROR,
        subject=subject,
        message=f"{what} ({answer.said}): a stolen one is of use for ever",
        hint="Set `GOTRUE_SECURITY_REFRESH_TOKEN_ROTATION_ENABLED` to true and"
        f" `GOTRUE_SECURITY_REFRESH_TOKEN_REUSE_INTERVAL` to {interval}",
    )


@hookimpl
def supamig_auth_checkers() -> list[Validator]:
    """Hand over the checks of refresh tokens."""
    return [refresh, reuse_interval, rotation]
