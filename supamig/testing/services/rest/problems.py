"""Stands in for PostgREST's errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    import psycopg

_UNAUTHORIZED = 401
#: By the first characters of a SQLSTATE, the longest first.
_STATUSES: Mapping[str, int] = {
    "23503": 409, "23505": 409, "25006": 405, "21000": 500, "22023": 400, "53400": 500,
    "57P01": 503, "P0001": 400, "42501": 403, "42P01": 404, "42883": 404, "42P17": 500,
    "08": 503, "09": 500, "0L": 403, "0P": 403, "25": 500, "28": 403, "2D": 500, "38": 500,
    "39": 500, "3B": 500, "40": 500, "53": 503, "54": 500, "55": 500, "57": 500, "58": 500,
    "F0": 500, "HV": 500, "P0": 500, "XX": 500,
}  # fmt: skip


class RestProblem(Exception):  # noqa: N818 - an answer, not a fault of ours
    """An answer that is an error."""

    def __init__(
        self, status: int, code: str, message: str, *, details: str | None = None,
        hint: str | None = None,
    ) -> None:  # fmt: skip
        super().__init__(message)
        self.status = status
        self.body = {"code": code, "details": details, "hint": hint, "message": message}

    @property
    def headers(self) -> dict[str, str]:
        """What a client needs to know beside the body."""
        if self.status != _UNAUTHORIZED:
            return {}
        if self.body["code"] in {"PGRST301", "PGRST303"}:
            said = f'"{self.body["message"]}"'
            return {"www-authenticate": f'Bearer error="invalid_token", error_description={said}'}
        return {"www-authenticate": "Bearer"}


def of_postgres(error: psycopg.Error, *, authenticated: bool) -> RestProblem:
    """Return what a refusal of the database becomes."""
    state = error.sqlstate
    if state is None:
        return RestProblem(503, "PGRST000", "Database connection error.", details=str(error))
    message = error.diag.message_primary or ""
    status = _status(state, message)
    if state == "42501" and not authenticated:
        status = _UNAUTHORIZED
    return RestProblem(
        status, state, message, details=error.diag.message_detail, hint=error.diag.message_hint
    )


def bad_query(message: str, details: str) -> RestProblem:
    """Return what a query string becomes that nobody can read."""
    return RestProblem(400, "PGRST100", message, details=details)


def _status(state: str, message: str) -> int:
    if state == "22023" and message.startswith("role") and message.endswith("does not exist"):
        return _UNAUTHORIZED
    for length in (5, 2):
        if (found := _STATUSES.get(state[:length])) is not None:
            return found
    return 400


def shown(problem: RestProblem) -> dict[str, Any]:
    """Return the body."""
    return dict(problem.body)
