"""SQL that is put together at run time from texts which are neither names nor values."""

from __future__ import annotations

from psycopg import sql


def word(text: str) -> sql.SQL:
    """Write a keyword that comes from one of our own tables or from a catalog's fixed set."""
    return sql.SQL(text)


def server_text(text: str) -> sql.SQL:
    """Write a definition or expression as a server printed it (``pg_get_functiondef`` and others).

    It is the only text of others that becomes SQL.  Insert it, never call ``format`` on it.
    """
    return sql.SQL(text)
