"""The target as a run writes it: each effect once, together with its line in a ledger.

The ledger is a table in the schema ``_supamig`` of the target while a run is under way.  A line is
written in the transaction of its effect, so a killed run knows afterwards exactly what is done.
"""

from __future__ import annotations

import contextlib
import json
import time
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql

from supamig.errors import Refused, RunInProgress, StepFailed
from supamig.models import Inventory, ServerFacts
from supamig.postgres import Connection, Server
from supamig.statements import word

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from supamig.secret import Secret

NOTHING = Inventory(
    server=ServerFacts(
        host="",
        database="",
        user="",
        version="0",
        version_num=0,
        system_id="",
        database_oid=0,
        size=0,
        superuser=False,
    ),
    catalogs={},
)


_STALE = """
    select pg_catalog.pg_terminate_backend(pid) from pg_catalog.pg_stat_activity
    where application_name = %s and pid <> pg_catalog.pg_backend_pid()
      and datname = current_database()
"""
_LEDGER = """
    create schema if not exists _supamig;
    create table if not exists _supamig.ledger (run text, step text, item text,
      detail jsonb not null default '{}', primary key (run, step, item))
"""
_LOUD = """
    select evtname, evtenabled::text from pg_catalog.pg_event_trigger where evtenabled in ('A', 'R')
"""
_WAKE = {"A": "enable always", "R": "enable replica"}
_LOCK = "select pg_catalog.pg_try_advisory_lock(hashtextextended('supamig', 0))"


class Target(Server):
    """The target: the one side that is written, each effect once, recorded in the ledger."""

    label = "target"
    read_only = False

    def __init__(self, dsn: Secret, *, run_id: str, timeout: float = 10.0) -> None:
        super().__init__(dsn, timeout=timeout, application=f"supamig {run_id}"[:63])
        self.run_id = run_id
        #: what the target held before this run; set before any importer works
        self.before: Inventory = NOTHING
        self._keeper: Connection | None = None

    def connect(self) -> Connection:
        """Open a session whose commits do not wait for the disk; ``settle`` waits for all."""
        connection = super().connect()
        # a server that crashes loses the last of them, but with their lines of the ledger
        connection.execute("set synchronous_commit = off")
        return connection

    def open(self) -> None:
        """Take the target for this run: end sessions that a killed run left, make the ledger.

        Raise `RunInProgress` when another supamig holds it.
        """
        self._keeper = self.connect()
        # a server process does not notice at once that its client was killed
        for _ in range(50):
            left = self._keeper.execute(_STALE, (self.application,)).fetchall()
            if not left:
                break
            time.sleep(0.1)
        row = self._keeper.execute(_LOCK).fetchone()
        if row is None or not row[0]:
            raise RunInProgress(
                "another supamig is working on this target",
                hint="Wait until it ends; `supamig status` shows the runs of this directory",
            )
        try:
            with _unseen(self._keeper):
                self._keeper.execute(_LEDGER)
        except psycopg.errors.InsufficientPrivilege as error:
            raise Refused(
                f"`{self.facts.user}` may not create a schema on the target",
                hint="Connect to the target as `supabase_admin`",
            ) from error

    @contextlib.contextmanager
    def once(self, step: str, item: str, *, quiet: bool = True) -> Iterator[Once | None]:
        """Open a transaction for one effect, or yield None when the ledger says it is done.

        ``quiet`` keeps triggers, event triggers and foreign keys from firing in it.
        """
        try:
            with self.session() as connection, connection.transaction():
                if quiet:
                    _be_quiet(connection)
                new = connection.execute(
                    "insert into _supamig.ledger (run, step, item) values (%s, %s, %s)"
                    " on conflict do nothing returning 1",
                    (self.run_id, step, item),
                ).fetchone()
                yield Once(connection, (self.run_id, step, item)) if new else None
        except psycopg.Error as error:
            what = error.diag.message_primary or " ".join(str(error).split())
            raise StepFailed(
                f"`{item}` failed on the target: {what}",
                hint=error.diag.message_hint or "Nothing of it was kept; mend it and run again",
            ) from error

    def settle(self) -> None:
        """Wait until all that was done so far is safe from a crash of the server."""
        with self.session() as connection, connection.transaction():
            _wait_for_disk(connection)
            connection.execute(
                "insert into _supamig.ledger (run, step, item) values (%s, 'settle', '')"
                " on conflict (run, step, item) do update set detail = excluded.detail",
                (self.run_id,),
            )

    def done(self, step: str) -> dict[str, dict[str, Any]]:
        """Return the items of a step that are done, each with the detail noted at its end."""
        with self.session() as connection:
            rows = connection.execute(
                "select item, detail from _supamig.ledger where run = %s and step = %s",
                (self.run_id, step),
            ).fetchall()
        return dict(rows)

    def forget(self) -> None:
        """Remove the ledger; the run is over."""
        with self.session() as connection, _unseen(connection):
            _wait_for_disk(connection)
            connection.execute("drop schema if exists _supamig cascade")

    def close(self) -> None:
        """Close all sessions and let the target go."""
        super().close()
        if self._keeper is not None:
            self._keeper.close()


def _wait_for_disk(connection: Connection) -> None:
    connection.execute("set local synchronous_commit to default")


def _be_quiet(connection: Connection) -> None:
    try:
        connection.execute("set local session_replication_role = replica")
    except psycopg.errors.InsufficientPrivilege as error:
        raise Refused(
            f"`{connection.info.user}` may not set session_replication_role on the target",
            hint="Connect to the target as `supabase_admin`, so that no trigger fires in the load",
        ) from error


@contextlib.contextmanager
def _unseen(connection: Connection) -> Iterator[None]:
    """Open a transaction in which no event trigger fires, not even one of replicas."""
    with connection.transaction():
        _be_quiet(connection)
        loud = connection.execute(_LOUD).fetchall()
        for name, _ in loud:
            _switch(connection, name, "disable")
        yield
        for name, enabled in loud:
            _switch(connection, name, _WAKE[enabled])


def _switch(connection: Connection, trigger: str, how: str) -> None:
    name = sql.Identifier(trigger)
    connection.execute(sql.SQL("alter event trigger {} {}").format(name, word(how)))


class Once:
    """The transaction of one effect; it commits together with its line in the ledger."""

    def __init__(self, connection: Connection, key: tuple[str, str, str]) -> None:
        self.connection = connection
        self._key = key

    def note(self, detail: Mapping[str, Any]) -> None:
        """Keep facts about the effect, such as its row count, for the report of a resumed run."""
        self.connection.execute(
            "update _supamig.ledger set detail = %s where run = %s and step = %s and item = %s",
            (json.dumps(detail), *self._key),
        )
