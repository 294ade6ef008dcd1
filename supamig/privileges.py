"""Rights as statements: what turns the rights that one side has into those of the other.  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg import sql

from supamig.catalog import is_managed, is_reserved
from supamig.statements import server_text, word

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from supamig.models import Record

#: MAINTAIN came with Postgres 17: it cannot be compared with, or granted on, an older server.
SINCE_MAINTAIN = 17

#: Objects on which the platform and the user both grant.
_SHARED = frozenset({"database", "foreign data wrapper", "parameter"})
_KINDS = {
    "schema": "schema",
    "table": "table",
    "column": "table",
    "sequence": "sequence",
    "function": "function",
    "procedure": "procedure",
    "type": "type",
    "foreign data wrapper": "foreign data wrapper",
    "foreign server": "foreign server",
    "database": "database",
    "parameter": "parameter",
}


def grants_of(record: Record, *, majors: Iterable[int] = ()) -> frozenset[str]:
    """Return ``grantee=PRIVILEGE`` texts, without those that one of the servers does not know."""
    grants = record["grants"] if isinstance(record["grants"], list) else []
    if any(major < SINCE_MAINTAIN for major in majors):
        grants = [grant for grant in grants if not grant.rstrip("*").endswith("=MAINTAIN")]
    return frozenset(grants)


def is_repaired(record: Record) -> bool:
    """Tell whether supamig sets this object's rights: those of the user, not of the platform."""
    return not (record["schema"] and is_managed(str(record["schema"]))) and record["kind"] in _KINDS


def wanted_grants(record: Record, grants: frozenset[str]) -> frozenset[str]:
    """Keep what is compared: on the platform's own objects only the grants to the user's roles."""
    if is_repaired(record) and record["kind"] not in _SHARED:
        return grants
    names = {grant: grant.rpartition("=")[0] for grant in grants}
    # to PUBLIC the platform grants on what is in its schemas; on the database that is the user's
    ours = record["kind"] in _SHARED
    return frozenset(
        g for g, name in names.items() if (ours or name != "public") and not is_reserved(name)
    )


def repairs(
    record: Record, *, has: frozenset[str], wants: frozenset[str]
) -> Iterator[sql.Composed]:
    """Yield the statements that turn the grants that an object has into those it should have."""
    for verb, extra in (("revoke", has - wants), ("grant", wants - has)):
        for grant in sorted(extra):
            grantee, _, privilege = grant.rpartition("=")
            plain = privilege.rstrip("*")
            if verb == "revoke" and f"{grantee}={plain}*" in wants:
                continue
            yield _statement(record, verb, plain, grantee, option=privilege.endswith("*"))


def _statement(
    record: Record, verb: str, privilege: str, grantee: str, *, option: bool
) -> sql.Composed:
    what: sql.Composable = word(privilege)
    if record["kind"] == "column":
        what = sql.SQL("{} ({})").format(what, sql.Identifier(str(record["column"])))
    granting = verb == "grant"
    return sql.SQL("{} {} on {} {} {} {}{}").format(
        sql.SQL("grant" if granting else "revoke"),
        what,
        word(_KINDS[str(record["kind"])]),
        server_text(str(record["object"])),
        sql.SQL("to" if granting else "from"),
        role(grantee),
        sql.SQL(" with grant option" if granting and option else ""),
    )


def role(name: str) -> sql.Composable:
    """Write a grantee."""
    return sql.SQL("public") if name == "public" else sql.Identifier(name)


DefaultKey = tuple[str, str, str]


def default_key(record: Record) -> DefaultKey:
    """Identify default privileges by role, schema (empty: everywhere) and type of object."""
    return str(record["role"]), str(record["schema"]), str(record["type"])


def user_defaults(records: Iterable[Record]) -> dict[DefaultKey, Record]:
    """Keep the default privileges that are the user's business: those outside managed schemas."""
    return {
        default_key(record): record
        for record in records
        if not (record["schema"] and is_managed(str(record["schema"])))
    }


def set_default(
    key: DefaultKey, *, has: frozenset[str], wants: frozenset[str]
) -> Iterator[sql.Composed]:
    """Yield the statements that make default privileges exactly ``wants``."""
    owner, schema, kind = key
    lead = sql.SQL("alter default privileges for role {}{}").format(
        sql.Identifier(owner),
        sql.SQL(" in schema {}").format(sql.Identifier(schema)) if schema else sql.SQL(""),
    )
    objects = word(kind)
    for grantee in sorted({grant.rpartition("=")[0] for grant in has - wants}):
        yield sql.SQL("{} revoke all on {} from {}").format(lead, objects, role(grantee))
    changed = {grant.rpartition("=")[0] for grant in has ^ wants}
    for grant in sorted(wants):
        grantee, _, privilege = grant.rpartition("=")
        if grantee in changed:
            yield sql.SQL("{} grant {} on {} to {}{}").format(
                lead,
                word(privilege.rstrip("*")),
                objects,
                role(grantee),
                sql.SQL(" with grant option" if privilege.endswith("*") else ""),
            )


def baseline(records: Mapping[DefaultKey, Record], key: DefaultKey) -> frozenset[str]:
    """Return what holds without an entry: nothing in a schema, the built-in default elsewhere."""
    record = records.get(key)
    built_in = record["baseline"] if record else None
    return frozenset(built_in) if isinstance(built_in, list) else frozenset()
