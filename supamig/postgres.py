"""Connections to the two sides: how a session is opened, shared, counted once and cancelled.

The source is only ever read, and every reader of a run shares one exported snapshot.  On the
target every effect is written together with a line of a ledger, so that it happens exactly once.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from supamig.errors import (
    AuthenticationFailed,
    ConfigError,
    ConnectionLost,
    Unreachable,
)
from supamig.models import ServerFacts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from supamig.secret import Secret

Connection = psycopg.Connection[tuple[Any, ...]]

# Text of values must not depend on how either server is configured, and no time limit of a role
# may cut a long copy.  Catalog queries are compiled for longer than they run: no `jit`.
# `row_security = off` turns a silently filtered table into an error, and a
# server that looks now and then whether its client still lives keeps no lock for a dead one.
SESSION = """
    select set_config(name, value, false)
    from (values ('statement_timeout', '0'), ('lock_timeout', '0'),
                 ('idle_in_transaction_session_timeout', '0'), ('transaction_timeout', '0'),
                 ('idle_session_timeout', '0'),
                 ('client_connection_check_interval', '5s'), ('search_path', ''),
                 ('timezone', 'UTC'),
                 ('datestyle', 'ISO'), ('intervalstyle', 'postgres'), ('bytea_output', 'hex'),
                 ('extra_float_digits', '1'), ('lc_monetary', 'C'), ('row_security', 'off'),
                 ('xmloption', 'content'), ('standard_conforming_strings', 'on'),
                 ('quote_all_identifiers', 'off'), ('array_nulls', 'on'),
                 ('transform_null_equals', 'off'), ('default_transaction_read_only', 'off'),
                 ('default_transaction_isolation', 'read committed'),
                 ('default_transaction_deferrable', 'off'), ('jit', 'off')) as s(name, value)
    where exists (select from pg_catalog.pg_settings p where p.name ilike s.name)
"""

_BEGIN = "begin isolation level repeatable read read only"

#: Which server and database a session is on, in the order of `ServerFacts` without its host.
FACTS = """
    select current_database(), current_user, current_setting('server_version'),
           current_setting('server_version_num')::int,
           (select system_identifier::text from pg_catalog.pg_control_system()),
           d.oid::int8, pg_catalog.pg_database_size(d.oid),
           (select rolsuper from pg_catalog.pg_roles where rolname = current_user)
    from pg_catalog.pg_database d where d.datname = current_database()
"""

_WRONG_LOGIN = (
    "password authentication failed",
    "no password supplied",
    "authentication failed",
    "pg_hba.conf",
    "is not permitted to log in",
    "Tenant or user not found",
)
_LOST = (psycopg.OperationalError, psycopg.InterfaceError)


def is_lost(error: BaseException) -> bool:
    """Tell whether a database error means that the server closed the connection."""
    if not isinstance(error, _LOST):
        return False
    sqlstate = getattr(error, "sqlstate", None)
    return sqlstate is None or sqlstate.startswith(("08", "57P"))


def _attempt_seconds(conninfo: Mapping[str, Any], timeout: float) -> int:
    """Share ``timeout`` among the addresses of a host, which libpq tries one after the other."""
    host = str(conninfo.get("hostaddr") or conninfo.get("host") or "")
    if not host or host.startswith("/"):
        return max(2, int(timeout))
    try:
        addresses = {info[4] for info in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)}
    except OSError:
        addresses = set()
    return max(2, int(timeout / max(1, len(addresses))))


def connect(
    dsn: Secret, *, label: str, read_only: bool, timeout: float = 10.0, application: str = "supamig"
) -> Connection:
    """Open a session with the settings that every copy and comparison needs.

    ``timeout`` is in seconds.  Raise `AuthenticationFailed`, `Unreachable` or `ConfigError`.
    """
    try:
        params = conninfo_to_dict(dsn.reveal())
    except psycopg.Error:
        message = f"the connection string of the {label} cannot be read"
        raise ConfigError(message, hint="Use postgresql://USER@HOST:PORT/DATABASE") from None
    place = f"{params.get('host', 'the local socket')}:{params.get('port', '5432')}"
    params.setdefault("connect_timeout", _attempt_seconds(params, timeout))
    try:
        return _opened(params, read_only=read_only, application=application)
    except psycopg.OperationalError as error:
        text = str(error)
        if any(sign in text for sign in _WRONG_LOGIN) or ('role "' in text and "exist" in text):
            raise AuthenticationFailed(
                f"the {label} at {place} refused the login of `{params.get('user', '')}`",
                hint=f"Check user and password of the {label}; Supabase's database password is "
                "not the password of your account",
            ) from error
        raise Unreachable(
            f"the {label} does not answer at {place}: {_without_lead(text)}",
            hint="Check host, port and network; the direct host of a Supabase project has only "
            "an IPv6 address, the session pooler has IPv4",
        ) from error


def _opened(params: Mapping[str, Any], *, read_only: bool, application: str) -> Connection:
    connection = psycopg.connect(
        make_conninfo("", **params),
        application_name=application,
        client_encoding="UTF8",
        autocommit=True,
        prepare_threshold=None,
    )
    try:
        connection.execute(SESSION)
        if read_only:
            connection.execute("set default_transaction_read_only = on")
    except BaseException:
        connection.close()
        raise
    return connection


def _without_lead(text: str) -> str:
    """Return what libpq says after `connection to ... failed:`, without its advice."""
    return text.rsplit("failed: ", 1)[-1].strip().partition("\n")[0]


class Server:
    """One side's server: opens sessions, lends them out, and can cancel all that are at work."""

    label = "server"
    read_only = True

    def __init__(self, dsn: Secret, *, timeout: float = 10.0, application: str = "supamig") -> None:
        self.dsn = dsn
        self.timeout = timeout
        self.application = application
        self._idle: list[Connection] = []
        self._busy: set[Connection] = set()
        self._stops: set[Callable[[], None]] = set()
        self._guard = threading.Lock()
        self._closed = False
        self._facts: ServerFacts | None = None

    def connect(self) -> Connection:
        """Open a session of its own, outside the pool."""
        return connect(
            self.dsn,
            label=self.label,
            read_only=self.read_only,
            timeout=self.timeout,
            application=self.application,
        )

    @contextlib.contextmanager
    def session(self) -> Iterator[Connection]:
        """Lend an idle session; one that failed or was cancelled is not lent again.

        Raise `ConnectionLost` when the server goes away under it.
        """
        connection = self._take()
        try:
            yield connection
        except BaseException as error:
            broken = connection.broken
            self._drop(connection)
            # an error of the other side may pass through here: its connection is broken, not ours
            if broken and isinstance(error, psycopg.Error) and is_lost(error) and not self._closed:
                raise self._lost(str(error)) from error
            raise
        with self._guard:
            self._busy.discard(connection)
            if not self._closed:
                self._idle.append(connection)
                return
        connection.close()

    def _take(self) -> Connection:
        with self._guard:
            connection = self._idle.pop() if self._idle else None
        if connection is None:
            connection = self._another()
        with self._guard:
            self._busy.add(connection)
        return connection

    def _another(self) -> Connection:
        """Open one more session; a server that answered before has gone away since."""
        try:
            return self.connect()
        except Unreachable as error:
            if self._facts is None:
                raise
            raise self._lost(error.message) from error

    def _lost(self, what: str) -> ConnectionLost:
        return ConnectionLost(
            f"the {self.label} closed the connection: {' '.join(what.split())}",
            hint="The same command goes on from here once the server is back",
        )

    def _drop(self, connection: Connection) -> None:
        with self._guard:
            self._busy.discard(connection)
        connection.close()

    @contextlib.contextmanager
    def cancelling(self, stop: Callable[[], None]) -> Iterator[None]:
        """Have ``cancel`` call ``stop`` too while the block runs."""
        with self._guard:
            self._stops.add(stop)
        try:
            yield
        finally:
            with self._guard:
                self._stops.discard(stop)

    def cancel(self) -> None:
        """Cancel every query at work, from any thread."""
        with self._guard:
            busy, stops = list(self._busy), list(self._stops)
        for stop in stops:
            stop()
        for connection in busy:
            with contextlib.suppress(psycopg.Error):
                connection.cancel_safe(timeout=2.0)

    def close(self) -> None:
        """Close every session, cancelling those at work."""
        self._closed = True
        self.cancel()
        with self._guard:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    @property
    def facts(self) -> ServerFacts:
        """Which server and database this is, asked once."""
        if self._facts is None:
            with self.session() as connection:
                row = connection.execute(FACTS).fetchone()
                host = f"{connection.info.host}:{connection.info.port}"
            if row is None:
                raise Unreachable(f"the {self.label} does not know its own database", hint="")
            self._facts = ServerFacts(
                host=host,
                database=row[0],
                user=row[1],
                version=row[2],
                version_num=row[3],
                system_id=row[4],
                database_oid=row[5],
                size=row[6],
                superuser=bool(row[7]),
            )
        return self._facts


class Reader(Server):
    """The target as checks and inventories see it: read-only."""

    label = "target"


class Source(Server):
    """The source: read-only, and from ``open`` to ``close`` one snapshot for all its sessions."""

    label = "source"
    read_only = True

    def __init__(self, dsn: Secret, *, timeout: float = 10.0, application: str = "supamig") -> None:
        super().__init__(dsn, timeout=timeout, application=application)
        self.snapshot = ""
        self.lsn = ""
        self.taken_at = ""
        self._keeper: Connection | None = None

    def open(self) -> None:
        """Export the snapshot that every later session shares until ``close``."""
        self._keeper = self.connect()
        self._keeper.execute(_BEGIN)
        row = self._keeper.execute(
            "select pg_catalog.pg_export_snapshot(), (case when pg_catalog.pg_is_in_recovery()"
            " then pg_catalog.pg_last_wal_replay_lsn() else pg_catalog.pg_current_wal_lsn() end)"
            "::text, now()::text"
        ).fetchone()
        if row is not None:
            self.snapshot, self.lsn, self.taken_at = row

    @contextlib.contextmanager
    def session(self) -> Iterator[Connection]:
        """Lend a session inside a transaction that sees the shared snapshot."""
        with super().session() as connection:
            if self.snapshot:
                connection.execute(_BEGIN)
                connection.execute(self._join())
            yield connection
            if self.snapshot:
                connection.execute("rollback")

    def preamble(self) -> tuple[str, ...]:
        """Return the SQL with which a child's session becomes what a session of ours is."""
        join = (self._join().as_string(),) if self.snapshot else ()
        return (SESSION, _BEGIN, *join)

    def _join(self) -> psycopg.sql.Composed:
        return psycopg.sql.SQL("set transaction snapshot {}").format(self.snapshot)

    def close(self) -> None:
        """Close all sessions and give the snapshot up."""
        super().close()
        if self._keeper is not None:
            self._keeper.close()
