"""Materialised views: a dump brings them empty; those that were populated are filled again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
from psycopg import sql

from supamig.catalog import is_managed
from supamig.hookspecs import hookimpl
from supamig.models import TableRef
from supamig.search_path import is_not_found, lent, usual_path

if TYPE_CHECKING:
    from supamig.bundle import Bundle
    from supamig.config import Settings
    from supamig.postgres import Connection
    from supamig.protocols import Importer, Progress
    from supamig.target import Target

# pg_depend over pg_rewrite: which materialised view reads which, also through plain views
_ORDER = """
    with recursive reads as (
      select distinct r.ev_class as reader, d.refobjid as read
      from pg_catalog.pg_depend d
      join pg_catalog.pg_rewrite r on r.oid = d.objid
      join pg_catalog.pg_class c on c.oid = d.refobjid and c.relkind in ('v', 'm')
      where d.classid = 'pg_catalog.pg_rewrite'::regclass
        and d.refclassid = 'pg_catalog.pg_class'::regclass and d.refobjid <> r.ev_class
    ), depth as (
      select c.oid, 0 as level from pg_catalog.pg_class c where c.relkind in ('v', 'm')
      union select reads.reader, depth.level + 1 from depth join reads on reads.read = depth.oid
      where depth.level < 100
    )
    select n.nspname, c.relname from depth
    join pg_catalog.pg_class c on c.oid = depth.oid and c.relkind = 'm'
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    group by 1, 2 order by max(depth.level), 1, 2
"""


#: Errors of the server itself: connection, resources, operator, system.
_OF_SERVER = ("08", "53", "57", "58", "XX")


class ViewsImporter:
    """Refreshes materialised views in the order in which they read each other."""

    kind = "views"
    title = "Materialised views"
    after = ("constraints",)

    def apply(self, bundle: Bundle, target: Target, progress: Progress) -> str:
        """Refresh every view that the source has populated."""
        populated = {
            (str(record["schema"]), str(record["view"]))
            for record in bundle.inventory.catalogs["views"]
            if record["kind"] == "m" and record["populated"]
            if not is_managed(str(record["schema"]))
        }
        if not populated:
            return "none"
        path = usual_path(bundle.inventory.catalogs)

        def fill(view: TableRef) -> str:
            fault = ""
            progress.started(str(view))
            with target.once(self.kind, str(view)) as once:
                if once is not None:
                    fault = _refresh(once.connection, view, path)
                if fault:
                    raise psycopg.Rollback
            progress.finished(str(view))
            return fault

        with target.session() as connection:
            order = [row for row in connection.execute(_ORDER) if row in populated]
        waiting = [TableRef(*row) for row in order]
        faults: dict[TableRef, str] = {}
        while waiting:
            # a view may read another through a function, which no order tells
            faults = {view: fault for view in waiting if (fault := fill(view))}
            if len(faults) == len(waiting):
                break
            waiting = list(faults)
        for view, fault in faults.items():
            progress.note(f"materialised view `{view}` stays empty: {fault}")
        return f"{len(order) - len(faults)} refreshed"


def _refresh(connection: Connection, view: TableRef, path: str) -> str:
    """Fill a view; return why its query fails, if it does: it may need what only the source has."""
    statement = sql.SQL("refresh materialized view {}").format(
        sql.Identifier(view.schema, view.name)
    )
    # its owner may be subject to policies, on the source too
    connection.execute("set local row_security = on")
    try:
        try:
            with connection.transaction():
                connection.execute(statement)
        except psycopg.Error as error:
            if not is_not_found(error):
                raise
            with connection.transaction(), lent(connection, path):
                connection.execute(statement)
    except psycopg.Error as error:
        if error.sqlstate is None or error.sqlstate.startswith(_OF_SERVER):
            raise
        return error.diag.message_primary or str(error)
    return ""


@hookimpl
def supamig_importers(settings: Settings) -> list[Importer]:
    """Hand over the importer that fills materialised views."""
    del settings
    return [ViewsImporter()]
