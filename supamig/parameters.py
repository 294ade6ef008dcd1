"""Parameters set for a role or a database, written as pg_dumpall writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg import sql

if TYPE_CHECKING:
    from collections.abc import Iterator

    from supamig.models import Record
    from supamig.postgres import Connection


def why_left(record: Record) -> str:
    """Say why a setting is not carried to the target, if it is not."""
    if record["secret"]:
        return "holds a secret: set it by hand"
    if str(record["setting"]).endswith("_preload_libraries"):
        # one that the target lacks would refuse every login
        return "names libraries of the source's server: set it by hand if the target has them"
    return ""


def apply_setting(connection: Connection, place: sql.Composable, record: Record) -> None:
    """Set one parameter for a role or database, as pg_dumpall writes it."""
    name, value = str(record["setting"]), str(record["value"])
    statement = sql.SQL("{} set {} to {}").format(
        place,
        sql.Identifier(*name.split(".")),
        sql.SQL(", ").join(_values(connection, name, value)),
    )
    connection.execute(statement)


def _values(connection: Connection, name: str, value: str) -> Iterator[sql.Composable]:
    row = connection.execute(
        "select 1 from pg_catalog.pg_settings where name = %s and vartype = 'string' and name in"
        " ('local_preload_libraries', 'search_path', 'session_preload_libraries',"
        " 'shared_preload_libraries', 'temp_tablespaces', 'unix_socket_directories')",
        (name,),
    ).fetchone()
    if row is None:
        yield sql.Literal(value)
        return
    for part in split_list(value):
        yield sql.Literal(part)


def split_list(value: str) -> list[str]:
    """Split a list setting as the server does: double quotes hold commas and spaces."""
    parts, current, quoted = [], "", False
    for character in value:
        if character == '"':
            quoted = not quoted
        elif character == "," and not quoted:
            parts.append(current.strip())
            current = ""
        else:
            current += character
    return [*parts, current.strip()]
