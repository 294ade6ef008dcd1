"""What users put on the platform's own tables: triggers and policies, from the catalogs.

A dump without the managed schemas lacks them, and sign-ups would then make no profile.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg import sql

from supamig.amounts import plural
from supamig.catalog import is_managed
from supamig.hookspecs import hookimpl
from supamig.moves import table_of
from supamig.statements import server_text, word

if TYPE_CHECKING:
    from collections.abc import Iterator

    from supamig.bundle import Bundle
    from supamig.config import Settings
    from supamig.models import Inventory, Record
    from supamig.postgres import Connection
    from supamig.protocols import Importer, Progress
    from supamig.target import Target

#: Managed schemas on which every policy is the user's.
POLICED = frozenset({"auth", "storage", "realtime"})
_ENABLE = {"D": "disable", "R": "enable replica", "A": "enable always"}


class ManagedImporter:
    """Recreates triggers and policies that hang on managed tables."""

    kind = "managed"
    title = "Triggers and policies on managed tables"
    after = ("constraints",)

    def apply(self, bundle: Bundle, target: Target, progress: Progress) -> str:
        """Create each one that the target lacks; one on a table that it lacks is noted."""
        there = {str(record["name"]) for record in target.before.catalogs["tables"]}
        triggers = list(user_triggers(bundle.inventory, target.before))
        policies = list(user_policies(bundle.inventory, target.before))
        for kind, record in [("trigger", r) for r in triggers] + [("policy", r) for r in policies]:
            if str(table_of(record)) not in there:
                progress.note(f"{kind} `{record['name']}`: the target has no such table")
                continue
            with target.once(self.kind, f"{kind} {record['name']}") as once:
                if once is None:
                    continue
                if kind == "trigger":
                    _create_trigger(once.connection, record)
                else:
                    _create_policy(once.connection, record)
        return f"{plural(len(triggers), 'trigger')}, {plural(len(policies), 'policy', 'policies')}"


def user_triggers(source: Inventory, before: Inventory) -> Iterator[Record]:
    """List the users' triggers on managed tables, webhooks too.

    The platform's own call functions of their table's schema.
    """
    there = {record["name"] for record in before.catalogs["triggers"]}
    for record in source.catalogs["triggers"]:
        is_users = record["function_schema"] != record["schema"]
        if is_managed(str(record["schema"])) and is_users and record["name"] not in there:
            yield record


def user_policies(source: Inventory, before: Inventory) -> Iterator[Record]:
    """List the policies on managed tables that the target lacks."""
    there = {record["name"] for record in before.catalogs["policies"]}
    for record in source.catalogs["policies"]:
        if record["schema"] in POLICED and record["name"] not in there:
            yield record


def _create_trigger(connection: Connection, record: Record) -> None:
    connection.execute(server_text(str(record["definition"])))
    enabled = _ENABLE.get(str(record["enabled"]))
    if enabled:
        table = table_of(record)
        statement = sql.SQL("alter table {} {} trigger {}").format(
            sql.Identifier(table.schema, table.name),
            word(enabled),
            sql.Identifier(str(record["trigger"])),
        )
        connection.execute(statement)


def _create_policy(connection: Connection, record: Record) -> None:
    table = table_of(record)
    roles = record["roles"] if isinstance(record["roles"], list) else []
    parts = [
        sql.SQL("create policy {} on {} as {} for {} to {}").format(
            sql.Identifier(str(record["policy"])),
            sql.Identifier(table.schema, table.name),
            sql.SQL("permissive" if record["permissive"] else "restrictive"),
            word(str(record["command"])),
            sql.SQL(", ").join(
                sql.SQL("public") if role == "public" else sql.Identifier(role) for role in roles
            ),
        )
    ]
    for lead, key in ((" using ({})", "using"), (" with check ({})", "check")):
        if record[key]:
            parts.append(word(lead).format(server_text(str(record[key]))))
    connection.execute(sql.Composed(parts))


@hookimpl
def supamig_importers(settings: Settings) -> list[Importer]:
    """Hand over the importer of what hangs on managed tables."""
    del settings
    return [ManagedImporter()]
