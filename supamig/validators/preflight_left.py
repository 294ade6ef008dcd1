"""Before the move: what it leaves behind, as it is in schemas that the platform's services own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
from psycopg import sql

from supamig.amounts import plural
from supamig.catalog import is_managed, is_placed
from supamig.hookspecs import hookimpl
from supamig.models import Finding, Severity, Stage, TableRef
from supamig.protocols import Validator, validator
from supamig.statements import server_text
from supamig.validators.compare import table_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from supamig.protocols import CheckContext, Side

_CHECK = "preflight.left-behind"
#: Functions are made again by the move, indexes and triggers hang on tables.
_KINDS = {"tables": "table", "views": "view", "sequences": "sequence", "types": "type"}
_SHOWN = 5
#: Managed schemas whose rows move, as far as the target has their tables: the plan looks at those.
_MOVED = frozenset({"auth", "storage", "supabase_functions"})
#: Tables of services whose rows are the user's, by what such a row is and how it is made again.
_ROWS = {
    "cron.job": ("scheduled job", "Schedule them on the target: `select cron.schedule(...)`"),
    "pgmq.meta": ("queue", "Create them on the target: `select pgmq.create(...)`"),
    "vault.secrets": ("secret", "Create them on the target: `select vault.create_secret(...)`"),
}


@validator(
    _CHECK,
    title="Nothing of yours is left behind in managed schemas",
    stage=Stage.PREFLIGHT,
    needs=("target",),
)
def left_behind(context: CheckContext) -> Iterable[Finding]:
    """Find objects that users placed into managed schemas, and rows that only services make."""
    yield from _objects(context)
    yield from _hanging(context)
    if context.source.is_live:
        yield from _rows(context.source)
        yield from _lost_rows(context)
        yield from _rows_of_extensions(context.source)


def _objects(context: CheckContext) -> Iterator[Finding]:
    found: dict[str, list[str]] = {}
    for kind, noun in _KINDS.items():
        theirs = {record["name"] for record in context.target.catalog(kind)}
        for record in context.source.catalog(kind):
            if is_placed(record) and record["name"] not in theirs and not record.get("identity"):
                found.setdefault(str(record["schema"]), []).append(f"{noun} `{record['name']}`")
    for schema, names in sorted(found.items()):
        yield Finding(
            check=_CHECK,
            severity=Severity.WARNING,
            subject=schema,
            message=f"schema `{schema}` is the platform's: what you put there does not move: "
            + _some(names),
            hint="Move it into a schema of your own first, or make it again on the target",
            evidence={"objects": names},
        )


def _hanging(context: CheckContext) -> Iterator[Finding]:
    """Find indexes and constraints on managed tables: their makers cannot be told apart."""
    tables = {record["name"]: record for record in context.target.catalog("tables")}
    found: dict[str, list[str]] = {}
    for kind, noun in (("indexes", "index"), ("constraints", "constraint")):
        theirs = {record["name"] for record in context.target.catalog(kind)}
        for record in context.source.catalog(kind):
            table = table_name(record)
            if record["name"] in theirs or record.get("is_constraint") or table not in tables:
                continue
            if is_managed(str(record["schema"])):
                found.setdefault(table, []).append(f"{noun} `{record[noun]}`")
    for table, names in sorted(found.items()):
        yield Finding(
            check=_CHECK,
            severity=Severity.INFO,
            subject=table,
            message=f"`{table}` has what the target's has not, and which does not move: "
            + _some(names),
            hint="Nothing is to be done if another version of the service made it",
            evidence={"objects": names},
        )


def _rows(side: Side) -> Iterator[Finding]:
    for name, (noun, hint) in _ROWS.items():
        if not side.rows("select pg_catalog.to_regclass(%s) is not null", (name,))[0][0]:
            continue
        try:
            count = side.rows(f"select count(*) from {name}")[0][0]  # noqa: S608 - of the table above
        except psycopg.errors.InsufficientPrivilege:
            count = -1
        if count:
            some = plural(count, noun) if count > 0 else f"every {noun}"
            yield Finding(
                check=_CHECK,
                severity=Severity.WARNING,
                subject=name,
                message=f"what `{name}` holds does not move: {some}",
                hint=hint,
                evidence={"rows": count} if count > 0 else {},
            )


def _lost_rows(context: CheckContext) -> Iterator[Finding]:
    """Find rows in tables that users placed where no rows move, and that the target lacks."""
    theirs = {record["name"] for record in context.target.catalog("tables")}
    for record in context.source.catalog("tables"):
        name = str(record["name"])
        if record["kind"] != "r" or record["schema"] in _MOVED or name in {*theirs, *_ROWS}:
            continue
        table = sql.Identifier(str(record["schema"]), str(record["table"]))
        if is_placed(record) and _any(context.source, table):
            yield Finding(
                check=_CHECK,
                severity=Severity.ERROR,
                subject=name,
                message=f"`{name}` holds data and would not move: schema `{record['schema']}` is"
                " one of the platform's",
                hint="Rename the schema if it is yours, or leave that data behind with"
                f" `--ignore {_CHECK}`",
            )


def _any(side: Side, table: sql.Identifier) -> bool:
    query = sql.SQL("select exists (select from only {})").format(table)
    return bool(side.rows(query)[0][0])


# pg_extension: the tables of an extension whose rows are its users', as a dump would take them
_CONFIGURED = """
    select e.extname, n.nspname, c.relname, x.condition
    from pg_catalog.pg_extension e
    cross join lateral unnest(e.extconfig, e.extcondition) as x(relation, condition)
    join pg_catalog.pg_class c on c.oid = x.relation and c.relkind = 'r'
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    order by 1, 2, 3
"""


def _rows_of_extensions(side: Side) -> Iterator[Finding]:
    """Find rows that users gave to extensions, such as reference systems of PostGIS."""
    for extension, schema, name, condition in side.rows(_CONFIGURED):
        table = TableRef(schema, name)
        if str(table) in _ROWS:
            continue
        query = sql.SQL("select count(*) from {} {}").format(
            sql.Identifier(schema, name), server_text(condition)
        )
        count = side.rows(query)[0][0]
        if count:
            yield Finding(
                check=_CHECK,
                severity=Severity.WARNING,
                subject=str(table),
                message=f"{plural(count, 'row')} of `{table}` do not move: the table is of"
                f" extension `{extension}`",
                hint="Insert them on the target by hand if it needs them",
                evidence={"rows": count},
            )


def _some(names: list[str]) -> str:
    shown = ", ".join(sorted(names)[:_SHOWN])
    return shown + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")


@hookimpl
def supamig_validators() -> list[Validator]:
    """Hand over the check of what is left behind."""
    return [left_behind]
