"""What a server says of itself: one query a kind of object, for PostgreSQL 15 to 18.

Every record has a ``name`` that is unique in its catalog and raw attributes beside it.  Definitions
are taken under an empty search path, so that every name in them is qualified.  Members of
extensions, system schemas and temporary objects are left out; managed schemas are not, because
importers and checks look at them differently.
"""

from __future__ import annotations

from contextlib import contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.rows import dict_row

from supamig.catalog import cluster, data_types, extras, programs, relations, rights, sequences
from supamig.catalog.kind import Catalog
from supamig.catalog.managed import (
    AUTH_INSTANCE,
    AUTH_NEVER_NULL,
    LEDGER,
    MANAGED,
    RESERVED_ROLES,
    is_managed,
    is_placed,
    is_reserved,
)
from supamig.catalog.sequences import sequence_values
from supamig.records import Maker

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from supamig.models import Record, Value

__all__ = [
    "ALL",
    "AUTH_INSTANCE",
    "AUTH_NEVER_NULL",
    "KINDS",
    "LEDGER",
    "MANAGED",
    "RESERVED_ROLES",
    "Catalog",
    "is_managed",
    "is_placed",
    "is_reserved",
    "read",
    "read_all",
    "records_of",
    "sequence_values",
]

_MODULES = (cluster, extras, data_types, relations, sequences, programs, rights)

#: Every catalog that is one query, by kind.
KINDS: Mapping[str, Catalog] = MappingProxyType(
    {catalog.kind: catalog for module in _MODULES for catalog in module.CATALOGS}
)

#: Every kind that ``read`` knows.
ALL: tuple[str, ...] = (*KINDS, "sequence_values")
#: Rows that libpq gathers before it hands them over; before libpq 17 it is one.
_CHUNK = 1000 if psycopg.capabilities.has_stream_chunked() else 1

# A server that has just got its tables knows little of its own catalogs, takes them for small, and
# would walk through one of them for every row of another.
_MANNER = """
    select set_config('search_path', '', true), set_config('enable_nestloop', 'off', true)
"""


def read(connection: psycopg.Connection[Any], kind: str) -> tuple[Record, ...]:
    """Read one catalog, sorted by name (by code point, whatever the server's collation)."""
    with _unchanged(connection):
        return _read(connection, kind)


def read_all(
    connection: psycopg.Connection[Any], kinds: Iterable[str] = ALL
) -> dict[str, tuple[Record, ...]]:
    """Read several catalogs in one transaction."""
    with _unchanged(connection):
        return {kind: _read(connection, kind) for kind in kinds}


@contextmanager
def _unchanged(connection: psycopg.Connection[Any]) -> Iterator[None]:
    """Run a block under an empty search path; roll back, which restores it and gives locks up."""
    with connection.transaction() as transaction:
        connection.execute(_MANNER)
        yield
        raise psycopg.Rollback(transaction)


def _read(connection: psycopg.Connection[Any], kind: str) -> tuple[Record, ...]:
    if kind == "sequence_values":
        return sequence_values(connection)
    query = KINDS[kind].sql_for(connection.info.server_version // 10000)
    with connection.cursor(row_factory=dict_row) as cursor:
        # libpq would hold the whole answer beside the records that are made of it
        return records_of(kind, cursor.stream(query, size=_CHUNK))


def records_of(kind: str, rows: Iterable[dict[str, Value]]) -> tuple[Record, ...]:
    """Make the records of a kind from the rows of its query: named, completed, sorted."""
    catalog = KINDS[kind]
    maker = Maker()
    records: list[Record] = []
    for row in rows:
        record: dict[str, Value] = row | {k: derive(row) for k, derive in catalog.derived.items()}
        records.append(maker.make(["name", *record], [catalog.naming(record), *record.values()]))
    return tuple(sorted(records, key=lambda record: str(record["name"])))
