"""Roles and schema by pg_dumpall and pg_dump, under the run's snapshot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from supamig import pgtools
from supamig.catalog import MANAGED
from supamig.dumping import pg_dump
from supamig.hookspecs import hookimpl
from supamig.moves import CLI_HISTORY

if TYPE_CHECKING:
    from pathlib import Path

    from supamig.bundle import Bundle
    from supamig.config import Settings
    from supamig.models import Inventory
    from supamig.postgres import Source
    from supamig.protocols import Exporter, Progress


class _Definitions:
    """What is small, and needs nothing but the catalogs to be there."""

    after = ("inventory",)
    replaces = ""

    def __init__(self, pg_bin: Path | None) -> None:
        self._pg_bin = pg_bin

    def estimate(self, inventory: Inventory) -> int:
        """Return 0: definitions are small."""
        del inventory
        return 0


class RolesExporter(_Definitions):
    """Writes ``roles.sql``: roles, their settings and memberships, without passwords."""

    kind = "roles"
    title = "Roles"

    def export(self, source: Source, bundle: Bundle, progress: Progress) -> str:
        """Run pg_dumpall for the roles."""
        del progress
        tools = pgtools.choose(source.facts.major, pg_bin=self._pg_bin)
        where, environment = pgtools.connection_arguments(source.dsn)
        options = ["--roles-only", "--no-role-passwords", "--no-password", *where]
        text = pgtools.run([tools.program("pg_dumpall"), *options], environment=environment)
        bundle.write("roles.sql", text, kind="roles", producer=f"pg_dumpall {tools.version}")
        return f"{len(bundle.inventory.catalogs['roles'])} roles"


class SchemaExporter(_Definitions):
    """Writes ``schema.dump``, which is imported, and ``schema.sql``, which people read."""

    kind = "schema"
    title = "Schema"

    def export(self, source: Source, bundle: Bundle, progress: Progress) -> str:
        """Run pg_dump for the definitions of everything outside the managed schemas."""
        del progress
        tools = pgtools.choose(source.facts.major, pg_bin=self._pg_bin)
        producer = f"pg_dump {tools.version}"
        bundle.tools["pg_dump"] = tools.version
        with bundle.writer("schema.dump", kind="schema-archive", producer=producer) as writing:
            pg_dump(
                source,
                ["--schema-only", "--format=custom"],
                tools=tools,
                sink=writing.write,
                leave_out=MANAGED - {CLI_HISTORY},
            )
        with bundle.writer("schema.sql", kind="schema", producer=producer) as writing:
            archive = str(bundle.file("schema.dump"))
            command = [tools.program("pg_restore"), "--exit-on-error", "--file=-", archive]
            pgtools.run(command, sink=writing.write)
        return f"definitions by {producer}"


@hookimpl
def supamig_exporters(settings: Settings) -> list[Exporter]:
    """Hand over roles and schema, unless the Supabase CLI writes them."""
    if settings.method == "cli":
        return []
    return [RolesExporter(settings.pg_bin), SchemaExporter(settings.pg_bin)]
