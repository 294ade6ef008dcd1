"""Supabase itself: a network, volumes and a container a service, each healthy before the next."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
import pulumi_docker as docker

from infra.components.containers import Host, container, failing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from supamig.deployment.model import Deployment as Description
    from supamig.deployment.model import Service


class Deployment(pulumi.ComponentResource):
    """All that `supamig.deployment` describes, on one Docker engine.

    Nothing of it is made before ``gate`` passed and ``closed``, the firewall, is up.
    """

    host: Host
    containers: dict[str, docker.Container]

    def __init__(  # noqa: PLR0913 - each by name
        self,
        name: str,
        description: Description,
        *,
        directory: str,
        secrets: Mapping[str, str],
        provider: docker.Provider,
        last_lines: Callable[[str], str],
        gate: pulumi.Resource | None,
        closed: pulumi.Resource | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("supamig:infra:Deployment", name, None, opts)
        self._provider = provider
        self._wait = list(dict.fromkeys(one for one in (gate, closed) if one))
        network = docker.Network(
            name,
            name=f"{description.name}_{description.network.name}",
            driver="bridge",
            labels=[
                docker.NetworkLabelArgs(label="supamig.deployment", value=description.name),
            ],
            opts=self._below(),
        )
        self.host = Host(
            deployment=description.name,
            directory=directory,
            network=network.name,
            volumes=self._volumes(description),
            values={**description.variables, **secrets},
            secrets=frozenset(secrets),
            failed=failing(name, last_lines),
        )
        self.containers = {}
        for service in description.services:
            self.containers[service.name] = self._container(service)
        self.register_outputs(
            {"containers": {name: one.name for name, one in self.containers.items()}}
        )

    def _volumes(self, description: Description) -> dict[str, pulumi.Output[str]]:
        found = {}
        for volume in description.volumes:
            made = docker.Volume(
                volume.name,
                name=f"{description.name}_{volume.name}",
                labels=[
                    docker.VolumeLabelArgs(label="supamig.deployment", value=description.name),
                    docker.VolumeLabelArgs(
                        label="supamig.holds-data", value=str(volume.holds_data).lower()
                    ),
                ],
                opts=self._below(
                    pulumi.ResourceOptions(
                        protect=volume.holds_data, retain_on_delete=volume.holds_data
                    )
                ),
            )
            found[volume.name] = made.name
        return found

    def _container(self, service: Service) -> docker.Container:
        image = docker.RemoteImage(
            service.name,
            name=service.image.reference,
            keep_locally=True,  # the container of before may still run on it
            opts=self._below(),
        )
        before = [self.containers[one] for one in service.depends_on]
        return container(
            service,
            self.host,
            opts=self._below(
                pulumi.ResourceOptions(
                    depends_on=[image, *before],
                    custom_timeouts=pulumi.CustomTimeouts(create="10m"),
                )
            ),
        )

    def _below(self, more: pulumi.ResourceOptions | None = None) -> pulumi.ResourceOptions:
        given = pulumi.ResourceOptions(
            parent=self, provider=self._provider, depends_on=list(self._wait)
        )
        return pulumi.ResourceOptions.merge(given, more)
