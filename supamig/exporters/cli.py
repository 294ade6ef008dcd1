"""The official flow: the Supabase CLI's three dumps, ``roles.sql``, ``schema.sql``, ``data.sql``.

Every dump of the CLI has a snapshot of its own.  What the CLI leaves out (event triggers, what
hangs on managed tables, revoked rights, …) the importers repair from the inventory.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from supamig.copying.script import ScriptRows
from supamig.dumping import record_script
from supamig.errors import ToolMissing
from supamig.hookspecs import hookimpl
from supamig.moves import CLI_HISTORY, stored
from supamig.supabase_cli import ImageMissing, SupabaseCli

if TYPE_CHECKING:
    from collections.abc import Callable

    from supamig.bundle import Bundle
    from supamig.config import Settings
    from supamig.models import Inventory
    from supamig.postgres import Source
    from supamig.protocols import Exporter, Progress

# without --keep-comments the CLI deletes every line that starts with `--`, in function bodies too
_DUMPS = {
    "roles": ("roles.sql", "roles", ("--role-only",)),
    "schema": ("schema.sql", "schema", ("--keep-comments",)),
    "rows": ("data.sql", "rows-script", ("--data-only", "--use-copy")),
}


@dataclass
class _Engine:
    """Whether the CLI may use a Docker engine: no longer, once that could not get its image."""

    usable: bool = True


class CliExporter:
    """Writes one of the three dumps."""

    replaces = ""

    def __init__(self, kind: str, settings: Settings, engine: _Engine) -> None:
        self.kind = kind
        self._engine = engine
        self.title = f"{kind.capitalize()} by the Supabase CLI"
        self.after: tuple[str, ...] = ("inventory", "schema") if kind == "rows" else ("inventory",)
        self._settings = settings

    def estimate(self, inventory: Inventory) -> int:
        """Return the size of the tables on disk for the rows, else 0."""
        return sum(table.size for table in stored(inventory)) if self.kind == "rows" else 0

    def export(self, source: Source, bundle: Bundle, progress: Progress) -> str:
        """Run ``supabase db dump``; the CLI's own history is a dump of its own."""
        try:
            return self._export(self._cli(source), source, bundle, progress)
        except ImageMissing as error:
            self._engine.usable = False
            try:
                cli = self._cli(source)
            except ToolMissing:
                raise error from None
            bundle.notes.append("the Docker engine could not get the image of the Supabase CLI")
            return self._export(cli, source, bundle, progress)

    def _cli(self, source: Source) -> SupabaseCli:
        return SupabaseCli(
            source,
            program=self._settings.supabase_cli,
            pg_bin=self._settings.pg_bin,
            engine=self._engine.usable,
        )

    def _export(self, cli: SupabaseCli, source: Source, bundle: Bundle, progress: Progress) -> str:
        path, artifact, options = _DUMPS[self.kind]
        bundle.tools["supabase"] = cli.version
        progress.started(path, expected=self.estimate(bundle.inventory))
        with bundle.writer(path, kind=artifact, producer=cli.producer) as out:

            def take(chunk: bytes) -> None:
                out.write(chunk)
                progress.moved(path, rows=0, bytes=out.size)

            self._dump(cli, bundle, options, take)
        rows = 0
        if self.kind == "rows":
            bundle.notes.append("each dump of the Supabase CLI has a snapshot of its own")
            rows = record_script(source, bundle, ScriptRows(bundle.file(path)))
        progress.finished(path, rows=rows, bytes=out.size)
        return f"{path} by {cli.producer}"

    def _dump(
        self,
        cli: SupabaseCli,
        bundle: Bundle,
        options: tuple[str, ...],
        take: Callable[[bytes], None],
    ) -> None:
        cli.dump(options, take)
        schemas = {record["schema"] for record in bundle.inventory.catalogs["schemas"]}
        if self.kind != "roles" and CLI_HISTORY in schemas:
            cli.dump((*options, "--schema", CLI_HISTORY), take)


@hookimpl
def supamig_exporters(settings: Settings) -> list[Exporter]:
    """Hand over the three dumps when the method is ``cli``."""
    if settings.method != "cli":
        return []
    engine = _Engine()
    return [CliExporter(kind, settings, engine) for kind in _DUMPS]
