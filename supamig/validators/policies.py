"""Row level security is on where it was, with the same policies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from supamig.catalog import is_managed
from supamig.hookspecs import hookimpl
from supamig.models import Finding, Severity
from supamig.protocols import Validator, validator
from supamig.validators.compare import Rule, Sides, changed, compare, is_compared

if TYPE_CHECKING:
    from collections.abc import Iterable

    from supamig.models import Record
    from supamig.protocols import CheckContext

_RLS = Rule(
    check="security.rls",
    kind="tables",
    noun="table",
    attributes={"rls": "row level security", "force_rls": "row level security for the owner"},
    hint="Run `alter table ... enable row level security` (and `force`) on the target",
)
_POLICIES = Rule(
    check="security.policies",
    kind="policies",
    noun="policy",
    attributes={
        "permissive": "permissive",
        "command": "command",
        "roles": "roles",
        "using": "USING",
        "check": "WITH CHECK",
    },
    texts=frozenset({"using", "check"}),
    hint="Create the policy again on the target; on managed tables as `supabase_admin`",
)
#: Managed schemas in which every policy is the user's.
_POLICED = frozenset({"auth", "storage", "realtime"})


@validator(
    "security.rls", title="Row level security is enabled and forced alike", needs=("target",)
)
def rls(context: CheckContext) -> Iterable[Finding]:
    """Find tables whose rows are guarded on one side only."""
    sides = Sides(context)
    source, target = sides.read("tables")
    for name in sorted(source.keys() & target.keys()):
        record = source[name]
        if is_compared(str(record["schema"])):
            yield from changed(_RLS, name, record, target[name], sides.majors)
        elif record["schema"] in _POLICED and record["rls"] and not target[name]["rls"]:
            yield Finding(
                check="security.rls",
                severity=Severity.ERROR,
                subject=name,
                message=f"managed table `{name}` has no row level security on the target",
                hint=f"Run `alter table {name} enable row level security` as `supabase_admin`",
            )


@validator("security.policies", title="Policies, also those on managed tables", needs=("target",))
def policies(context: CheckContext) -> Iterable[Finding]:
    """Find policies that are missing, extra or different."""
    sides = Sides(context)

    def keep(record: Record) -> bool:
        if is_managed(str(record["schema"])):
            return record["schema"] in _POLICED
        return sides.in_scope(record)

    yield from compare(_POLICIES, sides, keep)


@hookimpl
def supamig_validators() -> list[Validator]:
    """Hand over the checks of row level security."""
    return [rls, policies]
