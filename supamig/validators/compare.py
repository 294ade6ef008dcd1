"""Comparing two catalogs: what is missing, what is extra, what differs, each as one finding.

An object whose schema or table is on one side only is left out: the check of schemas or tables
names that, once.  Managed schemas are left out too, as the services of each side own them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from supamig.catalog import is_managed
from supamig.models import Finding, Severity, quote

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from supamig.models import Record, Value
    from supamig.protocols import CheckContext

    Keep = Callable[[Record], bool]
    Records = dict[str, Record]

#: The schema that the Supabase CLI keeps its history in; either side may have made it by itself.
CLI_HISTORY = "supabase_migrations"

#: Longest text that a finding quotes of a definition.
_LONGEST = 2000
_SPACE = re.compile(r"\s+")
_QUALIFIER = re.compile(r'(?:"(?:[^"]|"")+"|[a-z_][\w$]*)\.(?=["a-z_])')


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How one kind is compared: attributes with the words for them; ``soft`` ones only warn.

    ``texts`` are deparsed by the server: equal majors must write them equally, of different majors
    only the words count, without spaces and without qualifiers, which 16 and later leave out.
    """

    check: str
    kind: str
    noun: str
    attributes: Mapping[str, str]
    soft: frozenset[str] = frozenset()
    texts: frozenset[str] = frozenset()
    missing: Severity = Severity.ERROR
    extra: Severity = Severity.ERROR
    hint: str = ""


class Sides:
    """Both sides' catalogs as a check needs them, by name."""

    def __init__(self, context: CheckContext) -> None:
        self._source = context.source
        self._target = context.target

    @property
    def majors(self) -> tuple[int, int]:
        """The major versions of source and target."""
        return self._source.facts.major, self._target.facts.major

    @cached_property
    def schemas(self) -> frozenset[str]:
        """The user schemas that both sides have."""
        source, target = self.read("schemas", lambda r: is_compared(str(r["schema"])))
        return frozenset(str(source[name]["schema"]) for name in source.keys() & target.keys())

    @cached_property
    def relations(self) -> frozenset[tuple[str, str]]:
        """Tables and views that both sides have, by schema and name, managed ones included."""
        tables, their_tables = self.read("tables")
        views, their_views = self.read("views")
        both = [tables[name] for name in tables.keys() & their_tables.keys()]
        found = {(str(r["schema"]), str(r["table"])) for r in both}
        both = [views[name] for name in views.keys() & their_views.keys()]
        return frozenset(found | {(str(r["schema"]), str(r["view"])) for r in both})

    def read(self, kind: str, keep: Keep = lambda _: True) -> tuple[Records, Records]:
        """Return the records of a kind on both sides that ``keep`` wants, by name."""
        source, target = (
            {str(record["name"]): record for record in side.catalog(kind) if keep(record)}
            for side in (self._source, self._target)
        )
        return source, target

    def in_scope(self, record: Record) -> bool:
        """Tell whether schema and table of a record are the user's and on both sides."""
        if record["schema"] not in self.schemas:
            return False
        return "table" not in record or self.has_table(record)

    def has_table(self, record: Record) -> bool:
        """Tell whether both sides have the table that a record hangs on."""
        return (str(record["schema"]), str(record["table"])) in self.relations


def is_compared(schema: str) -> bool:
    """Tell whether the definitions in a schema are the user's own."""
    return not is_managed(schema) and schema != CLI_HISTORY


def compare(rule: Rule, sides: Sides, keep: Keep | None = None) -> Iterator[Finding]:
    """Yield what differs in one kind; ``keep`` replaces the usual scope."""
    source, target = sides.read(rule.kind, keep or sides.in_scope)
    for name in sorted(source.keys() | target.keys()):
        if name not in target:
            yield missing(rule, name)
        elif name not in source:
            yield extra(rule, name)
        else:
            yield from changed(rule, name, source[name], target[name], sides.majors)


def missing(rule: Rule, name: str) -> Finding:
    """Say that the target lacks an object."""
    return Finding(
        check=rule.check,
        severity=rule.missing,
        subject=name,
        message=f"{rule.noun} `{name}` is not on the target",
        hint=rule.hint,
    )


def extra(rule: Rule, name: str) -> Finding:
    """Say that only the target has an object."""
    return Finding(
        check=rule.check,
        severity=rule.extra,
        subject=name,
        message=f"{rule.noun} `{name}` is on the target only",
        hint="Drop it on the target, unless it belongs there",
    )


def changed(
    rule: Rule, name: str, source: Record, target: Record, majors: tuple[int, int]
) -> Iterator[Finding]:
    """Say in one finding in which attributes an object differs, if it does."""
    if source == target:
        return
    differing = [
        key
        for key in rule.attributes
        if not _same(source.get(key), target.get(key), loosely=_loosely(rule, key, majors))
    ]
    if not differing:
        return
    evidence: dict[str, Value] = {}
    for key in differing:
        evidence[f"{rule.attributes[key]} on source"] = shown(source.get(key))
        evidence[f"{rule.attributes[key]} on target"] = shown(target.get(key))
    soft = all(key in rule.soft for key in differing)
    yield Finding(
        check=rule.check,
        severity=Severity.WARNING if soft else Severity.ERROR,
        subject=name,
        message=f"{rule.noun} `{name}` differs: {', '.join(rule.attributes[k] for k in differing)}",
        hint=rule.hint,
        evidence=evidence,
    )


def _loosely(rule: Rule, key: str, majors: tuple[int, int]) -> bool:
    return key in rule.texts and majors[0] != majors[1]


def _same(source: Value, target: Value, *, loosely: bool) -> bool:
    if source == target:
        return True
    if loosely and isinstance(source, str) and isinstance(target, str):
        return _words(source) == _words(target)
    return False


def _words(text: str) -> str:
    return _SPACE.sub("", _QUALIFIER.sub("", text))


def shown(value: Value) -> Value:
    """Return a value as evidence holds it: long texts cut."""
    if isinstance(value, str) and len(value) > _LONGEST:
        return f"{value[:_LONGEST]}... ({len(value)} characters)"
    return value


def words(record: Record, key: str) -> list[str]:
    """Return an attribute that is a list."""
    value = record[key]
    return value if isinstance(value, list) else []


def table_name(record: Record) -> str:
    """Return the name of the table that a record hangs on."""
    return f"{quote(str(record['schema']))}.{quote(str(record['table']))}"
