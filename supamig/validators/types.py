"""Types, collations and rarer kinds of objects are the same on both sides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from supamig.catalog import is_managed
from supamig.hookspecs import hookimpl
from supamig.models import Finding, Severity
from supamig.protocols import Validator, validator
from supamig.validators.compare import Rule, Sides, compare

if TYPE_CHECKING:
    from collections.abc import Iterable

    from supamig.models import Record
    from supamig.protocols import CheckContext

_TYPES = Rule(
    check="schema.types",
    kind="types",
    noun="type",
    attributes={"kind": "kind of type", "definition": "definition"},
    texts=frozenset({"definition"}),
    hint="Create or alter the type on the target",
)
_COLLATIONS = Rule(
    check="schema.collations",
    kind="collations",
    noun="collation",
    attributes={
        "provider": "provider",
        "deterministic": "deterministic",
        "lc_collate": "LC_COLLATE",
        "lc_ctype": "LC_CTYPE",
        "locale": "locale",
    },
    hint="Create the collation again on the target: text sorts and compares differently",
)
_OTHERS = Rule(
    check="schema.other-objects",
    kind="others",
    noun="object",
    attributes={"definition": "definition"},
    texts=frozenset({"definition"}),
    hint="Create it on the target as it is on the source",
)
_SERVERS = Rule(
    check="schema.foreign-servers",
    kind="foreign_servers",
    noun="foreign server",
    attributes={
        "wrapper": "foreign data wrapper",
        "type": "type",
        "version": "version",
        "options": "names of options",
    },
    hint="Create the server on the target and give it its options",
)
_MAPPINGS = Rule(
    check="schema.foreign-servers",
    kind="user_mappings",
    noun="user mapping",
    attributes={"options": "names of options"},
    hint="Create the user mapping on the target, with its password",
)


@validator("schema.types", title="Enums, domains, composite and range types", needs=("target",))
def types(context: CheckContext) -> Iterable[Finding]:
    """Find types that are missing, extra or different."""
    yield from compare(_TYPES, Sides(context))


@validator("schema.collations", title="Collations", needs=("target",))
def collations(context: CheckContext) -> Iterable[Finding]:
    """Find collations that are missing, extra or different."""
    yield from compare(_COLLATIONS, Sides(context))


@validator(
    "schema.other-objects", title="Operators, casts, text search and the like", needs=("target",)
)
def others(context: CheckContext) -> Iterable[Finding]:
    """Find objects of the rarer kinds that are missing or extra."""
    sides = Sides(context)

    def keep(record: Record) -> bool:
        schema = str(record["schema"])
        return schema in sides.schemas if schema else not _is_of_managed(str(record["object"]))

    yield from compare(_OTHERS, sides, keep)


def _is_of_managed(identity: str) -> bool:
    """Tell whether a cast or transform, which has no schema, is for a type of a managed schema."""
    schema = identity.lstrip("(").partition(".")[0]
    return is_managed(schema.strip('"')) and not schema.startswith("pg_")


@validator("schema.foreign-servers", title="Foreign servers and user mappings", needs=("target",))
def foreign_servers(context: CheckContext) -> Iterable[Finding]:
    """Find foreign servers and user mappings that are missing, extra or different."""
    sides = Sides(context)
    yield from compare(_SERVERS, sides, lambda _: True)
    servers, their_servers = sides.read("foreign_servers")
    both = servers.keys() & their_servers.keys()
    yield from compare(_MAPPINGS, sides, lambda r: r["server"] in both)
    mappings, their_mappings = sides.read("user_mappings", lambda r: r["server"] in both)
    for name in sorted(mappings.keys() & their_mappings.keys()):
        if not mappings[name]["readable"]:
            yield Finding(
                check=_MAPPINGS.check,
                severity=Severity.WARNING,
                subject=name,
                message=f"the options of user mapping `{name}` are hidden from"
                f" `{context.source.facts.user}` on the source: it has none on the target",
                hint="Run `alter user mapping ... options (add ...)` on the target",
            )


@hookimpl
def supamig_validators() -> list[Validator]:
    """Hand over the checks of types and rarer objects."""
    return [types, collations, others, foreign_servers]
