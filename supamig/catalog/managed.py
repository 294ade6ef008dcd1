"""What belongs to the platform and not to the user: managed schemas and reserved roles."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from supamig.models import Record

#: Schemas whose objects the services of a deployment make; their DDL is never restored.  Not one of
#: them: `supabase_migrations`, which the CLI fills from the user's own files; it moves like those.
MANAGED: frozenset[str] = frozenset(
    [
        "_analytics",
        "_realtime",
        "_supavisor",
        "auth",
        "cron",
        "dbdev",
        "etl",
        "extensions",
        "graphql",
        "graphql_public",
        "net",
        "pgbouncer",
        "pgmq",
        "pgsodium",
        "pgsodium_masks",
        "pgtle",
        "realtime",
        "repack",
        "storage",
        "supabase_functions",
        "tiger",
        "tiger_data",
        "topology",
        "vault",
    ]
)

#: The schema of supamig's own ledger on the target.
LEDGER = "_supamig"
_NOBODYS = MANAGED | {LEDGER, "information_schema"}

#: Roles that every Supabase database has; those of older images (pgsodium, pg_tle) included.
RESERVED_ROLES: frozenset[str] = frozenset(
    [
        "anon",
        "authenticated",
        "authenticator",
        "dashboard_user",
        "pgbouncer",
        "pgsodium_keyholder",
        "pgsodium_keyiduser",
        "pgsodium_keymaker",
        "pgtle_admin",
        "postgres",
        "service_role",
        "supabase_admin",
        "supabase_auth_admin",
        "supabase_etl_admin",
        "supabase_functions_admin",
        "supabase_privileged_role",
        "supabase_read_only_user",
        "supabase_realtime_admin",
        "supabase_replication_admin",
        "supabase_storage_admin",
    ]
)

#: Columns of ``auth.users`` that the Auth server cannot read as NULL.
AUTH_NEVER_NULL: tuple[str, ...] = (
    "role",
    "created_at",
    "updated_at",
    "confirmation_token",
    "recovery_token",
    "email_change",
    "email_change_token_new",
    "email_change_token_current",
    "email_change_confirm_status",
    "phone_change",
    "phone_change_token",
    "reauthentication_token",
)
#: The ``instance_id`` of every user that the Auth server knows.
AUTH_INSTANCE = "00000000-0000-0000-0000-000000000000"


def is_managed(schema: str) -> bool:
    """Tell whether the platform, Postgres or supamig owns what is in ``schema``."""
    return schema in _NOBODYS or schema.startswith("pg_")


def is_reserved(role: str) -> bool:
    """Tell whether a role is the platform's or Postgres' own, or a short-lived login of the CLI."""
    return role in RESERVED_ROLES or role.startswith(("pg_", "cli_login_"))


def is_placed(record: Record) -> bool:
    """Tell whether a user put this object into a managed schema: a service owns what it makes."""
    owner = str(record["owner"])
    of_service = owner.startswith("pg_") or (owner in RESERVED_ROLES and owner != "postgres")
    return is_managed(str(record["schema"])) and not of_service
