"""Rights on objects: the target grants what the source grants, no more and no less.  And owners."""

from __future__ import annotations

from typing import TYPE_CHECKING

from supamig.catalog import is_managed, is_reserved
from supamig.hookspecs import hookimpl
from supamig.models import Finding, Severity, quote
from supamig.protocols import Validator, validator
from supamig.validators.compare import Sides, is_compared, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from supamig.models import Record
    from supamig.protocols import CheckContext

#: MAINTAIN came with Postgres 17: an older server cannot grant it.
_SINCE_MAINTAIN = 17
#: Kinds without a schema that each platform has of its own: there only grants to the user's roles
#: and to PUBLIC are the user's.
_SHARED = frozenset({"database", "foreign data wrapper", "parameter"})


@validator(
    "security.rights-wider", title="Nobody may do more than on the source", needs=("target",)
)
def wider(context: CheckContext) -> Iterable[Finding]:
    """Find rights that only the target grants: data could be open to `anon` that was not."""
    for name, source, target in _grants(context):
        if added := sorted(target - source):
            yield Finding(
                check="security.rights-wider",
                severity=Severity.ERROR,
                subject=name,
                message=f"{name} is more open than on the source: {_told(added)}",
                hint=f"Revoke it on the target: `revoke ... on {name} from ...`",
                evidence={"only on target": added},
            )


@validator(
    "security.rights-narrower", title="Nobody may do less than on the source", needs=("target",)
)
def narrower(context: CheckContext) -> Iterable[Finding]:
    """Find rights that only the source grants: applications would be refused."""
    for name, source, target in _grants(context):
        if lost := sorted(source - target):
            yield Finding(
                check="security.rights-narrower",
                severity=Severity.ERROR,
                subject=name,
                message=f"{name} is less open than on the source: {_told(lost)}",
                hint=f"Grant it on the target: `grant ... on {name} to ...`",
                evidence={"only on source": lost},
            )


def _told(grants: list[str]) -> str:
    shown = 6
    more = f" and {len(grants) - shown} more" if len(grants) > shown else ""
    return ", ".join(grants[:shown]) + more


def _grants(context: CheckContext) -> Iterator[tuple[str, frozenset[str], frozenset[str]]]:
    """Yield name and grants on both sides of every object that both sides have."""
    sides = Sides(context)
    source, target = sides.read("acls")
    columns, their_columns = sides.read("columns")
    maintain = min(sides.majors) >= _SINCE_MAINTAIN
    for name in sorted(source.keys() | target.keys()):
        there, here = source.get(name), target.get(name)
        record = there or here
        if there == here or record is None or not _is_the_users(record):
            continue
        if record["kind"] == "column":
            # no record means no grant on the column, if the column is there at all
            column = ".".join(quote(str(record[k])) for k in ("schema", "object_name", "column"))
            if column not in columns or column not in their_columns:
                continue
        elif (there is None or here is None) and record["kind"] != "parameter":
            continue
        yield name, *_compared(there, here, maintain=maintain)


def _is_the_users(record: Record) -> bool:
    return record["kind"] in _SHARED or str(record["schema"]) != "supabase_migrations"


def _compared(
    source: Record | None, target: Record | None, *, maintain: bool
) -> tuple[frozenset[str], frozenset[str]]:
    """Return the grants of both sides that count: an owner's own rights follow from owning."""
    owners = {str(record["owner"]) for record in (source, target) if record is not None}
    same_owner = len(owners) == 1
    found = []
    for record in (source, target):
        grants = set()
        for grant in words(record, "grants") if record is not None else ():
            grantee, _, privilege = grant.rpartition("=")
            plain = privilege.rstrip("*")
            if (plain == "MAINTAIN" and not maintain) or (grantee in owners and not same_owner):
                continue
            if record is not None and not _is_compared_grantee(record, grantee):
                continue
            # a grant with grant option is the grant and one thing more
            grants |= {f"{grantee}={plain}", f"{grantee}={privilege}"}
        found.append(frozenset(grants))
    return found[0], found[1]


def _is_compared_grantee(record: Record, grantee: str) -> bool:
    if record["kind"] in _SHARED:
        return not is_reserved(grantee)
    return not is_managed(str(record["schema"])) or not (
        is_reserved(grantee) or grantee == "public"
    )


#: Catalogs whose records have an owner, and the word for one.
_OWNED = {
    "schemas": "schema",
    "tables": "table",
    "views": "view",
    "sequences": "sequence",
    "functions": "function",
    "types": "type",
    "collations": "collation",
    "statistics": "statistics",
}


@validator("security.owners", title="Objects belong to the same roles", needs=("target",))
def owners(context: CheckContext) -> Iterable[Finding]:
    """Find objects with another owner: an owner is exempt from policies, and lends its rights."""
    sides = Sides(context)
    for kind, noun in _OWNED.items():
        source, target = sides.read(kind, lambda r: is_compared(str(r["schema"])))
        for name in sorted(source.keys() & target.keys()):
            there, here = str(source[name]["owner"]), str(target[name]["owner"])
            if there != here:
                yield Finding(
                    check="security.owners",
                    severity=Severity.ERROR,
                    subject=name,
                    message=f"{noun} `{name}` belongs to `{here}`, on the source to `{there}`",
                    hint=f"Run `alter {noun} {name} owner to {quote(there)}` on the target",
                    evidence={"source": there, "target": here},
                )


@hookimpl
def supamig_validators() -> list[Validator]:
    """Hand over the checks of rights and owners."""
    return [wider, narrower, owners]
