"""Views, materialised views and rules are the same on both sides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from supamig.hookspecs import hookimpl
from supamig.models import Finding, Severity
from supamig.protocols import Validator, validator
from supamig.validators.compare import Rule, Sides, compare

if TYPE_CHECKING:
    from collections.abc import Iterable

    from supamig.protocols import CheckContext

_VIEWS = Rule(
    check="schema.views",
    kind="views",
    noun="view",
    attributes={
        "kind": "kind of view",
        "definition": "definition",
        "options": "options",
        "columns": "columns",
        "defaults": "column defaults",
    },
    texts=frozenset({"definition"}),
    hint="Create the view again on the target; `security_invoker` decides whose policies apply",
)
_RULES = Rule(
    check="schema.rules",
    kind="rules",
    noun="rule",
    attributes={"definition": "definition", "enabled": "enabled"},
    texts=frozenset({"definition"}),
    hint="Create the rule again on the target",
)


@validator("schema.views", title="Views and materialised views", needs=("target",))
def views(context: CheckContext) -> Iterable[Finding]:
    """Find views that are missing, extra or different."""
    sides = Sides(context)
    yield from compare(_VIEWS, sides, lambda r: r["schema"] in sides.schemas)


@validator("schema.views-populated", title="Materialised views hold data", needs=("target",))
def populated(context: CheckContext) -> Iterable[Finding]:
    """Find materialised views that can be read on the source and not on the target."""
    sides = Sides(context)
    source, target = sides.read("views", lambda r: r["schema"] in sides.schemas)
    for name in sorted(source.keys() & target.keys()):
        if source[name]["populated"] and not target[name]["populated"]:
            yield Finding(
                check="schema.views-populated",
                severity=Severity.ERROR,
                subject=name,
                message=f"materialised view `{name}` has not been populated on the target",
                hint=f"Run `refresh materialized view {name}` on the target",
            )


@validator("schema.rules", title="Rules", needs=("target",))
def rules(context: CheckContext) -> Iterable[Finding]:
    """Find rules that are missing, extra, different or disabled."""
    yield from compare(_RULES, Sides(context))


@hookimpl
def supamig_validators() -> list[Validator]:
    """Hand over the checks of views and rules."""
    return [views, populated, rules]
