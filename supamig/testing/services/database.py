"""Sessions on the project's Postgres, each as the role that the service has there."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo
from psycopg.rows import dict_row

if TYPE_CHECKING:
    from collections.abc import Iterator

    from supamig.secret import Secret

Row = dict[str, Any]
Session = psycopg.Connection[Row]
_CONNECT_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Database:
    """Where the project is.  Every request has a session of its own, so a restart is survived.

    A superuser's ``dsn`` becomes ``role``; with any other one ``role`` logs in by its password.  An
    empty ``role`` leaves the login as it is.
    """

    dsn: Secret
    role: str = ""
    search_path: str = ""

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Session]:
        """Give a session in a transaction, which an exception rolls back."""
        with self.connect() as session:
            yield session

    def connect(self) -> Session:
        """Open a session in the service's role."""
        conninfo = make_conninfo(self.dsn.reveal(), connect_timeout=_CONNECT_SECONDS)
        session = psycopg.connect(conninfo, row_factory=dict_row)
        try:
            if self.role:
                session = self._become(session, conninfo)
            if self.search_path:
                session.execute("select set_config('search_path', %s, false)", [self.search_path])
            session.commit()
        except BaseException:
            session.close()
            raise
        return session

    def _become(self, session: Session, conninfo: str) -> Session:
        become = sql.SQL("set session authorization {}").format(sql.Identifier(self.role))
        try:
            session.execute(become)
        except psycopg.errors.InsufficientPrivilege:
            session.close()
            return psycopg.connect(make_conninfo(conninfo, user=self.role), row_factory=dict_row)
        return session
