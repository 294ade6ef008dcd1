"""What serves rows: PostgREST, and Realtime with its changes."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

from supamig.deployment.model import Condition, Service
from supamig.deployment.services.making import DATABASE, health, image, logging, memory
from supamig.deployment.text import plain, text, texts

if TYPE_CHECKING:
    from supamig.deployment.settings import DeploymentSettings

#: The first label of the container's name is the tenant that realtime looks for.
REALTIME_HOST = "realtime-dev.supabase-realtime"


def rest(settings: DeploymentSettings) -> Service:
    """Return PostgREST."""
    secret = "${JWT_JWKS}" if settings.signing == "es256" else "${JWT_SECRET}"
    pool = settings.rest.pool
    return Service(
        name="rest",
        container_name="supabase-rest",
        image=image(settings, "rest"),
        command=("postgrest",),
        environment=texts(
            {
                "PGRST_DB_URI": f"postgres://authenticator:{DATABASE}/${{POSTGRES_DB}}",
                "PGRST_DB_SCHEMAS": "${PGRST_DB_SCHEMAS}",
                "PGRST_DB_MAX_ROWS": "${PGRST_DB_MAX_ROWS}",
                "PGRST_DB_EXTRA_SEARCH_PATH": "${PGRST_DB_EXTRA_SEARCH_PATH}",
                "PGRST_DB_ANON_ROLE": "anon",
                "PGRST_ADMIN_SERVER_PORT": "3001",
                "PGRST_ADMIN_SERVER_HOST": "localhost",
                "PGRST_JWT_SECRET": secret,
                "PGRST_DB_USE_LEGACY_GUCS": "false",
                "PGRST_APP_SETTINGS_JWT_EXP": "${JWT_EXPIRY}",
            }
        )
        | ({} if pool is None else {"PGRST_DB_POOL": plain(str(pool))}),
        health=health("CMD", "postgrest", "--ready"),
        depends_on={"db": Condition.HEALTHY},
        memory_mib=memory(settings, "rest"),
        logging=logging(settings),
    )


def realtime(settings: DeploymentSettings) -> Service:
    """Return Realtime."""
    environment = texts(
        {
            "PORT": "4000",
            "DB_HOST": "${POSTGRES_HOST}",
            "DB_PORT": "${POSTGRES_PORT}",
            "DB_USER": "supabase_admin",
            "DB_PASSWORD": "${POSTGRES_PASSWORD}",
            "DB_NAME": "${POSTGRES_DB}",
            "DB_AFTER_CONNECT_QUERY": "SET search_path TO _realtime",
            "DB_ENC_KEY": "${REALTIME_DB_ENC_KEY}",
            "API_JWT_SECRET": "${JWT_SECRET}",
            "SECRET_KEY_BASE": "${SECRET_KEY_BASE}",
            "METRICS_JWT_SECRET": "${JWT_SECRET}",
            "ERL_AFLAGS": "-proto_dist inet_tcp",
            "DNS_NODES": "''",  # two quotes are the value: no other nodes
            "RLIMIT_NOFILE": "10000",
            "APP_NAME": "realtime",
            "SEED_SELF_HOST": "true",
            "RUN_JANITOR": "true",
            "DISABLE_HEALTHCHECK_LOGGING": "true",
        }
    )
    if settings.signing == "es256":
        environment["API_JWT_JWKS"] = text("${JWT_JWKS}")
    limits = {one.name: getattr(settings.realtime, one.name) for one in fields(settings.realtime)}
    environment |= {
        f"TENANT_{name.upper()}": plain(str(limit))
        for name, limit in limits.items()
        if limit is not None
    }
    return Service(
        name="realtime",
        container_name=REALTIME_HOST,
        image=image(settings, "realtime"),
        environment=environment,
        health=health(
            "CMD-SHELL",
            'curl -sSfL --head -o /dev/null -H "Authorization: Bearer ${ANON_KEY}"'
            " http://localhost:4000/api/tenants/realtime-dev/health",
            every=30,
            start_period=10,
        ),
        depends_on={"db": Condition.HEALTHY},
        aliases=(REALTIME_HOST,),
        memory_mib=memory(settings, "realtime"),
        logging=logging(settings),
    )
