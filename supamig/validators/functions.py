"""Functions, triggers and event triggers are the same on both sides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from supamig.catalog import is_managed
from supamig.hookspecs import hookimpl
from supamig.protocols import Validator, validator
from supamig.validators.compare import Rule, Sides, compare

if TYPE_CHECKING:
    from collections.abc import Iterable

    from supamig.models import Finding, Record
    from supamig.protocols import CheckContext

_FUNCTIONS = Rule(
    check="schema.functions",
    kind="functions",
    noun="function",
    attributes={
        "kind": "kind of function",
        "definition": "definition",
        "security_definer": "SECURITY DEFINER",
        "settings": "settings",
    },
    texts=frozenset({"definition"}),
    hint="Create the function again on the target",
)
_TRIGGERS = Rule(
    check="schema.triggers",
    kind="triggers",
    noun="trigger",
    attributes={
        "definition": "definition",
        "enabled": "enabled",
        "partitions": "partitions where it is enabled otherwise",
    },
    texts=frozenset({"definition"}),
    hint="Create or enable the trigger on the target; on managed tables as `supabase_admin`",
)
_EVENT_TRIGGERS = Rule(
    check="schema.event-triggers",
    kind="event_triggers",
    noun="event trigger",
    attributes={
        "event": "event",
        "tags": "tags",
        "function": "function",
        "function_schema": "schema of the function",
        "enabled": "enabled",
    },
    hint="Create or enable the event trigger on the target, as `supabase_admin`",
)


@validator("schema.functions", title="Functions, procedures and aggregates", needs=("target",))
def functions(context: CheckContext) -> Iterable[Finding]:
    """Find functions that are missing, extra or different."""
    yield from compare(_FUNCTIONS, Sides(context))


@validator("schema.triggers", title="Triggers, also those put on managed tables", needs=("target",))
def triggers(context: CheckContext) -> Iterable[Finding]:
    """Find triggers that are missing, extra, different or disabled."""
    sides = Sides(context)

    def keep(record: Record) -> bool:
        # a service's own triggers call functions of its own schema
        if is_managed(str(record["schema"])):
            return record["function_schema"] != record["schema"]
        return sides.in_scope(record)

    yield from compare(_TRIGGERS, sides, keep)


@validator("schema.event-triggers", title="Event triggers", needs=("target",))
def event_triggers(context: CheckContext) -> Iterable[Finding]:
    """Find event triggers of the user that are missing, extra, different or disabled."""
    yield from compare(
        _EVENT_TRIGGERS, Sides(context), lambda r: not is_managed(str(r["function_schema"]))
    )


@hookimpl
def supamig_validators() -> list[Validator]:
    """Hand over the checks of functions and triggers."""
    return [functions, triggers, event_triggers]
