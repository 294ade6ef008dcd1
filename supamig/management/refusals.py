"""What an answer of the Management API that is no answer means, and how long to wait for one."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from supamig.errors import (
    AuthenticationFailed,
    ConfigError,
    PermissionMissing,
    RequestRefused,
    Unreachable,
)
from supamig.wording import one_line

if TYPE_CHECKING:
    import httpx

    from supamig.errors import SupamigError
    from supamig.management.calls import Call

TOKENS = "https://supabase.com/dashboard/account/tokens"
#: Answers that may be another one a moment later.
PASSING = frozenset({429, 502, 503, 504})
_LONGEST_WAIT = 60.0
_SHOWN = 200
_ALIVE = frozenset({"ACTIVE_HEALTHY", "ACTIVE_UNHEALTHY"})
_PAUSED = frozenset({"INACTIVE", "PAUSING", "PAUSE_FAILED"})
_BUSY, _REFUSED, _FORBIDDEN, _UNKNOWN = 429, 401, 403, 404


def wait_before(response: httpx.Response, *, attempt: int, now: float) -> float:
    """Return the seconds until the next try: what the server asks for, within bounds.

    `Retry-After` holds seconds or a date; without it each wait is twice the one before.
    """
    given = response.headers.get("Retry-After", "").strip()
    seconds = float(given) if given.isdecimal() else _until(given, now)
    if seconds is None:
        seconds = 2.0**attempt
    return min(max(seconds, 0.0), _LONGEST_WAIT)


def _until(date: str, now: float) -> float | None:
    try:
        moment = parsedate_to_datetime(date)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - datetime.fromtimestamp(now, tz=UTC)).total_seconds()


def refusal(response: httpx.Response, call: Call, project_ref: str) -> SupamigError:
    """Return the error that an answer without success stands for."""
    status = response.status_code
    if status == _REFUSED:
        message = "the Management API refused SUPABASE_ACCESS_TOKEN: it is wrong or has expired"
        return AuthenticationFailed(message, hint=f"Make a new one at {TOKENS}")
    if status == _FORBIDDEN:
        return lacking([call], project_ref)
    if status == _UNKNOWN:
        message = f"there is no project `{project_ref}` that SUPABASE_ACCESS_TOKEN can see"
        return ConfigError(message, hint="Is SUPABASE_PROJECT_REF right?")
    if status == _BUSY:
        message = "the Management API says that it is asked too often"
        return Unreachable(message, hint="Wait a minute, and run the command again")
    message = f"the Management API answered with status {status}"
    said = _said(response)
    hint = "Try again later; without SUPABASE_ACCESS_TOKEN the API is not asked"
    return RequestRefused(message + (f": {said}" if said else ""), hint=hint)


def lacking(calls: list[Call], project_ref: str) -> PermissionMissing:
    """Return the error of a token that may not read something, naming each permission."""
    what = ", ".join(call.what for call in calls)
    message = f"SUPABASE_ACCESS_TOKEN may not read {what} of `{project_ref}`"
    permissions = ", ".join(f"`{name}`" for name in sorted({call.permission for call in calls}))
    hint = f"A fine-grained token needs {permissions} on this project: see {TOKENS}"
    return PermissionMissing(message, hint=hint)


def guard_alive(project: object, project_ref: str) -> None:
    """Raise `Unreachable` for a project that is paused, or that is being changed."""
    status = str(project.get("status", "")) if isinstance(project, dict) else ""
    if not status or status in _ALIVE:
        return
    if status in _PAUSED:
        message = f"the project `{project_ref}` is paused ({status})"
        hint = "Restore it in its dashboard: a paused project hands out neither rows nor keys"
        raise Unreachable(message, hint=hint)
    message = f"the project `{project_ref}` is not running: its status is {status}"
    raise Unreachable(message, hint="Wait until its dashboard shows it as active")


def _said(response: httpx.Response) -> str:
    """Return the server's own words, if it gives any."""
    try:
        said = response.json().get("message", "")
    except (ValueError, AttributeError):
        return ""
    text = one_line("".join(char for char in str(said) if char.isprintable()))
    return text[:_SHOWN]
