"""Roles, their settings, memberships and passwords, from the catalogs: what the target lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg import sql

from supamig.amounts import plural
from supamig.catalog import is_reserved
from supamig.hookspecs import hookimpl
from supamig.parameters import apply_setting, why_left
from supamig.statements import word

if TYPE_CHECKING:
    from supamig.bundle import Bundle
    from supamig.config import Settings
    from supamig.models import Inventory, Record
    from supamig.postgres import Connection
    from supamig.protocols import Importer, Progress
    from supamig.target import Target

_ATTRIBUTES = {
    "superuser": "superuser",
    "inherit": "inherit",
    "create_role": "createrole",
    "create_db": "createdb",
    "login": "login",
    "replication": "replication",
    "bypass_rls": "bypassrls",
}
_SINCE_OPTIONS = 16


class RolesImporter:
    """Creates missing roles with attributes, password hash, settings and memberships."""

    kind = "roles"
    title = "Roles"
    after: tuple[str, ...] = ()

    def apply(self, bundle: Bundle, target: Target, progress: Progress) -> str:
        """Create what is missing; a role that the target has keeps its attributes and password."""
        missing = missing_roles(bundle.inventory, target.before)
        hashes = bundle.role_hashes()
        with target.once(self.kind, "roles") as once:
            if once is not None:
                for record in missing:
                    _create(once.connection, record, hashes.get(str(record["role"])))
                _join(once.connection, bundle.inventory, target.before)
                _configure(once.connection, bundle.inventory, target.before)
        for record in missing_settings(bundle.inventory, target.before):
            if reason := why_left(record):
                progress.note(f"setting `{record['setting']}` of role `{record['role']}` {reason}")
        for record in missing:
            if record["login"] and str(record["role"]) not in hashes:
                progress.note(f"role `{record['role']}` has no password on the target: set one")
        return f"{plural(len(missing), 'role')} created" if missing else "every role was there"


def missing_roles(source: Inventory, before: Inventory) -> list[Record]:
    """List the roles that the target lacks; the short-lived logins of the CLI are not missed."""
    there = {record["role"] for record in before.catalogs["roles"]}
    return [
        record
        for record in source.catalogs["roles"]
        if record["role"] not in there and not str(record["role"]).startswith("cli_login_")
    ]


def _create(connection: Connection, record: Record, hashed: str | None) -> None:
    role = sql.Identifier(str(record["role"]))
    options = [
        word(name if record[key] else f"no{name}")
        for key, name in _ATTRIBUTES.items()
        if not (key == "superuser" and record["bootstrap"])
    ]
    connection.execute(sql.SQL("create role {} with {}").format(role, sql.SQL(" ").join(options)))
    if record["connection_limit"] != -1:
        limit = sql.Literal(record["connection_limit"])
        connection.execute(sql.SQL("alter role {} connection limit {}").format(role, limit))
    if record["valid_until"]:
        until = sql.Literal(f"{record['valid_until']}+00".replace("infinity+00", "infinity"))
        connection.execute(sql.SQL("alter role {} valid until {}").format(role, until))
    if record.get("comment"):
        text = sql.Literal(record["comment"])
        connection.execute(sql.SQL("comment on role {} is {}").format(role, text))
    if hashed:
        connection.execute(sql.SQL("alter role {} password {}").format(role, sql.Literal(hashed)))


def _known(source: Inventory, before: Inventory) -> set[str]:
    """Return the roles that the target has by now."""
    records = (*missing_roles(source, before), *before.catalogs["roles"])
    return {str(record["role"]) for record in records}


def _join(connection: Connection, source: Inventory, before: Inventory) -> None:
    """Grant the memberships that the target lacks, except among the platform's own roles."""
    there = {record["name"] for record in before.catalogs["memberships"]}
    known = _known(source, before)
    for record in source.catalogs["memberships"]:
        ours = is_reserved(str(record["role"])) and is_reserved(str(record["member"]))
        if record["name"] in there or ours or record["member"] not in known:
            continue
        if record["role"] not in known and not str(record["role"]).startswith("pg_"):
            continue
        grant = sql.SQL("grant {} to {}").format(
            sql.Identifier(str(record["role"])), sql.Identifier(str(record["member"]))
        )
        connection.execute(sql.Composed([grant, _options(connection, record)]))


def _options(connection: Connection, record: Record) -> sql.Composable:
    chosen = {"admin": record["admin"]}
    if connection.info.server_version // 10000 >= _SINCE_OPTIONS:
        chosen |= {"inherit": record["inherit"], "set": record["set"]}
        words = [f"{name} {str(bool(on)).lower()}" for name, on in chosen.items() if on is not None]
        return word(" with " + ", ".join(words))
    return sql.SQL(" with admin option" if record["admin"] else "")


def missing_settings(source: Inventory, before: Inventory) -> list[Record]:
    """List the settings of roles that the target lacks."""
    there = {record["name"] for record in before.catalogs["role_settings"]}
    roles = _known(source, before)
    return [
        record
        for record in source.catalogs["role_settings"]
        if record["name"] not in there and record["role"] in roles
    ]


def _configure(connection: Connection, source: Inventory, before: Inventory) -> None:
    """Carry settings over: of the user's roles all, of the platform's those that it lacks."""
    for record in missing_settings(source, before):
        if why_left(record):
            continue
        role = sql.Identifier(str(record["role"]))
        if record["database"]:
            here = sql.Identifier(str(before.server.database))
            place = sql.SQL("alter role {} in database {}").format(role, here)
        else:
            place = sql.SQL("alter role {}").format(role)
        apply_setting(connection, place, record)


@hookimpl
def supamig_importers(settings: Settings) -> list[Importer]:
    """Hand over the importer of roles."""
    del settings
    return [RolesImporter()]
