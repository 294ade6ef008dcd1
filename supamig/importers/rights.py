"""Rights: the target grants what the source granted, no more and no less.

A dump carries only GRANTs, and objects are born with the target's default privileges, which give
anon and authenticated everything.  So those are taken away before anything is created, the
source's are set when all is there, and what still differs is repaired from the catalogs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg import sql

from supamig import catalog
from supamig.amounts import plural
from supamig.catalog import is_managed
from supamig.hookspecs import hookimpl
from supamig.privileges import (
    baseline,
    grants_of,
    is_repaired,
    repairs,
    set_default,
    user_defaults,
    wanted_grants,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from supamig.bundle import Bundle
    from supamig.config import Settings
    from supamig.models import Record
    from supamig.postgres import Connection
    from supamig.protocols import Importer, Progress
    from supamig.target import Target


class DefaultsImporter:
    """Takes the target's own default privileges away, so that no object is born too open."""

    kind = "defaults"
    title = "Default privileges taken away"
    after = ("extensions",)

    def apply(self, bundle: Bundle, target: Target, progress: Progress) -> str:
        """Reset every default privilege outside the managed schemas to Postgres' built-in one."""
        del bundle, progress
        present = user_defaults(target.before.catalogs["default_privileges"])
        with target.once(self.kind, "reset") as once:
            if once is not None:
                for key, record in present.items():
                    wants = baseline(present, key)
                    for statement in set_default(key, has=grants_of(record), wants=wants):
                        once.connection.execute(statement)
        return f"{len(present)} reset until the end"


class RightsImporter:
    """Sets the source's default privileges and repairs rights and owners that still differ."""

    kind = "rights"
    title = "Rights"
    after = ("checks", "managed", "mending", "sequences", "views")

    def apply(self, bundle: Bundle, target: Target, progress: Progress) -> str:
        """Compare what both servers say and change the target where it differs."""
        del progress
        majors = (bundle.inventory.server.major, target.facts.major)
        with target.once(self.kind, "defaults") as once:
            if once is not None:
                _set_defaults(once.connection, bundle, majors)
        with target.once(self.kind, "owners") as once:
            if once is not None:
                _own_schemas(once.connection, bundle)
        with target.once(self.kind, "objects") as once:
            count = _repair(once.connection, bundle, majors) if once is not None else 0
        return f"{plural(count, 'grant')} repaired" if count else "no grant differed"


def _set_defaults(connection: Connection, bundle: Bundle, majors: tuple[int, int]) -> None:
    wanted = user_defaults(bundle.inventory.catalogs["default_privileges"])
    present = user_defaults(catalog.read(connection, "default_privileges"))
    schemas = {record["schema"] for record in catalog.read(connection, "schemas")} | {""}
    known = {**wanted, **present}
    for key in sorted(known):
        if key[1] not in schemas:
            continue
        start = baseline(known, key)
        has = grants_of(present[key], majors=majors) if key in present else start
        wants = grants_of(wanted[key], majors=majors) if key in wanted else start
        for statement in set_default(key, has=has, wants=wants):
            connection.execute(statement)


def _own_schemas(connection: Connection, bundle: Bundle) -> None:
    present = {record["name"]: record for record in catalog.read(connection, "schemas")}
    for record in bundle.inventory.catalogs["schemas"]:
        mine = present.get(str(record["name"]))
        if is_managed(str(record["schema"])) or mine is None or mine["owner"] == record["owner"]:
            continue
        connection.execute(
            sql.SQL("alter schema {} owner to {}").format(
                sql.Identifier(str(record["schema"])), sql.Identifier(str(record["owner"]))
            )
        )


def _repair(connection: Connection, bundle: Bundle, majors: tuple[int, int]) -> int:
    present = {str(record["name"]): record for record in catalog.read(connection, "acls")}
    wanted = {str(record["name"]): record for record in bundle.inventory.catalogs["acls"]}
    relations = {(r["schema"], r["object_name"]) for r in present.values() if r["kind"] == "table"}
    roles = {str(record["role"]) for record in catalog.read(connection, "roles")} | {"public"}
    count = 0
    for name in sorted(present.keys() | wanted.keys()):
        record = present.get(name) or wanted[name]
        if name not in present and record["kind"] not in {"column", "parameter"}:
            continue
        if (
            record["kind"] == "column"
            and (record["schema"], record["object_name"]) not in relations
        ):
            continue
        if name not in wanted and record["kind"] != "column":
            continue
        for statement in _differences(record, present.get(name), wanted.get(name), majors, roles):
            connection.execute(statement)
            count += 1
    return count


def _differences(
    record: Record,
    present: Record | None,
    wanted: Record | None,
    majors: tuple[int, int],
    roles: set[str],
) -> Iterator[sql.Composed]:
    has, wants = (
        wanted_grants(record, grants_of(side, majors=majors)) if side else frozenset[str]()
        for side in (present, wanted)
    )
    if present and wanted and record["kind"] == "database":
        # where PUBLIC may not connect, the platform's roles need what they were given by name;
        # what the owners of both databases may do follows from owning
        owners = {str(present["owner"]), str(wanted["owner"])}
        wants = _but(owners, wants | grants_of(wanted))
        has = _but(owners, has | (grants_of(present) & wants))
    known = frozenset(
        grant for grant in wants if grant.rpartition("=")[0] in roles or grant.startswith("pg_")
    )
    if is_repaired(record):
        yield from repairs(record, has=has, wants=known)
    elif record["kind"] in {"schema", "table", "column", "sequence", "function", "type"}:
        # the platform's own object: grants to the user's roles are added, none is taken away
        yield from repairs(record, has=has, wants=known | has)


def _but(owners: set[str], grants: frozenset[str]) -> frozenset[str]:
    return frozenset(grant for grant in grants if grant.rpartition("=")[0] not in owners)


@hookimpl
def supamig_importers(settings: Settings) -> list[Importer]:
    """Hand over the importers of default privileges and rights."""
    del settings
    return [DefaultsImporter(), RightsImporter()]
