"""Rows and tables by REST are those of the database, for each role of the API."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import psycopg
from psycopg import sql

from supamig.hookspecs import hookimpl
from supamig.models import Finding, Severity
from supamig.protocols import Unavailable
from supamig.services import endpoint_validator
from supamig.services.sessions import claims, signed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from supamig.protocols import Validator
    from supamig.secret import Secret
    from supamig.services import Answer, ServiceContext
    from supamig.services.client import Key

_ROWS = "endpoints.rest-rows"
_OPENAPI = "endpoints.openapi"
#: So many tables are looked at, the largest first, and so many rows of each.
_TABLES = 12
_LIMIT = 20
_MINUTE = 60
_REFUSED = frozenset({401, 403})
_ADDRESSED = """
select c.oid::int8, c.relname,
       array(select a.attname from unnest(i.indkey) with ordinality k(number, place)
             join pg_attribute a on a.attrelid = c.oid and a.attnum = k.number order by k.place),
       array(select a.attname from pg_attribute a
             where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
               and a.atttypid <> 'bytea'::regtype
             order by a.attnum limit 20)
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
join pg_index i on i.indrelid = c.oid and i.indisprimary
where n.nspname = 'public' and c.relkind in ('r', 'p') and not c.relispartition
order by c.reltuples desc, c.relname limit %s
"""
# Failure 37: on some servers a call of a function without EXECUTE ends all sessions.
_DANGEROUS = """
select distinct p.polrelid::int8, r.rolname
from pg_policy p
join pg_depend d on d.classid = 'pg_policy'::regclass and d.objid = p.oid
                and d.refclassid = 'pg_proc'::regclass
cross join pg_roles r
where r.rolname in ('anon', 'authenticated', 'service_role') and p.polrelid = any(%s::oid[])
  and not has_function_privilege(r.oid, d.refobjid, 'execute')
"""
_SOMEBODY = """
select id::text from auth.users
where aud = 'authenticated' and banned_until is null and email not like 'supamig-check-%%'
order by created_at limit 1
"""
_VISIBLE = """
select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname = 'public' and c.relkind in ('r', 'v', 'm', 'f', 'p') and not c.relispartition
  and (has_table_privilege('service_role', c.oid, 'select, insert, update, delete')
       or has_any_column_privilege('service_role', c.oid, 'select, insert, update'))
order by c.relname
"""


@dataclass(frozen=True, slots=True)
class Table:
    """A table, the columns of its primary key, and its first columns that no file may fill."""

    name: str
    keys: Sequence[str]
    columns: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """One who asks: as REST sees the request, and as SQL runs it."""

    word: str
    role: str
    key: Key
    token: Secret | None = None
    claims: Mapping[str, Any] = field(default_factory=dict)


@endpoint_validator(
    _ROWS, title="REST shows the rows that SQL shows to the same role", needs=("target",)
)
def rest_rows(context: ServiceContext) -> Iterable[Finding]:
    """Compare the first rows of some tables as anon, as a user and as the service role."""
    tables = context.target.rows(_ADDRESSED, [_TABLES])
    if not tables:
        raise Unavailable("`public` has no table with a primary key")
    dangerous = set(context.target.rows(_DANGEROUS, [[oid for oid, *_ in tables]]))
    left_out = []
    for viewer in _viewers(context):
        for oid, *names in tables:
            name, keys, columns = names
            table = Table(name, keys, [column for column in columns if _is_plain(column)] or keys)
            if (oid, viewer.role) in dangerous:
                left_out.append(f"{table.name} as {viewer.word}")
                continue
            yield from _compare(context, viewer, table)
    if left_out:
        raise Unavailable(
            "policies call functions that the role may not execute, which ends all sessions of some"
            f" servers: {', '.join(left_out[:10])}"
        )


def _viewers(context: ServiceContext) -> Iterator[Viewer]:
    yield Viewer(word="anon", role="anon", key="anon", claims={"role": "anon"})
    yield Viewer(
        word="service role", role="service_role", key="service", claims={"role": "service_role"}
    )
    token = _token_of_a_user(context)
    if token is not None:
        yield Viewer(
            word="a user", role="authenticated", key="anon", token=token, claims=claims(token)
        )


def _token_of_a_user(context: ServiceContext) -> Secret | None:
    """Return a token of the oldest user, good for a minute; else of a throw-away one."""
    secret = context.target_api.api.jwt_secret
    found = context.target.rows(_SOMEBODY)
    if secret and found:
        now = int(context.clock())
        content = {
            "sub": found[0][0],
            "role": "authenticated",
            "aud": "authenticated",
            "iat": now - 1,
            "exp": now + _MINUTE,
            "jti": secrets.token_hex(8),
        }
        return signed(content, secret)
    try:
        return context.sign_in().access
    except Unavailable:
        return None


def _compare(context: ServiceContext, viewer: Viewer, table: Table) -> Iterator[Finding]:
    name = table.name
    asked = {
        "select": ",".join(map(_named, table.columns)),
        "order": ",".join(f"{_named(key)}.asc" for key in table.keys),
        "limit": str(_LIMIT),
    }
    path = f"/rest/v1/{quote(name, safe='')}?{urlencode(asked, quote_via=quote)}"
    answer = context.target_api.call("GET", path, key=viewer.key, token=viewer.token)
    rows = _by_sql(context, viewer, table)
    subject = f"{name} as {viewer.word}"
    if rows is None:
        if answer.is_ok:
            yield _differs(subject, f"REST shows `{name}` to {viewer.word}, SQL refuses it", answer)
        elif answer.status not in _REFUSED:
            message = f"SQL refuses `{name}` to {viewer.word}, REST does something else"
            yield _differs(subject, message, answer)
    elif not answer.is_ok or not isinstance(answer.body, list):
        yield _differs(subject, f"SQL shows `{name}` to {viewer.word}, REST does not", answer)
    elif answer.body != rows:
        message = (
            f"of `{name}` {viewer.word} sees other rows by REST ({len(answer.body)}) than by SQL"
            f" ({len(rows)})"
        )
        yield _differs(subject, message, answer)


def _is_plain(column: str) -> bool:
    """Tell whether PostgREST reads a name as it stands."""
    return column == column.strip() and all(c.isalnum() or c in "_ " for c in column)


def _named(column: str) -> str:
    """Write a column as PostgREST reads it: in quotes where it holds what means something else."""
    if _is_plain(column):
        return column
    return '"' + column.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _by_sql(context: ServiceContext, viewer: Viewer, table: Table) -> list[Any] | None:
    """Return the rows as PostgREST makes JSON of them; None where the role may not look."""
    query = sql.SQL(
        "select coalesce(json_agg(t), '[]') from"
        " (select {columns} from public.{table} order by {keys} limit {limit}) t"
    ).format(
        columns=sql.SQL(", ").join(map(sql.Identifier, table.columns)),
        table=sql.Identifier(table.name),
        keys=sql.SQL(", ").join(map(sql.Identifier, table.keys)),
        limit=sql.Literal(_LIMIT),
    )
    try:
        ((rows,),) = context.ask_as(viewer.role, viewer.claims, query)
    except psycopg.errors.InsufficientPrivilege:
        return None
    return list(rows)


def _differs(subject: str, message: str, answer: Answer) -> Finding:
    return Finding(
        check=_ROWS,
        severity=Severity.ERROR,
        subject=subject,
        message=f"{message} ({answer.said})",
        hint="REST may work on another database, or not know the schema yet: `notify pgrst,"
        " 'reload schema'`; the logs of `rest` say which",
    )


@endpoint_validator(_OPENAPI, title="REST offers the tables of the database", needs=("target",))
def openapi(context: ServiceContext) -> Iterable[Finding]:
    """Compare the tables that REST describes with those that the service role may use."""
    answer = context.target_api.call("GET", "/rest/v1/", key="service")
    paths = answer.get("paths")
    if not answer.is_ok or not isinstance(paths, dict):
        yield Finding(
            check=_OPENAPI,
            severity=Severity.ERROR,
            subject="openapi",
            message=f"REST does not describe its tables: {answer.said}",
            hint="Only the service role's key may ask; PGRST_OPENAPI_MODE may be `disabled`",
        )
        return
    offered = {path.strip("/") for path in paths} - {""}
    tables = {name for name in offered if not name.startswith("rpc/")}
    there = {str(name) for (name,) in context.target.rows(_VISIBLE)}
    for name in sorted(there - tables):
        yield _table(name, f"REST does not offer the table `{name}`")
    for name in sorted(tables - there):
        yield _table(name, f"REST offers the table `{name}`, which the database does not have")


def _table(name: str, message: str) -> Finding:
    return Finding(
        check=_OPENAPI,
        severity=Severity.ERROR,
        subject=name,
        message=message,
        hint="`notify pgrst, 'reload schema'`, or is REST on another database or schema?",
    )


@hookimpl
def supamig_validators() -> list[Validator]:
    """Hand over the checks of REST."""
    return [rest_rows, openapi]
