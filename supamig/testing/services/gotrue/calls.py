"""What a handler gets and gives: one request, the service behind it, one answer."""

from __future__ import annotations

import contextlib
import json
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from supamig.testing.services.gotrue import accounts
from supamig.testing.services.gotrue.problems import Problem, Unreadable, invalid, unexpected

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime
    from types import UnionType

    from supamig.testing.services.clock import Clock
    from supamig.testing.services.database import Database, Row, Session
    from supamig.testing.services.gotrue.accounts import User
    from supamig.testing.services.gotrue.environment import Configuration
    from supamig.testing.services.gotrue.limits import Limits
    from supamig.testing.services.gotrue.tokens import Claims, Keys

_BEARER = "bearer "
_MAYBE = str | None
_ZEROS: Mapping[type | UnionType, Any] = {str: "", bool: False, dict: None, _MAYBE: None}


@dataclass(frozen=True, slots=True)
class Service:
    """One GoTrue: its settings and keys, where its rows are, and what it counts."""

    configuration: Configuration
    keys: Keys
    database: Database
    limits: Limits
    clock: Clock


@dataclass(slots=True)
class Answer:
    """What goes back: JSON, or a redirect when ``location`` is set."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Call:
    """One request."""

    service: Service
    method: str
    path: str
    parameters: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    address: str
    #: Filled by the guards of a route.
    claims: Claims = field(default_factory=dict)
    user: User | None = None
    session: Row | None = None
    #: Sent with the answer, be it an error or not.
    sent: dict[str, str] = field(default_factory=dict)
    _connection: Session | None = None

    @property
    def configuration(self) -> Configuration:
        """The service's settings."""
        return self.service.configuration

    @property
    def now(self) -> datetime:
        """The service's time."""
        return self.service.clock.now()

    @property
    def aud(self) -> str:
        """Whose users are meant: by header, by token, by default."""
        if named := self.headers.get("x-jwt-aud"):
            return named
        role = self.claims.get("role")
        if self.claims and role not in self.configuration.words("JWT_ADMIN_ROLES"):
            given = self.claims.get("aud")
            first = given[0] if isinstance(given, list) and given else given
            if first:
                return str(first)
        return self.configuration.text("JWT_AUD")

    @property
    def signed_in(self) -> User:
        """The user that the guard found."""
        if self.user is None:
            raise unexpected()
        return self.user

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Session]:
        """Give the call's session in a transaction, which an exception rolls back."""
        if self._connection is None:
            self._connection = self.service.database.connect()
        try:
            yield self._connection
        except BaseException:
            self._connection.rollback()
            raise
        self._connection.commit()

    def close(self) -> None:
        """End the call's session, if there was one."""
        if self._connection is not None:
            self._connection.close()

    def fields(self, **kinds: type | UnionType) -> dict[str, Any]:
        """Read the body; what is missing or null is the zero of its kind."""
        try:
            body = json.loads(self.body)
        except ValueError as error:
            raise _bad_json(str(error)) from error
        if not isinstance(body, dict):
            raise _bad_json("cannot unmarshal into an object")
        found = {}
        for name, kind in kinds.items():
            value = body.get(name)
            if value is not None and not isinstance(value, kind):
                raise _bad_json(f"cannot unmarshal field `{name}`")
            found[name] = _ZEROS[kind] if value is None else value
        return found


def authenticate(call: Call) -> None:
    """Find out who calls, by a user's token."""
    call.claims = call.service.keys.read(bearer(call), now=call.now)
    subject = call.claims.get("sub") or ""
    if not subject:
        raise Problem(403, "bad_jwt", "invalid claim: missing sub claim")
    user_id = _uuid(subject, Problem(400, "bad_jwt", "invalid claim: sub claim must be a UUID"))
    with call.transaction() as session:
        call.user = _readable(session, user_id)
        if call.user is None:
            message = "User from sub claim in JWT does not exist"
            raise Problem(403, "user_not_found", message)
        named = call.claims.get("session_id") or ""
        if named and named != str(accounts.NOBODY):
            message = "invalid claim: session_id claim must be a UUID"
            number = _uuid(named, Problem(403, "bad_jwt", message))
            call.session = session.execute(
                "select * from sessions where id = %s", [number]
            ).fetchone()
            if call.session is None:
                message = "Session from session_id claim in JWT does not exist"
                raise Problem(403, "session_not_found", message)
    if call.user.is_banned(call.now):
        raise Problem(403, "user_banned", "User is banned")


def administrate(call: Call) -> None:
    """Let in who holds a token of an administrative role."""
    call.claims = call.service.keys.read(bearer(call), now=call.now)
    if call.claims.get("role") not in call.configuration.words("JWT_ADMIN_ROLES"):
        raise Problem(403, "not_admin", "User not allowed")


def bearer(call: Call) -> str:
    """Return the token of the request."""
    given = call.headers.get("authorization", "")
    if not given.lower().startswith(_BEARER) or " " in given[len(_BEARER) :].strip():
        raise Problem(401, "no_authorization", "This endpoint requires a valid Bearer token")
    return given[len(_BEARER) :].strip()


def path_id(call: Call, name: str) -> uuid.UUID:
    """Return an id of the path."""
    missing = Problem(404, "validation_failed", f"{name} must be an UUID")
    return _uuid(call.parameters[name], missing)


def email_of(text: str) -> str:
    """Return an address in lower case, or raise the 400 of one that is none."""
    if not text:
        raise invalid("An email address is required")
    if len(text) > 255:  # noqa: PLR2004 - the column's width
        raise invalid("An email address is too long")
    local, at, domain = text.rpartition("@")
    if not at or not local or not domain or any(one.isspace() for one in text) or "@" in local:
        raise invalid("Unable to validate email address: invalid format")
    return text.lower()


def _readable(session: Session, user: uuid.UUID) -> User | None:
    try:
        return accounts.by_id(session, user)
    except Unreadable as error:
        raise unexpected() from error


def _uuid(text: str, otherwise: Problem) -> uuid.UUID:
    try:
        return uuid.UUID(str(text))
    except ValueError:
        raise otherwise from None


def _bad_json(why: str) -> Problem:
    return Problem(400, "bad_json", f"Could not parse request body as JSON: {why}")
