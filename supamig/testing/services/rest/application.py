"""Stands in for PostgREST's requests: one transaction each, as the role of the token."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from supamig.testing.services.rest import openapi, queries, statements
from supamig.testing.services.rest.problems import RestProblem, of_postgres
from supamig.testing.services.rest.tokens import Verifier

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp, Receive, Scope, Send

    from supamig.testing.services.clock import Clock
    from supamig.testing.services.database import Database, Session

_CHANGES = {"POST", "PATCH", "PUT", "DELETE"}
_SETTINGS = (
    "select set_config('search_path', %s, true), set_config('role', %s, true),"
    " set_config('request.jwt.claims', %s, true), set_config('request.method', %s, true),"
    " set_config('request.path', %s, true), set_config('request.headers', %s, true)"
)
#: A role's own settings count for who only takes its place, too.
_OF_ROLE = """
select set_config(split_part(c, '=', 1), substr(c, strpos(c, '=') + 1), true)
from pg_db_role_setting s join pg_roles r on r.oid = s.setrole, unnest(s.setconfig) as c
where r.rolname = %s and s.setdatabase = 0 and split_part(c, '=', 1) = 'statement_timeout'
"""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Rest:
    """What is served, and to whom."""

    database: Database
    verifier: Verifier
    clock: Clock
    schemas: tuple[str, ...]
    extra: tuple[str, ...]
    most: int | None


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, its body read."""

    method: str
    path: str
    query: list[tuple[str, str]]
    headers: Mapping[str, str]
    body: bytes
    schema: str
    claims: Mapping[str, Any]

    @property
    def only(self) -> dict[str, str]:
        """The query where a name comes once."""
        return dict(self.query)

    def prefers(self, what: str) -> bool:
        """Tell whether the header `Prefer` asks for something."""
        given = self.headers.get("prefer", "").split(",")
        return what in [one.strip() for one in given]


def application(variables: Mapping[str, str], database: Database, clock: Clock) -> ASGIApp:
    """Return PostgREST as an ASGI application, without a prefix."""
    rest = Rest(
        database,
        Verifier.of(variables),
        clock,
        _list(variables, "PGRST_DB_SCHEMAS"),
        _list(variables, "PGRST_DB_EXTRA_SEARCH_PATH"),
        int(variables["PGRST_DB_MAX_ROWS"]) if variables.get("PGRST_DB_MAX_ROWS") else None,
    )

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        body = await request.body()
        answer = await run_in_threadpool(_answered, rest, request, body)
        await answer(scope, receive, send)

    return serve


def _answered(rest: Rest, request: Request, body: bytes) -> Response:
    authenticated = request.headers.get("authorization", "").lower().startswith("bearer ")
    try:
        given = request.headers.get("authorization", "")
        claims = rest.verifier.claims(given, now=rest.clock.now())
        authenticated = authenticated and claims["role"] != rest.verifier.anon
        asked = Asked(
            request.method,
            request.url.path.strip("/"),
            request.query_params.multi_items(),
            request.headers,
            body,
            _schema(rest, request),
            claims,
        )
        with rest.database.transaction() as session:
            _become(rest, session, asked)
            return _done(rest, session, asked)
    except RestProblem as problem:
        return _refused(problem)
    except psycopg.Error as error:
        _log.warning("%s %s: %s", request.method, request.url.path, error)
        return _refused(of_postgres(error, authenticated=authenticated))


def _done(rest: Rest, session: Session, asked: Asked) -> Response:
    if not asked.path:
        return JSONResponse(openapi.describe(session, asked.schema),
                            media_type="application/openapi+json")  # fmt: skip
    if asked.path.startswith("rpc/"):
        return _called(session, asked)
    if asked.method in {"GET", "HEAD"}:
        return _selected(rest, session, asked)
    if asked.method in _CHANGES:
        return _changed(session, asked)
    raise RestProblem(405, "PGRST117", "Unsupported HTTP method: " + asked.method)


def _become(rest: Rest, session: Session, asked: Asked) -> None:
    role = str(asked.claims["role"])
    path = ", ".join(f'"{one}"' for one in (asked.schema, *rest.extra))
    session.execute(_OF_ROLE, [role])
    values = [path, role, json.dumps(dict(asked.claims)), asked.method, "/" + asked.path,
              json.dumps(dict(asked.headers))]  # fmt: skip
    session.execute(_SETTINGS, values)


def _selected(rest: Rest, session: Session, asked: Asked) -> Response:
    table = statements.table(session, asked.schema, asked.path)
    window = queries.window(asked.only, asked.headers.get("range", ""), rest.most)
    where = queries.filters(asked.query)
    rows = (
        sql.SQL("select ") + queries.columns(asked.only.get("select", ""))
        + sql.SQL(" from ") + table + where
        + queries.order(asked.only.get("order", "")) + window.clause
    )  # fmt: skip
    found = statements.as_json(session, rows)
    total = None
    if asked.prefers("count=exact"):
        counted = session.execute(sql.SQL("select count(*) from ") + table + where).fetchone()
        total = (counted or {})["count"]
    if total is not None and window.offset > 0 and window.offset >= total:
        details = f"An offset of {window.offset} was requested, but there are only {total} rows."
        raise RestProblem(416, "PGRST103", "Requested range not satisfiable", details=details)
    last = window.offset + found.count - 1
    span = f"{window.offset}-{last}" if found.count else "*"
    headers = {"content-range": f"{span}/{'*' if total is None else total}"}
    partial = total is not None and found.count < total
    return _rows(asked, found, status=206 if partial else 200, headers=headers)


def _changed(session: Session, asked: Asked) -> Response:
    table = statements.table(session, asked.schema, asked.path)
    if asked.method != "DELETE":
        statements.check_columns(session, asked.schema, asked.path, asked.body)
    shown = asked.prefers("return=representation")
    found = statements.change(
        session,
        asked.method,
        table,
        asked.body,
        where=queries.filters(asked.query),
        returning=queries.columns(asked.only.get("select", "")) if shown else None,
        merge=asked.prefers("resolution=merge-duplicates"),
        conflict=asked.only.get("on_conflict", ""),
    )
    created = asked.method == "POST"
    if not shown:
        return Response(status_code=201 if created else 204)
    return _rows(asked, found, status=201 if created else 200, headers={})


def _called(session: Session, asked: Asked) -> Response:
    name = asked.path.removeprefix("rpc/")
    arguments = asked.only
    if asked.method == "POST":
        arguments = statements.object_of(asked.body) if asked.body else {}
    elif asked.method not in {"GET", "HEAD"}:
        raise RestProblem(405, "PGRST101", "Cannot use the " + asked.method + " method on RPC")
    said = statements.call(session, asked.schema, name, arguments)
    if said is None:
        return Response(status_code=204)
    return Response(said, media_type="application/json")


def _rows(
    asked: Asked, found: statements.Found, *, status: int, headers: dict[str, str]
) -> Response:
    wanted = asked.headers.get("accept", "")
    if wanted.startswith("application/vnd.pgrst.object+json"):
        if found.count != 1:
            details = f"The result contains {found.count} rows"
            message = "Cannot coerce the result to a single JSON object"
            raise RestProblem(406, "PGRST116", message, details=details)
        one = json.dumps(json.loads(found.text)[0])
        return Response(one, status, headers, "application/vnd.pgrst.object+json; charset=utf-8")
    body = "" if asked.method == "HEAD" else found.text
    return Response(body, status, headers, "application/json; charset=utf-8")


def _refused(problem: RestProblem) -> Response:
    code = str(problem.body["code"])
    headers = problem.headers | {"proxy-status": f"PostgREST; error={code}"}
    return JSONResponse(problem.body, status_code=problem.status, headers=headers)


def _schema(rest: Rest, request: Request) -> str:
    name = "accept-profile" if request.method in {"GET", "HEAD"} else "content-profile"
    wanted = request.headers.get(name, rest.schemas[0])
    if wanted not in rest.schemas:
        listed = ", ".join(rest.schemas)
        hint = f"Only the following schemas are exposed: {listed}"
        raise RestProblem(406, "PGRST106", f"Invalid schema: {wanted}", hint=hint)
    return wanted


def _list(variables: Mapping[str, str], name: str) -> tuple[str, ...]:
    return tuple(filter(None, (one.strip() for one in variables.get(name, "").split(","))))
