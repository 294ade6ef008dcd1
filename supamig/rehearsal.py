"""Undoing a rehearsal: removes exactly what an earlier run made on the target, never anything else.

What a run made is the difference between what the source had and what the target held before.
All of it goes in one transaction; if anything else would go with it, nothing goes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg import sql

from supamig import catalog, privileges
from supamig.amounts import plural
from supamig.bundle import Bundle
from supamig.errors import ConnectionLost, Refused, StepFailed, SupamigError
from supamig.models import TableRef
from supamig.moves import is_ours, moves, table_of
from supamig.report.json import from_json
from supamig.sides import Live, Memory
from supamig.statements import server_text, word
from supamig.target import Target

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from supamig.migration import Run
    from supamig.models import Inventory, Record, Value
    from supamig.postgres import Connection
    from supamig.session import Session

_WATCHED = (
    *("tables", "views", "sequences", "functions", "types", "collations", "others", "schemas"),
    *("event_triggers", "publications", "foreign_servers", "triggers", "policies"),
    *("columns", "constraints", "indexes", "rules"),
)
_PARTS = ("columns", "constraints", "indexes", "triggers", "policies", "rules")
#: Catalogs of objects that services make too, in the schemas that are theirs.
_IN_PLACE = frozenset(
    (
        *("tables", "views", "sequences", "functions", "types", "collations", "others"),
        *("columns", "constraints", "indexes", "rules"),
    )
)
#: Objects outside schemas, or of rare kinds: the catalog, and the word before what it calls them.
_LOOSE = {"event_triggers": "event trigger", "publications": "publication"}
# catalog, what is dropped, and the attribute with its name (none: known by its signature)
_IN_SCHEMAS = (
    ("views", "view", "view"),
    ("tables", "table", "table"),
    ("sequences", "sequence", "sequence"),
    ("functions", "function", ""),
    ("types", "type", "type"),
    ("collations", "collation", "collation"),
)
_NOUNS = {
    ("views", "m"): "materialized view",
    ("tables", "f"): "foreign table",
    ("functions", "a"): "aggregate",
    ("functions", "p"): "procedure",
}


def remove(session: Session, run: Run) -> None:
    """Remove what a run made, and note in its journal that it is gone.

    Raise `Refused` when rows were written to the moved tables since, or when something that the
    run did not make hangs on what it made.
    """
    source = Bundle(run.bundle_path, method="").inventory
    before = run.before()
    resumed = run.journal.is_being_removed
    if not resumed and not session.settings.discard_changes:
        live = Live(session.reader, Memory())
        _guard_additions(live, source, before)
        if run.journal.is_finished:
            _guard_changes(live, run)
    run.journal.append("removal-started")
    target = Target(
        session.settings.require("target"),
        run_id=run.journal.run_id,
        timeout=session.settings.connect_timeout,
    )
    try:
        target.open()
        # the ledger says afterwards whether the transaction was committed
        with target.once("removal", "all") as once:
            if once is not None:
                _remove(once.connection, source, before)
        # sequences do not go back with a transaction that fails
        with target.once("removal", "sequences") as once:
            if once is not None:
                _set_back(once.connection, source, before)
        target.settle()
        run.journal.append("run-removed")
        target.forget()
    except SupamigError as error:
        # with the connection lost, nobody knows yet whether it was committed
        if not isinstance(error, ConnectionLost):
            run.journal.append("removal-refused")
            if run.journal.is_finished:
                target.forget()
        raise
    finally:
        target.close()


def _guard_additions(live: Live, source: Inventory, before: Inventory) -> None:
    """Raise `Refused` when somebody added a part to a table that the run made."""
    there = {table_of(record) for record in before.catalogs["tables"]}
    made = {table_of(record) for record in source.catalogs["tables"]} - there
    added = [
        str(record["name"])
        for kind in _PARTS
        for record in _without(live.catalog(kind), source.catalogs[kind])
        if table_of(record) in made
    ]
    if added:
        some = ", ".join(f"`{name}`" for name in added[:5])
        raise Refused(
            f"since that run {plural(len(added), 'part')} of tables came to the target: {some}",
            hint="`--discard-changes` removes them with the tables",
        )


def _without(records: Iterable[Record], ours: Iterable[Record]) -> list[Record]:
    brought = _names(ours)
    return [record for record in records if record["name"] not in brought]


def _guard_changes(live: Live, run: Run) -> None:
    """Raise `Refused` when a moved table holds other rows than the run brought."""
    report = from_json(run.report_path.read_text(encoding="utf-8"))
    there = {table_of(record) for record in live.catalog("tables")}
    brought = {c.table: c.digest for c in report.tables if c.digest and c.table in there}
    now = live.digests({table: digest.columns for table, digest in brought.items()})
    changed = [str(table) for table, digest in brought.items() if now[table] != digest]
    if changed:
        some = ", ".join(f"`{name}`" for name in sorted(changed)[:5])
        raise Refused(
            f"since that run rows of {plural(len(changed), 'table')} changed on the target: {some}",
            hint="`--discard-changes` removes them with what was written",
        )


def _remove(connection: Connection, source: Inventory, before: Inventory) -> None:
    present = {kind: catalog.read(connection, kind) for kind in _WATCHED}
    made = {kind: _made(present[kind], source.catalogs[kind], before, kind) for kind in _WATCHED}
    for statement in [*_hanging(made), *_objects(made)]:
        connection.execute(statement)
    _empty_managed(connection, source, before)
    _restore(connection, source, before)
    relations = {
        (record.get("schema"), record.get(key))
        for kind, key in (("tables", "table"), ("views", "view"))
        for record in made[kind]
    }
    for kind in _WATCHED:
        _guard_others(kind, present[kind], made[kind], relations, catalog.read(connection, kind))


def _guard_others(
    kind: str,
    present: Iterable[Record],
    made: Iterable[Record],
    relations: set[tuple[Value, Value]],
    left: Iterable[Record],
) -> None:
    """Raise `Refused` when something went or changed that the run did not make."""
    gone, now = _names(made), {str(record["name"]): record for record in left}
    for record in present:
        name = str(record["name"])
        if name in gone or (record.get("schema"), record.get("table")) in relations:
            continue
        # a column that stays may have lost its default
        if name not in now or (kind == "columns" and now[name] != record):
            raise Refused(
                f"`{name}` was not made by the earlier run and hangs on what it made",
                hint="Drop it by hand if it is not wanted, then run `migrate --fresh` again",
            )
    if gone & now.keys():
        raise StepFailed(
            f"`{min(gone & now.keys())}` of the earlier run could not be removed",
            hint="Drop it by hand, then run `migrate --fresh` again",
        )


def _names(records: Iterable[Record]) -> set[str]:
    return {str(record["name"]) for record in records}


def _made(
    present: Iterable[Record], ours: Iterable[Record], before: Inventory, kind: str
) -> list[Record]:
    """List the objects that are there, are the source's, and were not there before."""
    brought, there = _names(ours), _names(before.catalogs[kind])
    return [
        record
        for record in present
        if record["name"] in brought and record["name"] not in there
        if _is_movable(kind, record, before)
    ]


def _is_movable(kind: str, record: Record, before: Inventory) -> bool:
    """Tell whether a run makes such objects, also in the schemas of services."""
    if kind not in _IN_PLACE:
        return True
    placed = kind == "functions" and catalog.is_placed(record)
    return placed or is_ours(str(record["schema"]), before)


def _hanging(made: dict[str, list[Record]]) -> Iterator[sql.Composed]:
    for kind, what in _LOOSE.items():
        for record in made[kind]:
            name = sql.Identifier(str(record[what.rpartition(" ")[2]]))
            yield sql.SQL("drop {} {}").format(word(what), name)
    for kind, what in (("triggers", "trigger"), ("policies", "policy")):
        for record in made[kind]:
            if catalog.is_managed(str(record["schema"])):
                table = sql.Identifier(str(record["schema"]), str(record["table"]))
                name = sql.Identifier(str(record[what]))
                yield sql.SQL("drop {} {} on {}").format(word(what), name, table)


def _objects(made: dict[str, list[Record]]) -> Iterator[sql.Composed]:
    schemas = {str(record["schema"]) for record in made["schemas"]}
    for schema in sorted(schemas):
        yield sql.SQL("drop schema {} cascade").format(sql.Identifier(schema))
    for kind, what, key in _IN_SCHEMAS:
        for record in made[kind]:
            schema = str(record["schema"])
            if schema not in schemas:
                name = sql.Identifier(schema, str(record[key])) if key else _signature(record)
                noun = word(_NOUNS.get((kind, str(record.get("kind"))), what))
                yield sql.SQL("drop {} if exists {} cascade").format(noun, name)
    for record in made["others"]:
        if record["schema"] not in schemas:
            noun = word(str(record["type"]).replace("-", " "))
            yield sql.SQL("drop {} if exists {} cascade").format(noun, _signature(record))
    for record in made["foreign_servers"]:
        name = sql.Identifier(str(record["server"]))
        yield sql.SQL("drop server if exists {} cascade").format(name)


def _signature(record: Record) -> sql.SQL:
    """Write an object that is known by more than a name, as the server identifies it."""
    return server_text(str(record.get("object") or record["name"]))


def _empty_managed(connection: Connection, source: Inventory, before: Inventory) -> None:
    filled = _names(before.catalogs["filled"])
    for move in moves(source, before):
        if not move.managed or not move.on_target:
            continue
        if str(move.table) in filled:
            raise Refused(
                f"`{move.table}` held rows before the earlier run; what that added cannot be told",
                hint="Remove those rows by hand, or use a new target",
            )
        name = sql.Identifier(move.table.schema, move.table.name)
        connection.execute(sql.SQL("delete from only {}").format(name))


def _set_back(connection: Connection, source: Inventory, before: Inventory) -> None:
    values = {str(r["name"]): r for r in before.catalogs["sequence_values"]}
    for record in source.catalogs["sequence_values"]:
        old = values.get(str(record["name"]))
        if old is not None and old["last_value"] is not None:
            connection.execute(
                "select pg_catalog.setval(%s, %s, %s)",
                (str(TableRef(str(old["schema"]), str(old["sequence"]))), old["last_value"],
                 old["is_called"]),
            )  # fmt: skip


def _restore(connection: Connection, source: Inventory, before: Inventory) -> None:
    """Put rights, settings, extensions and roles back as they were."""
    _restore_defaults(connection, before)
    present = {str(r["name"]): r for r in catalog.read(connection, "acls")}
    for record in before.catalogs["acls"]:
        now = present.get(str(record["name"]))
        if now is not None:
            has, wants = privileges.grants_of(now), privileges.grants_of(record)
            for statement in privileges.repairs(record, has=has, wants=wants):
                connection.execute(statement)
    for kind, key, drop in (
        ("database_settings", "setting", "alter database {db} reset {name}"),
        ("extensions", "extension", "drop extension if exists {name}"),
    ):
        for record in source.catalogs[kind]:
            if record["name"] in _names(before.catalogs[kind]):
                continue
            name = sql.Identifier(*str(record[key]).split("."))
            database = sql.Identifier(before.server.database)
            connection.execute(sql.SQL(drop).format(db=database, name=name))
    _reset_roles(connection, source, before)
    _drop_roles(connection, source, before)


def _reset_roles(connection: Connection, source: Inventory, before: Inventory) -> None:
    """Take from the roles that were there the settings that the run gave them."""
    old = _names(before.catalogs["role_settings"])
    roles = {record["role"] for record in before.catalogs["roles"]}
    for record in source.catalogs["role_settings"]:
        if record["name"] in old or record["secret"] or record["role"] not in roles:
            continue
        place: sql.Composable = sql.SQL("")
        if record["database"]:
            place = sql.SQL(" in database {}").format(sql.Identifier(before.server.database))
        connection.execute(
            sql.SQL("alter role {}{} reset {}").format(
                sql.Identifier(str(record["role"])),
                place,
                sql.Identifier(*str(record["setting"]).split(".")),
            )
        )


def _restore_defaults(connection: Connection, before: Inventory) -> None:
    was = privileges.user_defaults(before.catalogs["default_privileges"])
    now = privileges.user_defaults(catalog.read(connection, "default_privileges"))
    known = {**was, **now}
    for key in known:
        start = privileges.baseline(known, key)
        has = privileges.grants_of(now[key]) if key in now else start
        wants = privileges.grants_of(was[key]) if key in was else start
        for statement in privileges.set_default(key, has=has, wants=wants):
            connection.execute(statement)


def _drop_roles(connection: Connection, source: Inventory, before: Inventory) -> None:
    there = _names(before.catalogs["memberships"])
    present = {str(r["role"]) for r in catalog.read(connection, "roles")}
    old = {str(r["role"]) for r in before.catalogs["roles"]}
    made = [str(r["role"]) for r in source.catalogs["roles"] if r["role"] not in old]
    for record in source.catalogs["memberships"]:
        if record["name"] not in there and {record["role"], record["member"]} <= present:
            connection.execute(
                sql.SQL("revoke {} from {}").format(
                    sql.Identifier(str(record["role"])), sql.Identifier(str(record["member"]))
                )
            )
    for name in made:
        if name in present:
            role = sql.Identifier(name)
            # their rights here go with them; the objects that they own are gone already
            connection.execute(sql.SQL("drop owned by {}").format(role))
            connection.execute(sql.SQL("drop role {}").format(role))
