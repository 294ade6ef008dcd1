"""The name under which clients come: an address record in a zone of the account."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
import pulumi_digitalocean as digitalocean

if TYPE_CHECKING:
    from infra.settings import DnsSettings


class Dns(pulumi.ComponentResource):
    """One A record in a zone that was looked up: one of somebody else fails in the preview."""

    def __init__(  # noqa: PLR0913 - each by name
        self,
        name: str,
        settings: DnsSettings,
        *,
        zone: str,
        address: pulumi.Output[str],
        gate: pulumi.Resource | None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("supamig:infra:Dns", name, None, opts)
        self.record = digitalocean.DnsRecord(
            name,
            domain=zone,
            type="A",
            name=settings.record,
            value=address,
            ttl=settings.ttl,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[gate] if gate else []),
        )
        self.register_outputs({"fqdn": self.record.fqdn})
