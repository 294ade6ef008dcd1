"""Stands in for GoTrue's one-time links: asked for by users, made for administrators."""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING, Any

from supamig.testing.services.gotrue import accounts, mail, redirects, signup
from supamig.testing.services.gotrue.calls import Answer, email_of
from supamig.testing.services.gotrue.problems import Problem, failing, internal, invalid

if TYPE_CHECKING:
    from supamig.testing.services.database import Session
    from supamig.testing.services.gotrue.accounts import User
    from supamig.testing.services.gotrue.calls import Call

_CHANGES = {"email_change_current", "email_change_new"}


def recover(call: Call) -> Answer:
    """Mail a link to set a new password; nobody learns whether there is such a user."""
    if not call.configuration.flag("EXTERNAL_EMAIL_ENABLED"):
        raise Problem(400, "email_provider_disabled", "Email logins are disabled")
    given = call.fields(email=str)["email"]
    if not given:
        raise invalid("Password recovery requires an email")
    email = email_of(given)
    with call.transaction() as session:
        with failing("Unable to process request"):
            user = accounts.by_email(session, email, call.aud)
        if user is not None:
            mail.send(call, session, user, "recovery")
    return Answer({})


def otp(call: Call) -> Answer:
    """Mail a code to sign in with; an unknown address becomes a user unless that is declined."""
    given = call.fields(email=str, phone=str, data=dict, channel=str)
    create = _wants_new_user(call)
    if given["email"] and given["phone"]:
        raise invalid("Only an email address or phone number should be provided")
    if given["email"] and given["channel"]:
        raise invalid("Channel should only be specified with Phone OTP")
    if not create and not _is_known(call, given["email"]):
        raise Problem(422, "otp_disabled", "Signups not allowed for otp")
    if given["email"]:
        return magic_link(call)
    if given["phone"]:
        raise Problem(400, "phone_provider_disabled", "Unsupported phone provider")
    raise invalid("One of email or phone must be set")


def magic_link(call: Call) -> Answer:
    """Mail a link to sign in with."""
    if not call.configuration.flag("EXTERNAL_EMAIL_ENABLED"):
        raise Problem(422, "email_provider_disabled", "Email logins are disabled")
    if not call.configuration.flag("EXTERNAL_EMAIL_MAGIC_LINK_ENABLED"):
        raise Problem(422, "email_provider_disabled", "Login with magic link is disabled")
    given = call.fields(email=str, data=dict)
    if not given["email"]:
        raise invalid("Password recovery requires an email")
    email = email_of(given["email"])
    with call.transaction() as session, failing("Database error finding user"):
        user = accounts.by_email(session, email, call.aud)
    if user is None or not user.is_confirmed:
        if call.configuration.flag("DISABLE_SIGNUP"):
            message = "Signups not allowed for this instance"
            raise Problem(422, "signup_disabled", message)
        password = secrets.token_urlsafe(24)
        signup.register(call, given | {"email": email, "phone": "", "password": password})
        if not call.configuration.flag("MAILER_AUTOCONFIRM"):
            return Answer({})
    with call.transaction() as session:
        user = accounts.by_email(session, email, call.aud)
        if user is None:
            raise internal("Database error finding user")
        mail.send(call, session, user, "magiclink")
    return Answer({})


def resend(call: Call) -> Answer:
    """Mail the confirmation of a sign-up again."""
    given = call.fields(type=str, email=str)
    if given["type"] not in {"signup", "email_change", "sms", "phone_change"}:
        raise invalid("Missing one of these types: signup, email_change, sms, phone_change")
    email = email_of(given["email"])
    with call.transaction() as session:
        with failing("Unable to process request"):
            user = accounts.by_email(session, email, call.aud)
        if given["type"] == "signup" and user is not None and not user.is_confirmed:
            mail.send(call, session, user, "signup")
    return Answer({})


def invite(call: Call) -> Answer:
    """Mail an invitation, for an administrator."""
    given = call.fields(email=str, data=dict)
    email = email_of(given["email"])
    with call.transaction() as session:
        with failing("Database error finding user"):
            user = accounts.by_email(session, email, call.aud)
        user = _prepared(call, session, user, "invite", email, given | {"password": ""})
        accounts.update(session, "users", user.row, call.now, invited_at=call.now)
        mail.send(call, session, user, "invite")
    return Answer(user.shown())


def generate(call: Call) -> Answer:
    """Make a link for an administrator, and mail nothing."""
    given = call.fields(
        type=str, email=str, new_email=str, password=str, data=dict, redirect_to=str
    )
    email, kind = email_of(given["email"]), given["type"]
    target = redirects.choose(call.configuration, given["redirect_to"], mail.referrer(call))
    with call.transaction() as session:
        with failing("Database error finding user"):
            user = accounts.by_email(session, email, call.aud)
        if user is None and kind in {"recovery", *_CHANGES}:
            raise Problem(404, "user_not_found", "User with this email not found")
        if user is None and kind == "magiclink":
            kind, given["password"] = "signup", secrets.token_urlsafe(24)
        if kind not in {*mail.KINDS, *_CHANGES} or kind == "email_change":
            raise invalid(f"Invalid email action link type requested: {kind}")
        code = mail.code(call)
        if kind in _CHANGES:
            user, digest = _change(call, session, user, kind, code, given["new_email"])
        else:
            user = _prepared(call, session, user, kind, email, given)
            digest = _keep(call, session, user, kind, code)
        body = user.shown()
    link_kind = "email_change" if kind in _CHANGES else kind
    return Answer(
        body
        | {
            "action_link": mail.link(call, link_kind, digest, target),
            "email_otp": code,
            "hashed_token": mail.digest(email, code),
            "verification_type": kind,
            "redirect_to": target,
        }
    )


def _prepared(  # noqa: PLR0913, PLR0917 - the parts of one request
    call: Call, session: Session, user: User | None, kind: str, email: str, given: dict[str, Any]
) -> User:
    """Return the user that a link is for, made first where its type does that."""
    if user is None:
        if kind == "signup":
            signup.check_params(call, given | {"phone": ""})
        password = given["password"] if kind == "signup" else ""
        user = signup.new_user(call, session, email, password, given["data"] or {})
        identity = signup.identity_data(user)
        accounts.add_identity(session, user, "email", identity, call.now)
    elif kind in {"signup", "invite"}:
        if user.is_confirmed:
            message = "A user with this email address has already been registered"
            raise Problem(422, "email_exists", message)
        data = accounts.merged(user.row["raw_user_meta_data"], given["data"] or {})
        accounts.update(session, "users", user.row, call.now, raw_user_meta_data=data)
    return user


def _keep(call: Call, session: Session, user: User, kind: str, code: str) -> str:
    digest, start = mail.digest(user.email, code), mail.column(kind)
    columns: dict[str, Any] = {f"{start}_token": digest, f"{start}_sent_at": call.now}
    if kind == "invite":
        columns["invited_at"] = call.now
    accounts.update(session, "users", user.row, call.now, **columns)
    mail.keep_token(session, user.id, f"{start}_token", digest, user.email, call.now)
    return digest


def _change(  # noqa: PLR0913, PLR0917 - the parts of one request
    call: Call, session: Session, user: User | None, kind: str, code: str, wanted: str
) -> tuple[User, str]:
    secure = call.configuration.flag("MAILER_SECURE_EMAIL_CHANGE_ENABLED")
    if kind == "email_change_current" and not secure:
        raise invalid("Enable secure email change to generate link for current email")
    email = email_of(wanted)
    if user is None or accounts.by_email(session, email, user.row["aud"]) is not None:
        message = "A user with this email address has already been registered"
        raise Problem(422, "email_exists", message)
    token = f"email_change_token_{'current' if kind.endswith('current') else 'new'}"
    owner = user.email if kind.endswith("current") else email
    digest = mail.digest(owner, code)
    columns = {
        "email_change": email,
        "email_change_sent_at": call.now,
        "email_change_confirm_status": 0,
        token: digest,
    }
    accounts.update(session, "users", user.row, call.now, **columns)
    mail.keep_token(session, user.id, token, digest, owner, call.now)
    return user, digest


def _wants_new_user(call: Call) -> bool:
    body = json.loads(call.body)
    call.fields(create_user=bool)
    return bool(body.get("create_user", True))


def _is_known(call: Call, email: str) -> bool:
    try:
        address = email_of(email)
    except Problem:
        return False
    with call.transaction() as session, failing("Database error finding user"):
        return accounts.by_email(session, address, call.aud) is not None
