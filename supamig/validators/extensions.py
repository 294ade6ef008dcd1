"""Every extension of the source is installed on the target, in the same schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

from supamig.hookspecs import hookimpl
from supamig.models import Finding, Severity
from supamig.protocols import Validator, validator
from supamig.validators.compare import Rule, Sides, missing

if TYPE_CHECKING:
    from collections.abc import Iterable

    from supamig.protocols import CheckContext

_CHECK = "schema.extensions"
_RULE = Rule(
    check=_CHECK,
    kind="extensions",
    noun="extension",
    attributes={},
    hint="Run `create extension` on the target as `supabase_admin`, in the source's schema",
)


@validator(_CHECK, title="Extensions: there, in the same schema, not older", needs=("target",))
def extensions(context: CheckContext) -> Iterable[Finding]:
    """Find extensions that are missing, elsewhere or older; what only the target has is its own."""
    source, target = Sides(context).read("extensions")
    for name, record in source.items():
        if name not in target:
            yield missing(_RULE, name)
            continue
        other = target[name]
        if other["schema"] != record["schema"]:
            yield _differs(
                name, "is in another schema", Severity.ERROR, record["schema"], other["schema"]
            )
        elif _version(str(other["version"])) < _version(str(record["version"])):
            yield _differs(
                name,
                "is older on the target",
                Severity.WARNING,
                record["version"],
                other["version"],
            )


def _differs(name: str, how: str, severity: Severity, source: object, target: object) -> Finding:
    return Finding(
        check=_CHECK,
        severity=severity,
        subject=name,
        message=f"extension `{name}` {how}: `{source}` on the source, `{target}` on the target",
        hint=f"Run `alter extension {name} update` or `set schema` on the target",
        evidence={"source": str(source), "target": str(target)},
    )


def _version(text: str) -> tuple[tuple[int, str], ...]:
    """Make versions comparable: numbers as numbers, the rest as text."""
    return tuple(
        (int(part), "") if part.isdigit() else (-1, part)
        for part in text.replace("-", ".").split(".")
    )


@hookimpl
def supamig_validators() -> list[Validator]:
    """Hand over the check of extensions."""
    return [extensions]
