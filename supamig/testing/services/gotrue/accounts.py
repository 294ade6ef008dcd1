"""Stands in for GoTrue's users: which row is whose, what it must hold, how it is shown."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from psycopg import sql
from psycopg.types.json import Jsonb

from supamig.testing.services.clock import rfc3339
from supamig.testing.services.gotrue.problems import Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from supamig.testing.services.database import Row, Session

NOBODY = uuid.UUID(int=0)
#: Read into text and numbers that have no NULL.
_NEVER_NULL = (
    *("role", "created_at", "updated_at", "confirmation_token", "recovery_token"),
    *("email_change", "email_change_token_new", "email_change_token_current"),
    *("email_change_confirm_status", "phone_change", "phone_change_token"),
    "reauthentication_token",
)
_COLUMNS = (
    *("id", "aud", "email", "is_sso_user", "encrypted_password", "email_confirmed_at"),
    *("invited_at", "phone", "phone_confirmed_at", "confirmation_sent_at", "confirmed_at"),
    *("recovery_sent_at", "email_change_sent_at", "phone_change_sent_at"),
    *("reauthentication_sent_at", "last_sign_in_at", "raw_app_meta_data", "raw_user_meta_data"),
    *("banned_until", "deleted_at", "is_anonymous", "instance_id"),
    *_NEVER_NULL,
)
_IDENTITY = (
    *("id", "provider_id", "user_id", "identity_data", "provider", "last_sign_in_at"),
    *("created_at", "updated_at", "email"),
)
_FACTOR = (
    *("id", "user_id", "created_at", "updated_at", "status", "friendly_name", "secret"),
    *("factor_type", "phone", "last_challenged_at"),
)
#: Shown when there is something to show.
_OPTIONAL = (
    *("email_confirmed_at", "invited_at", "phone_confirmed_at", "confirmation_sent_at"),
    *("confirmed_at", "recovery_sent_at", "email_change_sent_at", "phone_change_sent_at"),
    *("reauthentication_sent_at", "last_sign_in_at", "banned_until", "deleted_at"),
)


@dataclass(slots=True)
class User:
    """One row of `auth.users`, with identities and factors."""

    row: Row
    identities: list[Row] = field(default_factory=list)
    factors: list[Row] = field(default_factory=list)
    #: Whether identities and factors were read too.
    is_whole: bool = True

    @property
    def id(self) -> uuid.UUID:
        """The user's id."""
        found: uuid.UUID = self.row["id"]
        return found

    @property
    def email(self) -> str:
        """The address; empty if there is none."""
        return self.row["email"] or ""

    @property
    def is_confirmed(self) -> bool:
        """Whether the address was confirmed."""
        return self.row["email_confirmed_at"] is not None

    @property
    def has_verified_factor(self) -> bool:
        """Whether a second factor is in use."""
        return any(factor["status"] == "verified" for factor in self.factors)

    def is_banned(self, now: datetime) -> bool:
        """Tell whether the user may not come in."""
        until = self.row["banned_until"]
        return until is not None and now < until

    def shown(self) -> dict[str, Any]:
        """Return what a client sees."""
        row = self.row
        body = {
            "id": str(row["id"]),
            "aud": row["aud"] or "",
            "role": row["role"],
            "email": self.email,
            "phone": row["phone"] or "",
            "app_metadata": row["raw_app_meta_data"] or {},
            "user_metadata": row["raw_user_meta_data"] or {},
            "identities": [_shown_identity(one) for one in self.identities]
            if self.is_whole
            else None,
            "created_at": rfc3339(row["created_at"]),
            "updated_at": rfc3339(row["updated_at"]),
            "is_anonymous": row["is_anonymous"],
        }
        body |= {name: rfc3339(row[name]) for name in _OPTIONAL if row[name] is not None}
        if row["email_change"]:
            body["new_email"] = row["email_change"]
        if row["phone_change"]:
            body["new_phone"] = row["phone_change"]
        if self.factors:
            body["factors"] = [_shown_factor(one) for one in self.factors]
        return body


def by_email(session: Session, email: str, aud: str) -> User | None:
    """Find who signs in with an address."""
    return _one(session, "lower(email) = %s and aud = %s and is_sso_user = false",
                [email.lower(), aud])  # fmt: skip


def by_phone(session: Session, phone: str, aud: str) -> User | None:
    """Find who signs in with a number."""
    return _one(session, "phone = %s and aud = %s and is_sso_user = false", [phone, aud])


def by_id(session: Session, user: uuid.UUID) -> User | None:
    """Find a user of this instance."""
    return _one(session, "id = %s", [user])


def by_token(session: Session, kinds: Sequence[str], digest: str) -> User | None:
    """Find whose one-time token this is, with or without the prefix of its flow."""
    found = session.execute(
        "select user_id from one_time_tokens where token_type::text = any(%s)"
        " and token_hash = any(%s) order by created_at limit 1",
        [list(kinds), [digest, "pkce_" + digest]],
    ).fetchone()
    return by_id(session, found["user_id"]) if found else None


def page(  # noqa: PLR0913 - one page has so many sides
    session: Session, aud: str, *, offset: int, limit: int, words: str, ascending: bool
) -> tuple[list[User], int]:
    """Return one page of the users of an audience, and how many there are."""
    where: sql.Composable = sql.SQL("instance_id = %s and aud = %s")
    values: list[Any] = [NOBODY, aud]
    if words:
        where += sql.SQL(" and (email like %s or raw_user_meta_data ->> 'full_name' ilike %s)")
        values += [f"%{words}%", f"%{words}%"]
    count = session.execute(sql.SQL("select count(*) from users where ") + where, values)
    total = (count.fetchone() or {})["count"]
    order = sql.SQL(" order by created_at {} offset %s limit %s").format(
        sql.SQL("asc" if ascending else "desc")
    )
    rows = _select(session, "users", _COLUMNS, where + order, [*values, offset, limit])
    for row in rows:
        _no_null(row, _NEVER_NULL)
    # a list shows neither identities nor factors, and does not stumble over theirs
    return [User(row, is_whole=False) for row in rows], total


def create(session: Session, now: datetime, **columns: Any) -> User:
    """Insert a user with what GoTrue always fills in."""
    filled = {
        "instance_id": NOBODY,
        "role": "",
        "is_sso_user": False,
        "is_anonymous": False,
        "email_change_confirm_status": 0,
        "created_at": now,
        "updated_at": now,
        **{name: "" for name in _NEVER_NULL if name.endswith(("_token", "_change", "_new"))},
        "email_change_token_current": "",
    } | columns
    insert(session, "users", filled)
    found = by_id(session, columns["id"])
    if found is None:
        raise Unreadable("the row that was just inserted is not there")
    return found


def add_identity(session: Session, user: User, provider: str, given: Row, now: datetime) -> None:
    """Insert an identity and show it with the user."""
    row = {
        "id": uuid.uuid4(),
        "provider_id": given["sub"],
        "user_id": user.id,
        "identity_data": given,
        "provider": provider,
        "last_sign_in_at": now,
        "created_at": now,
        "updated_at": now,
    }
    insert(session, "identities", row)
    user.identities.append(row | {"email": given.get("email")})


def set_email(session: Session, user: User, email: str, now: datetime, *, verified: bool) -> None:
    """Write an address into the identity by address, which is made if there is none."""
    changed = {"email": email, "email_verified": verified}
    own = [one for one in user.identities if one["provider"] == "email"]
    for one in own:
        data = one["identity_data"] | changed
        update(session, "identities", one, now, identity_data=data)
        one["email"] = email
    if not own:
        claims = {"sub": str(user.id), "phone_verified": False} | changed
        add_identity(session, user, "email", claims, now)


def insert(session: Session, table: str, columns: Mapping[str, Any]) -> None:
    """Insert one row."""
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    places = sql.SQL(", ").join(sql.Placeholder() * len(columns))
    query = sql.SQL("insert into {} ({}) values ({})").format(sql.Identifier(table), names, places)
    session.execute(query, [_written(value) for value in columns.values()])


def update(session: Session, table: str, row: Row, now: datetime, **columns: Any) -> None:
    """Change a row by its id, here and in the database, and when it was changed."""
    changes = columns | {"updated_at": now}
    sets = sql.SQL(", ").join(
        sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder()) for name in changes
    )
    query = sql.SQL("update {} set {} where id = %s").format(sql.Identifier(table), sets)
    session.execute(query, [*map(_written, changes.values()), row["id"]])
    row.update(changes)


def merged(before: Row | None, changes: Mapping[str, Any]) -> Row:
    """Return metadata with changes, of which null takes a key away."""
    return {
        name: value for name, value in ((before or {}) | dict(changes)).items() if value is not None
    }


def _one(session: Session, where: str, values: Sequence[Any]) -> User | None:
    clause = sql.SQL("instance_id = %s and ") + sql.SQL(where) + sql.SQL(" limit 1")
    users = _whole(session, _select(session, "users", _COLUMNS, clause, [NOBODY, *values]))
    return users[0] if users else None


def _whole(session: Session, rows: Iterable[Row]) -> list[User]:
    users = {row["id"]: User(row) for row in rows}
    for user in users.values():
        _no_null(user.row, _NEVER_NULL)
    ids = list(users)
    whose = sql.SQL("user_id = any(%s) order by created_at, id")
    if ids:
        for one in _select(session, "identities", _IDENTITY, whose, [ids]):
            _no_null(one, ("created_at", "updated_at"))
            users[one["user_id"]].identities.append(one)
        for one in _select(session, "mfa_factors", _FACTOR, whose, [ids]):
            _no_null(one, ("friendly_name", "secret"))
            users[one["user_id"]].factors.append(one)
    return list(users.values())


def _select(
    session: Session,
    table: str,
    columns: Sequence[str],
    where: sql.Composable,
    values: Sequence[Any],
) -> list[Row]:
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    query = sql.SQL("select {} from {} where ").format(names, sql.Identifier(table)) + where
    return session.execute(query, values).fetchall()


def _no_null(row: Row, names: Sequence[str]) -> None:
    for name in names:
        if row[name] is None:
            raise Unreadable(f"column `{name}`: converting NULL to string is unsupported")


def _written(value: Any) -> Any:
    return Jsonb(value) if isinstance(value, dict) else value


def _shown_identity(row: Row) -> dict[str, Any]:
    body = {
        "identity_id": str(row["id"]),
        "id": row["provider_id"],
        "user_id": str(row["user_id"]),
        "identity_data": row["identity_data"],
        "provider": row["provider"],
        "created_at": rfc3339(row["created_at"]),
        "updated_at": rfc3339(row["updated_at"]),
    }
    if row["last_sign_in_at"] is not None:
        body["last_sign_in_at"] = rfc3339(row["last_sign_in_at"])
    if row["email"]:
        body["email"] = row["email"]
    return body


def _shown_factor(row: Row) -> dict[str, Any]:
    challenged = row["last_challenged_at"]
    body = {
        "id": str(row["id"]),
        "created_at": rfc3339(row["created_at"]),
        "updated_at": rfc3339(row["updated_at"]),
        "status": row["status"],
        "factor_type": row["factor_type"],
        "phone": row["phone"] or "",
        "last_challenged_at": rfc3339(challenged) if challenged else None,
    }
    if row["friendly_name"]:
        body["friendly_name"] = row["friendly_name"]
    return body
