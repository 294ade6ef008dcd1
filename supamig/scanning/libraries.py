"""What the libraries of other people hand out: clients of Supabase, and connections to Postgres."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from supamig.scanning.summary import Called, Step


class Sdk(NamedTuple):
    """A thing of a library.

    `factory`: calling it makes a client, of which ``prefix`` says the part.  `client`: one.
    `flutter`: Dart's class Supabase.  `auth`: calling it is a use of Auth.  `postgres`: calling it
    connects to a database.  `library`: a module of clients whose names are known.
    """

    what: str
    prefix: tuple[Step, ...] = ()


FACTORY = Sdk("factory")
POSTGRES = Sdk("postgres")
AUTH = Sdk("auth")
CLIENT = Sdk("client")
FLUTTER = Sdk("flutter")

#: How people call a client that comes from where no reader sees it: a context, a framework.
CLIENT_NAME = re.compile(r"_?supabase_?(client|admin|service|server|browser|anon)?", re.IGNORECASE)

_AUTH_PART, _STORAGE_PART, _FUNCTIONS_PART = (
    Sdk("factory", (part,)) for part in ("auth", "storage", "functions")
)
_HOOKS = {"useUser", "useSession", "useSessionContext", "serverSupabaseUser", "useSupabaseUser"}
_MAKES_CLIENT = re.compile(
    r"create\w*Client|createPages\w+|useSupabaseClient|serverSupabase(Client|ServiceRole)"
    r"|(Async|Sync)?(Supabase)?Client|a?create_(async_)?client|SupabaseConnection"
)
_POSTGRES: dict[str, set[str]] = {
    "psycopg": {"connect", "Connection", "AsyncConnection"},
    "psycopg_pool": {"ConnectionPool", "AsyncConnectionPool"},
    "psycopg2": {"connect", "ThreadedConnectionPool", "SimpleConnectionPool"},
    "asyncpg": {"connect", "create_pool"},
    "pg8000": {"connect"},
    "sqlalchemy": {"create_engine", "create_async_engine"},
    "pg": {"Pool", "Client"},
    "postgres": {"default"},
    "pg-promise": {"default"},
    "slonik": {"createPool"},
    "@vercel/postgres": {"createPool", "createClient", "sql"},
    "drizzle-orm/postgres-js": {"drizzle"},
    "drizzle-orm/node-postgres": {"drizzle"},
    "package:postgres/postgres.dart": {"Connection", "PostgreSQLConnection", "Pool"},
}
#: Packages of one part of the client.
_PARTS = {
    "@supabase/auth-js": _AUTH_PART,
    "@supabase/gotrue-js": _AUTH_PART,
    "@supabase/storage-js": _STORAGE_PART,
    "@supabase/functions-js": _FUNCTIONS_PART,
    "@supabase/postgrest-js": FACTORY,
    "@supabase/realtime-js": FACTORY,
    "gotrue": _AUTH_PART,
    "supabase_auth": _AUTH_PART,
    "storage3": _STORAGE_PART,
    "supafunc": _FUNCTIONS_PART,
    "supabase_functions": _FUNCTIONS_PART,
    "postgrest": FACTORY,
    "realtime": FACTORY,
}
_CLIENT_CLASS = re.compile(r"\w*Client|create_client")
_SCOPED = re.compile(r"@supabase/[a-z-]+")


def thing(module: str, name: str) -> Sdk | None:
    """Return what a module of a library calls by a name; None when it is nothing of Supabase.

    The module may be a package, a part of one (`supabase.client`), or an address of one
    (`https://esm.sh/@supabase/supabase-js@2`, `npm:@supabase/supabase-js`).
    """
    scoped = _SCOPED.search(module)
    package = scoped[0] if scoped else module
    first = package.partition(".")[0]
    for known in (package, first):
        if known in _PARTS and _CLIENT_CLASS.fullmatch(name):
            return _PARTS[known]
        if name in _POSTGRES.get(known, ()):
            return POSTGRES
    is_supabase = scoped or first in {"supabase", "supabase_py", "st_supabase_connection"}
    if is_supabase or package in {"#supabase/server", "#imports"}:
        if name in _HOOKS:
            return AUTH
        return FACTORY if _MAKES_CLIENT.fullmatch(name) else None
    if package.startswith(("package:supabase_flutter/", "package:supabase/")):
        return {"Supabase": FLUTTER, "SupabaseClient": FACTORY}.get(name)
    return None


def is_library(module: str) -> bool:
    """Tell whether a module hands out clients under some name."""
    scoped = _SCOPED.search(module)
    package = scoped[0] if scoped else module
    known = {*_PARTS, *_POSTGRES, "supabase", "supabase_py", "@supabase/supabase-js"}
    if scoped or package.startswith(("package:supabase_flutter/", "package:supabase/")):
        return True
    return not known.isdisjoint({package, package.partition(".")[0]})


def connects_to_postgres(call: Called) -> bool:
    """Tell whether a call of a library of databases may mean Postgres: not `sqlite://`."""
    return "://" not in call.first or call.first.startswith("postgres")
