"""A server said in a few words, without its password."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg.conninfo import conninfo_to_dict

if TYPE_CHECKING:
    from supamig.secret import Secret


def place(dsn: Secret) -> str:
    """Return `host:port/database` of a connection string."""
    parts = conninfo_to_dict(dsn.reveal())
    host = parts.get("host") or parts.get("service") or "local socket"
    return f"{host}:{parts.get('port', 5432)}/{parts.get('dbname', 'postgres')}"
