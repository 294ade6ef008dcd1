"""What comes after the rows: indexes and keys side by side, foreign keys, triggers, policies."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql

from supamig.amounts import plural
from supamig.archive import PIECE, apply_piece, chosen, open_archive
from supamig.copying import parallel
from supamig.errors import StepFailed
from supamig.hookspecs import hookimpl
from supamig.search_path import usual_path
from supamig.statements import server_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from supamig.archive import Entry
    from supamig.bundle import Bundle
    from supamig.config import Settings
    from supamig.models import Inventory
    from supamig.protocols import Importer, Progress
    from supamig.target import Target

_SIDE_BY_SIDE = frozenset({"INDEX", "CONSTRAINT"})
#: Groups of index builds: enough for every thread to be busy to the end.
_GROUPS = 8
#: Bytes from which a table's index builds are worth a transaction each.
_LARGE = 1 << 24
#: How much longer than a B-tree other indexes take (measured: GIN on jsonb).
_SLOW = 5
#: What pg_restore prints of a constraint, before its owner.
_PRINTED = ("schema", "table", "constraint")


class ConstraintsImporter:
    """Applies the archive's post-data section in its order; its index builds run side by side."""

    kind = "constraints"
    title = "Indexes, constraints, triggers and policies"
    after = ("rows", "placed-last")

    def __init__(self, pg_bin: Path | None, jobs: int) -> None:
        self._pg_bin = pg_bin
        self._jobs = jobs

    def apply(self, bundle: Bundle, target: Target, progress: Progress) -> str:
        """Apply every piece, each in a transaction of its own."""
        if bundle.find("schema-archive") is None:
            return "part of schema.sql"
        archive = open_archive(bundle, self._pg_bin)
        path = usual_path(bundle.inventory.catalogs)
        entries = chosen(archive.entries("post-data"), bundle, target.before)
        for number, (together, pieces) in enumerate(_stages(entries, bundle.inventory), start=1):

            def build(piece: tuple[str, Sequence[Entry]]) -> None:
                item, content = piece
                progress.started(item)
                try:
                    apply_piece(archive, list(content), target, (self.kind, item), path=path)
                except StepFailed as error:
                    if not isinstance(error.__cause__, psycopg.errors.ForeignKeyViolation):
                        raise
                    one_by_one(item, content)
                progress.finished(item)

            def one_by_one(item: str, content: Sequence[Entry]) -> None:
                for number, entry in enumerate(content, start=1):
                    key = (self.kind, f"{item}.{number}")
                    try:
                        apply_piece(archive, [entry], target, key, path=path)
                    except StepFailed as error:
                        if not isinstance(error.__cause__, psycopg.errors.ForeignKeyViolation):
                            raise
                        name = _add_unvalidated(bundle.inventory, entry, target, key)
                        progress.note(
                            f"foreign key `{name}` is there for new rows only: the source has rows"
                            " that break it"
                        )

            named = [(f"post-data {number}.{n}", piece) for n, piece in enumerate(pieces, start=1)]
            jobs = self._jobs if together else 1
            parallel.each(named, build, jobs=jobs, cancel=target.cancel)
        return plural(len(entries), "definition")


def _add_unvalidated(source: Inventory, entry: Entry, target: Target, key: tuple[str, str]) -> str:
    """Add a foreign key that the source's own rows break, as NOT VALID; return its name."""
    record = next(
        record
        for record in source.catalogs["constraints"]
        if entry.rest.startswith(" ".join(str(record[k]) for k in _PRINTED) + " ")
    )
    statement = sql.SQL("alter table {} add constraint {} {} not valid").format(
        sql.Identifier(str(record["schema"]), str(record["table"])),
        sql.Identifier(str(record["constraint"])),
        server_text(str(record["definition"])),
    )
    with target.once(*key) as once:
        if once is not None:
            once.connection.execute(statement)
    return str(record["name"])


def _stages(
    entries: list[Entry], inventory: Inventory
) -> Iterator[tuple[bool, Sequence[Sequence[Entry]]]]:
    """Cut the entries into stages, in order: a stage's pieces may run together, or one by one."""
    builds = _builds(inventory)
    for together, run in groupby(entries, key=lambda entry: entry.type in _SIDE_BY_SIDE):
        stage = list(run)
        if together:
            yield True, _side_by_side(stage, builds)
        else:
            yield False, [stage[n : n + PIECE] for n in range(0, len(stage), PIECE)]


@dataclass(frozen=True, slots=True)
class _Build:
    """What an index or constraint hangs on: its table, and about how long it takes to build."""

    table: str
    size: int
    cost: int


_UNKNOWN = _Build("", 0, 0)


def _side_by_side(stage: list[Entry], builds: Mapping[str, _Build]) -> list[list[Entry]]:
    """Cut index builds into pieces, the most work first.

    On a large table each is a piece of its own: the server makes several indexes of one table at
    once.  Keys come before them, as adding one excludes the others.  All that a small table waits
    for stays in one piece: of the pieces with several locks no two lock the same table.
    """
    large: list[tuple[_Build, Entry]] = []
    small: dict[str, list[Entry]] = {}
    for entry in stage:
        build = builds.get(entry.rest.rpartition(" ")[0], _UNKNOWN)
        if build.size > _LARGE:
            large.append((build, entry))
        else:
            small.setdefault(build.table, []).append(entry)
    large.sort(key=lambda each: (each[1].type != "CONSTRAINT", -each[0].cost))
    groups = sorted(small.values(), key=len, reverse=True)
    pieces: list[list[Entry]] = [[] for _ in range(min(len(groups), _GROUPS))]
    for number, group in enumerate(groups):
        pieces[number % len(pieces)].extend(group)
    cut = [piece[n : n + PIECE] for piece in pieces for n in range(0, len(piece), PIECE)]
    return [[entry] for _, entry in large] + cut


def _builds(inventory: Inventory) -> dict[str, _Build]:
    """Map what pg_restore prints of an index or constraint, less its owner, to what it takes."""
    sizes = {f"{r['schema']} {r['table']}": int(str(r["bytes"] or 0))
             for r in inventory.catalogs["tables"]}  # fmt: skip
    found = {}
    for record in inventory.catalogs["constraints"]:
        table = f"{record['schema']} {record['table']}"
        size = sizes.get(table, 0)
        found[f"{table} {record['constraint']}"] = _Build(table, size, size)
    for record in inventory.catalogs["indexes"]:
        table = f"{record['schema']} {record['table']}"
        size = sizes.get(table, 0)
        is_slow = " USING btree " not in str(record["definition"])
        build = _Build(table, size, size * _SLOW if is_slow else size)
        found[f"{record['schema']} {record['index']}"] = build
        found[f"{table} {record['index']}"] = build
    return found


@hookimpl
def supamig_importers(settings: Settings) -> list[Importer]:
    """Hand over the importer of constraints."""
    return [ConstraintsImporter(settings.pg_bin, settings.jobs)]
