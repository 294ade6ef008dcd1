"""Before the move: whether the roles that supamig logs in with may do what it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from supamig.catalog import is_managed
from supamig.hookspecs import hookimpl
from supamig.models import Finding, Severity, Stage, TableRef
from supamig.protocols import Validator, validator

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from supamig.protocols import CheckContext

#: Managed schemas whose rows are read.
_READ = frozenset({"auth", "storage", "supabase_functions"})
_MOST_NAMES = 20

# pg_class, pg_roles: rights are asked for, never tried out
_READABLE = """
    select n.nspname, c.relname, c.relkind::text,
           pg_catalog.has_schema_privilege(n.oid, 'usage')
             and case c.relkind when 'S' then pg_catalog.has_sequence_privilege(c.oid, 'select')
                                else pg_catalog.has_table_privilege(c.oid, 'select') end,
           c.relrowsecurity and not r.rolbypassrls and not r.rolsuper
             and (c.relforcerowsecurity or not pg_catalog.pg_has_role(c.relowner, 'usage'))
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    join pg_catalog.pg_roles r on r.rolname = current_user
    where c.relkind in ('r', 'p', 'm', 'S') and n.nspname !~ '^pg_'
      and n.nspname <> 'information_schema'
      and not exists (select from pg_catalog.pg_depend d where d.objid = c.oid and d.deptype = 'e'
                      and d.classid = 'pg_catalog.pg_class'::regclass)
    order by n.nspname collate "C", c.relname collate "C"
"""


@validator(
    "preflight.source-rights",
    title="The source's role may read every row",
    stage=Stage.PREFLIGHT,
    needs=("source",),
)
def source_rights(context: CheckContext) -> Iterable[Finding]:
    """Find tables that cannot be read, or of which policies would hide rows."""
    if context.source.facts.superuser:
        return
    user = context.source.facts.user
    closed, filtered = [], []
    for schema, name, kind, readable, hidden in context.source.rows(_READABLE):
        if is_managed(schema) and schema not in _READ:
            continue
        if not readable:
            closed.append(str(TableRef(schema, name)))
        elif hidden and kind != "S":
            filtered.append(str(TableRef(schema, name)))
    yield from _listed("closed", f"`{user}` may not read", closed,
                       f"Connect as `postgres`, or grant pg_read_all_data to `{user}`")  # fmt: skip
    yield from _listed("filtered", f"policies would hide rows from `{user}` of", filtered,
                       "Connect as a role with BYPASSRLS, such as `postgres`")  # fmt: skip


def _listed(subject: str, words: str, names: list[str], hint: str) -> Iterator[Finding]:
    if names:
        yield Finding(
            check="preflight.source-rights",
            severity=Severity.ERROR,
            subject=subject,
            message=f"{words} {len(names)} of the source's relations, {names[0]} for one",
            hint=hint,
            evidence={"relations": names[:_MOST_NAMES], "count": len(names)},
        )


# What an import does that an ordinary role may not
_POWERS = """
    select r.rolcreaterole, r.rolbypassrls, r.rolreplication,
           pg_catalog.has_database_privilege(current_database(), 'create'),
           pg_catalog.has_parameter_privilege('session_replication_role', 'set')
    from pg_catalog.pg_roles r where r.rolname = current_user
"""
_WORDS = (
    ("CREATEROLE", "create the roles"),
    ("BYPASSRLS", "load and compare rows under row level security"),
    ("REPLICATION", "take part in replication later"),
    ("CREATE on the database", "create schemas"),
    ("SET on session_replication_role", "keep triggers quiet while rows are loaded"),
)
_NEEDED_LATER = frozenset({"REPLICATION"})


@validator(
    "preflight.target-rights",
    title="The target's role may create everything",
    stage=Stage.PREFLIGHT,
    needs=("target",),
)
def target_rights(context: CheckContext) -> Iterable[Finding]:
    """Find what the target's role may not do; a superuser may do everything."""
    facts = context.target.facts
    if facts.superuser:
        return
    hint = "Connect to the target as `supabase_admin`, which a self-hosted deployment has"
    yield Finding(
        check="preflight.target-rights",
        severity=Severity.WARNING,
        subject="superuser",
        message=f"`{facts.user}` is no superuser on the target: objects of other owners, event"
        " triggers and what hangs on managed tables cannot be made",
        hint=hint,
    )
    granted = context.target.rows(_POWERS)[0]
    for (power, purpose), has in zip(_WORDS, granted, strict=True):
        if not has and power not in _NEEDED_LATER:
            yield Finding(
                check="preflight.target-rights",
                severity=Severity.ERROR,
                subject=power,
                message=f"`{facts.user}` lacks {power} on the target, needed to {purpose}",
                hint=hint,
            )


@hookimpl
def supamig_validators() -> list[Validator]:
    """Hand over the preflight checks of rights."""
    return [source_rights, target_rights]
