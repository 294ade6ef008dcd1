"""What cannot work, found before anything starts: a service that exits tells nobody why."""

from __future__ import annotations

import re
from dataclasses import fields
from ipaddress import ip_address
from itertools import combinations
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from supamig.deployment.auth_problems import HERE, parts_of, problems_of_auth
from supamig.deployment.auth_variables import problem_of
from supamig.deployment.images import IMAGES, MEMORY_MIB
from supamig.deployment.services.auth import auth
from supamig.deployment.variables import variables
from supamig.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from supamig.deployment.settings import DeploymentSettings

_LAST_PORT = 65_535
#: Written into the gateway's and Caddy's files, or into a log-in name.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_DOMAIN = re.compile(r"([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,}")
_NO_POOL = 2


def refuse(settings: DeploymentSettings) -> None:
    """Raise `ConfigError` with every problem that the settings have."""
    if found := list(problems(settings)):
        message = "; ".join(found)
        raise ConfigError(f"the deployment cannot work: {message}", hint="Change the settings")


def problems(settings: DeploymentSettings) -> Iterator[str]:
    """Yield what is wrong, each in words that name the setting."""
    yield from _urls(settings)
    yield from _names(settings)
    yield from _ports(settings)
    yield from _amounts(settings)
    wrong = list(problems_of_auth(settings.auth))
    yield from wrong or _told_to_auth(settings)
    yield from _tables(settings)


def _urls(settings: DeploymentSettings) -> Iterator[str]:
    url = settings.public_url
    parts = parts_of(url)
    is_origin = parts.scheme in {"http", "https"} and parts.hostname
    if not is_origin or url.endswith("/") or parts.path or parts.query or "@" in parts.netloc:
        yield "`public_url` must be http(s)://HOST[:PORT] and nothing behind it"
    elif settings.tls and url != f"https://{settings.tls.domain}" and not parts.port:
        yield f"`public_url` must be `https://{settings.tls.domain}`, the domain of `tls`"
    elif not settings.tls and parts.hostname in HERE and parts.port != settings.ports.api:
        yield f"`public_url` must name port {settings.ports.api}, which is `ports.api`"
    if settings.tls and not _DOMAIN.fullmatch(settings.tls.domain):
        yield "`tls.domain` must be a host's name, without a scheme"
    s3 = settings.storage.s3
    if s3 and not (s3.endpoint.startswith(("http://", "https://")) and s3.bucket and s3.region):
        yield "`storage.s3` needs a bucket, a region, and an endpoint with http(s)://"


def _names(settings: DeploymentSettings) -> Iterator[str]:
    named = {
        "name": settings.name,
        "pooler.tenant": settings.pooler.tenant,
        "studio.username": settings.studio.username,
    }
    for setting, value in named.items():
        if not _NAME.fullmatch(value):
            yield f"`{setting}` may hold letters, digits and `._-`"
    for name in settings.function_secrets:
        if not re.fullmatch(r"[A-Z][A-Z0-9_]*", name) or name.startswith("SUPABASE_"):
            yield "`function_secrets` may hold names in upper case that do not start with SUPABASE_"
    if not settings.rest.schemas:
        yield "`rest.schemas` must name a schema"
    smallest = min(settings.pooler.pool_size, settings.pooler.max_clients)
    if smallest < 1 or settings.pooler.own_pool_size < _NO_POOL:
        yield "`pooler` needs connections: sizes of 1 and more, and 2 of its own"


def _ports(settings: DeploymentSettings) -> Iterator[str]:
    chosen = settings.ports
    taken: dict[str, int | None] = {
        "session_pooler": chosen.session_pooler,
        "transaction_pooler": chosen.transaction_pooler,
        "database": chosen.database,
        "studio": chosen.studio,
    }
    if settings.tls:
        taken |= {"http": chosen.http, "https": chosen.https}
    else:
        taken |= {"api": chosen.api}
        if settings.gateway == "kong":
            taken |= {"api_tls": chosen.api_tls}
    given = {name: port for name, port in taken.items() if port is not None}
    for name, port in given.items():
        if not 0 < port <= _LAST_PORT:
            yield f"`ports.{name}` must be from 1 to {_LAST_PORT}"
    for one, other in combinations(given, 2):
        if given[one] == given[other]:
            yield f"`ports.{one}` and `ports.{other}` are both {given[one]}"
    yield from _addresses(settings)


def _addresses(settings: DeploymentSettings) -> Iterator[str]:
    for one in fields(settings.addresses):
        try:
            address = ip_address(getattr(settings.addresses, one.name))
        except ValueError:
            yield f"`addresses.{one.name}` must be an address of the host, such as 127.0.0.1"
            continue
        is_open = address.is_unspecified or address.is_global
        if one.name == "studio" and settings.ports.studio and is_open:
            what = "must not be the whole world's: Studio's port asks for no password"
            yield f"`addresses.studio` {what}"


def _amounts(settings: DeploymentSettings) -> Iterator[str]:
    logs = settings.container_logs
    if not re.fullmatch(r"[1-9][0-9]*[kmg]", logs.max_size) or logs.max_files < 1:
        yield "`container_logs` needs a `max_size` such as 10m, and `max_files` of 1 or more"
    if not PurePosixPath(settings.docker_socket).is_absolute():
        yield "`docker_socket` must be an absolute path"
    counted: dict[str, int | None] = {
        "rest.max_rows": settings.rest.max_rows,
        "rest.pool": settings.rest.pool,
        "storage.file_size_limit": settings.storage.file_size_limit,
        **{f"realtime.{one.name}": getattr(settings.realtime, one.name)
           for one in fields(settings.realtime)},
    }  # fmt: skip
    for name, value in counted.items():
        if value is not None and value < 1:
            yield f"`{name}` must be 1 or more"


def _told_to_auth(settings: DeploymentSettings) -> Iterator[str]:
    """Yield what of auth's whole environment it could not read; secrets are checked elsewhere."""
    known = variables(settings)
    for name, text in auth(settings).environment.items():
        if name in settings.auth.extra or not text.references <= known.keys():
            continue
        if what := problem_of(name, text.fill(known)):
            yield f"`{name}` must be {what}, or auth would not start"


def _tables(settings: DeploymentSettings) -> Iterator[str]:
    for name, digest in settings.digests.items():
        if name not in IMAGES:
            yield f"`digests.{name}` is none of {', '.join(sorted(IMAGES))}"
        elif not re.fullmatch(r"sha256:[0-9a-f]{64}", digest):
            yield f"`digests.{name}` must be sha256: and 64 hex digits"
    for name, mib in settings.memory_mib.items():
        if name not in MEMORY_MIB:
            yield f"`memory_mib.{name}` is none of {', '.join(sorted(MEMORY_MIB))}"
        elif mib < 64:  # noqa: PLR2004 - no service starts in less
            yield f"`memory_mib.{name}` must be 64 or more"
