"""Sequences: how they are defined, and exactly where they stand."""

# ruff: noqa: S608 - only constants of this package are joined

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql

from supamig.catalog.kind import Catalog, dotted, of_user
from supamig.models import Record, TableRef
from supamig.records import Maker

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# pg_sequence, pg_depend: `a` is a serial column or OWNED BY, `i` an identity column
SEQUENCES = Catalog(
    kind="sequences",
    naming=dotted("schema", "sequence"),
    sql="""
    select n.nspname as schema, c.relname as sequence, format_type(s.seqtypid, null) as type,
           s.seqstart as start, s.seqincrement as increment, s.seqmin as min, s.seqmax as max,
           s.seqcache as cache, s.seqcycle as cycle,
           coalesce(quote_ident(tn.nspname) || '.' || quote_ident(t.relname) || '.'
                    || quote_ident(a.attname), '') as owned_by,
           coalesce(tn.nspname::text, '') as owned_schema,
           coalesce(t.relname::text, '') as owned_table,
           coalesce(a.attname::text, '') as owned_column,
           coalesce(d.deptype = 'i', false) as identity,
           c.relpersistence::text as persistence, pg_get_userbyid(c.relowner)::text as owner
    from pg_sequence s
    join pg_class c on c.oid = s.seqrelid
    join pg_namespace n on n.oid = c.relnamespace
    left join pg_depend d on d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid
                         and d.refclassid = 'pg_catalog.pg_class'::regclass
                         and d.refobjsubid > 0 and d.deptype in ('a', 'i')
    left join pg_class t on t.oid = d.refobjid
    left join pg_namespace tn on tn.oid = t.relnamespace
    left join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
    where """
    + of_user("pg_class", "c.oid"),
)

#: How many sequences one statement reads: each one is opened and locked by it.
_BATCH = 250

_READABLE = """
    select n.nspname, c.relname, has_sequence_privilege(c.oid, 'select')
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'S' and c.relpersistence <> 't' and """ + of_user("pg_class", "c.oid")

_ONE = sql.SQL("select {schema}::text, {name}::text, last_value, is_called from {relation}")


def sequence_values(connection: psycopg.Connection[Any]) -> tuple[Record, ...]:
    """Read where every sequence stands: ``last_value`` and ``is_called``, sorted by name.

    The view `pg_sequences` does not do: it hides the value of a sequence that was restarted and not
    called since.  A sequence that this role may not read has ``last_value`` None.
    """
    listed = connection.execute(_READABLE).fetchall()
    maker = Maker()
    records = [_record(maker, s, name, None, called=False) for s, name, may in listed if not may]
    readable = [(schema, name) for schema, name, may_read in listed if may_read]
    for batch in _batches(readable):
        # rolled back at once, so that the locks of one batch are gone before the next
        with connection.transaction() as transaction:
            rows = connection.execute(_union(batch)).fetchall()
            raise psycopg.Rollback(transaction)
        records += [_record(maker, row[0], row[1], row[2], called=row[3]) for row in rows]
    return tuple(sorted(records, key=lambda record: str(record["name"])))


def _batches(names: Sequence[tuple[str, str]]) -> Iterator[Sequence[tuple[str, str]]]:
    for start in range(0, len(names), _BATCH):
        yield names[start : start + _BATCH]


def _union(names: Sequence[tuple[str, str]]) -> sql.Composed:
    return sql.SQL(" union all ").join(
        _ONE.format(schema=schema, name=name, relation=sql.Identifier(schema, name))
        for schema, name in names
    )


def _record(
    maker: Maker, schema: str, name: str, last_value: int | None, *, called: bool
) -> Record:
    values = (str(TableRef(schema, name)), schema, name, last_value, called)
    return maker.make(("name", "schema", "sequence", "last_value", "is_called"), values)


CATALOGS = (SEQUENCES,)
