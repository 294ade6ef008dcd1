"""Functions that users placed into managed schemas, such as `auth.tenant_id()` for their policies.

A dump without the managed schemas lacks them.  They come before the schema, whose tables may call
them; those that take or return the schema's own types come after it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
from psycopg import sql

from supamig.amounts import plural
from supamig.catalog import is_placed
from supamig.hookspecs import hookimpl
from supamig.privileges import grants_of, repairs
from supamig.statements import server_text

if TYPE_CHECKING:
    from supamig.bundle import Bundle
    from supamig.config import Settings
    from supamig.models import Inventory, Record
    from supamig.postgres import Connection
    from supamig.protocols import Importer, Progress
    from supamig.target import Target

_KINDS = {"f": "function", "p": "procedure", "w": "function"}


class PlacedImporter:
    """Creates such functions as far as the target has what they need."""

    kind = "placed"
    title = "Your functions in managed schemas"
    after: tuple[str, ...] = ("defaults",)
    is_last = False

    def apply(self, bundle: Bundle, target: Target, progress: Progress) -> str:
        """Create each in a transaction of its own; note at last which could not be made."""
        made = 0
        rights = {record["object"]: record for record in bundle.inventory.catalogs["acls"]}
        for record in placed_functions(bundle.inventory, target.before):
            fault = ""
            with target.once("placed", str(record["name"])) as once:
                if once is None:
                    continue
                fault = _create(once.connection, record, rights.get(record["name"]))
                if fault:
                    raise psycopg.Rollback
                made += 1
            if fault and self.is_last:
                progress.note(f"function `{record['name']}` cannot be made: {fault}")
        return plural(made, "function")


class PlacedLastImporter(PlacedImporter):
    """Creates the rest of them."""

    kind = "placed-last"
    title = "Your functions in managed schemas, the rest"
    after = ("schema",)
    is_last = True


def placed_functions(source: Inventory, before: Inventory) -> list[Record]:
    """List the users' functions in managed schemas that the target has without them."""
    there = {record["name"] for record in before.catalogs["functions"]}
    schemas = {record["schema"] for record in before.catalogs["schemas"]}
    return [
        record
        for record in source.catalogs["functions"]
        if is_placed(record) and record["kind"] in _KINDS
        if record["schema"] in schemas and record["name"] not in there
    ]


def _create(connection: Connection, record: Record, rights: Record | None) -> str:
    """Create a function with its rights; return why it cannot be, if so."""
    born = frozenset({"public=EXECUTE", f"{record['owner']}=EXECUTE"})
    grants = repairs(rights, has=born, wants=grants_of(rights)) if rights else ()
    owner = sql.SQL("alter {} {} owner to {}").format(
        sql.SQL(_KINDS[str(record["kind"])]),
        server_text(str(record["name"])),
        sql.Identifier(str(record["owner"])),
    )
    try:
        with connection.transaction():
            connection.execute("set local check_function_bodies = off")
            connection.execute(server_text(str(record["definition"])))
            for statement in (owner, *grants):
                connection.execute(statement)
    except psycopg.Error as error:
        if error.sqlstate is None:
            raise
        return error.diag.message_primary or str(error)
    return ""


@hookimpl
def supamig_importers(settings: Settings) -> list[Importer]:
    """Hand over the importers of functions in managed schemas."""
    del settings
    return [PlacedImporter(), PlacedLastImporter()]
