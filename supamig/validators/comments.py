"""Comments and security labels: PostgREST and pg_graphql read some as directives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from supamig.hookspecs import hookimpl
from supamig.models import Severity
from supamig.protocols import Validator, validator
from supamig.validators.compare import Rule, Sides, compare

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from supamig.models import Finding, Record
    from supamig.protocols import CheckContext

_COMMENTS = Rule(
    check="schema.comments",
    kind="comments",
    noun="comment on",
    attributes={"comment": "text"},
    soft=frozenset({"comment"}),
    missing=Severity.WARNING,
    extra=Severity.WARNING,
    hint="Run `comment on ...` on the target; pg_graphql takes directives from comments",
)
_LABELS = Rule(
    check="schema.security-labels",
    kind="security_labels",
    noun="security label on",
    attributes={"label": "label"},
    hint="Run `security label ...` on the target",
)
#: Catalogs whose names are identities that comments use too, with the word that comments say.
_HOLDERS = {
    "tables": ("table", "foreign table"),
    "views": ("view", "materialized view"),
    "columns": ("table column",),
    "functions": ("function", "procedure", "aggregate"),
    "types": ("type", "composite type"),
    "indexes": ("index",),
    "sequences": ("sequence",),
    "statistics": ("statistics object",),
}
#: Catalogs of things that hang on a table: comments call them `NAME on TABLE`.
_HANGERS = {
    "triggers": ("trigger", "trigger"),
    "policies": ("policy", "policy"),
    "constraints": ("table constraint", "constraint"),
    "rules": ("rule", "rule"),
}

_KNOWN = frozenset(
    [word for words in _HOLDERS.values() for word in words]
    + [word for word, _ in _HANGERS.values()]
)


@validator("schema.comments", title="Comments", needs=("target",))
def comments(context: CheckContext) -> Iterable[Finding]:
    """Find comments that are missing, extra or different."""
    yield from _compared(_COMMENTS, Sides(context))


@validator("schema.security-labels", title="Security labels", needs=("target",))
def labels(context: CheckContext) -> Iterable[Finding]:
    """Find security labels that are missing, extra or different."""
    yield from _compared(_LABELS, Sides(context))


def _compared(rule: Rule, sides: Sides) -> Iterator[Finding]:
    """Compare, without the comments of objects that are on one side only: others name those."""
    source, target = sides.read(rule.kind, lambda r: r["schema"] in sides.schemas)
    one_sided = source.keys() ^ target.keys()
    records = {name: source.get(name) or target[name] for name in one_sided}
    types = frozenset(str(record["type"]) for record in records.values())
    both = set(_shared(sides, types))

    def keep(record: Record) -> bool:
        if record["schema"] not in sides.schemas:
            return False
        if str(record["name"]) not in one_sided or record["type"] not in _KNOWN:
            return True
        return (str(record["type"]), _plain(str(record["object"]))) in both

    yield from compare(rule, sides, keep)


def _shared(sides: Sides, types: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Name the objects of these types that both sides have."""
    for kind, words in _HOLDERS.items():
        if not types.isdisjoint(words):
            source, target = sides.read(kind, sides.in_scope)
            names = source.keys() & target.keys()
            yield from ((word, _plain(name)) for name in names for word in words)
    for kind, (word, key) in _HANGERS.items():
        if word in types:
            source, target = sides.read(kind, sides.in_scope)
            for record in (source[name] for name in source.keys() & target.keys()):
                identity = f"{record[key]} on {record['schema']}.{record['table']}"
                yield word, _plain(identity)


def _plain(identity: str) -> str:
    """Strip what the two ways of writing an identity differ in."""
    return identity.replace('"', "").replace(", ", ",").replace("pg_catalog.", "")


@hookimpl
def supamig_validators() -> list[Validator]:
    """Hand over the checks of comments and labels."""
    return [comments, labels]
