"""Stands in for PostgREST's statements: rows come and go as JSON that Postgres itself writes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg import sql

from supamig.testing.services.rest.problems import RestProblem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from supamig.testing.services.database import Session

_RELATION = """
select from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname = %s and c.relname = %s and c.relkind = any('{r,v,m,f,p}')
"""
_FUNCTION = """
select p.proretset as many, p.prorettype = 'void'::regtype as nothing,
       coalesce(t.typtype = 'c' or p.prorettype = 'record'::regtype, false) as composite,
       coalesce(p.proargnames, '{}') as names, p.pronargdefaults as defaults,
       coalesce(p.proargmodes::text[], array_fill('i'::text, array[p.pronargs::int])) as modes
from pg_proc p join pg_namespace n on n.oid = p.pronamespace join pg_type t on t.oid = p.prorettype
where n.nspname = %s and p.proname = %s
"""


@dataclass(frozen=True, slots=True)
class Found:
    """Rows as one JSON array, and how many they are."""

    text: str
    count: int


def table(session: Session, schema: str, name: str) -> sql.Composable:
    """Return a relation of the schema, or raise the 404 of one that is not there."""
    if "/" in name or session.execute(_RELATION, [schema, name]).fetchone() is None:
        message = f"Could not find the table '{schema}.{name}' in the schema cache"
        raise RestProblem(404, "PGRST205", message)
    return sql.Identifier(schema, name)


_COLUMNS = """
select attname as name from pg_attribute
where attrelid = format('%%I.%%I', %s::text, %s::text)::regclass and attnum > 0
  and not attisdropped
"""


def check_columns(session: Session, schema: str, name: str, body: bytes) -> None:
    """Raise the 400 of a body that names a column which is not there."""
    found = _parsed(body)
    rows = found if isinstance(found, list) else [found]
    known = {row["name"] for row in session.execute(_COLUMNS, [schema, name])}
    for row in rows:
        for column in row if isinstance(row, dict) else ():
            if column not in known:
                message = f"Could not find the '{column}' column of '{name}' in the schema cache"
                raise RestProblem(400, "PGRST204", message)


def as_json(session: Session, rows: sql.Composable) -> Found:
    """Run a query and return what it gives."""
    query = sql.SQL(
        "select coalesce(json_agg(r), '[]')::text as text, count(*) as count from ({}) as r"
    ).format(rows)
    row = session.execute(query).fetchone() or {"text": "[]", "count": 0}
    return Found(row["text"], row["count"])


def change(  # noqa: PLR0913 - the parts of one request
    session: Session,
    method: str,
    target: sql.Composable,
    body: bytes,
    *,
    where: sql.Composable,
    returning: sql.Composable | None,
    merge: bool,
    conflict: str,
) -> Found:
    """Insert, update or delete; ``returning`` None wants no rows back."""
    if method == "DELETE":
        statement = sql.SQL("delete from {}").format(target) + where
    elif method == "PATCH":
        statement = _update(target, object_of(body)) + where
    else:
        statement = _insert(target, body, merge=merge, conflict=conflict)
    if returning is None:
        session.execute(statement)
        return Found("[]", 0)
    statement += sql.SQL(" returning ") + returning
    query = sql.SQL(
        "with r as ({}) select coalesce(json_agg(r), '[]')::text as text, count(*) as count from r"
    ).format(statement)
    row = session.execute(query).fetchone() or {"text": "[]", "count": 0}
    return Found(row["text"], row["count"])


def call(session: Session, schema: str, name: str, arguments: Mapping[str, Any]) -> str | None:
    """Call a function by named arguments; return its JSON, or None if it returns nothing."""
    known = session.execute(_FUNCTION, [schema, name]).fetchall()
    fitting = [one for one in known if _takes(one, set(arguments))]
    if not fitting:
        listed = ", ".join(sorted(arguments))
        named = f"the parameter{'s' * (len(arguments) > 1)} {listed}" if arguments else "parameters"
        how = f"with {named}" if arguments else f"without {named}"
        message = f"Could not find the function {schema}.{name}{f'({listed})' if listed else ''} {how} in the schema cache"  # noqa: E501 - one message
        raise RestProblem(404, "PGRST202", message)
    function = fitting[0]
    given = sql.SQL(", ").join(
        [
            sql.SQL("{} => {}").format(sql.Identifier(key), sql.Literal(_argument(value)))
            for key, value in arguments.items()
        ]
    )
    invoked = sql.SQL("{}({})").format(sql.Identifier(schema, name), given)
    if function["nothing"]:
        session.execute(sql.SQL("select ") + invoked)
        return None
    if function["composite"] or function["many"]:
        found = as_json(session, sql.SQL("select * from ") + invoked)
        if function["many"] and not function["composite"]:
            return json.dumps([next(iter(one.values())) for one in json.loads(found.text)])
        return found.text if function["many"] else json.dumps(json.loads(found.text)[0])
    row = session.execute(sql.SQL("select to_json({})::text as said").format(invoked)).fetchone()
    said = (row or {}).get("said")
    return "null" if said is None else str(said)


def object_of(body: bytes) -> dict[str, Any]:
    """Read a JSON object."""
    found = _parsed(body)
    if not isinstance(found, dict):
        raise RestProblem(400, "PGRST102", "Empty or invalid json")
    return found


def _insert(target: sql.Composable, body: bytes, *, merge: bool, conflict: str) -> sql.Composed:
    found = _parsed(body)
    rows = found if isinstance(found, list) else [found]
    names = list(rows[0]) if rows and isinstance(rows[0], dict) else []
    if any(not isinstance(row, dict) or set(row) != set(names) for row in rows):
        raise RestProblem(400, "PGRST102", "All object keys must match")
    columns = sql.SQL(", ").join(map(sql.Identifier, names))
    statement = sql.SQL(
        "insert into {} ({}) select {} from json_populate_recordset(null::{}, {}::json)"
    ).format(target, columns, columns, target, sql.Literal(json.dumps(rows)))
    if not merge:
        return statement
    sets = sql.SQL(", ").join(
        [sql.SQL("{0} = excluded.{0}").format(sql.Identifier(name)) for name in names]
    )
    keys = sql.SQL(", ").join([sql.Identifier(one) for one in conflict.split(",")])
    return statement + sql.SQL(" on conflict ({}) do update set {}").format(keys, sets)


def _update(target: sql.Composable, values: Mapping[str, Any]) -> sql.Composed:
    sets = sql.SQL(", ").join(
        [
            sql.SQL("{0} = (json_populate_record(null::{1}, {2}::json)).{0}").format(
                sql.Identifier(name), target, sql.Literal(json.dumps({name: value}))
            )
            for name, value in values.items()
        ]
    )
    return sql.SQL("update {} set {}").format(target, sets)


def _takes(function: Mapping[str, Any], given: set[str]) -> bool:
    inputs = [
        name
        for name, mode in zip(function["names"], function["modes"], strict=False)
        if mode in {"i", "b", "v"}
    ]
    needed = set(inputs[: len(inputs) - function["defaults"]])
    return needed <= given <= set(inputs)


def _argument(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, dict | list) else value


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError as error:
        raise RestProblem(400, "PGRST102", "Empty or invalid json") from error
