"""Stands in for GoTrue's errors, in both forms that a client may ask for."""

from __future__ import annotations

import contextlib
import re
import uuid
from typing import TYPE_CHECKING, Any

import psycopg

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

VERSION_HEADER = "x-supabase-api-version"
NEW_FORM = "2024-01-01"
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_INTERNAL = 500
#: What Postgres says that goes out as it is.
_SHOWN = {"P0001", "23000", "23001", "23502", "23503", "23505", "23514", "23P01"}


class Problem(Exception):  # noqa: N818 - an answer, not a fault of ours
    """An answer that is an error.  ``code`` is GoTrue's `error_code`."""

    def __init__(
        self, status: int, code: str, message: str, *, weak: Sequence[str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.weak = weak


class Unreadable(Exception):  # noqa: N818 - says what a row is
    """A row holds NULL where GoTrue reads text or a number."""


def invalid(message: str) -> Problem:
    """Return the usual 400."""
    return Problem(400, "validation_failed", message)


def internal(message: str) -> Problem:
    """Return the usual 500."""
    return Problem(_INTERNAL, "unexpected_failure", message)


def unexpected() -> Problem:
    """Return what goes out over everything that nobody thought of."""
    return internal("Unexpected failure, please check server logs for more information")


@contextlib.contextmanager
def failing(message: str) -> Iterator[None]:
    """Turn what the database refuses into a 500 that says ``message``."""
    try:
        yield
    except (psycopg.Error, Unreadable) as error:
        raise internal(message) from error


def answer(problem: Problem, *, version: str) -> tuple[int, dict[str, Any], dict[str, str]]:
    """Return status, body and headers; ``version`` is what the client asked for."""
    new = bool(_DATE.fullmatch(version)) and version >= NEW_FORM
    headers = {VERSION_HEADER: NEW_FORM} if new else {}
    if problem.code != "weak_password" or not new:
        headers["x-sb-error-code"] = problem.code
    if new:
        return problem.status, _weak(problem, code=problem.code, message=problem.message), headers
    if (shown := _postgres(problem)) is not None:
        return _INTERNAL, shown, headers
    body = _weak(problem, code=problem.status, error_code=problem.code, msg=problem.message)
    if problem.status >= _INTERNAL:
        body["error_id"] = str(uuid.uuid4())
    return problem.status, body, headers


def _weak(problem: Problem, **body: Any) -> dict[str, Any]:
    return body if problem.weak is None else body | {"weak_password": {"reasons": problem.weak}}


def _postgres(problem: Problem) -> dict[str, Any] | None:
    error = problem.__cause__
    while error is not None and not isinstance(error, psycopg.Error):
        error = error.__cause__
    if error is None or error.sqlstate not in _SHOWN:
        return None
    said: Mapping[str, str | None] = {
        "message": error.diag.message_primary,
        "hint": error.diag.message_hint,
        "detail": error.diag.message_detail,
    }
    return {"code": error.sqlstate} | {name: value for name, value in said.items() if value}
