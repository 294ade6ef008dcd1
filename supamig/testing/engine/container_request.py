"""Arguments of `docker.Container` in the words of Docker's API, file contents aside."""

from __future__ import annotations

import io
import re
import tarfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from supamig.testing.engine.provider import Properties

_MIB = 1024 * 1024
_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(h|ms|m|s)")
#: What is read here, and by whoever starts, awaits and removes the container.
KNOWN = frozenset(
    {"name", "image", "envs", "command", "entrypoints", "labels", "ports", "volumes", "healthcheck"}
    | {"restart", "maxRetryCount", "logDriver", "logOpts", "memory", "memorySwap", "securityOpts"}
    | {"networksAdvanced", "uploads", "user", "hostname", "mustRun", "start"}
    | {"wait", "waitTimeout", "destroyGraceSeconds", "removeVolumes"}
)


def request(inputs: Properties) -> Properties:
    """Return the body of the call that creates the container."""
    ports = inputs.get("ports", [])
    networks = inputs.get("networksAdvanced", [])
    found: Properties = {
        "Image": inputs["image"],
        "Env": inputs.get("envs", []),
        "Labels": labels(inputs),
        "ExposedPorts": {_port(port): {} for port in ports},
        "HostConfig": {
            "Binds": [_bind(volume) for volume in inputs.get("volumes", [])],
            "PortBindings": _bindings(ports),
            "LogConfig": {
                "Type": inputs.get("logDriver", "json-file"),
                "Config": inputs.get("logOpts", {}),
            },
            "SecurityOpt": inputs.get("securityOpts", []),
            **limits(inputs),
        },
    }
    if networks:
        found["HostConfig"]["NetworkMode"] = networks[0]["name"]
        found["NetworkingConfig"] = {
            "EndpointsConfig": {one["name"]: endpoint(one) for one in networks[:1]}
        }
    for argument, name in (
        *(("command", "Cmd"), ("entrypoints", "Entrypoint")),
        *(("user", "User"), ("hostname", "Hostname")),
    ):
        if inputs.get(argument):
            found[name] = inputs[argument]
    if "healthcheck" in inputs:
        found["Healthcheck"] = _health(inputs["healthcheck"])
    return found


def limits(inputs: Properties) -> Properties:
    """Return what of a container can be changed while it runs."""
    policy = {"Name": inputs.get("restart", "no")}
    if "maxRetryCount" in inputs:
        policy["MaximumRetryCount"] = inputs["maxRetryCount"]
    return {
        "RestartPolicy": policy,
        "Memory": inputs.get("memory", 0) * _MIB,
        "MemorySwap": inputs.get("memorySwap", 0) * _MIB,
    }


def labels(inputs: Properties) -> dict[str, str]:
    """Return labels, which containers, networks and volumes are given in the same form."""
    return {one["label"]: one["value"] for one in inputs.get("labels", [])}


def endpoint(network: Properties) -> Properties:
    """Return how a container takes part in a network."""
    return {"Aliases": network.get("aliases", [])}


def seconds(duration: str) -> float:
    """Read a duration as Go writes it, such as `1m30s`."""
    return sum(float(number) * _SECONDS[unit] for number, unit in _DURATION.findall(duration))


def archive(uploads: Iterable[Properties]) -> bytes:
    """Return the files to put into a container, as a tar archive of its root."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for upload in uploads:
            content = upload["content"].encode()
            member = tarfile.TarInfo(upload["file"].lstrip("/"))
            member.size = len(content)
            member.mode = int(upload.get("permissions", "0644"), 8)
            tar.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def _port(port: Properties) -> str:
    return f"{port['internal']}/{port.get('protocol', 'tcp')}"


def _bindings(ports: Iterable[Properties]) -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = {}
    for port in ports:
        binding = {"HostIp": port.get("ip", "0.0.0.0"), "HostPort": str(port["external"])}  # noqa: S104 - the engine's default
        found.setdefault(_port(port), []).append(binding)
    return found


def _bind(volume: Properties) -> str:
    source = volume.get("hostPath") or volume["volumeName"]
    options = ["ro" if volume.get("readOnly") else "rw"]
    if label := volume.get("selinuxRelabel"):
        options.append(label)
    return f"{source}:{volume['containerPath']}:{','.join(options)}"


def _health(health: Properties) -> Properties:
    times = (("interval", "Interval"), ("timeout", "Timeout"), ("startPeriod", "StartPeriod"))
    found = {name: int(seconds(health[one]) * 1e9) for one, name in times if one in health}
    return {"Test": health["tests"], "Retries": health.get("retries", 0), **found}
