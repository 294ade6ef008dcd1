"""Stands in for `/verify`: a link or a code becomes a session."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from supamig.testing.services.gotrue import accounts, mail, passwords, sessions, signup
from supamig.testing.services.gotrue.calls import Answer, email_of
from supamig.testing.services.gotrue.problems import Problem, failing, invalid

if TYPE_CHECKING:
    from datetime import datetime

    from supamig.testing.services.database import Session
    from supamig.testing.services.gotrue.accounts import User
    from supamig.testing.services.gotrue.calls import Call

_SEE_OTHER = 303
_WORDS = {400: "invalid_request", 401: "unauthorized_client", 403: "access_denied",
          500: "server_error", 503: "temporarily_unavailable"}  # fmt: skip
_HALF = "Confirmation link accepted. Please proceed to confirm link sent to the other email"
#: By type: which one-time tokens it takes.
_TOKENS = {
    "email": ("confirmation_token", "recovery_token"),
    "signup": ("confirmation_token",),
    "invite": ("confirmation_token",),
    "recovery": ("recovery_token",),
    "magiclink": ("recovery_token",),
    "email_change": ("email_change_token_current", "email_change_token_new"),
}


def by_link(call: Call) -> Answer:
    """Answer who followed a link with a redirect, which holds the session or the error."""
    kind, token = call.query.get("type", ""), call.query.get("token", "")
    if not kind:
        raise invalid("Verify requires a verification type")
    if not token:
        raise invalid("Verify requires a token or a token hash")
    target = mail.referrer(call)
    try:
        with call.transaction() as session:
            body = _accepted(call, session, _of_hash(call, session, kind, token), kind, token)
    except Problem as problem:
        return _redirect(target, _said(problem))
    if "access_token" not in body:
        return _redirect(target, {"message": body["msg"]})
    names = ("access_token", "token_type", "expires_in", "expires_at", "refresh_token")
    return _redirect(target, {"type": kind} | {name: str(body[name]) for name in names})


def by_post(call: Call) -> Answer:
    """Answer a hash, or a code with the address that it was sent to."""
    given = call.fields(type=str, token=str, token_hash=str, email=str, phone=str, redirect_to=str)
    kind = given["type"]
    if not kind:
        raise invalid("Verify requires a verification type")
    if bool(given["token"]) == bool(given["token_hash"]):
        raise invalid("Verify requires either a token or a token hash")
    if given["token_hash"]:
        if given["email"] or given["phone"] or given["redirect_to"]:
            raise invalid("Only the token_hash and type should be provided")
        with call.transaction() as session:
            user = _of_hash(call, session, kind, given["token_hash"])
            return Answer(_accepted(call, session, user, kind, given["token_hash"]))
    if given["phone"] and not given["email"]:
        # no code ever went out to a number
        raise Problem(403, "otp_expired", "Token has expired or is invalid")
    if not given["email"] or given["phone"]:
        message = "Only an email address or phone number should be provided on verify"
        raise invalid(message)
    email = email_of(given["email"])
    digest = mail.digest(email, given["token"])
    with call.transaction() as session:
        user = _of_code(call, session, kind, email, digest)
        return Answer(_accepted(call, session, user, kind, digest))


def _of_hash(call: Call, session: Session, kind: str, digest: str) -> User:
    if kind not in _TOKENS:
        raise invalid("Invalid email verification type")
    with failing("Database error finding user from email link"):
        user = accounts.by_token(session, _TOKENS[kind], digest)
    expired = Problem(403, "otp_expired", "Email link is invalid or has expired")
    if user is None:
        raise expired
    if user.is_banned(call.now):
        raise Problem(403, "user_banned", "User is banned")
    if _is_over(call, _sent(user, kind, digest)):
        raise expired
    return user


def _of_code(call: Call, session: Session, kind: str, email: str, digest: str) -> User:
    expired = Problem(403, "otp_expired", "Token has expired or is invalid")
    with failing("Database error finding user"):
        if kind == "email_change":
            user = accounts.by_token(session, _TOKENS[kind], digest)
        else:
            user = accounts.by_email(session, email, call.aud)
    if user is None:
        raise expired
    if user.is_banned(call.now):
        raise Problem(403, "user_banned", "User is banned")
    held = {user.row[name] for name in _TOKENS.get(kind, ())} - {"", None}
    if not held & {digest, "pkce_" + digest} or _is_over(call, _sent(user, kind, digest)):
        raise expired
    return user


def _sent(user: User, kind: str, digest: str) -> datetime | None:
    if kind == "email_change":
        column = "email_change"
    elif kind == "email":
        column = "recovery" if user.row["recovery_token"] == digest else "confirmation"
    else:
        column = mail.column(kind)
    found: datetime | None = user.row[f"{column}_sent_at"]
    return found


def _is_over(call: Call, sent: datetime | None) -> bool:
    seconds = call.configuration.number("MAILER_OTP_EXP")
    return sent is None or call.now > sent + timedelta(seconds=seconds)


def _accepted(call: Call, session: Session, user: User, kind: str, digest: str) -> dict[str, Any]:
    if kind == "email":
        kind = "magiclink" if user.row["recovery_token"] == digest else "signup"
    if kind == "email_change":
        if _is_first_half(call, user):
            _accept_half(call, session, user, digest)
            return {"msg": _HALF, "code": "200"}
        _change_email(call, session, user)
    elif kind in {"signup", "invite"}:
        _confirm(call, session, user)
    else:
        with failing("Database error updating user"):
            accounts.update(session, "users", user.row, call.now, recovery_token="")
            session.execute("delete from one_time_tokens where user_id = %s", [user.id])
            if not user.is_confirmed:
                signup.confirm(call, session, user)
    _name_providers(call, session, user)
    # read again, for what the database computes
    found = accounts.by_id(session, user.id) or user
    return sessions.start(call, session, found, "otp")


def _confirm(call: Call, session: Session, user: User) -> None:
    if not user.row["encrypted_password"] and user.row["invited_at"] is not None:
        made = passwords.digest(secrets.token_urlsafe(48))
        accounts.update(session, "users", user.row, call.now, encrypted_password=made)
    with failing("Error confirming user"):
        signup.confirm(call, session, user)
    for one in user.identities:
        if one["email"] and one["email"] == user.email:
            data = one["identity_data"] | {"email_verified": True}
            accounts.update(session, "identities", one, call.now, identity_data=data)


def _name_providers(call: Call, session: Session, user: User) -> None:
    names = sorted({one["provider"] for one in user.identities})
    changes: dict[str, Any] = {"providers": names}
    if names:
        changes["provider"] = names[0]
    data = accounts.merged(user.row["raw_app_meta_data"], changes)
    accounts.update(session, "users", user.row, call.now, raw_app_meta_data=data)


def _is_first_half(call: Call, user: User) -> bool:
    return (
        not call.configuration.flag("MAILER_AUTOCONFIRM")
        and call.configuration.flag("MAILER_SECURE_EMAIL_CHANGE_ENABLED")
        and user.row["email_change_confirm_status"] == 0
        and bool(user.email)
    )


def _accept_half(call: Call, session: Session, user: User, digest: str) -> None:
    columns: dict[str, Any] = {"email_change_confirm_status": 1}
    for name in _TOKENS["email_change"]:
        if user.row[name] == digest:
            columns[name] = ""
            session.execute(
                "delete from one_time_tokens where user_id = %s and token_type = %s",
                [user.id, name],
            )
    accounts.update(session, "users", user.row, call.now, **columns)


def _change_email(call: Call, session: Session, user: User) -> None:
    email = user.row["email_change"]
    accounts.set_email(session, user, email, call.now, verified=True)
    tokens = dict.fromkeys((*_TOKENS["email_change"], "email_change"), "")
    accounts.update(
        session, "users", user.row, call.now,
        **tokens, email=email, is_anonymous=False, email_change_confirm_status=0,
    )  # fmt: skip
    session.execute("delete from one_time_tokens where user_id = %s", [user.id])
    if not user.is_confirmed:
        signup.confirm(call, session, user)


def _said(problem: Problem) -> dict[str, str]:
    word = _WORDS.get(problem.status)
    said = {"error_code": problem.code, "error_description": problem.message}
    return said | ({"error": word} if word else {})


def _redirect(target: str, said: dict[str, str]) -> Answer:
    fragment = urlencode(sorted((said | {"sb": ""}).items()))
    location = urlunsplit(urlsplit(target)._replace(fragment=fragment))
    return Answer(status=_SEE_OTHER, headers={"location": location})
