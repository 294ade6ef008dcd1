"""A database's catalogs and row digests as psql prints them, and the reading of what it printed.

The backups container has psql and a shell, and no supamig.  It is given the queries as a script,
so that its backups say as much of themselves as those of the command line.
"""

# ruff: noqa: S608 - only constants of this package are joined

from __future__ import annotations

import json
from typing import IO, TYPE_CHECKING

from supamig.catalog import ALL, KINDS, records_of
from supamig.catalog.kind import of_user
from supamig.models import Inventory, ServerFacts, TableRef
from supamig.postgres import FACTS, SESSION
from supamig.records import Maker

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import LiteralString

    from supamig.catalog.kind import Catalog
    from supamig.models import Record, Value

# one query for all, as few as they are; a sequence that is not readable fails the backup
_SEQUENCES: LiteralString = """
select string_agg(format('select ''{"sequence_values": '' || json_build_object(''schema'', %L,
    ''sequence'', %L, ''last_value'', last_value, ''is_called'', is_called) || ''}'' from %I.%I',
    n.nspname, c.relname, n.nspname, c.relname), ' union all ')
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind = 'S' and c.relpersistence <> 't' and """
# see supamig.copying.digest: the same hash of the same text
_DIGESTS: LiteralString = """
select format('select json_build_object(''schema'', %L, ''table'', %L, ''columns'', %L::json,'
    ' ''rows'', count(*), ''total'', coalesce(sum(h), 0)::text, ''xor'', coalesce(bit_xor(h), 0))'
    ' from (select pg_catalog.hashtextextended(row(%s)::pg_catalog.text collate "C", 0) as h'
    ' from only %I.%I) as r', n.nspname, c.relname,
    coalesce(json_agg(a.attname order by a.attnum) filter (where a.attname is not null), '[]'),
    coalesce(string_agg(format(case when a.atttypid = 'bytea'::regtype
      then 'pg_catalog.sha256(%I)' else '%I' end, a.attname), ', ' order by a.attnum), ''),
    n.nspname, c.relname)
from pg_class c join pg_namespace n on n.oid = c.relnamespace
left join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
                        and a.attgenerated = ''
where c.relkind = 'r' and c.relpersistence <> 't' and """


def scripts() -> dict[str, str]:
    """Return the scripts of psql that the backups container runs, by the names it knows.

    The first makes its session print values as one of ours does; the others print, with `-At`, a
    record of a catalog a line and the rows and digest of a table a line.
    """
    lines = ["set enable_nestloop = off;"]
    lines += [f"select '{{\"server\": ' || to_json(s) || '}}' from ({_facts()}) as s;"]
    lines += [text for kind, one in KINDS.items() for text in _versions(kind, one)]
    lines += [_SEQUENCES + of_user("pg_class", "c.oid"), "\\gexec"]
    group = "group by n.nspname, c.relname"
    return {
        "session.sql": f"\\o /dev/null\n{SESSION.strip()};\n\\o\n",
        "catalogs.sql": "\n".join([*lines, ""]),
        "digests.sql": "\n".join([_DIGESTS + of_user("pg_class", "c.oid"), group, "\\gexec", ""]),
    }


def _facts() -> str:
    names = "database, user_name, version, version_num, system_id, database_oid, size, superuser"
    return f"select f.*, '' as host from ({FACTS.strip()}) as f({names})"


def _versions(kind: str, catalog: Catalog) -> Iterator[str]:
    """Yield the query of a kind, or one for each version of Postgres that has its own."""
    for number, major in enumerate(sorted(catalog.since, reverse=True)):
        yield f"select current_setting('server_version_num')::int >= {major}0000 as since \\gset"
        yield "\\if :since" if not number else "\\else\n\\if :since"
        yield _printing(kind, catalog.sql_for(major))
    yield "\\else\n" * bool(catalog.since) + _printing(kind, catalog.sql)
    yield "\\endif\n" * len(catalog.since)


def _printing(kind: str, query: str) -> str:
    return f"select '{{\"{kind}\": ' || row_to_json(q) || '}}' from ({query.strip()}) as q;"


def read_catalogs(stream: IO[bytes], *, taken_at: str) -> Inventory:
    """Build an inventory from what the script printed; raise `ValueError` or `KeyError`."""
    rows: dict[str, list[dict[str, Value]]] = {kind: [] for kind in KINDS}
    sequences: list[Record] = []
    server: ServerFacts | None = None
    maker = Maker()
    for line in stream:
        ((kind, fields),) = json.loads(line).items()
        if kind == "server":
            fields["user"] = fields.pop("user_name")
            server = ServerFacts(**fields)
        elif kind == "sequence_values":
            name = str(TableRef(str(fields["schema"]), str(fields["sequence"])))
            sequences.append(maker.make(["name", *fields], [name, *fields.values()]))
        else:
            rows[kind].append(fields)
    if server is None:
        message = "the catalogs do not say of which server they are"
        raise ValueError(message)
    found = {kind: records_of(kind, rows[kind]) for kind in KINDS}
    found["sequence_values"] = tuple(sorted(sequences, key=lambda record: str(record["name"])))
    return Inventory(server=server, catalogs={k: found[k] for k in ALL}, taken_at=taken_at)
