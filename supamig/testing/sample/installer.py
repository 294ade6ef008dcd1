"""Put the sample project into an empty database, as its superuser."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql

from supamig.secret import Secret
from supamig.testing.sample.files import (
    dashboard_files,
    extensions_file,
    history_file,
    migration_files,
    row_files,
    skeleton_files,
)

if TYPE_CHECKING:
    from supamig.testing.sample.files import Flavour, SqlFile

#: Roles that log in with the deployment's password, as `roles.sql` of a self-hosted one sets it.
PASSWORD_ROLES = (
    "postgres",
    "authenticator",
    "pgbouncer",
    "supabase_auth_admin",
    "supabase_functions_admin",
    "supabase_storage_admin",
)

_VECTOR_TYPE = re.compile(r"extensions\.vector\(\d+\)")

_HAS_VECTOR = "select from pg_extension where extname = 'vector'"

# Roles belong to the cluster, and their catalog rows cannot be updated by two sessions at a time.
_TAKE_TURNS = "lock table pg_catalog.pg_authid in share row exclusive mode"

# Counted by the server, table by table, so that no list of names can forget one.
_COUNT_ROWS = """
create function pg_temp.sample_rows() returns bigint language plpgsql as $$
declare
  relation regclass;
  found bigint;
  total bigint := 0;
begin
  for relation in
    select oid from pg_class
    where relkind = 'r' and relnamespace in ('public'::regnamespace, 'auth'::regnamespace)
      and relname <> 'schema_migrations'
  loop
    execute format('select count(*) from only %s', relation) into found;
    total := total + found;
  end loop;
  return total;
end $$;
"""

_COUNTS = """
select count(*) filter (where table_schema = 'public'),
       count(*) filter (where table_schema = 'auth'),
       (select count(*) from auth.users),
       pg_temp.sample_rows()
from information_schema.tables
where table_type = 'BASE TABLE'
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleFacts:
    """What an installed sample project holds, counted on the server."""

    #: Base tables of schema public, partitions and inheritance children among them.
    tables: int
    #: Tables of schema auth, `schema_migrations` among them.
    auth_tables: int
    auth_users: int
    #: Rows of the tables of public and auth, without the services' own migration tables.
    rows: int


def install(  # noqa: PLR0913 - every option is a choice of the caller, by name
    dsn: str | Secret,
    *,
    flavour: Flavour,
    application: bool,
    scale: float = 0.1,
    seed: int = 1,
    postgres_password: str | None = None,
    portable: bool = False,
    session_scopes: bool = False,
) -> SampleFacts:
    """Install the sample project into the empty database of ``dsn``, and count what is there.

    ``dsn`` is the superuser's.  ``application`` adds the reference application and its rows to what
    Supabase gives every project.  ``scale`` 1.0 is about 93,000 rows; tables that are small by
    nature keep their size.  Equal ``seed`` and ``scale`` give equal rows on every version of
    Postgres.

    ``portable`` leaves out what only some builds of PostgreSQL offer (extensions, XML values, ICU
    collations), so that the project fits on any other server.  ``session_scopes`` puts data into a
    column of ``auth.sessions`` that the self-hosted flavour lacks.
    """
    conninfo = dsn.reveal() if isinstance(dsn, Secret) else dsn
    with psycopg.connect(conninfo) as connection:
        _settings(connection, scale=scale, seed=seed, portable=portable)
        _become_supabase_admin(connection)
        _run(connection, skeleton_files(flavour))
        if postgres_password is not None:
            _set_passwords(connection, postgres_password)
        connection.commit()
        if application:
            _install_application(connection)
            if session_scopes:
                connection.execute("update auth.sessions set scopes = 'openid email'")
        return _count(connection)


def _settings(connection: psycopg.Connection, *, scale: float, seed: int, portable: bool) -> None:
    """Hand the options to the SQL files, and make their results independent of the session."""
    values = {
        "sample.scale": str(scale),
        "sample.seed": str(seed),
        "sample.portable": str(portable).lower(),
        "timezone": "UTC",
        "datestyle": "ISO, MDY",
        "intervalstyle": "postgres",
        "client_min_messages": "warning",
        "search_path": "public, extensions",
        "synchronous_commit": "off",
        "jit": "off",
    }
    for name, value in values.items():
        connection.execute("select set_config(%s, %s, false)", (name, value))


def _become_supabase_admin(connection: psycopg.Connection) -> None:
    """Be the owner of the platform's objects also where the superuser has another name."""
    connection.execute(_TAKE_TURNS)
    known = connection.execute("select from pg_roles where rolname = 'supabase_admin'").fetchone()
    if known is None:
        connection.execute("create role supabase_admin superuser login")
    connection.execute("set session authorization supabase_admin")


def _set_passwords(connection: psycopg.Connection, password: str) -> None:
    for role in PASSWORD_ROLES:
        connection.execute(
            sql.SQL("alter role {} password {}").format(sql.Identifier(role), sql.Literal(password))
        )


def _install_application(connection: psycopg.Connection) -> None:
    """Run the migrations as their owner `postgres` and record them, then fill the tables."""
    connection.execute(_TAKE_TURNS)
    _run(connection, (extensions_file(),))
    with_vector = connection.execute(_HAS_VECTOR).fetchone() is not None
    connection.execute("set role postgres")
    _run(connection, (history_file(),))
    for file in migration_files():
        text = file.text if with_vector else _VECTOR_TYPE.sub("real[]", file.text)
        _execute(connection, file, text)
        connection.execute(
            "insert into supabase_migrations.schema_migrations (version, name, statements)"
            " values (%s, %s, %s)",
            (file.version, file.name.partition("_")[2], [text]),
        )
    connection.execute("reset role")
    _run(connection, dashboard_files())
    connection.commit()
    _run(connection, row_files())
    connection.commit()


def _run(connection: psycopg.Connection, files: tuple[SqlFile, ...]) -> None:
    for file in files:
        _execute(connection, file, file.text)


def _execute(connection: psycopg.Connection, file: SqlFile, text: str) -> None:
    try:
        connection.execute(text)
    except psycopg.Error as error:
        error.add_note(f"in {file.path} of the sample project")
        raise


def _count(connection: psycopg.Connection) -> SampleFacts:
    connection.execute(_COUNT_ROWS)
    counted = connection.execute(_COUNTS).fetchone() or (0, 0, 0, 0)
    tables, auth_tables, auth_users, rows = counted
    return SampleFacts(tables=tables, auth_tables=auth_tables, auth_users=auth_users, rows=rows)
