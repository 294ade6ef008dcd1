"""A container beside the database that takes a backup every night and reads it back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pulumi
import pulumi_docker as docker

from infra.components.containers import Host, container
from supamig.backup.catalogs import scripts
from supamig.deployment.model import Condition, File, HealthCheck, Mount, Service
from supamig.deployment.text import plain, text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infra.components.backup_volume import BackupVolume
    from infra.components.deployment import Deployment
    from infra.settings import BackupsSettings, BackupVolumeSettings
    from supamig.deployment.model import Image

CONTAINER = "supabase-backups"
PROGRAM = "/usr/local/bin/supamig-backup"
_QUERIES = "/usr/local/share/supamig"
VOLUME = "backups"


def service(settings: BackupsSettings, image: Image, secrets: Sequence[str]) -> Service:
    """Return the backups as one more service of the deployment, in the database's own image.

    ``secrets`` names what the deployment's `.env` holds: it is a part of each backup.
    """
    return Service(
        name="backups",
        container_name=CONTAINER,
        image=image,  # its pg_dump is the server's version
        entrypoint=("/bin/sh", PROGRAM),
        command=("serve",),
        environment={
            "PGHOST": plain("db"),
            "PGPORT": text("${POSTGRES_PORT}"),
            "PGUSER": plain("supabase_admin"),
            "PGPASSWORD": text("${POSTGRES_PASSWORD}"),
            "PGDATABASE": text("${POSTGRES_DB}"),
            "BACKUP_HOUR": plain(str(settings.hour)),
            "BACKUP_KEEP_DAYS": plain(str(settings.keep_days)),
            "BACKUP_VAULT_KEY": plain("/database/pgsodium_root.key"),
            "DEPLOYMENT_ENV": text("\n".join(f"{name}='${{{name}}}'" for name in sorted(secrets))),
        },
        mounts=(
            Mount(kind="volume", source=VOLUME, target="/backups"),
            Mount(kind="directory", source="volumes/storage", target="/files", read_only=True),
            Mount(kind="volume", source="db-config", target="/database", read_only=True),
        ),
        files=(
            File(
                path="backup.sh",
                target=PROGRAM,
                content=Path(__file__).with_name("backup.sh").read_text(encoding="utf-8"),
                mode=0o755,
            ),
            *(
                File(path=f"backup/{name}", target=f"{_QUERIES}/{name}", content=content)
                for name, content in scripts().items()
            ),
        ),
        health=HealthCheck(
            test=(plain("CMD"), plain("/bin/sh"), plain(PROGRAM), plain("healthy")),
            interval=30,
            timeout=20,
            retries=3,
            start_period=150,
        ),
        depends_on={"db": Condition.HEALTHY},
        memory_mib=settings.memory_mib,
    )


class Backups(pulumi.ComponentResource):
    """The container, and the block device as a volume of Docker's.

    Docker mounts the device itself, so that without it the container does not start, instead of
    writing backups to the disk that they are meant to outlive.  It is healthy once the first one is
    there: what depends on it, depends on a backup.
    """

    container: docker.Container
    #: That of the deployment, with the volume of the backups.
    host: Host

    def __init__(  # noqa: PLR0913 - each by name
        self,
        name: str,
        settings: BackupsSettings,
        *,
        deployment: Deployment,
        image: Image,
        volume: BackupVolume,
        volume_settings: BackupVolumeSettings,
        provider: docker.Provider,
        gate: pulumi.Resource | None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("supamig:infra:Backups", name, None, opts)
        below = pulumi.ResourceOptions(
            parent=self, provider=provider, depends_on=[gate] if gate else []
        )
        disk = docker.Volume(
            name,
            name=f"{deployment.host.deployment}_{VOLUME}",
            driver="local",
            driver_opts={"type": volume_settings.filesystem, "device": volume.device},
            labels=[
                docker.VolumeLabelArgs(
                    label="supamig.deployment", value=deployment.host.deployment
                ),
                docker.VolumeLabelArgs(label="supamig.holds-data", value="true"),
            ],
            opts=pulumi.ResourceOptions.merge(
                below,
                pulumi.ResourceOptions(
                    depends_on=[volume.attachment], protect=True, retain_on_delete=True
                ),
            ),
        )
        self.host = deployment.host.with_volume(VOLUME, disk.name)
        self.container = container(
            service(settings, image, sorted(deployment.host.secrets)),
            self.host,
            opts=pulumi.ResourceOptions.merge(
                below, pulumi.ResourceOptions(depends_on=[deployment.containers["db"], disk])
            ),
        )
        self.register_outputs({"container": self.container.name})
