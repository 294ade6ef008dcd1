"""Stands in for what a signed-in user does with the own account: look, change, log out."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from supamig.testing.services.gotrue import accounts, mail, passwords
from supamig.testing.services.gotrue.calls import Answer, email_of
from supamig.testing.services.gotrue.problems import Problem, failing, invalid

if TYPE_CHECKING:
    from supamig.testing.services.database import Session
    from supamig.testing.services.gotrue.accounts import User
    from supamig.testing.services.gotrue.calls import Call

_SCOPES = {"": "global", "global": "global", "local": "local", "others": "others"}
_FORGOTTEN = {
    **dict.fromkeys(("confirmation_token", "recovery_token", "reauthentication_token"), ""),
    **dict.fromkeys(("email_change_token_current", "email_change_token_new"), ""),
    "phone_change_token": "",
    **dict.fromkeys(("confirmation_sent_at", "recovery_sent_at", "email_change_sent_at")),
    **dict.fromkeys(("phone_change_sent_at", "reauthentication_sent_at")),
}


def show(call: Call) -> Answer:
    """Return the user."""
    audience = call.claims.get("aud")
    first = audience[0] if isinstance(audience, list) and audience else audience
    if not first or call.aud != first:
        raise invalid("Token audience doesn't match request audience")
    return Answer(call.signed_in.shown())


def change(call: Call) -> Answer:
    """Change password, address or metadata."""
    given = call.fields(email=str, password=str | None, data=dict, app_metadata=dict, nonce=str)
    user = call.signed_in
    email = email_of(given["email"]) if given["email"] else ""
    password = given["password"]
    if isinstance(password, str):
        passwords.check(call.configuration, password)
    if given["app_metadata"] is not None:
        message = "Updating app_metadata requires admin privileges"
        raise Problem(403, "not_admin", message)
    _check_level(call, user, changes=bool(password) or email not in {"", user.email})
    new = _new_password(call, user, password) if isinstance(password, str) else None
    with call.transaction() as session:
        if email and email != user.email and _is_taken(call, session, email):
            message = "A user with this email address has already been registered"
            raise Problem(422, "email_exists", message)
        if new is not None:
            with failing("Error during password storage"):
                keep = call.session["id"] if call.session else None
                set_password(call, session, user, new, keep=keep)
        if given["data"] is not None:
            data = accounts.merged(user.row["raw_user_meta_data"], given["data"])
            accounts.update(session, "users", user.row, call.now, raw_user_meta_data=data)
        if email and email != user.email:
            _ask_for_change(call, session, user, email)
    return Answer(user.shown())


def log_out(call: Call) -> Answer:
    """End sessions, by scope."""
    wanted = call.query.get("scope", "")
    if wanted not in _SCOPES:
        raise invalid(f'Unsupported logout scope "{wanted}"')
    own = call.session["id"] if call.session else None
    scope = _SCOPES[wanted] if own else "global"
    where = {"global": "user_id = %(user)s", "local": "id = %(own)s",
             "others": "id <> %(own)s and user_id = %(user)s"}[scope]  # fmt: skip
    with call.transaction() as session, failing("Error logging out user"):
        query = f"delete from sessions where {where}"  # noqa: S608 - one of three constants
        session.execute(query, {"user": call.signed_in.id, "own": own})
    return Answer(status=204)


def set_password(
    call: Call, session: Session, user: User, new: str | None, *, keep: Any = None
) -> None:
    """Store a hash, forget every link, and end the sessions but the one to ``keep``."""
    accounts.update(session, "users", user.row, call.now, encrypted_password=new, **_FORGOTTEN)
    session.execute("delete from one_time_tokens where user_id = %s", [user.id])
    session.execute(
        "delete from sessions where user_id = %s and id is distinct from %s", [user.id, keep]
    )


def _check_level(call: Call, user: User, *, changes: bool) -> None:
    strong = call.session is not None and call.session["aal"] == "aal2"
    if changes and user.has_verified_factor and not strong:
        message = "AAL2 session is required to update email or password when MFA is enabled."
        raise Problem(401, "insufficient_aal", message)


def _new_password(call: Call, user: User, password: str) -> str:
    if call.configuration.flag("SECURITY_UPDATE_PASSWORD_REQUIRE_REAUTHENTICATION"):
        begun = call.session["created_at"] if call.session else None
        if begun is None or call.now > begun + timedelta(hours=24):
            message = "Password update requires reauthentication"
            raise Problem(400, "reauthentication_needed", message)
    stored = user.row["encrypted_password"]
    if stored and passwords.matches(password, stored):
        message = "New password should be different from the old password."
        raise Problem(422, "same_password", message)
    return passwords.digest(password)


def _is_taken(call: Call, session: Session, email: str) -> bool:
    with failing("Database error checking email"):
        return accounts.by_email(session, email, call.aud) is not None


def _ask_for_change(call: Call, session: Session, user: User, email: str) -> None:
    """Mail a code to the new address, and to the old one where both must agree."""
    mail.check_frequency(call, user.row["email_change_sent_at"])
    secure = call.configuration.flag("MAILER_SECURE_EMAIL_CHANGE_ENABLED") and bool(user.email)
    halves = {"email_change_token_new": email}
    if secure:
        halves["email_change_token_current"] = user.email
    columns: dict[str, Any] = {"email_change": email, "email_change_confirm_status": 0}
    user.row["email_change"] = email
    call.service.limits.check_mail()
    for name, address in halves.items():
        code = mail.code(call)
        columns[name] = mail.digest(address, code)
        mail.deliver(call, user, "email_change", given=code, token=columns[name], to=address)
        mail.keep_token(session, user.id, name, columns[name], address, call.now)
    accounts.update(session, "users", user.row, call.now, email_change_sent_at=call.now, **columns)
