"""Where the session pooler is, out of what the Management API says of poolers."""

from __future__ import annotations

from dataclasses import dataclass

_SHARED = ".pooler.supabase.com"
#: The pooler's port for sessions, whatever mode the project's own entry shows.
_SESSION_PORT = 5432


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolerAddress:
    """Where a project's session pooler answers, and as whom to log in."""

    host: str
    port: int
    user: str
    database: str


def shared_pooler(entries: object, project_ref: str) -> PoolerAddress | None:
    """Return the address of the shared pooler, or None where there is none."""
    for entry in entries if isinstance(entries, list) else [entries]:
        # A project on a dedicated pooler only is reached directly.
        if not isinstance(entry, dict) or entry.get("database_type") == "READ_REPLICA":
            continue
        host = str(entry.get("db_host", ""))
        if not host.endswith(_SHARED):
            continue
        return PoolerAddress(
            host=host,
            port=_SESSION_PORT,
            user=f"postgres.{project_ref}",
            database=str(entry.get("db_name") or "postgres"),
        )
    return None
