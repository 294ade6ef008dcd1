"""The logs option: vector reads what containers print, analytics keeps it for Studio."""

from __future__ import annotations

from typing import TYPE_CHECKING

from supamig.deployment.log_pipeline import vector as vector_yml
from supamig.deployment.model import Condition, File, Mount, Service
from supamig.deployment.services.making import DATABASE, health, image, logging, memory
from supamig.deployment.text import texts

if TYPE_CHECKING:
    from supamig.deployment.settings import DeploymentSettings


def analytics(settings: DeploymentSettings) -> Service:
    """Return Logflare, on the database of its own that the first start made."""
    return Service(
        name="analytics",
        container_name="supabase-analytics",
        image=image(settings, "analytics"),
        environment=texts(
            {
                "LOGFLARE_NODE_HOST": "127.0.0.1",
                "DB_USERNAME": "supabase_admin",
                "DB_DATABASE": "_supabase",
                "DB_HOSTNAME": "${POSTGRES_HOST}",
                "DB_PORT": "${POSTGRES_PORT}",
                "DB_PASSWORD": "${POSTGRES_PASSWORD}",
                "DB_SCHEMA": "_analytics",
                "LOGFLARE_SINGLE_TENANT": "true",
                "LOGFLARE_SUPABASE_MODE": "true",
                "LOGFLARE_PUBLIC_ACCESS_TOKEN": "${LOGFLARE_PUBLIC_ACCESS_TOKEN}",
                "LOGFLARE_PRIVATE_ACCESS_TOKEN": "${LOGFLARE_PRIVATE_ACCESS_TOKEN}",
                "LOGFLARE_FEATURE_FLAG_OVERRIDE": "multibackend=true",
                "POSTGRES_BACKEND_URL": f"postgresql://supabase_admin:{DATABASE}/_supabase",
                "POSTGRES_BACKEND_SCHEMA": "_analytics",
            }
        ),
        health=health(
            "CMD-SHELL",
            "curl -sSfL -o /dev/null http://localhost:4000/health",
            retries=10,
            start_period=30,
        ),
        depends_on={"db": Condition.HEALTHY},
        memory_mib=memory(settings, "analytics"),
        logging=logging(settings),
    )


def vector(settings: DeploymentSettings) -> Service:
    """Return Vector.  It tells services by their containers' names."""
    return Service(
        name="vector",
        container_name="supabase-vector",
        image=image(settings, "vector"),
        command=("--config", "/etc/vector/vector.yml"),
        environment=texts({"LOGFLARE_PUBLIC_ACCESS_TOKEN": "${LOGFLARE_PUBLIC_ACCESS_TOKEN}"}),
        mounts=(
            Mount(
                kind="host",
                source=settings.docker_socket,
                target="/var/run/docker.sock",
                read_only=True,
            ),
        ),
        files=(
            File(
                path="volumes/logs/vector.yml",
                target="/etc/vector/vector.yml",
                content=vector_yml(),
                label="z",
            ),
        ),
        health=health(
            "CMD-SHELL",
            "wget --no-verbose --tries=1 --spider http://vector:9001/health",
        ),
        depends_on={"analytics": Condition.HEALTHY},
        security_options=("label=disable",),
        memory_mib=memory(settings, "vector"),
        logging=logging(settings),
    )
