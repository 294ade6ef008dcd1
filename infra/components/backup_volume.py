"""A block device for backups: formatted, attached, and protected from whoever tidies up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
import pulumi_digitalocean as digitalocean

if TYPE_CHECKING:
    from infra.account import FoundVolume
    from infra.settings import BackupVolumeSettings


class BackupVolume(pulumi.ComponentResource):
    """The volume and its attachment, in the droplet's own region as no other would do.

    An ``existing`` one is attached as it is, and never formatted.  ``device`` is the path under
    which the droplet sees it, whatever its kernel calls it.
    """

    device: str

    def __init__(  # noqa: PLR0913 - each by name
        self,
        name: str,
        settings: BackupVolumeSettings,
        *,
        existing: FoundVolume | None = None,
        droplet_id: pulumi.Output[int],
        region: pulumi.Output[str],
        gate: pulumi.Resource | None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("supamig:infra:BackupVolume", name, None, opts)
        wait = [gate] if gate else []
        volume_id: pulumi.Input[str]
        volume_id = existing.id if existing else self._made(name, settings, region, wait).id
        self.attachment = digitalocean.VolumeAttachment(
            name,
            droplet_id=droplet_id,
            volume_id=volume_id,
            opts=pulumi.ResourceOptions(parent=self, depends_on=wait),
        )
        self.device = f"/dev/disk/by-id/scsi-0DO_Volume_{settings.name}"
        self.register_outputs({"id": volume_id, "device": self.device})

    def _made(
        self,
        name: str,
        settings: BackupVolumeSettings,
        region: pulumi.Output[str],
        wait: list[pulumi.Resource],
    ) -> digitalocean.Volume:
        return digitalocean.Volume(
            name,
            name=settings.name,
            region=region,
            size=settings.size_gb,
            initial_filesystem_type=settings.filesystem,
            initial_filesystem_label=settings.label,
            description="Backups of the self-hosted Supabase, written by supamig",
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=wait,
                protect=True,
                retain_on_delete=True,
                # only read when the volume is made: a change here would replace what holds data
                ignore_changes=[
                    "region",
                    "initialFilesystemType",
                    "initialFilesystemLabel",
                    "description",
                ],
            ),
        )
