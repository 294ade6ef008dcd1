"""The rows: COPY into every table, each in a transaction of its own that leaves all or nothing."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql

from supamig.amounts import plural
from supamig.copying import parallel
from supamig.copying.blocks import copy_in
from supamig.errors import StepFailed
from supamig.hookspecs import hookimpl
from supamig.moves import moves
from supamig.search_path import set_path, usual_path
from supamig.statements import server_text, word

if TYPE_CHECKING:
    from supamig.bundle import Bundle
    from supamig.config import Settings
    from supamig.copying.blocks import Blocks
    from supamig.models import TableRef
    from supamig.moves import Move
    from supamig.postgres import Connection
    from supamig.protocols import Importer, Progress
    from supamig.target import Target


class RowsImporter:
    """Loads every table, the largest first, a few at a time."""

    kind = "rows"
    title = "Rows"
    after = ("schema",)

    def __init__(self, jobs: int) -> None:
        self._jobs = jobs

    def apply(self, bundle: Bundle, target: Target, progress: Progress) -> str:
        """Copy the rows of every table that moves; tables done before a crash stay as they are."""
        wanted = [move for move in moves(bundle.inventory, target.before) if move.on_target]
        done = target.done(self.kind)
        left = [move for move in wanted if str(move.table) not in done]
        path = usual_path(bundle.inventory.catalogs)

        def load(move: Move) -> None:
            try:
                attempt(move, checked=True)
            except StepFailed as error:
                # a check may read other tables, which are not loaded yet, or the time of day
                if getattr(error.__cause__, "sqlstate", None) != _NOT_MET:
                    raise
                attempt(move, checked=False)

        def attempt(move: Move, *, checked: bool) -> None:
            progress.started(str(move.table), expected=move.size)
            began = time.monotonic()
            with (
                target.once(self.kind, str(move.table)) as once,
                bundle.rows.read(move.table, move.columns) as blocks,
            ):
                if once is None:
                    return
                blocks.notify = lambda rows, size: progress.moved(
                    str(move.table), rows=rows, bytes=size
                )
                # constraints and generated columns call functions that may count on one
                set_path(once.connection, path)
                _load(once.connection, move, blocks, checked=checked)
                detail = {"rows": blocks.rows, "bytes": blocks.bytes, "snapshot": bundle.snapshot}
                once.note({**detail, "seconds": round(time.monotonic() - began, 3)})
            progress.finished(str(move.table), rows=blocks.rows, bytes=blocks.bytes)

        def cancel() -> None:
            target.cancel()
            bundle.cancel()

        parallel.each(left, load, jobs=self._jobs, cancel=cancel)
        total = sum(detail["rows"] for detail in target.done(self.kind).values())
        return f"{plural(total, 'row')} of {plural(len(wanted), 'table')}"


def _load(connection: Connection, move: Move, blocks: Blocks, *, checked: bool) -> None:
    awake = _silence(connection, move.table, checked=checked)
    try:
        taken = copy_in(connection, move.table, move.columns, blocks)
    except psycopg.Error as error:
        if error.sqlstate is None or error.sqlstate.startswith(("08", "57")):
            raise
        # what follows the colon is the row itself, which is nobody's business here
        where = f" ({error.diag.context.partition(':')[0]})" if error.diag.context else ""
        raise StepFailed(
            f"`{move.table}` did not take its rows: {error.diag.message_primary}{where}",
            hint=_hint(error),
        ) from error
    for statement in awake:
        connection.execute(statement)
    if taken != blocks.rows:
        message = f"`{move.table}`: {blocks.rows} rows left the source, {taken} arrived"
        raise StepFailed(message, hint="Run the same command again")


def _hint(error: psycopg.Error) -> str:
    if error.sqlstate == _NOT_MET and not error.diag.constraint_name:
        return (
            "Rows of this partition belong to another one on the target, as they do when the hash"
            " is of an enum, whose labels every server numbers by itself; partition by the label's"
            " text on the source"
        )
    return error.diag.message_hint or "The table is as it was before; mend it and run again"


_LOUD = """
    select tgname, tgenabled::text, '' from pg_catalog.pg_trigger
    where tgrelid = {table}::pg_catalog.regclass and not tgisinternal and tgenabled in ('A', 'R')
    union all
    select conname, 'c', pg_catalog.pg_get_constraintdef(oid) from pg_catalog.pg_constraint
    where conrelid = {table}::pg_catalog.regclass and contype = 'c' and coninhcount = 0
      and not (convalidated and {checked})
"""
_LATER = " NOT VALID"
_NOT_MET = "23514"
_WAKE = {
    "A": "alter table {} enable always trigger {}",
    "R": "alter table {} enable replica trigger {}",
}


def _silence(connection: Connection, table: TableRef, *, checked: bool) -> list[sql.Composed]:
    """Put aside what would fire or refuse even for a replica; return what brings it back.

    These are triggers of replicas, and constraints that old rows need not meet (NOT VALID), which
    a schema that came whole has before its rows.  Not ``checked``, every check comes back so.
    """
    name = sql.Identifier(table.schema, table.name)
    query = sql.SQL(_LOUD).format(table=name.as_string(), checked=checked)
    back: list[sql.Composed] = []
    for item, how, definition in connection.execute(query).fetchall():
        part = sql.Identifier(item)
        if how == "c":
            connection.execute(sql.SQL("alter table {} drop constraint {}").format(name, part))
            text = server_text(f"{definition.removesuffix(_LATER)}{_LATER}")
            back.append(sql.SQL("alter table {} add constraint {} {}").format(name, part, text))
        else:
            connection.execute(sql.SQL("alter table {} disable trigger {}").format(name, part))
            back.append(word(_WAKE[how]).format(name, part))
    return back


@hookimpl
def supamig_importers(settings: Settings) -> list[Importer]:
    """Hand over the importer of rows."""
    return [RowsImporter(settings.jobs)]
