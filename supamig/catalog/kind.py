"""What a catalog is: a query a version of Postgres, and how its records are named."""

# ruff: noqa: S608 - only constants of this package are joined

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import LiteralString

from supamig.models import Record, Value, quote

Naming = Callable[[Record], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """One kind of object: ``sql`` reads it; ``since`` holds the queries of newer major versions.

    ``derived`` adds attributes that are easier said in Python than in SQL.  No query needs rights
    beyond those of an ordinary role.
    """

    kind: str
    sql: LiteralString
    naming: Naming
    since: Mapping[int, LiteralString] = field(default_factory=dict)
    derived: Mapping[str, Callable[[Record], Value]] = field(default_factory=dict)

    def sql_for(self, major: int) -> LiteralString:
        """Return the query for a server of this major version."""
        known = [version for version in self.since if version <= major]
        return self.since[max(known)] if known else self.sql


def dotted(*keys: str) -> Naming:
    """Name a record by these attributes, each quoted, joined by dots; empty ones are left out.

    Python quotes, not the server: the keywords that `quote_ident` knows differ between versions.
    """

    def name(record: Record) -> str:
        return ".".join(quote(str(record[key])) for key in keys if record[key])

    return name


def plain(key: str) -> Naming:
    """Name a record by one attribute as it is."""
    return lambda record: str(record[key])


#: Schemas that hold no objects of users; `n` is pg_namespace.
OUTSIDE_SYSTEM: LiteralString = " n.nspname !~ '^pg_' and n.nspname <> 'information_schema' "


def own(catalog: LiteralString, oid: LiteralString) -> LiteralString:
    """Write the condition that an object is no member of an extension (pg_depend)."""
    return (
        " not exists (select 1 from pg_depend m where m.classid = 'pg_catalog."
        + catalog
        + "'::regclass and m.objid = "
        + oid
        + " and m.deptype = 'e') "
    )


def of_user(catalog: LiteralString, oid: LiteralString) -> LiteralString:
    """Write the condition that an object is in a schema for users and of no extension."""
    return OUTSIDE_SYSTEM + " and " + own(catalog, oid)


#: The same for a function, which moreover was not made along with a range type; `p` is pg_proc.
OF_USER_FUNCTION: LiteralString = (
    OUTSIDE_SYSTEM
    + """ and not exists (select 1 from pg_depend m where m.classid = 'pg_catalog.pg_proc'::regclass
                          and m.objid = p.oid and m.deptype in ('e', 'i')) """
)
