"""Signing up: with and without confirmation, without a mail to anybody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from supamig.hookspecs import hookimpl
from supamig.models import Finding, Severity
from supamig.protocols import Unavailable
from supamig.services import SignedIn, auth_checker

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from supamig.protocols import Validator
    from supamig.services import Answer, CheckUser, ServiceContext

_CHECK = "auth.sign-up"
_UNCONFIRMED = "email_not_confirmed"


@auth_checker(_CHECK, title="New people can sign up, and confirm their address where they must")
def sign_up(context: ServiceContext) -> Iterable[Finding]:
    """Sign up where no mail is sent; else confirm by the link that the mail would hold."""
    settings = context.target_api.call("GET", "/auth/v1/settings").body
    if not isinstance(settings, dict):
        raise Unavailable("the settings of the Auth server cannot be read")
    if settings.get("disable_signup") or not _with_email(settings):
        raise Unavailable("signing up by e-mail is off on the target")
    # a mail for an invented address would come back, and count against the sender
    if settings.get("mailer_autoconfirm"):
        yield from _at_once(context)
    else:
        yield from _confirmed(context)


def _with_email(settings: dict[str, Any]) -> bool:
    providers = settings.get("external")
    return bool(providers.get("email")) if isinstance(providers, dict) else False


def _at_once(context: ServiceContext) -> Iterator[Finding]:
    user = context.users.plan()
    body = {"email": user.email, "password": user.password.reveal()}
    answer = context.target_api.call("POST", "/auth/v1/signup", json=body)
    context.users.answered(user, answer)
    session = SignedIn.read(answer)
    if session is None:
        yield _refused("a sign-up", answer)
        return
    context.users.adopt(user, session.user_id)


def _confirmed(context: ServiceContext) -> Iterator[Finding]:
    user = context.users.plan()
    answer = _link(context, user)
    context.users.answered(user, answer)
    if not answer.is_ok:
        yield _refused("a link of the kind `signup`", answer)
        return
    user = context.users.adopt(user, str(answer.get("id") or ""))
    early = context.ask_for_token("password", email=user.email, password=user.password.reveal())
    if early.code != _UNCONFIRMED:
        yield Finding(
            check=_CHECK,
            severity=Severity.ERROR,
            subject="unconfirmed",
            message=f"whoever has not confirmed the address is answered {early.said} at sign-in",
            hint="Is `GOTRUE_MAILER_ALLOW_UNVERIFIED_EMAIL_SIGN_INS` set?",
        )
    body = {"type": "signup", "token_hash": answer.get("hashed_token")}
    verified = context.target_api.call("POST", "/auth/v1/verify", json=body)
    if SignedIn.read(verified) is None:
        yield _refused("the link of a confirmation", verified)


def _link(context: ServiceContext, user: CheckUser) -> Answer:
    context.target_api.before_mail(user.email)
    body = {"type": "signup", "email": user.email, "password": user.password.reveal()}
    path = "/auth/v1/admin/generate_link"
    return context.target_api.call("POST", path, key="service", json=body)


def _refused(what: str, answer: Answer) -> Finding:
    return Finding(
        check=_CHECK,
        severity=Severity.ERROR,
        subject=what,
        message=f"{what} is answered {answer.said}",
        hint="A trigger on `auth.users` that fails, a hook, or a right that is missing; the logs"
        " of `auth` and of the database say which",
    )


@hookimpl
def supamig_auth_checkers() -> list[Validator]:
    """Hand over the check of signing up."""
    return [sign_up]
