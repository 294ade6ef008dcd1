"""From chains of calls to uses of features, each with its file and line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from supamig.scanning.calls import Meaning, listened, meaning
from supamig.scanning.libraries import connects_to_postgres, thing
from supamig.scanning.model import Feature, Subject, Use
from supamig.scanning.summary import Called, Free, Import

if TYPE_CHECKING:
    from supamig.scanning.linking import End, Links
    from supamig.scanning.summary import Chain, Step, Summary

#: What makes a chain that goes on from a variable a use of its own: not `.eq()`, not `.limit()`.
_OPERATIONS = {"select", "insert", "update", "upsert", "delete", "stream"}


class Evidence:
    """The uses of all files; ``transforms`` tells whether storage is asked for resized images."""

    def __init__(self, links: Links) -> None:
        self._links = links
        self.uses: set[Use] = set()
        self.transforms = False

    def add(self, file: str, summary: Summary) -> None:
        """Add what one file uses."""
        for chain in summary.chains:
            for end in self._links.ends(file, chain.refs):
                if end.sdk is not None:
                    self._end(file, chain, end)

    def _end(self, file: str, chain: Chain, end: End) -> None:
        taken, start = self._links.becomes(file, chain, end)
        own = chain.refs[0].path[-len(chain.lines) :]
        is_made = taken > 0 and isinstance(own[taken - 1], Called)
        for found in _meanings(chain, end, start, is_made=is_made):
            number = found.step - start
            if number < 0 and not _goes_on(found.feature, end.path[start:]):
                continue
            self.transforms |= found.transforms
            at = min(taken + max(number, 0), len(chain.lines) - 1)
            use = Use(
                path=file,
                line=chain.lines[at],
                feature=found.feature,
                call=found.call,
                subject=found.subject,
                name=found.name,
                schema=found.schema,
                inferred=end.inferred,
            )
            self.uses.add(use)


def _goes_on(feature: Feature, behind: tuple[Step, ...]) -> bool:
    """Tell whether what is called on a variable is a use of its own."""
    if feature is Feature.REST:
        return not _OPERATIONS.isdisjoint(behind)
    return feature is Feature.STORAGE and any(isinstance(step, Called) for step in behind)


def _meanings(chain: Chain, end: End, start: int, *, is_made: bool) -> list[Meaning]:
    """Return what one end of a chain uses: a method of a client, a connection, a client made.

    Steps of the end's path before ``start`` were said elsewhere.
    """
    found: list[Meaning] = []
    what = end.sdk.what if end.sdk else ""
    if what == "client":
        known = meaning(end.path)
        found += [known] if known else []
        found += [
            Meaning(Feature.REALTIME, f"on('{name}')", step, Subject.TABLE, name, schema)
            for step, schema, name in listened(end.path)
            if step >= start
        ]
        if is_made and not end.inferred and (maker := _maker(chain)):
            found.append(Meaning(Feature.CLIENT, f"{maker}()", start))
    elif what == "flutter" and end.path[:1] == ("initialize",):
        found.append(Meaning(Feature.CLIENT, "Supabase.initialize()", start))
    elif what in {"auth", "postgres"}:
        feature = Feature.AUTH if what == "auth" else Feature.POSTGRES
        calls = [(n, step) for n, step in enumerate(end.path) if isinstance(step, Called)]
        is_here = bool(calls) and calls[0][0] >= start
        if is_here and (feature is Feature.AUTH or connects_to_postgres(calls[0][1])):
            found.append(Meaning(feature, f"{_maker(chain) or what}()", start))
    return found


def _maker(chain: Chain) -> str:
    """Return the name under which a library hands out what a chain begins with."""
    for ref in chain.refs:
        names = [step for step in ref.path if isinstance(step, str)]
        if isinstance(ref.root, Import):
            spelled = [ref.root.name, *names[:2]]
            for name in spelled:
                if thing(ref.root.module, name):
                    return name if name != "default" else ref.root.module
        elif isinstance(ref.root, Free) and names[:1] == ["createClient"]:
            return "createClient"
    return ""
