"""The search path that a project's functions count on, lent to them where Postgres gives them none.

A dump is restored with an empty search path, and since version 17 Postgres itself builds indexes,
refreshes views and gathers statistics with one.  A function whose body says `unaccent(title)`
without a schema then fails, though it works for every application.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql

from supamig.catalog import is_managed
from supamig.parameters import split_list

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from supamig.models import Record
    from supamig.postgres import Connection

#: The catalogs that tell the usual search path.
PATH_KINDS = ("database_settings", "role_settings", "schemas")
_USUAL = ('"$user", public', "public, extensions")
#: From this version on index builds and the like run under a search path of their own.
_SINCE_RESTRICTED = 17
#: Undefined function, table, object, column, schema: what a missing search path looks like.
_NOT_FOUND = frozenset({"42883", "42P01", "42704", "42703", "3F000"})

_ONE_LENDER = "select pg_catalog.pg_advisory_xact_lock(hashtextextended('supamig lends', 0))"

# pg_proc: functions without a search path of their own, outside system schemas and extensions
_UNSET = """
    select pg_catalog.format('alter function %s ', p.oid::pg_catalog.regprocedure)
    from pg_catalog.pg_proc p
    join pg_catalog.pg_namespace n on n.oid = p.pronamespace
    join pg_catalog.pg_language l on l.oid = p.prolang and l.lanname not in ('c', 'internal')
    where p.prokind = 'f' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
      and not exists (select from unnest(p.proconfig) as c(line) where c.line ~ '^search_path=')
      and not exists (select from pg_catalog.pg_depend d where d.objid = p.oid and d.deptype = 'e'
                      and d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass)
"""


def usual_path(catalogs: Mapping[str, Sequence[Record]]) -> str:
    """Return the search path that a side's applications have; every schema is on it."""
    paths = [
        str(record["value"])
        for kind, role in (("database_settings", ""), ("role_settings", "postgres"))
        for record in catalogs[kind]
        if record["setting"] == "search_path" and record["role"] == role
    ]
    named = [part for path in (*paths, *_USUAL) for part in split_list(path)]
    others = sorted(str(record["schema"]) for record in catalogs["schemas"])
    parts = dict.fromkeys([*named, *(schema for schema in others if not is_managed(schema))])
    return ", ".join(sql.Identifier(part).as_string() for part in parts if part)


def is_not_found(error: BaseException | None) -> bool:
    """Tell whether an error may come from a name that only a search path would have found."""
    return isinstance(error, psycopg.Error) and error.sqlstate in _NOT_FOUND


def set_path(connection: Connection, path: str) -> None:
    """Give the transaction at work a search path."""
    connection.execute("select pg_catalog.set_config('search_path', %s, true)", (path,))


@contextlib.contextmanager
def lent(connection: Connection, path: str) -> Iterator[None]:
    """Run a block with this search path, inside functions too, in the transaction at work."""
    functions = []
    if connection.info.server_version // 10000 >= _SINCE_RESTRICTED:
        # two transactions cannot alter one function
        connection.execute(_ONE_LENDER)
        functions = [row[0] for row in connection.execute(_UNSET).fetchall()]
    for function in functions:
        _alter(connection, function, sql.SQL("set search_path = {}").format(sql.SQL(path)))
    set_path(connection, path)
    yield
    set_path(connection, "")
    for function in functions:
        _alter(connection, function, sql.SQL("reset search_path"))


def _alter(connection: Connection, function: str, change: sql.Composable) -> None:
    connection.execute(sql.Composed([sql.SQL(function), change]))
