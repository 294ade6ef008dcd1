"""A container beside that of the backups which copies them to a bucket, such as one of Spaces."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pulumi
import pulumi_docker as docker

from infra.components.backups import VOLUME
from infra.components.containers import container
from supamig.deployment.model import Condition, File, HealthCheck, Mount, Service
from supamig.deployment.text import plain, text

if TYPE_CHECKING:
    from infra.components.backups import Backups
    from infra.settings import CopiesSettings
    from supamig.deployment.model import Image

PROGRAM = "/usr/local/bin/supamig-copies"
#: The key of the bucket, among the secrets of the deployment.
SECRETS = ("BACKUP_COPIES_ACCESS_KEY_ID", "BACKUP_COPIES_SECRET_ACCESS_KEY")
#: What rclone calls the maker of an object store, by the end of its address.
_PROVIDERS = {".digitaloceanspaces.com": "DigitalOcean", ".amazonaws.com": "AWS"}
#: rclone holds four files at a time, in four parts of 5 MiB each.
_MEMORY_MIB = 256


def service(settings: CopiesSettings, image: Image) -> Service:
    """Return the copies as one more service of the deployment."""
    host = urlsplit(settings.endpoint).hostname or ""
    provider = next((one for end, one in _PROVIDERS.items() if host.endswith(end)), "Other")
    remote = {
        "TYPE": plain("s3"),
        "PROVIDER": plain(provider),
        "ENDPOINT": plain(settings.endpoint),
        "REGION": plain(settings.region),
        "ACCESS_KEY_ID": text(f"${{{SECRETS[0]}}}"),
        "SECRET_ACCESS_KEY": text(f"${{{SECRETS[1]}}}"),
        "ACL": plain("private"),
        # a key that may only write to its bucket cannot make or list buckets
        "NO_CHECK_BUCKET": plain("true"),
    }
    return Service(
        name="backup-copies",
        container_name="supabase-backup-copies",
        image=image,
        entrypoint=("/bin/sh", PROGRAM),
        command=("serve",),
        environment={
            **{f"RCLONE_CONFIG_COPIES_{name}": value for name, value in remote.items()},
            "RCLONE_CONFIG": plain("/dev/null"),
            # the next round is the next try
            "RCLONE_RETRIES": plain("1"),
            "RCLONE_LOW_LEVEL_RETRIES": plain("3"),
            "COPIES_BUCKET": plain(settings.bucket),
            "COPIES_PREFIX": plain(settings.prefix),
        },
        mounts=(Mount(kind="volume", source=VOLUME, target="/backups", read_only=True),),
        files=(
            File(
                path="copies.sh",
                target=PROGRAM,
                content=Path(__file__).with_name("copies.sh").read_text(encoding="utf-8"),
                mode=0o755,
            ),
        ),
        health=HealthCheck(
            test=(plain("CMD"), plain("/bin/sh"), plain(PROGRAM), plain("healthy")),
            interval=10,
            timeout=10,
            retries=3,
            start_period=120,
        ),
        depends_on={"backups": Condition.HEALTHY},
        memory_mib=_MEMORY_MIB,
    )


class Copies(pulumi.ComponentResource):
    """The container; it is healthy once all backups that are there are in the bucket."""

    container: docker.Container

    def __init__(  # noqa: PLR0913 - each by name
        self,
        name: str,
        settings: CopiesSettings,
        *,
        backups: Backups,
        image: Image,
        provider: docker.Provider,
        gate: pulumi.Resource | None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("supamig:infra:Copies", name, None, opts)
        below = pulumi.ResourceOptions(
            parent=self, provider=provider, depends_on=[gate] if gate else []
        )
        wanted = service(settings, image)
        pulled = docker.RemoteImage(
            wanted.name, name=image.reference, keep_locally=True, opts=below
        )
        self.container = container(
            wanted,
            backups.host,
            opts=pulumi.ResourceOptions.merge(
                below, pulumi.ResourceOptions(depends_on=[pulled, backups.container])
            ),
        )
        self.register_outputs({"container": self.container.name})
