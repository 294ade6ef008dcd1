"""Publications: what Realtime and replicas hear of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from supamig.hookspecs import hookimpl
from supamig.protocols import Validator, validator
from supamig.validators.compare import Rule, Sides, compare

if TYPE_CHECKING:
    from collections.abc import Iterable

    from supamig.models import Finding, Record
    from supamig.protocols import CheckContext

_PUBLICATIONS = Rule(
    check="schema.publications",
    kind="publications",
    noun="publication",
    attributes={
        "all_tables": "all tables",
        "insert": "insert",
        "update": "update",
        "delete": "delete",
        "truncate": "truncate",
        "via_root": "via root",
        "schemas": "schemas",
    },
    hint="Create or alter the publication on the target",
)
_TABLES = Rule(
    check="schema.publications",
    kind="publication_tables",
    noun="published table",
    attributes={"columns": "columns", "row_filter": "row filter"},
    texts=frozenset({"row_filter"}),
    hint="Run `alter publication ... add table ...` on the target: Realtime is silent without",
)
#: Realtime's server makes this one itself, partition by partition.
_OF_THE_SERVICE = "supabase_realtime_messages_publication"


@validator("schema.publications", title="Publications and their tables", needs=("target",))
def publications(context: CheckContext) -> Iterable[Finding]:
    """Find publications and published tables that are missing, extra or different."""
    sides = Sides(context)
    yield from compare(
        _PUBLICATIONS, sides, lambda r: not str(r["publication"]).startswith(_OF_THE_SERVICE)
    )
    source, target = sides.read("publications")
    both = source.keys() & target.keys()

    def keep(record: Record) -> bool:
        return record["publication"] in both and sides.in_scope(record)

    yield from compare(_TABLES, sides, keep)


@hookimpl
def supamig_validators() -> list[Validator]:
    """Hand over the check of publications."""
    return [publications]
