"""Stands in for `POST /token`: a session for a password, or for a refresh token."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from supamig.testing.services.gotrue import accounts, hooks, passwords, sessions, signed_tokens
from supamig.testing.services.gotrue.calls import Answer
from supamig.testing.services.gotrue.problems import Problem, failing, invalid

if TYPE_CHECKING:
    import uuid
    from datetime import datetime

    from supamig.testing.services.database import Row, Session
    from supamig.testing.services.gotrue.accounts import User
    from supamig.testing.services.gotrue.calls import Call

_LEGACY = re.compile(r"[a-z0-9]{12}")
_LEGACY_LENGTH = 12
_NOT_VALID = "Refresh token is not valid"


def token(call: Call) -> Answer:
    """Answer by what is granted for what."""
    kind = call.query.get("grant_type", "")
    if kind not in {"password", "refresh_token", "id_token", "pkce"}:
        raise Problem(400, "invalid_credentials", "unsupported_grant_type")
    call.service.limits.check("token", call)
    if kind == "password":
        return _by_password(call)
    if kind == "refresh_token":
        return _by_token(call)
    raise Problem(501, "not_implemented", f"the stand-in does not know grant_type={kind}")


def _by_password(call: Call) -> Answer:
    given = call.fields(email=str, phone=str, password=str)
    if given["email"] and given["phone"]:
        message = "Only an email address or phone number should be provided on login."
        raise invalid(message)
    with call.transaction() as session:
        with failing("Database error querying schema"):
            user = _whose(call, session, given)
        user = _let_in(call, session, user, given["password"])
        weak = _weakness(call, given["password"])
        if given["email"] and not user.is_confirmed:
            raise Problem(400, "email_not_confirmed", "Email not confirmed")
        if given["phone"] and user.row["phone_confirmed_at"] is None:
            raise Problem(400, "phone_not_confirmed", "Phone not confirmed")
        body = sessions.start(call, session, user, "password")
    return Answer(body | {"weak_password": weak})


def _whose(call: Call, session: Session, given: dict[str, Any]) -> User | None:
    if given["email"]:
        if not call.configuration.flag("EXTERNAL_EMAIL_ENABLED"):
            raise Problem(422, "email_provider_disabled", "Email logins are disabled")
        return accounts.by_email(session, given["email"], call.aud)
    if given["phone"]:
        if not call.configuration.flag("EXTERNAL_PHONE_ENABLED"):
            raise Problem(422, "phone_provider_disabled", "Phone logins are disabled")
        number = given["phone"].lstrip("+").replace(" ", "")
        return accounts.by_phone(session, number, call.aud)
    raise invalid("missing email or phone")


def _let_in(call: Call, session: Session, user: User | None, password: str) -> User:
    refused = Problem(400, "invalid_credentials", "Invalid login credentials")
    if user is None or not user.row["encrypted_password"]:
        raise refused
    if user.is_banned(call.now):
        raise Problem(400, "user_banned", "User is banned")
    valid = passwords.matches(password, user.row["encrypted_password"])
    hooks.password_attempt(call, session, user, valid=valid)
    if not valid:
        raise refused
    return user


def _weakness(call: Call, password: str) -> dict[str, Any] | None:
    try:
        passwords.check(call.configuration, password)
    except Problem as problem:
        return {"message": problem.message, "reasons": problem.weak} if problem.weak else None
    return None


def _by_token(call: Call) -> Answer:
    text = call.fields(refresh_token=str)["refresh_token"]
    signed = _checked(text)
    with call.transaction() as session:
        found = _legacy(session, text) if signed is None else _signed(session, signed)
        if found is None:
            raise _refused("refresh_token_not_found", "Refresh Token Not Found")
        user_id, row, held = found
        user = _owner(session, user_id)
        call.sent["sb-auth-user-id"] = str(user.id)
        if user.is_banned(call.now):
            raise _refused("user_banned", "User Banned")
        if row is None:
            session.execute("delete from refresh_tokens where id = %s", [held["id"]])
            session.commit()
            raise _refused("session_not_found", "No Valid Session Found")
        call.sent["sb-auth-session-id"] = str(row["id"])
        check_age(call, user, row, held)
        if call.configuration.flag("SESSIONS_SINGLE_PER_USER"):
            _check_newest(call, session, row)
        if signed is None:
            current = _next_legacy(call, session, row, held)
        else:
            current = _next_signed(call, session, row, signed.counter)
        body = sessions.answer(call, session, user, row, refresh=current, method="token_refresh")
        session.execute(
            "update sessions set refreshed_at = %s, user_agent = %s, ip = %s where id = %s",
            [
                call.now.replace(tzinfo=None),
                call.headers.get("user-agent"),
                call.address,
                row["id"],
            ],
        )
    return Answer(body)


def _checked(text: str) -> signed_tokens.SignedToken | None:
    if len(text) <= _LEGACY_LENGTH:
        if not _LEGACY.fullmatch(text):
            raise invalid(_NOT_VALID)
        return None
    try:
        return signed_tokens.decode(text)
    except ValueError as error:
        raise invalid(_NOT_VALID) from error


_Found = tuple["uuid.UUID | str", "Row | None", "Row"]


def _legacy(session: Session, text: str) -> _Found | None:
    held = session.execute(
        "select * from refresh_tokens where token = %s for update", [text]
    ).fetchone()
    if held is None:
        return None
    row = session.execute(
        "select * from sessions where id = %s for update", [held["session_id"]]
    ).fetchone()
    return held["user_id"], row, held


def _signed(session: Session, token: signed_tokens.SignedToken) -> _Found | None:
    row = session.execute(
        "select * from sessions where id = %s for update", [token.session_id]
    ).fetchone()
    if row is None or not row["refresh_token_hmac_key"] or row["refresh_token_counter"] is None:
        return None
    if not token.fits(row["refresh_token_hmac_key"]):
        return None
    return row["user_id"], row, {}


def _owner(session: Session, user_id: uuid.UUID | str) -> User:
    with failing("Database error finding user"):
        user = accounts.by_id(session, user_id)  # type: ignore[arg-type]  # text is as good
    if user is None:
        raise _refused("refresh_token_not_found", "Refresh Token Not Found")
    return user


def check_age(call: Call, user: User, row: Row, held: Row) -> None:
    """Raise what is answered to a session that is over."""
    limits = call.configuration
    timebox = limits.seconds("SESSIONS_TIMEBOX")
    idle = limits.seconds("SESSIONS_INACTIVITY_TIMEOUT")
    low = limits.seconds("SESSIONS_ALLOW_LOW_AAL")
    over = row["not_after"] is not None and call.now > row["not_after"]
    if over or _is_past(call.now, row["created_at"], timebox):
        raise _refused("session_expired", "Session Expired")
    if _is_past(call.now, _last_used(row, held), idle):
        raise _refused("session_expired", "Session Expired (Inactivity)")
    weak = row["aal"] in {None, "aal1"} and user.has_verified_factor
    if weak and _is_past(call.now, row["created_at"], low):
        why = "Session Expired (Low AAL: User Needs MFA Verification)"
        raise _refused("session_expired", why)


def _is_past(now: datetime, since: datetime, seconds: float) -> bool:
    return bool(seconds) and now > since + timedelta(seconds=seconds)


def _last_used(row: Row, held: Row) -> datetime:
    if row["refreshed_at"] is not None:
        # a column without time zone, always in UTC
        found: datetime = row["refreshed_at"].replace(tzinfo=row["created_at"].tzinfo)
        return found
    begun: datetime = row["created_at"]
    used: datetime = held.get("updated_at") or begun
    return max(begun, used)


def _check_newest(call: Call, session: Session, row: Row) -> None:
    others = session.execute(
        "select * from sessions where user_id = %s and id <> %s", [row["user_id"], row["id"]]
    ).fetchall()
    tags = call.configuration.words("SESSIONS_TAGS")
    for other in others:
        same = not tags or _tag(other, tags) == _tag(row, tags)
        if same and _last_used(other, {}) > _last_used(row, {}):
            raise _refused("session_expired", "Session Expired (Revoked by Newer Login)")


def _tag(row: Row, tags: tuple[str, ...]) -> str:
    return row["tag"] if row["tag"] in tags else tags[0]


def _next_legacy(call: Call, session: Session, row: Row, held: Row) -> str:
    if held["revoked"]:
        active = session.execute(
            "select * from refresh_tokens where session_id = %s and revoked is false"
            " order by id desc limit 1",
            [row["id"]],
        ).fetchone()
        if active is not None and active["parent"] == held["token"]:
            call.sent["sb-auth-refresh-token-prefix"] = active["token"][:5]
            return str(active["token"])
        _check_reuse(call, session, row, held["updated_at"])
    token = sessions.swap(call, session, row, held)
    call.sent |= {
        "sb-auth-refresh-token-prefix": token[:5],
        "sb-auth-refresh-token-reuse": "false",
    }
    return token


def _check_reuse(call: Call, session: Session, row: Row, used: datetime) -> None:
    interval = call.configuration.number("SECURITY_REFRESH_TOKEN_REUSE_INTERVAL")
    if call.now <= used + timedelta(seconds=interval):
        return
    if call.configuration.flag("SECURITY_REFRESH_TOKEN_ROTATION_ENABLED"):
        session.execute(
            "update refresh_tokens set revoked = true, updated_at = now()"
            " where session_id = %s and revoked = false",
            [row["id"]],
        )
        session.commit()
    raise _refused("refresh_token_already_used", "Already Used")


def _next_signed(call: Call, session: Session, row: Row, counter: int) -> str:
    behind = row["refresh_token_counter"] - counter
    if behind < 0:
        raise invalid("Invalid Refresh Token: Not Issued By This Server")
    if behind == 0:
        row["refresh_token_counter"] += 1
        session.execute(
            "update sessions set refresh_token_counter = %s, updated_at = %s where id = %s",
            [row["refresh_token_counter"], call.now, row["id"]],
        )
    elif behind > 1 and not _is_concurrent(call, row):
        if call.configuration.flag("SECURITY_REFRESH_TOKEN_ROTATION_ENABLED"):
            session.execute("delete from sessions where id = %s", [row["id"]])
            session.commit()
        raise _refused("refresh_token_already_used", "Already Used")
    return signed_tokens.encode(row)


def _is_concurrent(call: Call, row: Row) -> bool:
    if call.configuration.flag("SECURITY_REFRESH_TOKEN_ALLOW_REUSE"):
        return True
    interval = call.configuration.number("SECURITY_REFRESH_TOKEN_REUSE_INTERVAL")
    return abs(call.now - _last_used(row, {})) < timedelta(seconds=interval)


def _refused(code: str, why: str) -> Problem:
    return Problem(400, code, f"Invalid Refresh Token: {why}")
