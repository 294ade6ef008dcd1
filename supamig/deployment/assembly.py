"""From settings to a deployment: which services there are, in an order in which they can start."""

from __future__ import annotations

from dataclasses import replace
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING

from supamig.deployment.model import Deployment, Network, Service, Volume
from supamig.deployment.problems import refuse
from supamig.deployment.services.auth import auth
from supamig.deployment.services.data_api import realtime, rest
from supamig.deployment.services.database import database, pooler
from supamig.deployment.services.functions import functions
from supamig.deployment.services.gateway import caddy, gateway
from supamig.deployment.services.logs import analytics, vector
from supamig.deployment.services.mail_pages import mail_pages
from supamig.deployment.services.storage import imgproxy, storage
from supamig.deployment.services.studio import meta, studio
from supamig.deployment.variables import variables

if TYPE_CHECKING:
    from collections.abc import Mapping

    from supamig.deployment.settings import DeploymentSettings

_CORE = (
    *(database, imgproxy, auth, rest, realtime, storage, meta),
    *(studio, gateway, functions, pooler),
)
_LOGS = (analytics, vector)
#: Volumes that can be made anew from nothing.
_CACHES = {"deno-cache"}


def describe(settings: DeploymentSettings) -> Deployment:
    """Return the deployment that the settings ask for; raise `ConfigError` if it cannot work."""
    refuse(settings)
    makers = (
        *_CORE,
        *(_LOGS if settings.logs else ()),
        *((caddy,) if settings.tls else ()),
        *((mail_pages,) if settings.auth.templates else ()),
    )
    known = variables(settings)
    made = (make(settings) for make in makers)
    services = [_without_empty(one, known) for one in made if one.name not in settings.left_out]
    needed = frozenset[str]().union(*(one.references for one in services))
    mounts = [mount for one in services for mount in one.mounts]
    volumes = sorted({mount.source for mount in mounts if mount.kind == "volume"})
    return Deployment(
        name=settings.name,
        services=_in_order(services),
        network=Network("default"),
        volumes=tuple(Volume(name=one, holds_data=one not in _CACHES) for one in volumes),
        directories=tuple(sorted({mount.source for mount in mounts if mount.kind == "directory"})),
        variables={name: value for name, value in known.items() if name in needed},
        secrets=tuple(sorted(needed - known.keys())),
    )


def _without_empty(service: Service, known: Mapping[str, str]) -> Service:
    """Leave out variables without a value.

    To a service an empty number or truth value is a mistake and ends it; one that is not there has
    its default.  A secret is never empty: the `.env` file is refused before (see `keys`).
    """
    values = {name: known.get(name, "secret") for name in service.references}
    told = {name: one for name, one in service.environment.items() if one.fill(values)}
    return replace(service, environment=told)


def _in_order(services: list[Service]) -> tuple[Service, ...]:
    """Put each service behind those that it waits for."""
    by_name = {one.name: one for one in services}
    graph = TopologicalSorter({one.name: tuple(one.depends_on) for one in services})
    return tuple(by_name[name] for name in graph.static_order())
