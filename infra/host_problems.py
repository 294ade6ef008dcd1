"""What of a host's answer is in the way of a deployment, and the setting that goes around it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from supamig.amounts import size

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from supamig.deployment.model import Deployment
    from supamig.deployment.settings import Ports

#: From then on an engine mounts, checks and logs as the containers ask for.
_OLDEST = (20, 10)
_LABEL = "supamig.deployment"
_PUBLISHED = re.compile(r"(?:^|[\s:])(\d+)(?:-(\d+))?->\d+(?:-\d+)?/(tcp|udp)")
#: Rows, indexes and WAL grow at one time.
_TIMES = 2
_KIB = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """A container, network or volume that is there; ``owner`` is the deployment that made it."""

    kind: str
    name: str
    owner: str = ""
    ports: frozenset[tuple[int, str]] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """What a host says of itself: of its engine, and of the directory for the data.

    ``postgres`` is the version of a database whose files lie there, ``free`` are bytes or None.
    """

    version: str
    things: tuple[Thing, ...] = ()
    postgres: str = ""
    free: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the deployment wants of a host; ``database`` are the bytes that are moved into it."""

    deployment: Deployment
    ports: Ports
    directory: str
    keep_data: bool = False
    database: int = 0


def read_host(answer: str) -> Host:
    """Read what the host was asked: a version, then a JSON object a line."""
    first, *lines = answer.strip().splitlines() or [""]
    things: list[Thing] = []
    told: dict[str, str] = {}
    for line in filter(str.strip, lines):
        said = json.loads(line)
        if "Name" in said or "Names" in said:
            things.append(_thing(said))
        else:
            told |= said
    free = told.get("FreeKiB", "")
    return Host(
        version=first.strip(),
        things=tuple(things),
        postgres=told.get("Postgres", ""),
        free=int(free) * _KIB if free.isdecimal() else None,
    )


def _thing(said: Mapping[str, str]) -> Thing:
    labels = dict(pair.partition("=")[::2] for pair in said.get("Labels", "").split(","))
    owner = labels.get(_LABEL, "")
    if "Names" not in said:
        kind = "volume" if "Mountpoint" in said else "network"
        return Thing(kind=kind, name=said["Name"], owner=owner)
    ports = frozenset(
        (port, protocol)
        for first, last, protocol in _PUBLISHED.findall(said.get("Ports", ""))
        for port in range(int(first), int(last or first) + 1)
    )
    return Thing(kind="container", name=said["Names"], owner=owner, ports=ports)


def problems(host: Host, wanted: Wanted) -> Iterator[str]:
    """Yield what is in the way, each with what to do about it."""
    if _numbers(host.version) < _OLDEST:
        oldest = ".".join(map(str, _OLDEST))
        yield (
            f"  Docker {host.version or '?'} is too old: {oldest} is the oldest that will do\n"
            "    hint: upgrade the host's Docker Engine (https://docs.docker.com/engine/install),"
            " which restarts its containers"
        )
    yield from _taken(host, wanted)
    own = {one.name for one in host.things if one.owner == wanted.deployment.name}
    if wanted.deployment.service("db").container_name not in own:
        # before the first `up`: later all that follows is the deployment's own
        yield from _left(host, wanted)
        yield from _room(host, wanted)


def _taken(host: Host, wanted: Wanted) -> Iterator[str]:
    deployment = wanted.deployment
    names = {
        ("network", f"{deployment.name}_{deployment.network.name}"),
        *(("container", one.container_name) for one in deployment.services),
    }
    for thing in host.things:
        if thing.owner == deployment.name:
            continue
        if (thing.kind, thing.name) in names:
            yield (
                f"  the {thing.kind} `{thing.name}` is there already, and not of this deployment\n"
                f"    hint: remove or rename it; `docker inspect {thing.name}` says whose it is"
            )
        for service, port in deployment.ports:
            if (port.host, port.protocol) in thing.ports:
                yield (
                    f"  port {port.host} for `{service.name}` belongs to the container"
                    f" `{thing.name}`\n    hint: set"
                    f" `supamig:deployment.ports.{_setting(wanted.ports, port.host)}`"
                )


def _left(host: Host, wanted: Wanted) -> Iterator[str]:
    """Yield data that an earlier deployment has left: another key could not read them."""
    if wanted.keep_data:
        return
    deployment = wanted.deployment
    hint = (
        "    hint: move it away, or set `supamig:keep_data` to true to start on it with the secrets"
        " that it was made with"
    )
    if host.postgres:
        place = f"{wanted.directory}/volumes/db/data"
        yield f"  {place} holds data already: a database of Postgres {host.postgres}\n{hint}"
    mine = {f"{deployment.name}_{one.name}" for one in deployment.volumes if one.holds_data}
    for thing in host.things:
        is_others = thing.kind == "volume" and thing.owner != deployment.name
        if is_others and thing.name in mine:
            yield f"  the volume `{thing.name}` holds data already\n{hint}"


def _room(host: Host, wanted: Wanted) -> Iterator[str]:
    needed = wanted.database * _TIMES
    if host.free is not None and host.free < needed:
        yield (
            f"  {wanted.directory} has {size(host.free)} free, and the move needs {size(needed)}:"
            f" {size(wanted.database)} of database times {_TIMES}, as rows, indexes and WAL grow"
            " at once\n    hint: make room, resize the droplet, or mount a volume and name its"
            " directory in `supamig:directory`"
        )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", version)[:2]))


def _setting(ports: Ports, port: int) -> str:
    return next((one.name for one in fields(ports) if getattr(ports, one.name) == port), "*")
