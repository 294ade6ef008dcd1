"""The same deployment for those who use Compose: a file for it, beside the files that it mounts.

Every value of the `.env` file stays a reference, so neither a secret nor a copy of a setting is in
the text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from supamig.deployment.images import RELEASE
from supamig.deployment.yaml import to_yaml

if TYPE_CHECKING:
    from supamig.deployment.model import Deployment, File, HealthCheck, Mount, Port, Service
    from supamig.deployment.text import Text
    from supamig.deployment.yaml import Value

_HEAD = f"""\
# A self-hosted Supabase, release {RELEASE}, written by `supamig deployment render`.
# Values are in `.env` beside this file; start it with `docker compose up -d --wait`.

"""


def compose(deployment: Deployment) -> str:
    """Return the text of `docker-compose.yml`."""
    return _HEAD + to_yaml(
        {
            "name": deployment.name,
            "services": {one.name: _service(one) for one in deployment.services},
            "volumes": {one.name: {} for one in deployment.volumes},
        }
    )


def _service(service: Service) -> Value:
    made: dict[str, Value] = {
        "container_name": service.container_name,
        "image": service.image.reference,
        "restart": service.restart,
    }
    if service.entrypoint:
        made["entrypoint"] = [_escaped(part) for part in service.entrypoint]
    if service.command:
        made["command"] = [_escaped(part) for part in service.command]
    if service.depends_on:
        made["depends_on"] = {
            name: {"condition": str(condition)} for name, condition in service.depends_on.items()
        }
    made["environment"] = {name: one.template() for name, one in service.environment.items()}
    if service.ports:
        made["ports"] = [_port(port) for port in service.ports]
    if service.mounts or service.files:
        made["volumes"] = [
            *(_mount(mount) for mount in service.mounts),
            *(_file(file) for file in service.files),
        ]
    if service.aliases:
        made["networks"] = {"default": {"aliases": list(service.aliases)}}
    made["healthcheck"] = _health(service.health)
    made["mem_limit"] = f"{service.memory_mib}m"
    made["logging"] = {"driver": service.logging.driver, "options": service.logging.options}
    if service.security_options:
        made["security_opt"] = list(service.security_options)
    return made


def _escaped(part: str) -> str:
    """Double the dollars that a shell in the container is meant to see."""
    return part.replace("$", "$$")


def _port(port: Port) -> str:
    protocol = "" if port.protocol == "tcp" else f"/{port.protocol}"
    address = f"[{port.address}]" if ":" in port.address else port.address
    return f"{address}:{port.host}:{port.container}{protocol}"


def _mount(mount: Mount) -> Value:
    made: dict[str, Value] = {
        "type": "volume" if mount.kind == "volume" else "bind",
        "source": f"./{mount.source}" if mount.kind == "directory" else mount.source,
        "target": mount.target,
    }
    if mount.read_only:
        made["read_only"] = True
    if mount.label:
        made["bind"] = {"selinux": mount.label}
    return made


def _file(file: File) -> Value:
    # a missing file would be made as a directory, and the service would read that
    bind: dict[str, Value] = {"create_host_path": False}
    if file.label:
        bind["selinux"] = file.label
    return {
        "type": "bind",
        "source": f"./{file.path}",
        "target": file.target,
        "read_only": True,
        "bind": bind,
    }


def _health(check: HealthCheck) -> Value:
    made: dict[str, Value] = {
        "test": [_template(part) for part in check.test],
        "interval": f"{check.interval}s",
        "timeout": f"{check.timeout}s",
        "retries": check.retries,
    }
    if check.start_period:
        made["start_period"] = f"{check.start_period}s"
    return made


def _template(part: Text) -> str:
    return part.template()
