"""How the Docker engine is reached: a local socket, or SSH to a host that proves who it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi_docker as docker

if TYPE_CHECKING:
    import pulumi

    from infra.settings import DockerSettings

_OPTIONS = {
    "StrictHostKeyChecking": "yes",
    "UserKnownHostsFile": "none",
    "GlobalKnownHostsFile": "none",
    "BatchMode": "yes",
    "ConnectTimeout": "10",
    # one connection for all: sshd refuses the eleventh that is being opened (MaxStartups)
    "ControlMaster": "auto",
    "ControlPersist": "60",
    "ControlPath": "~/.ssh/supamig-%C",
}


def ssh_options(host_key: str | None) -> list[str]:
    """Return options of ssh(1) under which exactly this host key is accepted.

    The key comes from a command's output instead of a file, so that it is the same text on every
    machine that runs Pulumi.  Without a key no host is accepted.
    """
    options = dict(_OPTIONS)
    if host_key:
        options["KnownHostsCommand"] = f"/bin/echo %H {host_key}"
    return [part for name, value in options.items() for part in ("-o", f"{name}={value}")]


def docker_provider(
    name: str, settings: DockerSettings, *, opts: pulumi.ResourceOptions | None = None
) -> docker.Provider:
    """Return the provider that all Docker resources use."""
    return docker.Provider(
        name,
        host=settings.host,
        ssh_opts=ssh_options(settings.host_key) if settings.is_remote else None,
        opts=opts,
    )
