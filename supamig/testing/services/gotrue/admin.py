"""Stands in for GoTrue's administration of users."""

from __future__ import annotations

import hashlib
import json
import secrets
import uuid
from base64 import urlsafe_b64encode
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from supamig.testing.services.gotrue import accounts, passwords, profile, signup
from supamig.testing.services.gotrue.calls import Answer, email_of, path_id
from supamig.testing.services.gotrue.environment import duration
from supamig.testing.services.gotrue.problems import Problem, failing, internal, invalid

if TYPE_CHECKING:
    from types import UnionType

    from supamig.testing.services.database import Session
    from supamig.testing.services.gotrue.accounts import User
    from supamig.testing.services.gotrue.calls import Call

_PAGE = 50
_FIELDS: dict[str, type | UnionType] = {
    "id": str, "aud": str, "role": str, "email": str, "phone": str, "password": str | None,
    "password_hash": str, "email_confirm": bool, "phone_confirm": bool, "user_metadata": dict,
    "app_metadata": dict, "ban_duration": str,
}  # fmt: skip


def list_users(call: Call) -> Answer:
    """Return one page of users."""
    number, size = (
        _count(call, name, default) for name, default in (("page", 1), ("per_page", _PAGE))
    )
    ascending = _is_ascending(call.query.get("sort", ""))
    if not size:
        # the real one divides by it
        raise internal("Internal Server Error")
    with call.transaction() as session, failing("Database error finding users"):
        users, total = accounts.page(
            session, call.aud, offset=max(number - 1, 0) * size, limit=size,
            words=call.query.get("filter", ""), ascending=ascending,
        )  # fmt: skip
    headers = {"x-total-count": str(total), "link": _links(call, number, -(-total // max(size, 1)))}
    return Answer({"users": [one.shown() for one in users], "aud": call.aud}, headers=headers)


def show(call: Call) -> Answer:
    """Return one user."""
    with call.transaction() as session:
        return Answer(_named(call, session).shown())


def create(call: Call) -> Answer:
    """Insert a user; id and hash may be given."""
    given = call.fields(**_FIELDS)
    if not given["email"] and not given["phone"]:
        raise invalid("Cannot create a user without either an email or phone")
    email = email_of(given["email"]) if given["email"] else ""
    aud = given["aud"] or call.aud
    with call.transaction() as session:
        if email:
            with failing("Database error checking email"):
                known = accounts.by_email(session, email, aud)
            if known is not None:
                raise _exists()
        stored = _stored(given)
        role = given["role"] or call.configuration.text("JWT_DEFAULT_GROUP_NAME")
        providers = [name for name in ("email", "phone") if given[name]]
        columns = {
            "id": _own_id(given["id"]),
            "aud": aud,
            "role": role,
            "email": email or None,
            "phone": given["phone"].lstrip("+") or None,
            "encrypted_password": stored,
            "raw_app_meta_data": accounts.merged(
                {"provider": providers[0], "providers": providers}, given["app_metadata"] or {}
            ),
            "raw_user_meta_data": given["user_metadata"] or {},
        }
        with failing("Database error creating new user"):
            user = accounts.create(session, call.now, **columns)
            for provider in providers:
                claims = signup.identity_data(user)
                if provider == "phone":
                    del claims["email"]
                    claims["phone"] = user.row["phone"]
                accounts.add_identity(session, user, provider, claims, call.now)
            _mark(call, session, user, given)
    return Answer(user.shown())


def change(call: Call) -> Answer:
    """Change a user."""
    with call.transaction() as session:
        user = _named(call, session)
        given = call.fields(**_FIELDS)
        email = email_of(given["email"]) if given["email"] else ""
        password = given["password"]
        if isinstance(password, str):
            passwords.check(call.configuration, password)
        with failing("Error updating user"):
            columns: dict[str, Any] = {}
            if given["role"]:
                columns["role"] = given["role"].strip()
            for field, column in _METADATA.items():
                if given[field] is not None:
                    columns[column] = accounts.merged(user.row[column], given[field])
            if email:
                confirmed = given["email_confirm"]
                accounts.set_email(session, user, email, call.now, verified=confirmed)
                columns["email"] = email
            if columns:
                accounts.update(session, "users", user.row, call.now, **columns)
            if isinstance(password, str):
                new = passwords.digest(password) if password else None
                profile.set_password(call, session, user, new)
            _mark(call, session, user, given)
    return Answer(user.shown())


_METADATA = {"app_metadata": "raw_app_meta_data", "user_metadata": "raw_user_meta_data"}


def list_factors(call: Call) -> Answer:
    """Return the factors of one user."""
    with call.transaction() as session:
        return Answer(_named(call, session).shown().get("factors", []))


def delete(call: Call) -> Answer:
    """Delete a user, or make the row unusable."""
    with call.transaction() as session:
        user = _named(call, session)
        soft = bool(call.body) and call.fields(should_soft_delete=bool)["should_soft_delete"]
        with failing("Database error deleting user"):
            if soft and user.row["deleted_at"] is None:
                _bury(call, session, user)
            elif not soft:
                session.execute("delete from users where id = %s", [user.id])
    return Answer({})


def _named(call: Call, session: Session) -> User:
    number = path_id(call, "user_id")
    with failing("Database error loading user"):
        user = accounts.by_id(session, number)
    if user is None:
        raise Problem(404, "user_not_found", "User not found")
    return user


def _stored(given: dict[str, Any]) -> str:
    if given["password"] is not None and given["password_hash"]:
        raise invalid("Only a password or a password hash should be provided")
    if given["password_hash"]:
        if not passwords.is_known(given["password_hash"]):
            raise internal("Error creating user")
        return str(given["password_hash"])
    if len((given["password"] or "").encode()) > passwords.LONGEST:
        # the real one panics
        raise internal("Internal Server Error")
    return passwords.digest(given["password"] or secrets.token_urlsafe(48))


def _own_id(text: str) -> uuid.UUID:
    if not text:
        return uuid.uuid4()
    try:
        found = uuid.UUID(text)
    except ValueError:
        raise invalid("ID must conform to the uuid v4 format") from None
    if found == accounts.NOBODY:
        raise invalid("ID cannot be a nil uuid")
    return found


def _mark(call: Call, session: Session, user: User, given: dict[str, Any]) -> None:
    """Confirm and ban as asked."""
    if given["email_confirm"]:
        signup.confirm(call, session, user)
    if given["phone_confirm"]:
        accounts.update(session, "users", user.row, call.now, phone_confirmed_at=call.now)
    if given["ban_duration"]:
        until = None
        if given["ban_duration"] != "none":
            try:
                until = call.now + timedelta(seconds=duration(given["ban_duration"]))
            except ValueError as error:
                raise invalid(f"invalid format for ban duration: {error}") from error
        accounts.update(session, "users", user.row, call.now, banned_until=until)


def _bury(call: Call, session: Session, user: User) -> None:
    def hidden(text: str) -> str:
        raw = hashlib.sha256(f"{user.id}{text}".encode()).digest()
        return urlsafe_b64encode(raw).decode().rstrip("=")

    accounts.update(
        session, "users", user.row, call.now,
        email=hidden(user.email) if user.email else None,
        phone=hidden(user.row["phone"])[:15] if user.row["phone"] else None,
        encrypted_password=None, email_change="", phone_change="", confirmation_token="",
        recovery_token="", email_change_token_current="", email_change_token_new="",
        phone_change_token="", reauthentication_token="", deleted_at=call.now,
        raw_user_meta_data={}, raw_app_meta_data={},
    )  # fmt: skip
    for one in user.identities:
        session.execute(
            "update identities set provider_id = %s, identity_data = '{}' where id = %s",
            [hidden(one["provider_id"]), one["id"]],
        )
    for table in ("one_time_tokens", "mfa_factors", "sessions"):
        session.execute(f"delete from {table} where user_id = %s", [user.id])  # noqa: S608 - constants


def _count(call: Call, name: str, default: int) -> int:
    text = call.query.get(name, "")
    if text and not text.isdecimal():
        what = f"strconv.ParseUint: parsing {json.dumps(text)}: invalid syntax"
        raise invalid(f"Bad Pagination Parameters: {what}")
    return int(text) if text else default


def _is_ascending(text: str) -> bool:
    name, _, direction = text.partition(" ")
    if text and name != "created_at":
        raise invalid(f"Bad Sort Parameters: bad field for sort '{name}'")
    if direction.lower() not in {"", "asc", "desc"}:
        why = f"bad direction for sort '{direction}', only 'asc' and 'desc' allowed"
        raise invalid(f"Bad Sort Parameters: {why}")
    return direction.lower() == "asc"


def _links(call: Call, number: int, last: int) -> str:
    def link(page: int, what: str) -> str:
        query = urlencode(sorted((dict(call.query) | {"page": page}).items()))
        return f'<{call.path}?{query}>; rel="{what}"'

    following = link(number + 1, "next") + ", " if last > number else ""
    return following + link(last, "last")


def _exists() -> Problem:
    message = "A user with this email address has already been registered"
    return Problem(422, "email_exists", message)
