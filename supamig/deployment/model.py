"""What a deployment is made of: values that say all that a container engine must be told.

Nothing here knows Docker, Compose or Pulumi; the edges turn these values into theirs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from supamig.deployment.text import Text


class Condition(StrEnum):
    """What one service waits for in another."""

    STARTED = "service_started"
    HEALTHY = "service_healthy"


@dataclass(frozen=True, slots=True)
class Image:
    """A pinned image; a digest, where it is known, wins over the tag."""

    repository: str
    tag: str
    digest: str = ""

    @property
    def reference(self) -> str:
        """The name that a container engine pulls."""
        pinned = f"{self.repository}:{self.tag}"
        return f"{pinned}@{self.digest}" if self.digest else pinned


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """A port of the container that can be reached from outside of the network."""

    host: int
    container: int
    address: str = "127.0.0.1"
    protocol: Literal["tcp", "udp"] = "tcp"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """A directory under the deployment's own, a named volume, or a path of the host."""

    kind: Literal["directory", "volume", "host"]
    source: str
    target: str
    read_only: bool = False
    #: SELinux label: `z` shared between containers, `Z` of this one alone.
    label: Literal["", "z", "Z"] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file that a container reads: never a secret, so it may be stored anywhere."""

    path: str
    target: str
    content: str = field(repr=False)
    mode: int = 0o644
    label: Literal["", "z", "Z"] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthCheck:
    """How the engine finds out that a service works; times are seconds."""

    test: tuple[Text, ...]
    interval: int
    timeout: int
    retries: int
    start_period: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Logging:
    """How much of a container's output is kept."""

    driver: str = "json-file"
    max_size: str = "10m"
    max_files: int = 3

    @property
    def options(self) -> dict[str, str]:
        """The driver's options under the engine's names."""
        return {"max-size": self.max_size, "max-file": str(self.max_files)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One container; ``name`` is also its first name in the network."""

    name: str
    container_name: str
    image: Image
    health: HealthCheck
    memory_mib: int
    environment: Mapping[str, Text] = field(default_factory=dict)
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    ports: tuple[Port, ...] = ()
    mounts: tuple[Mount, ...] = ()
    files: tuple[File, ...] = ()
    depends_on: Mapping[str, Condition] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()
    logging: Logging = field(default_factory=Logging)
    restart: str = "unless-stopped"
    security_options: tuple[str, ...] = ()

    @property
    def references(self) -> frozenset[str]:
        """The variables that the environment and the health check need."""
        texts = (*self.environment.values(), *self.health.test)
        return frozenset[str]().union(*(one.references for one in texts))


@dataclass(frozen=True, slots=True)
class Network:
    """The network that all services share."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """A named volume; one that ``holds_data`` must outlive every container."""

    name: str
    holds_data: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """One self-hosted Supabase: services in the order in which they can start."""

    name: str
    services: tuple[Service, ...]
    network: Network
    volumes: tuple[Volume, ...]
    #: Directories that services mount, under the deployment's own.
    directories: tuple[str, ...]
    #: What the `.env` file says in plain text.
    variables: Mapping[str, str]
    #: Names of the secrets that the services refer to.
    secrets: tuple[str, ...]

    def service(self, name: str) -> Service:
        """Return the service of that name; raise `KeyError` where there is none."""
        return {one.name: one for one in self.services}[name]

    @property
    def files(self) -> tuple[File, ...]:
        """Every file that a service mounts, by its path."""
        found = [file for service in self.services for file in service.files]
        return tuple(sorted(found, key=lambda file: file.path))

    @property
    def ports(self) -> tuple[tuple[Service, Port], ...]:
        """Every port of the host that is taken, and who takes it."""
        return tuple((service, port) for service in self.services for port in service.ports)
