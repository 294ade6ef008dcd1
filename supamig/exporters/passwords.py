"""Password hashes of the user's own roles, so that they log in on the target as before."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import psycopg

from supamig.amounts import plural
from supamig.catalog import is_reserved
from supamig.hookspecs import hookimpl

if TYPE_CHECKING:
    from supamig.bundle import Bundle
    from supamig.config import Settings
    from supamig.models import Inventory
    from supamig.postgres import Connection, Source
    from supamig.protocols import Exporter, Progress


class PasswordsExporter:
    """Writes ``role_hashes.json`` where the source lets its role read ``pg_authid``."""

    kind = "passwords"
    title = "Password hashes of roles"
    after = ("inventory",)
    replaces = ""

    def estimate(self, inventory: Inventory) -> int:
        """Return 0: roles are few."""
        del inventory
        return 0

    def export(self, source: Source, bundle: Bundle, progress: Progress) -> str:
        """Read and keep the hashes; Supabase's `postgres` may, through pg_read_all_data."""
        with source.session() as connection:
            hashes = read_hashes(connection)
        if hashes is None:
            progress.note("the source's role may not read password hashes: set them by hand")
        text = json.dumps(hashes or {}).encode()
        bundle.write("role_hashes.json", text, kind="role-hashes", producer="supamig")
        return plural(len(hashes or {}), "hash", "hashes")


def read_hashes(connection: Connection) -> dict[str, str] | None:
    """Read the password hashes of the user's roles, where this role may else None."""
    try:
        with connection.transaction():
            rows = connection.execute(
                "select rolname, rolpassword from pg_catalog.pg_authid"
                " where rolpassword is not null and rolname !~ '^pg_'"
            ).fetchall()
    except psycopg.errors.InsufficientPrivilege:
        return None
    return {name: hashed for name, hashed in rows if not is_reserved(name)}


@hookimpl
def supamig_exporters(settings: Settings) -> list[Exporter]:
    """Hand over the exporter of password hashes."""
    del settings
    return [PasswordsExporter()]
