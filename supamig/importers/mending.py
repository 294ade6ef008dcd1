"""What a dump lost or changed on its way: functions and event triggers, from the catalogs.

The Supabase CLI edits the text of its dump line by line, also inside function bodies, and leaves
event triggers out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg import sql

from supamig import catalog
from supamig.amounts import plural
from supamig.catalog import is_managed
from supamig.hookspecs import hookimpl
from supamig.moves import is_ours
from supamig.statements import server_text, word

if TYPE_CHECKING:
    from supamig.bundle import Bundle
    from supamig.config import Settings
    from supamig.models import Inventory, Record
    from supamig.postgres import Connection
    from supamig.protocols import Importer, Progress
    from supamig.target import Target

_ENABLE = {"O": "enable", "D": "disable", "R": "enable replica", "A": "enable always"}


class MendingImporter:
    """Makes functions what they are on the source."""

    kind = "mending"
    title = "Functions mended"
    after = ("constraints",)

    def apply(self, bundle: Bundle, target: Target, progress: Progress) -> str:
        """Replace functions whose definitions differ."""
        del progress
        functions = 0
        with target.once(self.kind, "functions") as once:
            if once is not None:
                functions = _mend_functions(once.connection, bundle.inventory, target.before)
        return plural(functions, "function")


class EventTriggersImporter:
    """Creates event triggers when nothing else is left to create, so that none fires before."""

    kind = "event-triggers"
    title = "Event triggers"
    after = ("rights",)

    def apply(self, bundle: Bundle, target: Target, progress: Progress) -> str:
        """Create those that are missing, in one transaction."""
        missing = missing_triggers(bundle.inventory, target.before)
        powerful = {r["role"] for r in bundle.inventory.catalogs["roles"] if r["superuser"]}
        comments = {
            str(record["object"]): str(record["comment"])
            for record in bundle.inventory.catalogs["comments"]
            if record["type"] == "event trigger"
        }
        with target.once(self.kind, "event triggers") as once:
            if once is not None:
                for record in missing:
                    _create(once.connection, record, comments.get(str(record["name"])))
                    if record["owner"] in powerful:
                        _own(once.connection, record)
        for record in missing:
            # Postgres itself lets only superusers own one; Supabase's extension supautils does not
            if record["owner"] not in powerful:
                progress.note(
                    f"event trigger `{record['name']}` belongs to `{target.facts.user}`, as "
                    f"`{record['owner']}` is no superuser"
                )
        return plural(len(missing), "event trigger")


def _mend_functions(connection: Connection, source: Inventory, before: Inventory) -> int:
    present = {r["name"]: r for r in catalog.read(connection, "functions")}
    # a body may name what only exists later, as in any dump
    connection.execute("set local check_function_bodies = off")
    mended = 0
    for record in source.catalogs["functions"]:
        mine = present.get(record["name"])
        if mine is None or record["kind"] == "a" or not is_ours(str(record["schema"]), before):
            continue
        if mine["definition"] != record["definition"]:
            connection.execute(server_text(str(record["definition"])))
            mended += 1
    return mended


def missing_triggers(source: Inventory, before: Inventory) -> list[Record]:
    """List the user's event triggers that the target lacks."""
    there = {record["name"] for record in before.catalogs["event_triggers"]}
    return [
        record
        for record in source.catalogs["event_triggers"]
        if record["name"] not in there and not is_managed(str(record["function_schema"]))
    ]


def _create(connection: Connection, record: Record, comment: str | None) -> None:
    name = sql.Identifier(str(record["trigger"]))
    tags = record["tags"] if isinstance(record["tags"], list) else []
    when = sql.SQL(", ").join(map(sql.Literal, tags))
    connection.execute(
        sql.SQL("create event trigger {} on {}{} execute function {}()").format(
            name,
            word(str(record["event"])),
            sql.SQL(" when tag in ({})").format(when) if tags else sql.SQL(""),
            sql.Identifier(str(record["function_schema"]), str(record["function"])),
        )
    )
    if comment:
        text = sql.SQL("comment on event trigger {} is {}").format(name, sql.Literal(comment))
        connection.execute(text)
    enabled = word(_ENABLE[str(record["enabled"])])
    connection.execute(sql.SQL("alter event trigger {} {}").format(name, enabled))


def _own(connection: Connection, record: Record) -> None:
    name, owner = (sql.Identifier(str(record[key])) for key in ("trigger", "owner"))
    connection.execute(sql.SQL("alter event trigger {} owner to {}").format(name, owner))


@hookimpl
def supamig_importers(settings: Settings) -> list[Importer]:
    """Hand over the importers of functions that were changed, and of event triggers."""
    del settings
    return [MendingImporter(), EventTriggersImporter()]
