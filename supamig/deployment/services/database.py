"""The database, with what its first start runs, and the pooler in front of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from supamig.deployment.model import Condition, File, Mount, Port, Service
from supamig.deployment.services.making import DATABASE, health, image, logging, memory, shipped
from supamig.deployment.text import texts

if TYPE_CHECKING:
    from supamig.deployment.settings import DeploymentSettings

_INIT = "/docker-entrypoint-initdb.d"
#: Run once, on an empty data directory, in the order of their names; `init-scripts` as postgres,
#: `migrations` after them as supabase_admin.
_INIT_FILES = {
    "webhooks.sql": "init-scripts/98-webhooks.sql",
    "roles.sql": "init-scripts/99-roles.sql",
    "jwt.sql": "init-scripts/99-jwt.sql",
    "_supabase.sql": "migrations/97-_supabase.sql",
    "realtime.sql": "migrations/99-realtime.sql",
    "logs.sql": "migrations/99-logs.sql",
    "pooler.sql": "migrations/99-pooler.sql",
}
_START_POOLER = (
    '/app/bin/migrate && /app/bin/supavisor eval "$(cat /etc/pooler/pooler.exs)" && /app/bin/server'
)


def database(settings: DeploymentSettings) -> Service:
    """Return Postgres.

    The image's user stays `supabase_admin`: with POSTGRES_USER set, the schemas of realtime,
    analytics and the pooler would belong to somebody else.
    """
    port = settings.ports.database
    address = settings.addresses.database
    return Service(
        name="db",
        container_name="supabase-db",
        image=image(settings, "db"),
        command=(
            *("postgres", "-c", "config_file=/etc/postgresql/postgresql.conf"),
            # anything less, and the log holds the statements that services log in with
            *("-c", "log_min_messages=fatal"),
        ),
        environment=texts(
            {
                "POSTGRES_HOST": "/var/run/postgresql",
                "PGPORT": "${POSTGRES_PORT}",
                "POSTGRES_PORT": "${POSTGRES_PORT}",
                "PGPASSWORD": "${POSTGRES_PASSWORD}",
                "POSTGRES_PASSWORD": "${POSTGRES_PASSWORD}",
                "PGDATABASE": "${POSTGRES_DB}",
                "POSTGRES_DB": "${POSTGRES_DB}",
                "JWT_EXP": "${JWT_EXPIRY}",
            }
        ),
        ports=(Port(host=port, container=5432, address=address),) if port else (),
        mounts=(
            Mount(
                kind="directory",
                source="volumes/db/data",
                target="/var/lib/postgresql/data",
                label="Z",
            ),
            # holds the root key of Vault: without this volume its secrets are lost
            Mount(kind="volume", source="db-config", target="/etc/postgresql-custom"),
        ),
        files=tuple(
            File(
                path=f"volumes/db/{name}",
                target=f"{_INIT}/{target}",
                content=shipped(f"db/{name}"),
                label="Z",
            )
            for name, target in _INIT_FILES.items()
        ),
        health=health("CMD", "pg_isready", "-U", "postgres", "-h", "localhost", retries=10),
        memory_mib=memory(settings, "db"),
        logging=logging(settings),
    )


def pooler(settings: DeploymentSettings) -> Service:
    """Return Supavisor: it migrates its tables, makes its tenant where there is none, serves."""
    return Service(
        name="supavisor",
        container_name="supabase-pooler",
        image=image(settings, "supavisor"),
        command=("/bin/sh", "-c", _START_POOLER),
        environment=texts(
            {
                "PORT": "4000",
                "POSTGRES_PORT": "${POSTGRES_PORT}",
                "POSTGRES_HOST": "${POSTGRES_HOST}",
                "POSTGRES_DB": "${POSTGRES_DB}",
                "POSTGRES_PASSWORD": "${POSTGRES_PASSWORD}",
                "DATABASE_URL": f"ecto://supabase_admin:{DATABASE}/_supabase",
                "CLUSTER_POSTGRES": "true",
                "SECRET_KEY_BASE": "${SECRET_KEY_BASE}",
                "VAULT_ENC_KEY": "${VAULT_ENC_KEY}",
                "API_JWT_SECRET": "${JWT_SECRET}",
                "METRICS_JWT_SECRET": "${JWT_SECRET}",
                "REGION": "local",
                "ERL_AFLAGS": "-proto_dist inet_tcp",
                "POOLER_TENANT_ID": "${POOLER_TENANT_ID}",
                "POOLER_DEFAULT_POOL_SIZE": "${POOLER_DEFAULT_POOL_SIZE}",
                "POOLER_MAX_CLIENT_CONN": "${POOLER_MAX_CLIENT_CONN}",
                "POOLER_POOL_MODE": "transaction",
                "DB_POOL_SIZE": "${POOLER_DB_POOL_SIZE}",
            }
        ),
        ports=tuple(
            Port(host=host, container=container, address=settings.addresses.pooler)
            for host, container in (
                (settings.ports.session_pooler, 5432),
                (settings.ports.transaction_pooler, 6543),
            )
            if host
        ),
        files=(
            File(
                path="volumes/pooler/pooler.exs",
                target="/etc/pooler/pooler.exs",
                content=shipped("pooler.exs"),
                label="z",
            ),
        ),
        health=health(
            *("CMD", "curl", "-sSfL", "--head", "-o", "/dev/null"),
            "http://127.0.0.1:4000/api/health",
            every=10,
            retries=10,
            start_period=30,
        ),
        depends_on={"db": Condition.HEALTHY},
        memory_mib=memory(settings, "supavisor"),
        logging=logging(settings),
    )
