"""Signing in with a password: the only proof that the Auth server is ready."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from supamig.hookspecs import hookimpl
from supamig.models import Finding, Severity
from supamig.protocols import Unavailable
from supamig.services import SignedIn, auth_checker

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from supamig.protocols import Validator
    from supamig.services import Answer, CheckUser, ServiceContext

_CHECK = "auth.sign-in"
_PERSON = "auth.sign-in-existing"
_BAD_REQUEST = 400
#: What the words of the Auth server's errors mean here.
_HINTS = {
    "invalid_credentials": "Did the password change on the source since the copy?",
    "email_not_confirmed": "The address was never confirmed; so it is on the source too",
    "email_provider_disabled": "Set `GOTRUE_EXTERNAL_EMAIL_ENABLED=true`",
    "unexpected_failure": "Look at the logs of `auth`, and at the checks `auth.rows-...`",
    "23505": "A sequence of `auth` is behind its table: see `auth.rows-sequence`",
}


@auth_checker(_CHECK, title="A new user can sign in with a password, and only with the right one")
def sign_in(context: ServiceContext) -> Iterable[Finding]:
    """Sign a throw-away user in, and refuse her with a wrong password."""
    user = context.users.plan(str(uuid.uuid4()))
    made = context.users.create(user)
    if not made.is_ok:
        yield Finding(
            check=_CHECK,
            severity=Severity.ERROR,
            subject="new user",
            message=f"no user can be made: {made.said}",
            hint="A trigger on `auth.users` that fails, or a service role key that is not the"
            " target's; the logs of `auth` and of the database say which",
        )
        return
    answer = context.ask_for_token("password", email=user.email, password=user.password.reveal())
    session = SignedIn.read(answer)
    if session is None:
        yield _cannot(_CHECK, "a throw-away user", answer)
        return
    yield from _is_herself(context, session, user)
    wrong = context.ask_for_token("password", email=user.email, password="not" + user.email)
    if wrong.status != _BAD_REQUEST:
        yield Finding(
            check=_CHECK,
            severity=Severity.ERROR,
            subject="wrong password",
            message=f"a wrong password is answered with {wrong.said}, not refused with 400",
            hint="Does a hook of the Auth server decide about passwords?",
        )


def _is_herself(context: ServiceContext, session: SignedIn, user: CheckUser) -> Iterator[Finding]:
    answer = context.target_api.call("GET", "/auth/v1/user", token=session.access)
    if answer.get("id") != user.id:
        yield Finding(
            check=_CHECK,
            severity=Severity.ERROR,
            subject="access token",
            message=f"the access token of a sign-in is answered with {answer.said} at /user",
            hint="All instances of the Auth server need the same secret and the same database",
        )


@auth_checker(_PERSON, title="A user who was moved can sign in with her password")
def existing(context: ServiceContext) -> Iterable[Finding]:
    """Sign the person in who gave her password, and out again."""
    login = context.login
    if login is None:
        raise Unavailable("no existing user is given: set `auth.email` and SUPAMIG_AUTH_PASSWORD")
    answer = context.ask_for_token("password", email=login.email, password=login.password.reveal())
    session = SignedIn.read(answer)
    if session is None:
        yield _cannot(_PERSON, "the user of `auth.email`", answer)
        return
    context.target_api.call("POST", "/auth/v1/logout?scope=local", token=session.access)


def _cannot(check: str, who: str, answer: Answer) -> Finding:
    return Finding(
        check=check,
        severity=Severity.ERROR,
        subject="sign-in",
        message=f"{who} cannot sign in: {answer.said}",
        hint=_HINTS.get(answer.code, "Look at the logs of `auth`"),
    )


@hookimpl
def supamig_auth_checkers() -> list[Validator]:
    """Hand over the checks of signing in."""
    return [sign_in, existing]
