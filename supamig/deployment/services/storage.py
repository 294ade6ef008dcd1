"""The storage service and imgproxy, which resizes what storage holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from supamig.deployment.model import Condition, Mount, Service
from supamig.deployment.services.making import DATABASE, health, image, logging, memory
from supamig.deployment.text import Text, plain, text, texts
from supamig.deployment.variables import flag

if TYPE_CHECKING:
    from supamig.deployment.settings import S3, DeploymentSettings

_OBJECTS = Mount(kind="directory", source="volumes/storage", target="/var/lib/storage", label="z")


def storage(settings: DeploymentSettings) -> Service:
    """Return storage, on files or on an object store."""
    environment = texts(
        {
            "ANON_KEY": "${ANON_KEY}",
            "SERVICE_KEY": "${SERVICE_ROLE_KEY}",
            "POSTGREST_URL": "http://rest:3000",
            "AUTH_JWT_SECRET": "${JWT_SECRET}",
            "DATABASE_URL": f"postgres://supabase_storage_admin:{DATABASE}/${{POSTGRES_DB}}",
            "STORAGE_PUBLIC_URL": "${SUPABASE_PUBLIC_URL}",
            "REQUEST_ALLOW_X_FORWARDED_PATH": "true",
            "STORAGE_BACKEND": "file",
            "GLOBAL_S3_BUCKET": "${GLOBAL_S3_BUCKET}",
            "FILE_STORAGE_BACKEND_PATH": "/var/lib/storage",
            "TENANT_ID": "${STORAGE_TENANT_ID}",
            "REGION": "${REGION}",
            "ENABLE_IMAGE_TRANSFORMATION": "true",
            "IMGPROXY_URL": "http://imgproxy:5001",
            "S3_PROTOCOL_ACCESS_KEY_ID": "${S3_PROTOCOL_ACCESS_KEY_ID}",
            "S3_PROTOCOL_ACCESS_KEY_SECRET": "${S3_PROTOCOL_ACCESS_KEY_SECRET}",
        }
    )
    environment["FILE_SIZE_LIMIT"] = plain(str(settings.storage.file_size_limit))
    if settings.signing == "es256":
        environment["JWT_JWKS"] = text("${JWT_JWKS}")
    if settings.storage.s3:
        environment |= _object_store(settings.storage.s3)
    resizes = "imgproxy" not in settings.left_out
    if not resizes:
        del environment["IMGPROXY_URL"]
        environment["ENABLE_IMAGE_TRANSFORMATION"] = plain("false")
    return Service(
        name="storage",
        container_name="supabase-storage",
        image=image(settings, "storage"),
        environment=environment,
        mounts=() if settings.storage.s3 else (_OBJECTS,),
        health=health(
            *("CMD", "wget", "--no-verbose", "--tries=1", "--spider"),
            "http://storage:5000/status",
            start_period=10,
        ),
        depends_on={
            "db": Condition.HEALTHY,
            "rest": Condition.STARTED,
            **({"imgproxy": Condition.STARTED} if resizes else {}),
        },
        memory_mib=memory(settings, "storage"),
        logging=logging(settings),
    )


def _object_store(s3: S3) -> dict[str, Text]:
    found = {
        "STORAGE_BACKEND": plain("s3"),
        "GLOBAL_S3_ENDPOINT": plain(s3.endpoint),
        "GLOBAL_S3_PROTOCOL": plain(s3.endpoint.partition(":")[0]),
        "GLOBAL_S3_FORCE_PATH_STYLE": plain(flag(s3.force_path_style)),
        "AWS_ACCESS_KEY_ID": text("${OBJECT_STORE_ACCESS_KEY_ID}"),
        "AWS_SECRET_ACCESS_KEY": text("${OBJECT_STORE_SECRET_ACCESS_KEY}"),
    }
    if not s3.tags:
        found["TUS_ALLOW_S3_TAGS"] = plain("false")
    return found


def imgproxy(settings: DeploymentSettings) -> Service:
    """Return imgproxy, which reads storage's files by their path."""
    return Service(
        name="imgproxy",
        container_name="supabase-imgproxy",
        image=image(settings, "imgproxy"),
        environment=texts(
            {
                "IMGPROXY_BIND": ":5001",
                "IMGPROXY_LOCAL_FILESYSTEM_ROOT": "/",
                "IMGPROXY_USE_ETAG": "true",
                "IMGPROXY_AUTO_WEBP": "${IMGPROXY_AUTO_WEBP}",
                "IMGPROXY_MAX_SRC_RESOLUTION": "16.8",
            }
        ),
        mounts=() if settings.storage.s3 else (_OBJECTS,),
        health=health("CMD", "imgproxy", "health"),
        memory_mib=memory(settings, "imgproxy"),
        logging=logging(settings),
    )
