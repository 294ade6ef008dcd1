"""Queries as PostgREST runs them: under a role, with the claims of a token, row security on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import psycopg

from supamig.protocols import Unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from psycopg import sql

    from supamig.postgres import Connection, Server
    from supamig.services.context import AskAs

#: Milliseconds; both roles of the API have limits of this order.
_LIMIT = "10000"
_PREPARE = """
select set_config('statement_timeout', %(limit)s, true), set_config('row_security', 'on', true),
       set_config('search_path', 'public, extensions', true),
       set_config('request.jwt.claims', %(claims)s, true), set_config('role', %(role)s, true)
"""


def ask_as(server: Server | None) -> AskAs:
    """Return what runs one query under a role; it is read-only and keeps nothing of the role.

    Failure 37: on some servers a call of a function without EXECUTE by a role of the API ends all
    sessions.  Whoever asks looks at the functions concerned first.
    """

    def ask(role: str, claims: Mapping[str, Any], query: sql.Composed) -> list[tuple[Any, ...]]:
        if server is None:
            raise Unavailable("no database of the target answers")
        given = {"limit": _LIMIT, "claims": json.dumps(dict(claims)), "role": role}
        with server.session() as connection:
            connection.execute("begin transaction read only")
            try:
                _become(connection, given)
                return connection.execute(query).fetchall()
            finally:
                connection.execute("rollback")

    return ask


def _become(connection: Connection, given: Mapping[str, str]) -> None:
    try:
        connection.execute(_PREPARE, given)
    except psycopg.errors.InsufficientPrivilege as error:
        message = f"the target's login may not become `{given['role']}`"
        raise Unavailable(message) from error
