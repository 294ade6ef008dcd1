"""Default privileges: what objects made tomorrow will grant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from supamig.hookspecs import hookimpl
from supamig.models import Finding, Severity
from supamig.protocols import Validator, validator
from supamig.validators.compare import Sides, words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from supamig.models import Record, Value
    from supamig.protocols import CheckContext

_CHECK = "security.default-privileges"


@validator(_CHECK, title="Later objects will grant the same", needs=("target",))
def default_privileges(context: CheckContext) -> Iterable[Finding]:
    """Find default privileges that are wider or narrower on the target."""
    sides = Sides(context)
    roles, their_roles = sides.read("roles")
    both = {str(roles[name]["role"]) for name in roles.keys() & their_roles.keys()}

    def keep(record: Record) -> bool:
        return record["role"] in both and (
            not record["schema"] or record["schema"] in sides.schemas
        )

    source, target = sides.read("default_privileges", keep)
    for name in sorted(source.keys() | target.keys()):
        # without an entry the built-in default holds: both servers' is the same
        baseline = _without_maintain((source.get(name) or target[name]), "baseline")
        there, here = (
            _without_maintain(side[name], "grants") if name in side else baseline
            for side in (source, target)
        )
        if there != here:
            yield _finding(name, there, here)


def _without_maintain(record: Record, key: str) -> frozenset[str]:
    # MAINTAIN is of no use to read or change rows, and older servers do not know it
    return frozenset(grant for grant in words(record, key) if "=MAINTAIN" not in grant)


def _finding(name: str, there: frozenset[str], here: frozenset[str]) -> Finding:
    added, lost = sorted(here - there), sorted(there - here)
    how = " and ".join(word for word, some in (("wider", added), ("narrower", lost)) if some)
    evidence: dict[str, Value] = {"only on target": added, "only on source": lost}
    return Finding(
        check=_CHECK,
        severity=Severity.ERROR,
        subject=name,
        message=f"default privileges for {name} are {how} on the target",
        hint="Run `alter default privileges` on the target so that new objects are no more open",
        evidence=evidence,
    )


@hookimpl
def supamig_validators() -> list[Validator]:
    """Hand over the check of default privileges."""
    return [default_privileges]
