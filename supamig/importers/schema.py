"""The schema: everything that must be there before the rows, in pieces of one transaction each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from supamig.amounts import plural
from supamig.archive import PIECE, apply_piece, chosen, execute, for_server, open_archive, pieces
from supamig.hookspecs import hookimpl
from supamig.search_path import usual_path

if TYPE_CHECKING:
    from pathlib import Path

    from supamig.bundle import Bundle
    from supamig.config import Settings
    from supamig.protocols import Importer, Progress
    from supamig.target import Target


class SchemaImporter:
    """Creates types, functions, tables and views, or runs a ``schema.sql`` as a whole."""

    kind = "schema"
    title = "Schema"
    after = ("placed",)

    def __init__(self, pg_bin: Path | None) -> None:
        self._pg_bin = pg_bin

    def apply(self, bundle: Bundle, target: Target, progress: Progress) -> str:
        """Apply the archive's pre-data section piece by piece."""
        if bundle.find("schema-archive") is None:
            return self._whole(bundle, target)
        archive = open_archive(bundle, self._pg_bin)
        path = usual_path(bundle.inventory.catalogs)
        with target.once(self.kind, "public") as once:
            # every dump counts on this schema
            if once and any(r["schema"] == "public" for r in bundle.inventory.catalogs["schemas"]):
                once.connection.execute("create schema if not exists public")
        entries = chosen(archive.entries("pre-data"), bundle, target.before)
        for number, piece in enumerate(pieces(entries, PIECE), start=1):
            item = f"pre-data {number}"
            progress.started(item)
            apply_piece(archive, piece, target, (self.kind, item), path=path)
            progress.finished(item)
        return plural(len(entries), "definition")

    def _whole(self, bundle: Bundle, target: Target) -> str:
        text = for_server(bundle.file("schema.sql").read_bytes(), target_major=target.facts.major)
        with target.once(self.kind, "schema.sql") as once:
            if once:
                execute(
                    once.connection,
                    text,
                    what="schema.sql",
                    path=usual_path(bundle.inventory.catalogs),
                )
        return "schema.sql"


@hookimpl
def supamig_importers(settings: Settings) -> list[Importer]:
    """Hand over the importer of the schema."""
    return [SchemaImporter(settings.pg_bin)]
