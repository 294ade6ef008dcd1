"""Stands in for `POST /signup`: new users with an address, and users without a name."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from supamig.testing.services.clock import rfc3339
from supamig.testing.services.gotrue import accounts, hooks, mail, passwords, sessions
from supamig.testing.services.gotrue.calls import Answer, email_of
from supamig.testing.services.gotrue.problems import Problem, failing, invalid

if TYPE_CHECKING:
    from supamig.testing.services.database import Session
    from supamig.testing.services.gotrue.accounts import User
    from supamig.testing.services.gotrue.calls import Call


def signup(call: Call) -> Answer:
    """Answer by what the new user is called."""
    given = call.fields(email=str, phone=str, password=str, data=dict)
    if given["email"] or given["phone"]:
        call.service.limits.check("otp", call)
        if call.configuration.flag("DISABLE_SIGNUP"):
            raise _closed()
        return register(call, given)
    if not call.configuration.flag("EXTERNAL_ANONYMOUS_USERS_ENABLED"):
        message = "Anonymous sign-ins are disabled"
        raise Problem(422, "anonymous_provider_disabled", message)
    call.service.limits.check("anonymous", call)
    return _without_name(call, given["data"] or {})


def register(call: Call, given: dict[str, Any]) -> Answer:
    """Sign up with an address and a password."""
    check_params(call, given)
    if given["phone"]:
        raise Problem(400, "phone_provider_disabled", "Phone signups are disabled")
    if not call.configuration.flag("EXTERNAL_EMAIL_ENABLED"):
        raise Problem(400, "email_provider_disabled", "Email signups are disabled")
    email, data = email_of(given["email"]), given["data"] or {}
    with call.transaction() as session:
        with failing("Database error finding user"):
            user = accounts.by_email(session, email, call.aud)
        if user is not None and user.is_confirmed:
            return _known(call, email, data)
        if user is None:
            user = new_user(call, session, email, given["password"], data)
        if not any(one["provider"] == "email" for one in user.identities):
            claims = data | identity_data(user)
            accounts.add_identity(session, user, "email", claims, call.now)
            # what the identity says is also what the user says
            accounts.update(session, "users", user.row, call.now, raw_user_meta_data=claims)
        if call.configuration.flag("MAILER_AUTOCONFIRM"):
            with failing("Database error updating user"):
                confirm(call, session, user)
            return Answer(sessions.start(call, session, user, "password"))
        mail.send(call, session, user, "signup")
        body = user.shown()
    return Answer(body | ({"user_metadata": {}, "identities": []} if "invited_at" in body else {}))


def check_params(call: Call, given: dict[str, Any]) -> None:
    """Raise what is answered to a sign-up without a good password."""
    if not given["password"]:
        raise invalid("Signup requires a valid password")
    passwords.check(call.configuration, given["password"])
    if given["email"] and given["phone"]:
        message = "Only an email address or phone number should be provided on signup."
        raise invalid(message)


def identity_data(user: User) -> dict[str, Any]:
    """Return what an identity by address says."""
    return {
        "sub": str(user.id), "email": user.email, "email_verified": False, "phone_verified": False,
    }  # fmt: skip


def new_user(call: Call, session: Session, email: str, password: str, data: dict[str, Any]) -> User:
    """Insert a user with an address, and what the application's triggers make of it."""
    columns = {
        "id": uuid.uuid4(),
        "aud": call.aud,
        "email": email,
        "encrypted_password": passwords.digest(password) if password else "",
        "raw_app_meta_data": {"provider": "email", "providers": ["email"]},
        "raw_user_meta_data": data,
    }
    return save(call, session, columns)


def save(call: Call, session: Session, columns: dict[str, Any]) -> User:
    """Insert a user; whatever the database refuses is one message."""
    about = {"id": str(columns["id"]), "aud": call.aud, "email": columns.get("email", "")}
    hooks.before_user_created(call, session, about)
    role = call.configuration.text("JWT_DEFAULT_GROUP_NAME")
    with failing("Database error saving new user"):
        return accounts.create(session, call.now, **columns, role=role)


def confirm(call: Call, session: Session, user: User) -> None:
    """Take an address as confirmed."""
    metadata = accounts.merged(user.row["raw_user_meta_data"], {"email_verified": True})
    accounts.update(
        session, "users", user.row, call.now,
        confirmation_token="", email_confirmed_at=call.now, raw_user_meta_data=metadata,
    )  # fmt: skip
    session.execute("delete from one_time_tokens where user_id = %s", [user.id])


def _closed() -> Problem:
    return Problem(422, "signup_disabled", "Signups not allowed for this instance")


def _known(call: Call, email: str, data: dict[str, Any]) -> Answer:
    """Say that there is such a user, or, where nobody may learn that, make one up."""
    switches = ("MAILER_AUTOCONFIRM", "SMS_AUTOCONFIRM")
    if any(call.configuration.flag(one) for one in switches):
        raise Problem(422, "user_already_exists", "User already registered")
    now = rfc3339(call.now)
    return Answer(
        {
            "id": str(uuid.uuid4()),
            "aud": call.aud,
            "role": "",
            "email": email,
            "phone": "",
            "confirmation_sent_at": now,
            "app_metadata": {"provider": "email", "providers": ["email"]},
            "user_metadata": data,
            "identities": [],
            "created_at": now,
            "updated_at": now,
            "is_anonymous": False,
        }
    )


def _without_name(call: Call, data: dict[str, Any]) -> Answer:
    if call.configuration.flag("DISABLE_SIGNUP"):
        raise _closed()
    columns = {
        "id": uuid.uuid4(),
        "aud": call.aud,
        "encrypted_password": "",
        "raw_app_meta_data": {},
        "raw_user_meta_data": data,
        "is_anonymous": True,
    }
    with call.transaction() as session:
        try:
            user = save(call, session, columns)
        except Problem as problem:
            # the outermost message hides the one of the insert
            problem.message = "Database error creating anonymous user"
            raise
        return Answer(sessions.start(call, session, user, "anonymous"))
