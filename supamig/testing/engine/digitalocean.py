"""Stands in for Pulumi's DigitalOcean provider and for the account that it works on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from supamig.testing.engine.provider import Kind, Properties, Provider

if TYPE_CHECKING:
    from collections.abc import Mapping

FIREWALL = "digitalocean:index/firewall:Firewall"
DROPLET = "digitalocean:index/droplet:Droplet"
VOLUME = "digitalocean:index/volume:Volume"


def _numbered(_: Properties, number: int) -> str:
    return str(number)


class DigitalOcean(Provider):
    """An account with ``droplets``, ``volumes`` and ``domains``; messages are the real ones."""

    package = "digitalocean"
    version = "4.84.1"
    kinds: Mapping[str, Kind] = {
        FIREWALL: Kind(arguments="FirewallArgs", identify=_numbered),
        DROPLET: Kind(
            arguments="DropletArgs",
            in_place=frozenset({"name", "size", "backups", "tags", "resizeDisk"}),
            computed=lambda *_: {"ipv4Address": "192.0.2.10", "status": "active"},
            identify=_numbered,
        ),
        VOLUME: Kind(
            arguments="VolumeArgs",
            in_place=frozenset({"size", "tags"}),
            computed=lambda _, number: {"volumeUrn": f"do:volume:{number}"},
            identify=_numbered,
        ),
        "digitalocean:index/volumeAttachment:VolumeAttachment": Kind(
            arguments="VolumeAttachmentArgs", in_place=frozenset(), identify=_numbered
        ),
        "digitalocean:index/dnsRecord:DnsRecord": Kind(
            arguments="DnsRecordArgs",
            in_place=frozenset({"value", "ttl", "name"}),
            computed=lambda inputs, _: {"fqdn": f"{inputs.get('name')}.{inputs.get('domain')}"},
            identify=_numbered,
        ),
        "digitalocean:index/monitorAlert:MonitorAlert": Kind(
            arguments="MonitorAlertArgs",
            computed=lambda _, number: {"uuid": number},
            identify=_numbered,
        ),
        "digitalocean:index/uptimeCheck:UptimeCheck": Kind(
            arguments="UptimeCheckArgs", identify=_numbered
        ),
        "digitalocean:index/uptimeAlert:UptimeAlert": Kind(
            arguments="UptimeAlertArgs", identify=_numbered
        ),
    }

    def __init__(self) -> None:
        super().__init__()
        self.droplets: list[Properties] = [
            {
                "id": 42,
                "name": "supabase-prod",
                "region": "fra1",
                "size": "s-4vcpu-8gb",
                "image": "debian-12-x64",
                "disk": 160,
                "ipv4Address": "138.197.4.36",
            }
        ]
        self.volumes: list[Properties] = []
        self.domains = ["example.com"]

    def invoke(self, token: str, arguments: Properties) -> Properties:
        """Look a droplet, a volume or a domain up."""
        if token == "digitalocean:index/getDroplet:getDroplet":
            return self._droplet(arguments)
        if token == "digitalocean:index/getDomain:getDomain":
            name = arguments["name"]
            if name not in self.domains:
                raise LookupError(f"domain not found: {name}")
            return {"name": name, "id": name, "ttl": 1800}
        if token == "digitalocean:index/getVolume:getVolume":
            name = arguments["name"]
            for volume in self.volumes:
                if volume["name"] == name:
                    return volume
            raise LookupError(f"no volumes found with name {name}")
        return super().invoke(token, arguments)

    def _droplet(self, arguments: Properties) -> Properties:
        if "id" in arguments:
            found = [one for one in self.droplets if one["id"] == arguments["id"]]
            if not found:
                raise LookupError(f"No Droplet found with ID {arguments['id']}")
            return found[0]
        name = arguments["name"]
        found = [one for one in self.droplets if one["name"] == name]
        if not found:
            raise LookupError(f"no droplet found with name {name}")
        if len(found) > 1:
            raise LookupError(f"too many droplets found with name {name} (found {len(found)})")
        return found[0]
