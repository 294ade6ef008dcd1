"""Edge functions: the runtime, and the router that starts a worker for each call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from supamig.deployment.model import Condition, File, Mount, Service
from supamig.deployment.services.making import DATABASE, health, image, logging, memory, shipped
from supamig.deployment.text import Reference, Text, texts

if TYPE_CHECKING:
    from supamig.deployment.settings import DeploymentSettings

_ALWAYS = {
    "JWT_SECRET": "${JWT_SECRET}",
    "SUPABASE_URL": "http://api-gw:8000",
    "SUPABASE_PUBLIC_URL": "${SUPABASE_PUBLIC_URL}",
    "SUPABASE_ANON_KEY": "${ANON_KEY}",
    "SUPABASE_SERVICE_ROLE_KEY": "${SERVICE_ROLE_KEY}",
    "SUPABASE_DB_URL": f"postgresql://postgres:{DATABASE}/${{POSTGRES_DB}}",
    "VERIFY_JWT": "${FUNCTIONS_VERIFY_JWT}",
}
_KEYS = {
    "SUPABASE_PUBLISHABLE_KEYS": '{"default":"${SUPABASE_PUBLISHABLE_KEY}"}',
    "SUPABASE_SECRET_KEYS": '{"default":"${SUPABASE_SECRET_KEY}"}',
    # each function sees the whole environment; the public half is all that it needs
    "SUPABASE_JWKS": "${JWT_PUBLIC_JWKS}",
}


def _environment(settings: DeploymentSettings) -> dict[str, Text]:
    chosen = {name: Text((Reference(name),)) for name in settings.function_secrets}
    return chosen | texts(_ALWAYS | (_KEYS if settings.signing == "es256" else {}))


def functions(settings: DeploymentSettings) -> Service:
    """Return the edge runtime."""
    return Service(
        name="functions",
        container_name="supabase-edge-functions",
        image=image(settings, "functions"),
        command=("start", "--main-service", "/home/deno/functions/main"),
        environment=_environment(settings),
        mounts=(
            Mount(
                kind="directory",
                source="volumes/functions",
                target="/home/deno/functions",
                label="z",
            ),
            Mount(kind="volume", source="deno-cache", target="/root/.cache/deno"),
        ),
        files=(
            File(
                path="volumes/functions/main/index.ts",
                target="/home/deno/functions/main/index.ts",
                content=shipped("functions/main.ts"),
                label="z",
            ),
        ),
        health=health("CMD-SHELL", "timeout 1 bash -c '</dev/tcp/127.0.0.1/9000'"),
        depends_on={"api-gw": Condition.HEALTHY},
        memory_mib=memory(settings, "functions"),
        logging=logging(settings),
    )
