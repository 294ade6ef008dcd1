"""Stands in for Pulumi's Docker provider and for a Docker engine: no container ever runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from supamig.testing.engine.provider import Kind, Properties, Provider

if TYPE_CHECKING:
    from collections.abc import Mapping

CONTAINER = "docker:index/container:Container"
NETWORK = "docker:index/network:Network"
VOLUME = "docker:index/volume:Volume"
IMAGE = "docker:index/remoteImage:RemoteImage"


def _container(inputs: Properties, number: str) -> Properties:
    return {"containerLogs": "", "hostname": number[:12], "exitCode": 0}


def _ports(inputs: Properties) -> set[int]:
    return {port["external"] for port in inputs.get("ports", ()) if port.get("protocol") == "tcp"}


class Docker(Provider):
    """Keeps containers, networks, volumes and images; says which port is taken twice."""

    package = "docker"
    version = "5.2.0"
    kinds: Mapping[str, Kind] = {
        CONTAINER: Kind(
            arguments="ContainerArgs",
            in_place=frozenset(
                {"restart", "maxRetryCount", "memory", "memoryReservation", "memorySwap", "mustRun"}
                | {"cpuShares", "cpuSet", "cpus"}
            ),
            delete_first=True,
            computed=_container,
        ),
        NETWORK: Kind(
            arguments="NetworkArgs", in_place=frozenset(), computed=lambda *_: {"scope": "local"}
        ),
        VOLUME: Kind(
            arguments="VolumeArgs",
            in_place=frozenset(),
            computed=lambda inputs, _: {"mountpoint": f"/var/lib/docker/volumes/{inputs['name']}"},
        ),
        IMAGE: Kind(
            arguments="RemoteImageArgs",
            in_place=frozenset({"keepLocally"}),
            computed=lambda inputs, _: {"imageId": "sha256:1", "repoDigest": inputs["name"]},
        ),
    }

    def __init__(self) -> None:
        super().__init__()
        #: Ports of the host that something else listens on.
        self.taken: set[int] = set()

    def problem(self, kind: str, inputs: Properties) -> str:
        """Refuse a name or a port of the host that another container has."""
        if kind != CONTAINER:
            return ""
        name = inputs["name"]
        if (kind, name) in self.made:
            return f'Conflict. The container name "/{name}" is already in use'
        others = [_ports(made) for (one, _), made in self.made.items() if one == kind]
        busy = sorted(_ports(inputs) & self.taken.union(*others))
        return f"Bind for 0.0.0.0:{busy[0]} failed: port is already allocated" if busy else ""
