"""One service of a deployment in the words of the Docker provider."""

from __future__ import annotations

import asyncio
import textwrap
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pulumi
import pulumi_docker as docker

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from supamig.deployment.model import HealthCheck, Mount, Port, Service

#: Seconds until a container must be healthy; a database's first start runs migrations.
_PATIENCE = {"db": 300, "analytics": 240, "supavisor": 240}
_USUALLY = 180


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """What a service does not know of where it will run."""

    deployment: str
    directory: str
    network: pulumi.Input[str]
    volumes: Mapping[str, pulumi.Input[str]]
    #: Values of every variable; names of those that nobody may see.
    values: Mapping[str, str] = field(repr=False)
    secrets: frozenset[str]
    #: Told of every container that cannot be made, or does not become healthy.
    failed: pulumi.ErrorHook

    def with_volume(self, name: str, volume: pulumi.Input[str]) -> Host:
        """Return a host that has one more volume."""
        return replace(self, volumes={**self.volumes, name: volume})


def duration(seconds: int) -> str:
    """Write seconds as Go does: the provider reads `60s` back as `1m0s` and would see a change."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}h{minutes}m{rest}s"
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"


def container(service: Service, host: Host, *, opts: pulumi.ResourceOptions) -> docker.Container:
    """Return the container of a service, there once it is healthy."""
    is_secret = bool(service.references & host.secrets)
    envs = [f"{name}={one.fill(host.values)}" for name, one in sorted(service.environment.items())]
    memory = service.memory_mib
    return docker.Container(
        service.name,
        name=service.container_name,
        image=service.image.reference,
        entrypoints=list(service.entrypoint) or None,
        command=list(service.command) or None,
        envs=pulumi.Output.secret(envs) if is_secret else envs,
        healthcheck=_health(service.health, host),
        labels=[
            docker.ContainerLabelArgs(label="supamig.deployment", value=host.deployment),
            docker.ContainerLabelArgs(label="supamig.service", value=service.name),
        ],
        log_driver=service.logging.driver,
        log_opts=service.logging.options,
        memory=memory,
        memory_swap=memory,
        networks_advanced=[
            docker.ContainerNetworksAdvancedArgs(
                name=host.network, aliases=[service.name, *service.aliases]
            )
        ],
        ports=[_port(port) for port in sorted(service.ports, key=lambda one: one.host)],
        restart=service.restart,
        security_opts=list(service.security_options) or None,
        uploads=[
            docker.ContainerUploadArgs(
                file=file.target, content=file.content, permissions=f"{file.mode:04o}"
            )
            for file in service.files
        ],
        volumes=[_volume(mount, host) for mount in service.mounts],
        wait=True,
        wait_timeout=_PATIENCE.get(service.name, _USUALLY),
        destroy_grace_seconds=60,
        opts=pulumi.ResourceOptions.merge(
            opts,
            pulumi.ResourceOptions(
                delete_before_replace=True,
                # Docker cannot change the check of a container that is there
                replace_on_changes=["healthcheck"],
                hooks=pulumi.ResourceHookBinding(on_error=[host.failed]),
            ),
        ),
    )


def failing(name: str, last_lines: Callable[[str], str]) -> pulumi.ErrorHook:
    """Return what says why a container failed, in the words that it printed last.

    Docker knows only that it is not healthy.  ``last_lines`` reads a container's log by its name.
    """

    async def say(args: pulumi.ErrorHookArgs) -> bool:
        container = str((args.new_inputs or {}).get("name", args.name))
        if said := await asyncio.to_thread(last_lines, container):
            pulumi.log.error(f"the last lines of `{container}`:\n{textwrap.indent(said, '    ')}")
        return False  # it is not tried again

    return pulumi.ErrorHook(f"{name}: last lines", say)


def _health(health: HealthCheck, host: Host) -> pulumi.Input[docker.ContainerHealthcheckArgs]:
    names = frozenset[str]().union(*(one.references for one in health.test))
    tests = [one.fill(host.values) for one in health.test]
    return docker.ContainerHealthcheckArgs(
        tests=pulumi.Output.secret(tests) if names & host.secrets else tests,
        interval=duration(health.interval),
        timeout=duration(health.timeout),
        retries=health.retries,
        start_period=duration(health.start_period) if health.start_period else None,
    )


def _port(port: Port) -> docker.ContainerPortArgs:
    return docker.ContainerPortArgs(
        internal=port.container, external=port.host, ip=port.address, protocol=port.protocol
    )


def _volume(mount: Mount, host: Host) -> docker.ContainerVolumeArgs:
    if mount.kind == "volume":
        return docker.ContainerVolumeArgs(
            container_path=mount.target,
            volume_name=host.volumes[mount.source],
            read_only=mount.read_only or None,
        )
    path = mount.source if mount.kind == "host" else f"{host.directory}/{mount.source}"
    return docker.ContainerVolumeArgs(
        container_path=mount.target,
        host_path=path,
        read_only=mount.read_only or None,
        selinux_relabel=mount.label or None,
    )
