"""A Postgres server by address, and fresh databases on it."""

from __future__ import annotations

import contextlib
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from supamig.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class Server:
    """Where a server is and who may do everything on it."""

    def __init__(
        self,
        *,
        host: str,
        port: int,
        user: str,
        password: Secret,
        options: Mapping[str, str] | None = None,
    ) -> None:
        self.host = host
        self.port = port
        self.user = user
        self.password = password
        self.options = dict(options or {})

    @classmethod
    def given(cls, dsn: Secret) -> Server:
        """Take the server that a connection string names."""
        parts = {name: str(value) for name, value in conninfo_to_dict(dsn.reveal()).items()}
        parts.pop("dbname", None)
        return cls(
            host=parts.pop("host", "/var/run/postgresql"),
            port=int(parts.pop("port", "5432")),
            user=parts.pop("user", "postgres"),
            password=Secret(parts.pop("password", "")),
            options=parts,
        )

    def dsn(
        self, database: str = "postgres", *, user: str = "", password: Secret | None = None
    ) -> Secret:
        """Return a whole connection string; another ``user`` needs a ``password`` of its own."""
        word = password or (self.password if user in ("", self.user) else Secret(""))
        return Secret(self._url(database, user=user, password=word.reveal()))

    def address(self, database: str = "postgres", *, user: str = "") -> str:
        """Return a connection string without password, as it may stand on a command line."""
        return self._url(database, user=user, password="")

    def connect(
        self, database: str = "postgres", *, user: str = "", password: Secret | None = None
    ) -> psycopg.Connection[tuple[Any, ...]]:
        """Open a session in autocommit mode."""
        dsn = self.dsn(database, user=user, password=password)
        return psycopg.connect(dsn.reveal(), autocommit=True)

    def _url(self, database: str, *, user: str, password: str) -> str:
        login = quote(user or self.user, safe="")
        if password:
            login += ":" + quote(password, safe="")
        host = f"[{self.host}]" if ":" in self.host else quote(self.host, safe="")
        options = "?" + urlencode(self.options, quote_via=quote) if self.options else ""
        return f"postgresql://{login}@{host}:{self.port}/{quote(database, safe='')}{options}"


@dataclass(frozen=True, slots=True)
class Database:
    """One database on a server."""

    server: Server
    name: str

    @property
    def dsn(self) -> Secret:
        """The whole connection string of the server's superuser."""
        return self.server.dsn(self.name)

    @property
    def address(self) -> str:
        """The connection string without password."""
        return self.server.address(self.name)

    def connect(self) -> psycopg.Connection[tuple[Any, ...]]:
        """Open a session in autocommit mode."""
        return self.server.connect(self.name)


@contextlib.contextmanager
def fresh_database(server: Server, *, prefix: str = "test") -> Iterator[Database]:
    """Give a new, empty database that is dropped at the end, whoever is still connected."""
    name = f"{prefix}_{secrets.token_hex(6)}"
    with server.connect() as session:
        session.execute(
            sql.SQL("create database {} template template0").format(sql.Identifier(name))
        )
    try:
        yield Database(server, name)
    finally:
        with server.connect() as session:
            session.execute(
                sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name))
            )
