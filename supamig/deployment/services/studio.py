"""The dashboard, and the service through which it reads the catalogs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from supamig.deployment.model import Condition, Mount, Port, Service
from supamig.deployment.services.making import health, image, logging, memory
from supamig.deployment.text import text, texts

if TYPE_CHECKING:
    from supamig.deployment.settings import DeploymentSettings

_STUDIO = {
    "HOSTNAME": "0.0.0.0",  # noqa: S104 - inside of the network
    "STUDIO_PG_META_URL": "http://meta:8080",
    "POSTGRES_PORT": "${POSTGRES_PORT}",
    "POSTGRES_HOST": "${POSTGRES_HOST}",
    "POSTGRES_DB": "${POSTGRES_DB}",
    "POSTGRES_PASSWORD": "${POSTGRES_PASSWORD}",
    # as on Supabase Cloud: what the editor makes must not belong to the superuser
    "POSTGRES_USER_READ_WRITE": "postgres",
    "PG_META_CRYPTO_KEY": "${PG_META_CRYPTO_KEY}",
    "PGRST_DB_SCHEMAS": "${PGRST_DB_SCHEMAS}",
    "PGRST_DB_MAX_ROWS": "${PGRST_DB_MAX_ROWS}",
    "PGRST_DB_EXTRA_SEARCH_PATH": "${PGRST_DB_EXTRA_SEARCH_PATH}",
    "DEFAULT_ORGANIZATION_NAME": "${STUDIO_DEFAULT_ORGANIZATION}",
    "DEFAULT_PROJECT_NAME": "${STUDIO_DEFAULT_PROJECT}",
    "SUPABASE_URL": "http://api-gw:8000",
    "SUPABASE_PUBLIC_URL": "${SUPABASE_PUBLIC_URL}",
    "SUPABASE_ANON_KEY": "${ANON_KEY}",
    "SUPABASE_SERVICE_KEY": "${SERVICE_ROLE_KEY}",
    "AUTH_JWT_SECRET": "${JWT_SECRET}",
    "ENABLED_FEATURES_LOGS_ALL": "false",
    "SNIPPETS_MANAGEMENT_FOLDER": "/app/snippets",
    "EDGE_FUNCTIONS_MANAGEMENT_FOLDER": "/app/edge-functions",
}
_KEYS = {
    "SUPABASE_PUBLISHABLE_KEY": "${SUPABASE_PUBLISHABLE_KEY}",
    "SUPABASE_SECRET_KEY": "${SUPABASE_SECRET_KEY}",
}
_LOGS = {
    "LOGFLARE_PRIVATE_ACCESS_TOKEN": "${LOGFLARE_PRIVATE_ACCESS_TOKEN}",
    "LOGFLARE_URL": "http://analytics:4000",
    "ENABLED_FEATURES_LOGS_ALL": "true",
}


def studio(settings: DeploymentSettings) -> Service:
    """Return Studio.  Its own port asks for no password: the gateway's does."""
    environment = texts(_STUDIO)
    if settings.signing == "es256":
        environment |= texts(_KEYS)
    if settings.studio.assistant:
        environment["OPENAI_API_KEY"] = text("${OPENAI_API_KEY}")
    if settings.logs:
        environment |= texts(_LOGS)
    port = settings.ports.studio
    address = settings.addresses.studio
    return Service(
        name="studio",
        container_name="supabase-studio",
        image=image(settings, "studio"),
        environment=environment,
        ports=(Port(host=port, container=3000, address=address),) if port else (),
        mounts=(
            Mount(kind="directory", source="volumes/snippets", target="/app/snippets", label="z"),
            Mount(
                kind="directory",
                source="volumes/functions",
                target="/app/edge-functions",
                read_only=True,
                label="z",
            ),
        ),
        health=health(
            "CMD-SHELL",
            "node -e \"fetch('http://localhost:3000/api/platform/profile')"
            '.then((r) => {if (r.status !== 200) throw new Error(r.status)})"',
            timeout=10,
            start_period=20,
        ),
        depends_on={"analytics": Condition.HEALTHY} if settings.logs else {},
        memory_mib=memory(settings, "studio"),
        logging=logging(settings),
    )


def meta(settings: DeploymentSettings) -> Service:
    """Return postgres-meta.  Upstream gives it no health check; the gateway asks the same URL."""
    return Service(
        name="meta",
        container_name="supabase-meta",
        image=image(settings, "meta"),
        environment=texts(
            {
                "PG_META_PORT": "8080",
                "PG_META_DB_HOST": "${POSTGRES_HOST}",
                "PG_META_DB_PORT": "${POSTGRES_PORT}",
                "PG_META_DB_NAME": "${POSTGRES_DB}",
                "PG_META_DB_USER": "postgres",
                "PG_META_DB_PASSWORD": "${POSTGRES_PASSWORD}",
                "CRYPTO_KEY": "${PG_META_CRYPTO_KEY}",
            }
        ),
        health=health(
            "CMD-SHELL",
            "node -e \"fetch('http://localhost:8080/health')"
            '.then((r) => {if (r.status !== 200) throw new Error(r.status)})"',
        ),
        depends_on={"db": Condition.HEALTHY},
        memory_mib=memory(settings, "meta"),
        logging=logging(settings),
    )
