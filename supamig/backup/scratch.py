"""Scratch databases: made for one backup to be restored on trial, marked, and dropped afterwards.

What a killed trial has left is known by its mark and by having no session, and goes before the
next one begins.
"""

from __future__ import annotations

import contextlib
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from supamig.errors import Refused, StepFailed, TargetOlder
from supamig.postgres import connect
from supamig.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Iterator

    from supamig.backup.manifest import Backup
    from supamig.postgres import Connection

MARK = "supamig restores a backup here; dropped when that is over"
_PREFIX = "supamig_scratch_"

_LEFT = """
    select d.datname from pg_catalog.pg_database d
    where d.datname like 'supamig\\_scratch\\_%%'
      and pg_catalog.shobj_description(d.oid, 'pg_database') = %(mark)s
      and not exists (select from pg_catalog.pg_stat_activity a where a.datid = d.oid)
"""
_IN_USE = """
    select from pg_catalog.pg_database d
    where pg_catalog.shobj_description(d.oid, 'pg_database') = %(mark)s
"""
_LEFT_ROLES = """
    select r.rolname from pg_catalog.pg_roles r
    where pg_catalog.shobj_description(r.oid, 'pg_authid') = %(mark)s
"""


@dataclass(frozen=True, slots=True)
class Scratch:
    """A database for one trial, and a session on another one of its server."""

    name: str
    dsn: Secret
    outside: Connection
    #: Says by being there that the database is in use.
    keeper: Connection
    #: Roles that the backup knows and the server did not.
    roles: tuple[str, ...]


def at(dsn: Secret, database: str) -> Secret:
    """Return a connection string of the same server for another database."""
    return Secret(make_conninfo(dsn.reveal(), dbname=database))


@contextlib.contextmanager
def scratch_database(
    dsn: Secret, backup: Backup, *, label: str, timeout: float
) -> Iterator[Scratch]:
    """Make a database like the backup's on the server of ``dsn``; drop it at the end.

    Roles that the server lacks are made without login, and dropped too.  A database that was
    renamed in between stays, with its roles.
    """
    name = f"{_PREFIX}{secrets.token_hex(6)}"
    outside = connect(dsn, label=label, read_only=False, timeout=timeout)
    with contextlib.closing(outside):
        _guard(outside, backup, label)
        _tidy(outside)
        roles = _missing_roles(outside, backup)
        try:
            _make_roles(outside, roles)
            _make(outside, name, backup)
            inside = at(dsn, name)
            keeper = connect(inside, label=label, read_only=False, timeout=timeout)
            with contextlib.closing(keeper):
                _mark(keeper, sql.SQL("database {}").format(sql.Identifier(name)))
                yield Scratch(name, inside, outside, keeper, roles)
        finally:
            if not outside.closed:
                _drop(outside, name, roles)


def _guard(outside: Connection, backup: Backup, label: str) -> None:
    row = outside.execute(
        "select rolsuper from pg_catalog.pg_roles where rolname = current_user"
    ).fetchone()
    if row != (True,):
        raise Refused(
            f"`{outside.info.user}` may not restore what belongs to other roles on the {label}",
            hint="Connect as `supabase_admin`, or name another server with `--scratch`",
        )
    here, there = outside.info.server_version // 10000, backup.inventory.server.major
    if here < there:
        raise TargetOlder(
            f"the {label} runs Postgres {here}, older than the backup's {there}",
            hint=f"Use a server with Postgres {there} or newer",
        )


def _tidy(outside: Connection) -> None:
    for (name,) in outside.execute(_LEFT, {"mark": MARK}).fetchall():
        with contextlib.suppress(psycopg.errors.ObjectInUse, psycopg.errors.InvalidCatalogName):
            outside.execute(sql.SQL("drop database {}").format(sql.Identifier(name)))
    if outside.execute(_IN_USE, {"mark": MARK}).fetchone() is not None:
        return  # somebody else's trial, which may need them
    for (role,) in outside.execute(_LEFT_ROLES, {"mark": MARK}).fetchall():
        with contextlib.suppress(
            psycopg.errors.DependentObjectsStillExist, psycopg.errors.UndefinedObject
        ):
            outside.execute(sql.SQL("drop role {}").format(sql.Identifier(role)))


def _missing_roles(outside: Connection, backup: Backup) -> tuple[str, ...]:
    there = {name for (name,) in outside.execute("select rolname from pg_catalog.pg_roles")}
    known = {str(record["role"]) for record in backup.inventory.catalogs["roles"]}
    return tuple(sorted(known - there))


def _make_roles(outside: Connection, roles: tuple[str, ...]) -> None:
    for role in roles:
        with contextlib.suppress(psycopg.errors.DuplicateObject), outside.transaction():
            outside.execute(sql.SQL("create role {} nologin").format(sql.Identifier(role)))
            _mark(outside, sql.SQL("role {}").format(sql.Identifier(role)))


def _mark(connection: Connection, what: sql.Composable) -> None:
    connection.execute(sql.SQL("comment on {} is {}").format(what, sql.Literal(MARK)))


def _make(outside: Connection, name: str, backup: Backup) -> None:
    """Create the database with the encoding and locale of the one that was backed up."""
    (record,) = backup.inventory.catalogs["database"]
    options = {
        "owner": sql.Identifier(str(record["owner"])),
        "encoding": sql.Literal(record["encoding"]),
        "lc_collate": sql.Literal(record["lc_collate"]),
        "lc_ctype": sql.Literal(record["lc_ctype"]),
    }
    provider = {"c": "libc", "i": "icu", "b": "builtin"}[str(record["provider"])]
    options["locale_provider"] = sql.SQL(provider)
    if record["locale"]:
        options[f"{provider}_locale"] = sql.Literal(record["locale"])
    parts = [sql.SQL("{} {}").format(sql.SQL(key), value) for key, value in options.items()]
    statement = sql.SQL("create database {} template template0 {}")
    try:
        outside.execute(statement.format(sql.Identifier(name), sql.SQL(" ").join(parts)))
    except psycopg.Error as error:
        if error.sqlstate is None:
            raise
        raise StepFailed(
            f"no database like the backup's can be made: {error.diag.message_primary}",
            hint="The server needs the locale that the backed up database has",
        ) from error


def _drop(outside: Connection, name: str, roles: tuple[str, ...]) -> None:
    row = outside.execute(
        "select from pg_catalog.pg_database where datname = %s", (name,)
    ).fetchone()
    statement = sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name))
    outside.execute(statement)
    if row is None:
        return  # it has another name by now, and stays
    for role in roles:
        with contextlib.suppress(
            psycopg.errors.DependentObjectsStillExist, psycopg.errors.UndefinedObject
        ):
            outside.execute(sql.SQL("drop role {}").format(sql.Identifier(role)))
