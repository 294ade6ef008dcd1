"""Stands in for GoTrue's hooks: functions of the database, or HTTP on this machine."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import psycopg
from psycopg import sql

from supamig.testing.services.clock import rfc3339
from supamig.testing.services.gotrue.problems import Problem, internal

if TYPE_CHECKING:
    from supamig.testing.services.database import Session
    from supamig.testing.services.gotrue.accounts import User
    from supamig.testing.services.gotrue.calls import Call

_SECONDS = 5.0
#: Claims that a hook must leave in the token.
_NEEDED = (
    "aud",
    "exp",
    "iat",
    "sub",
    "email",
    "phone",
    "role",
    "aal",
    "session_id",
    "is_anonymous",
)


def is_on(call: Call, point: str) -> bool:
    """Tell whether a hook is enabled."""
    return call.configuration.flag(f"HOOK_{point}_ENABLED")


def custom_access_token(
    call: Call, session: Session, user: User, claims: dict[str, Any], method: str
) -> dict[str, Any]:
    """Return the claims as the hook wants them."""
    given = {"user_id": str(user.id), "claims": claims, "authentication_method": method}
    changed: dict[str, Any] = _run(call, session, "CUSTOM_ACCESS_TOKEN", given).get("claims") or {}
    missing = [name for name in _NEEDED if name not in changed]
    if missing:
        lines = "".join(f"- (root): {name} is required\n" for name in missing)
        raise internal(f"output claims do not conform to the expected schema: \n{lines}")
    return changed


def password_attempt(call: Call, session: Session, user: User, *, valid: bool) -> None:
    """Ask whether a sign-in may go on."""
    if not is_on(call, "PASSWORD_VERIFICATION_ATTEMPT"):
        return
    given = {"user_id": str(user.id), "valid": valid}
    said = _run(call, session, "PASSWORD_VERIFICATION_ATTEMPT", given)
    if said.get("decision") == "reject":
        message = said.get("message") or "Further password verification attempts will be rejected."
        raise Problem(400, "invalid_credentials", message)


def before_user_created(call: Call, session: Session, user: dict[str, Any]) -> None:
    """Ask whether a user may be made."""
    if is_on(call, "BEFORE_USER_CREATED"):
        about = {
            "uuid": str(uuid.uuid4()),
            "time": rfc3339(call.now),
            "name": "before-user-created",
            "ip_address": call.address,
        }
        _run(call, session, "BEFORE_USER_CREATED", {"metadata": about, "user": user})


def _run(call: Call, session: Session, point: str, given: dict[str, Any]) -> dict[str, Any]:
    uri = call.configuration.text(f"HOOK_{point}_URI")
    try:
        if uri.startswith("pg-functions:"):
            said = _function(session, urlsplit(uri).path, given)
        else:
            said = _posted(uri, given)
    except (psycopg.Error, OSError, ValueError) as error:
        raise internal(f"Error running hook URI: {uri}") from error
    if (wrong := said.get("error")) and wrong.get("message"):
        status = wrong.get("http_code") or 500
        code = "unexpected_failure" if status == 500 else "unknown"  # noqa: PLR2004
        raise Problem(status, code, wrong["message"])
    return said


def _posted(uri: str, given: dict[str, Any]) -> dict[str, Any]:
    request = Request(uri, json.dumps(given).encode(), {"content-type": "application/json"})  # noqa: S310 - a start refuses all but http and https
    with urlopen(request, timeout=_SECONDS) as reply:  # noqa: S310 - the same
        return dict(json.loads(reply.read() or b"{}"))


def _function(session: Session, path: str, given: dict[str, Any]) -> dict[str, Any]:
    schema, name = path.split("/")[1:3]
    query = sql.SQL("select {}(%s) as said").format(sql.Identifier(schema, name))
    with session.transaction():
        session.execute("set local statement_timeout to 2000")
        row = session.execute(query, [json.dumps(given)]).fetchone() or {}
        session.execute("set local statement_timeout to default")
    said = row.get("said")
    return dict(json.loads(said)) if isinstance(said, str) else dict(said or {})
