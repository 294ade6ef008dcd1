"""The cloud firewall: the world may use HTTP, listed networks SSH and the database."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING, NamedTuple

import pulumi
import pulumi_digitalocean as digitalocean

if TYPE_CHECKING:
    from infra.settings import FirewallSettings
    from supamig.deployment.model import Deployment

WORLD = ("0.0.0.0/0", "::/0")
#: Services that let into the database; Studio does, and asks for no password.
_DATABASES = {"db", "supavisor", "studio"}


class Rule(NamedTuple):
    """One port and who may come in by it."""

    protocol: str
    port: str
    sources: tuple[str, ...]


def inbound(settings: FirewallSettings, deployment: Deployment) -> list[Rule]:
    """Return what may come in: no port twice, none without a source."""
    rules: dict[tuple[int, str], tuple[str, ...]] = {(80, "tcp"): WORLD, (443, "tcp"): WORLD}
    rules |= {(one.port, "tcp"): one.sources or WORLD for one in settings.also_open}
    rules[22, "tcp"] = settings.ssh_from
    for service, port in deployment.ports:
        if ip_address(port.address).is_loopback:
            continue  # nobody comes in there from outside
        sources = settings.database_from if service.name in _DATABASES else WORLD
        rules[port.host, port.protocol] = sources
    return [
        Rule(protocol, str(port), sources)
        for (port, protocol), sources in sorted(rules.items())
        if sources
    ]


class Firewall(pulumi.ComponentResource):
    """One firewall on the droplet.  Sources are from the config: never a resource's output."""

    def __init__(  # noqa: PLR0913 - each by name
        self,
        name: str,
        settings: FirewallSettings,
        *,
        deployment: Deployment,
        droplet_id: pulumi.Output[int],
        gate: pulumi.Resource | None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("supamig:infra:Firewall", name, None, opts)
        self.firewall = digitalocean.Firewall(
            name,
            name=settings.name,
            droplet_ids=[droplet_id],
            inbound_rules=[
                digitalocean.FirewallInboundRuleArgs(
                    protocol=rule.protocol,
                    port_range=rule.port,
                    source_addresses=list(rule.sources),
                )
                for rule in inbound(settings, deployment)
            ],
            outbound_rules=[
                digitalocean.FirewallOutboundRuleArgs(
                    protocol=protocol,
                    port_range=None if protocol == "icmp" else "all",
                    destination_addresses=list(WORLD),
                )
                for protocol in ("icmp", "tcp", "udp")
            ],
            opts=pulumi.ResourceOptions(parent=self, depends_on=[gate] if gate else []),
        )
        self.register_outputs({"id": self.firewall.id})
