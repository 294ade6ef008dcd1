"""Logging out ends the sessions that it should, and no other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from supamig.hookspecs import hookimpl
from supamig.models import Finding, Severity
from supamig.services import auth_checker

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from supamig.protocols import Validator
    from supamig.services import ServiceContext, SignedIn

_CHECK = "auth.log-out"


@auth_checker(_CHECK, title="Logging out ends this session, the others or all, as asked")
def log_out(context: ServiceContext) -> Iterable[Finding]:
    """End one of two sessions in each way that there is."""
    user = context.throwaway()
    one, two = (context.sign_in(user) for _ in range(2))
    yield from _out(context, "others", one, {one: True, two: False})
    two = context.sign_in(user)
    yield from _out(context, "local", two, {one: True, two: False})
    two = context.sign_in(user)
    yield from _out(context, "global", one, {one: False, two: False})


def _out(
    context: ServiceContext, scope: str, session: SignedIn, goes_on: dict[SignedIn, bool]
) -> Iterator[Finding]:
    path = f"/auth/v1/logout?scope={scope}"
    answer = context.target_api.call("POST", path, token=session.access)
    if not answer.is_ok:
        yield _wrong(scope, f"logging out ({scope}) is answered {answer.said}")
        return
    for one, should_go_on in goes_on.items():
        answer = context.target_api.call("GET", "/auth/v1/user", token=one.access)
        if answer.is_ok is not should_go_on:
            which = "a session goes on" if answer.is_ok else "another session ends"
            yield _wrong(scope, f"after logging out ({scope}) {which}")


def _wrong(scope: str, message: str) -> Finding:
    hint = "Look at the logs of `auth`, and whether `auth.sessions` is really its own table"
    return Finding(check=_CHECK, severity=Severity.ERROR, subject=scope, message=message, hint=hint)


@hookimpl
def supamig_auth_checkers() -> list[Validator]:
    """Hand over the check of logging out."""
    return [log_out]
