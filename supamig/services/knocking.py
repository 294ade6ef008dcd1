"""Connections from where the deployment is, which we may not be: its database server makes them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql

from supamig.protocols import Unavailable

if TYPE_CHECKING:
    from supamig.postgres import Connection, Server

#: Connects to a host's port, sends no word of its protocol, and returns the first character of what
#: the host says by itself, or nothing.  Raises `OSError` with the reason where nobody answers.
Knock = Callable[[str, int], str]

_EXTENSION = "create extension if not exists dblink schema extensions"
_SCHEMA = """
select n.nspname from pg_catalog.pg_extension e
join pg_catalog.pg_namespace n on n.oid = e.extnamespace where e.extname = 'dblink'
"""
# a login, as without a password only a superuser may connect; nobody is asked for it
_ADDRESS = "host={} port={} sslmode=disable connect_timeout={} user=supamig password=none"
_SAID = re.compile(r"expected authentication request from server, but received (.)")
#: What libpq says of a host that was never reached; all else was said by the host, or to it.
_UNREACHED = re.compile(
    r"could not translate host name|timeout expired|could not connect"
    r"|failed: (Connection refused|No route|Network is|Host is|Connection timed out)"
)
_HOST = re.compile(r"[A-Za-z0-9._:-]+")


def knock_from(server: Server | None, *, seconds: int = 10) -> Knock:
    """Return what connects from the database server of the target, and gives up after ``seconds``.

    It does so with `dblink`, in a transaction that is rolled back: the database keeps nothing of
    it.  Raise `Unavailable` where the server has no dblink, or the role may not make it.
    """

    def knock(host: str, port: int) -> str:
        if server is None:
            raise Unavailable("no database of the target answers")
        if not _HOST.fullmatch(host):
            raise OSError(f"`{host}` is no name of a host")
        address = _ADDRESS.format(host, port, seconds)
        with server.session() as connection:
            connection.execute("begin read write")
            try:
                call = _dblink(connection)
                connection.execute(call, {"address": address})
            except psycopg.Error as error:
                return _first(error.diag.message_detail or str(error))
            finally:
                connection.execute("rollback")
        return ""

    return knock


def _dblink(connection: Connection) -> sql.Composed:
    """Return the call that connects, once there is a dblink; raise `Unavailable` for none."""
    try:
        connection.execute(_EXTENSION)
    except psycopg.Error as error:
        message = f"the target's server has no dblink for us: {error.diag.message_primary}"
        raise Unavailable(message) from error
    ((schema,),) = connection.execute(_SCHEMA)
    name = sql.Identifier(schema, "dblink_exec")
    return sql.SQL("select {}(%(address)s, 'reset all')").format(name)


def _first(said: str) -> str:
    """Return the first character of a greeting that libpq did not expect; raise for no answer."""
    if _UNREACHED.search(said):
        raise OSError(said.partition(" failed: ")[2].partition("\n")[0] or said)
    found = _SAID.search(said)
    return found[1] if found else ""
