"""The machine: as it was found, and imported or made only where the config asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
import pulumi_digitalocean as digitalocean

if TYPE_CHECKING:
    from infra.account import FoundDroplet
    from infra.settings import DropletSettings, NewDroplet

#: A change of any of these replaces a droplet, and none is read back after an import.
UNTOUCHED = ["image", "sshKeys", "userData", "dropletAgent", "monitoring"]


class Droplet(pulumi.ComponentResource):
    """The droplet's id, region and address; ``found`` is None for one that is still to be made."""

    id: pulumi.Output[int]
    region: pulumi.Output[str]
    address: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        settings: DropletSettings,
        *,
        found: FoundDroplet | None,
        gate: pulumi.Resource | None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("supamig:infra:Droplet", name, None, opts)
        if settings.create:
            made = self._made(settings.name or name, settings.create, gate)
            self.id, self.region = made.id.apply(int), made.region
            self.address = made.ipv4_address
        if found:
            self.id = pulumi.Output.from_input(found.id)
            self.region = pulumi.Output.from_input(found.region)
            self.address = pulumi.Output.from_input(found.address)
            if settings.adopt:
                self._adopted(name, found, gate)
        self.register_outputs({"id": self.id, "region": self.region, "address": self.address})

    def _made(
        self, name: str, settings: NewDroplet, gate: pulumi.Resource | None
    ) -> digitalocean.Droplet:
        return digitalocean.Droplet(
            name,
            name=name,
            image=settings.image,
            size=settings.size,
            region=settings.region,
            ssh_keys=list(settings.ssh_keys),
            monitoring=True,
            graceful_shutdown=True,
            opts=self._guarded(gate),
        )

    def _adopted(self, name: str, found: FoundDroplet, gate: pulumi.Resource | None) -> None:
        """Import the droplet as it is: every argument is what DigitalOcean says of it."""
        digitalocean.Droplet(
            name,
            name=found.name,
            image=found.image,
            size=found.size,
            region=found.region,
            opts=pulumi.ResourceOptions.merge(
                self._guarded(gate), pulumi.ResourceOptions(import_=str(found.id))
            ),
        )

    def _guarded(self, gate: pulumi.Resource | None) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(
            parent=self,
            depends_on=[gate] if gate else [],
            protect=True,
            retain_on_delete=True,
            ignore_changes=UNTOUCHED,
        )
