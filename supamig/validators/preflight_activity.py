"""Before the move: what is going on and what is set on the servers that can spoil a long copy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from supamig.hookspecs import hookimpl
from supamig.models import Finding, Severity, Stage
from supamig.protocols import Validator, validator
from supamig.validators.compare import is_compared

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from supamig.protocols import CheckContext, Side

_LONG_SECONDS = 300

# pg_stat_activity.  Walsenders and background workers hold no table locks that matter here.
_LONG = """
    select pid, coalesce(usename::text, ''), coalesce(state, ''),
           extract(epoch from clock_timestamp() - xact_start)::int8
    from pg_catalog.pg_stat_activity
    where xact_start < clock_timestamp() - pg_catalog.make_interval(secs => %s)
      and pid <> pg_catalog.pg_backend_pid() and backend_type = 'client backend'
      and datname = current_database() and application_name not like 'supamig%%'
    order by xact_start
"""
_PREPARED = """
    select gid, owner::text, extract(epoch from clock_timestamp() - prepared)::int8
    from pg_catalog.pg_prepared_xacts where database = current_database() order by gid
"""


def _live(context: CheckContext) -> Iterator[Side]:
    yield from (side for side in (context.source, context.target) if side.is_live)


@validator(
    "preflight.long-transactions",
    title="No transaction is open for long",
    stage=Stage.PREFLIGHT,
    needs=("target",),
)
def long_transactions(context: CheckContext) -> Iterable[Finding]:
    """Find sessions whose open transaction may hold locks, and keeps dead rows alive."""
    for side in _live(context):
        for pid, user, state, seconds in side.rows(_LONG, (_LONG_SECONDS,)):
            yield Finding(
                check="preflight.long-transactions",
                severity=Severity.WARNING,
                subject=f"{side.label} {pid}",
                message=f"session {pid} of `{user}` on the {side.label} has a transaction open for"
                f" {seconds // 60} minutes ({state})",
                hint=f"Let it end, or end it: `select pg_terminate_backend({pid})`",
                evidence={"seconds": seconds, "state": state},
            )


@validator(
    "preflight.prepared-transactions",
    title="No transaction is left prepared",
    stage=Stage.PREFLIGHT,
    needs=("target",),
)
def prepared_transactions(context: CheckContext) -> Iterable[Finding]:
    """Find prepared transactions: they hold locks for ever, and their rows do not move."""
    for side in _live(context):
        for gid, owner, seconds in side.rows(_PREPARED):
            yield Finding(
                check="preflight.prepared-transactions",
                severity=Severity.WARNING,
                subject=f"{side.label} {gid}",
                message=f"transaction `{gid}` of `{owner}` is prepared on the {side.label}: what it"
                " wrote will not move",
                hint="Run `commit prepared` or `rollback prepared` first",
                evidence={"seconds": seconds},
            )


@validator("preflight.unlogged-tables", title="No table is unlogged", stage=Stage.PREFLIGHT)
def unlogged_tables(context: CheckContext) -> Iterable[Finding]:
    """Find tables whose rows vanish when the server crashes, and never reach a replica."""
    for record in context.source.catalog("tables"):
        if record["persistence"] == "u" and is_compared(str(record["schema"])):
            yield Finding(
                check="preflight.unlogged-tables",
                severity=Severity.INFO,
                subject=str(record["name"]),
                message=f"table `{record['name']}` is unlogged: its rows move, but are lost if the"
                " target crashes and are not part of live replication",
                hint=f"Run `alter table {record['name']} set logged` if the rows matter",
            )


@validator("preflight.large-objects", title="No large objects", stage=Stage.PREFLIGHT)
def large_objects(context: CheckContext) -> Iterable[Finding]:
    """Find large objects, which are in no table and so easily forgotten."""
    count = int(str(context.source.catalog("large_objects")[0]["count"]))
    if count:
        yield Finding(
            check="preflight.large-objects",
            severity=Severity.WARNING,
            subject="large objects",
            message=f"the source has {count:,} large objects, which are in no table",
            hint="After the move the check `data.large-objects` tells whether they arrived",
            evidence={"count": count},
        )


# What the role would run under by itself: supamig sets its own sessions' limits to none.
_LIMITS = """
    select name, reset_val, source from pg_catalog.pg_settings
    where name in ('statement_timeout', 'idle_in_transaction_session_timeout',
                   'transaction_timeout', 'lock_timeout', 'idle_session_timeout')
      and reset_val <> '0' order by name
"""


@validator(
    "preflight.time-limits",
    title="No time limit cuts a long copy",
    stage=Stage.PREFLIGHT,
    needs=("target",),
)
def time_limits(context: CheckContext) -> Iterable[Finding]:
    """Find time limits of role, database or server, which other tools are subject to."""
    for side in _live(context):
        for name, value, _ in side.rows(_LIMITS):
            yield Finding(
                check="preflight.time-limits",
                severity=Severity.INFO,
                subject=f"{side.label} {name}",
                message=f"`{name}` is {int(value) / 1000:g} s for `{side.facts.user}` on the"
                f" {side.label}; supamig switches it off in its own sessions",
                hint=f"For other tools run `alter role {side.facts.user} set {name} = 0` meanwhile",
            )


@hookimpl
def supamig_validators() -> list[Validator]:
    """Hand over the preflight checks of activity and limits."""
    return [
        long_transactions,
        prepared_transactions,
        unlogged_tables,
        large_objects,
        time_limits,
    ]
