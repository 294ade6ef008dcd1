"""What the services' modules share: pins, limits and health checks by a service's name."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from supamig.deployment.images import IMAGES, MEMORY_MIB
from supamig.deployment.model import HealthCheck, Image, Logging
from supamig.deployment.text import text

if TYPE_CHECKING:
    from supamig.deployment.settings import DeploymentSettings

#: All services but the gateway reach the database as a role of their own with one password.
DATABASE = "${POSTGRES_PASSWORD}@${POSTGRES_HOST}:${POSTGRES_PORT}"


def image(settings: DeploymentSettings, name: str) -> Image:
    """Return the pinned image, with the digest that the settings give for it."""
    pinned = IMAGES[name]
    return Image(pinned.repository, pinned.tag, settings.digests.get(name, pinned.digest))


def memory(settings: DeploymentSettings, name: str) -> int:
    """Return how many MiB a service may use."""
    return settings.memory_mib.get(name, MEMORY_MIB[name])


def logging(settings: DeploymentSettings) -> Logging:
    """Return how much of a container's output is kept."""
    chosen = settings.container_logs
    return Logging(max_size=chosen.max_size, max_files=chosen.max_files)


def health(
    *test: str, every: int = 5, timeout: int = 5, retries: int = 3, start_period: int = 0
) -> HealthCheck:
    """Return a health check; `CMD` and `CMD-SHELL` are the engine's two ways to run one."""
    return HealthCheck(
        test=tuple(text(part) for part in test),
        interval=every,
        timeout=timeout,
        retries=retries,
        start_period=start_period,
    )


def shipped(name: str) -> str:
    """Return the content of a file of this package's `files`."""
    return files("supamig.deployment").joinpath("files", name).read_text(encoding="utf-8")
