"""Extensions that the source has and the target lacks, in the same schema, before any object."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg import sql

from supamig.errors import Refused
from supamig.hookspecs import hookimpl

if TYPE_CHECKING:
    from collections.abc import Mapping

    from supamig.bundle import Bundle
    from supamig.config import Settings
    from supamig.models import Inventory, Record, Value
    from supamig.postgres import Connection
    from supamig.protocols import Importer, Progress
    from supamig.target import Target


class ExtensionsImporter:
    """Creates missing extensions, the source's version where the target offers it."""

    kind = "extensions"
    title = "Extensions"
    after = ("roles",)

    def apply(self, bundle: Bundle, target: Target, progress: Progress) -> str:
        """Create each missing extension in a transaction of its own."""
        known = {r["extension"]: r for r in target.before.catalogs["available_extensions"]}
        missing = _ordered(missing_extensions(bundle.inventory, target.before), known)
        for record in missing:
            name = str(record["extension"])
            offered = known[name]["versions"] if name in known else None
            if not isinstance(offered, list):
                raise Refused(
                    f"extension `{name}` is not available on the target",
                    hint="Install its package on the target's server, or drop it on the source",
                )
            # the platform's event triggers give rights on new extensions: they may fire
            with target.once(self.kind, name, quiet=False) as once:
                if once is not None:
                    _create(once.connection, record, offered)
            if record["version"] not in offered:
                progress.note(f"extension `{name}`: the target offers another version")
        return ", ".join(str(record["extension"]) for record in missing) or "every one was there"


def missing_extensions(source: Inventory, before: Inventory) -> list[Record]:
    """List the extensions that the target lacks."""
    there = {record["extension"] for record in before.catalogs["extensions"]}
    return [r for r in source.catalogs["extensions"] if r["extension"] not in there]


def _ordered(missing: list[Record], known: Mapping[Value, Record]) -> list[Record]:
    """Put each extension behind those that it requires: they are made in schemas of their own."""
    waiting, ordered = list(missing), []
    while waiting:
        names = {record["extension"] for record in waiting}
        ready = [r for r in waiting if names.isdisjoint(_required(known.get(r["extension"])))]
        ordered.append((ready or waiting)[0])
        waiting.remove(ordered[-1])
    return ordered


def _required(record: Record | None) -> list[str]:
    names = record.get("requires") if record else None
    return names if isinstance(names, list) else []


def _create(connection: Connection, record: Record, offered: list[str]) -> None:
    schema = sql.Identifier(str(record["schema"]))
    if not str(record["schema"]).startswith("pg_"):
        connection.execute(sql.SQL("create schema if not exists {}").format(schema))
    version: sql.Composable = sql.SQL("")
    if record["version"] in offered:
        version = sql.SQL(" version {}").format(sql.Literal(record["version"]))
    connection.execute(
        sql.SQL("create extension if not exists {} with schema {}{} cascade").format(
            sql.Identifier(str(record["extension"])), schema, version
        )
    )


@hookimpl
def supamig_importers(settings: Settings) -> list[Importer]:
    """Hand over the importer of extensions."""
    del settings
    return [ExtensionsImporter()]
