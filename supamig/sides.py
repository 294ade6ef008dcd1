"""What a check sees of a database: a live server, read-only and cancellable, or a bundle."""

from __future__ import annotations

import contextlib
import threading
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

import psycopg

from supamig import catalog
from supamig.copying import parallel
from supamig.copying.digest import digest, digest_queries, no_rows
from supamig.models import TableRef
from supamig.moves import table_of
from supamig.protocols import Unavailable
from supamig.records import alike
from supamig.search_path import PATH_KINDS, is_not_found, set_path, usual_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from psycopg.sql import Composable

    from supamig.models import Digest, Inventory, Record, ServerFacts, TableCopy
    from supamig.postgres import Connection, Server


NOTHING_HIDDEN: Mapping[str, frozenset[str]] = MappingProxyType({})


class Memory:
    """Catalogs and digests of one side, read once for all the checks of a run.

    ``hidden`` names by kind what checks do not see: what the target had before a move.  What is
    equal ``beside`` it is not kept a second time.
    """

    def __init__(
        self,
        hidden: Mapping[str, frozenset[str]] = NOTHING_HIDDEN,
        *,
        beside: Memory | None = None,
    ) -> None:
        self._hidden = hidden
        self._beside = beside
        self._guard = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}
        self.catalogs: dict[str, tuple[Record, ...]] = {}
        self.digests: dict[tuple[TableRef, tuple[str, ...]], Digest] = {}

    def keep(self, kind: str, records: Sequence[Record]) -> None:
        """Keep one catalog."""
        hidden = self._hidden.get(kind, frozenset())
        seen = [record for record in records if record["name"] not in hidden]
        others = self._beside.catalogs.get(kind, ()) if self._beside else ()
        self.catalogs[kind] = alike(seen, others)

    def lock(self, name: str) -> threading.Lock:
        """Return the lock under which ``name`` is read, so that two checks do not read it twice."""
        with self._guard:
            return self._locks.setdefault(name, threading.Lock())


class Live:
    """A server as one check sees it; ``timeout`` in seconds bounds each of its queries.

    Rows are digested in so many ``sessions`` at once.
    """

    is_live = True

    def __init__(
        self, server: Server, memory: Memory, *, timeout: float = 0.0, sessions: int = 1
    ) -> None:
        self._server = server
        self._sessions = sessions
        self._memory = memory
        self._milliseconds = int(timeout * 1000)
        self._busy: set[Connection] = set()
        self._cancelled = False

    @property
    def label(self) -> str:
        """``source`` or ``target``."""
        return self._server.label

    @property
    def facts(self) -> ServerFacts:
        """Which server this is."""
        return self._server.facts

    @contextlib.contextmanager
    def _session(self) -> Iterator[Connection]:
        with self._server.session() as connection:
            # with a shared snapshot the session is inside its transaction already
            opened = connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
            if opened:
                connection.execute("begin transaction read only")
            connection.execute(
                "select set_config('statement_timeout', %s, true)", (str(self._milliseconds),)
            )
            self._busy.add(connection)
            try:
                if self._cancelled:
                    message = "the check was cancelled at its deadline"
                    raise Unavailable(message)
                yield connection
            finally:
                self._busy.discard(connection)
            if opened:
                connection.execute("rollback")

    def rows(self, query: str | Composable, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run one query in a read-only transaction of its own.

        The planner may look into functions that an index calls; these count on a search path.
        """
        with self._session() as connection:
            text = query if isinstance(query, str) else query.as_string(connection)
            try:
                with connection.transaction():
                    return connection.execute(text, params or None).fetchall()
            except psycopg.Error as error:
                if not is_not_found(error):
                    raise
            set_path(connection, usual_path({kind: self.catalog(kind) for kind in PATH_KINDS}))
            return connection.execute(text, params or None).fetchall()

    def catalog(self, kind: str) -> tuple[Record, ...]:
        """Return one catalog, from memory when another check has read it."""
        with self._memory.lock(kind):
            if kind not in self._memory.catalogs:
                with self._session() as connection:
                    self._memory.keep(kind, catalog.read(connection, kind))
            return self._memory.catalogs[kind]

    def digests(self, tables: Mapping[TableRef, Sequence[str]]) -> dict[TableRef, Digest]:
        """Digest the tables in batches, each in a transaction of its own so that locks stay few."""
        known = self._memory.digests
        with self._memory.lock("digests"):
            wanted = {t: c for t, c in tables.items() if (t, tuple(c)) not in known}
            if wanted:
                self._digest(wanted)
        return {t: known[t, tuple(c)] for t, c in tables.items()}

    def _digest(self, tables: Mapping[TableRef, Sequence[str]]) -> None:
        known = self._memory.digests
        records = {table_of(record): record for record in self.catalog("tables")}
        filled = {}
        for table, columns in tables.items():
            if records.get(table, {}).get("empty"):
                known[table, tuple(columns)] = no_rows(columns)
            else:
                filled[table] = columns

        def ask(asked: tuple[list[TableRef], Composable]) -> None:
            batch, query = asked
            for row in self.rows(query):
                table = batch[row[0]]
                known[table, tuple(tables[table])] = digest(row, tables[table])

        sizes = {table: int(str(record["bytes"])) for table, record in records.items()}
        binary = binary_columns(self.catalog("columns"))
        queries = digest_queries(filled, binary, sizes)
        parallel.each(queries, ask, jobs=self._sessions, cancel=self.cancel)

    def cancel(self) -> None:
        """End the queries at work and refuse further ones; called at the check's deadline."""
        self._cancelled = True
        for connection in list(self._busy):
            with contextlib.suppress(psycopg.Error):
                connection.cancel_safe(timeout=2.0)


def binary_columns(columns: Sequence[Record]) -> dict[TableRef, frozenset[str]]:
    """Name the bytea columns of every table."""
    found: dict[TableRef, set[str]] = {}
    for record in columns:
        if record["type"] == "bytea":
            table = TableRef(str(record["schema"]), str(record["table"]))
            found.setdefault(table, set()).add(str(record["column"]))
    return {table: frozenset(names) for table, names in found.items()}


class Recorded(Protocol):
    """What is known of a database that is not there to be asked: a bundle's content, a backup's."""

    @property
    def inventory(self) -> Inventory:
        """The catalogs of the database."""

    @property
    def tables(self) -> Mapping[TableRef, TableCopy]:
        """The tables with the digests of their rows."""


class Offline:
    """A bundle or backup in the place of a source that is gone: its inventory and digests."""

    is_live = False
    label = "source"

    def __init__(self, recorded: Recorded) -> None:
        self._recorded = recorded

    @property
    def facts(self) -> ServerFacts:
        """The server that the database was on."""
        return self._recorded.inventory.server

    def rows(self, query: str | Composable, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Raise `Unavailable`: there is no server to ask."""
        del query, params
        message = "the source is a bundle, which answers no queries"
        raise Unavailable(message)

    def catalog(self, kind: str) -> tuple[Record, ...]:
        """Return one catalog of the inventory."""
        try:
            return self._recorded.inventory.catalogs[kind]
        except KeyError:
            message = f"the bundle's inventory has no catalog `{kind}`"
            raise Unavailable(message) from None

    def digests(self, tables: Mapping[TableRef, Sequence[str]]) -> dict[TableRef, Digest]:
        """Return the digests that the export recorded: of these columns, or of those with data."""
        found = {}
        for table, columns in tables.items():
            copy = self._recorded.tables.get(table)
            whole, filled = (copy.digest, copy.filled) if copy else (None, None)
            if whole and not whole.rows:
                found[table] = replace(whole, columns=tuple(columns))
            elif whole and whole.columns == tuple(columns):
                found[table] = whole
            elif filled and set(filled.columns) <= set(columns):
                found[table] = filled
        return found

    def cancel(self) -> None:
        """Do nothing: no query is ever at work."""


class Absent:
    """A side whose database nobody named, or that does not answer; its services may well."""

    is_live = False

    def __init__(self, label: str) -> None:
        self.label = label

    def _refuse(self) -> NoReturn:
        message = f"no database of the {self.label} answers"
        raise Unavailable(message)

    @property
    def facts(self) -> ServerFacts:
        """Raise `Unavailable`, as everything here does."""
        self._refuse()

    def rows(self, query: str | Composable, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Raise `Unavailable`."""
        del query, params
        self._refuse()

    def catalog(self, kind: str) -> tuple[Record, ...]:
        """Raise `Unavailable`."""
        del kind
        self._refuse()

    def digests(self, tables: Mapping[TableRef, Sequence[str]]) -> dict[TableRef, Digest]:
        """Raise `Unavailable`."""
        del tables
        self._refuse()

    def cancel(self) -> None:
        """Do nothing: no query is ever at work."""
