"""Which probes a watch has: all that the settings give enough for, and why the others are not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from supamig.backup import store
from supamig.errors import UsageError
from supamig.watching.database import Database
from supamig.watching.growth import Growth
from supamig.watching.logs import ContainerLog, LogFile
from supamig.watching.model import Unwatched
from supamig.watching.services import Service
from supamig.watching.storehouse import Backups, Disk

if TYPE_CHECKING:
    from pathlib import Path

    import httpx

    from supamig.config import Settings
    from supamig.postgres import Server
    from supamig.watching.model import Probe

_ALWAYS = ("auth", "rest")
_OTHERS = ("storage", "realtime", "functions")


def choose(
    settings: Settings,
    *,
    source: Server | None,
    target: Server | None,
    transport: httpx.BaseTransport | None = None,
) -> tuple[list[Probe], list[Unwatched]]:
    """Return the probes, and what nobody looks at; raise `UsageError` when that is everything."""
    probes: list[Probe] = []
    without: list[Unwatched] = []
    _services(settings, probes, without, transport)
    if target is None:
        without.append(Unwatched(probe="database", reason="no target is given"))
    else:
        probes.append(Database(target, settings.watch))
        probes.append(Growth(source=source, target=target))
        if source is None:
            without.append(Unwatched(probe="rows of the source", reason="no source is given"))
    _logs(settings, probes, without)
    _storehouse(settings, probes, without)
    if not probes:
        hint = "Set SUPAMIG_TARGET_DSN, or SUPAMIG_TARGET_URL with the target's keys"
        raise UsageError(
            "there is nothing to watch: neither database nor services are given", hint=hint
        )
    return probes, without


def _services(
    settings: Settings,
    probes: list[Probe],
    without: list[Unwatched],
    transport: httpx.BaseTransport | None,
) -> None:
    if settings.target_api is None:
        without.append(Unwatched(probe="services", reason="`target.api.url` is not given"))
        return
    api = settings.target_api
    probes += [Service(name, api, transport=transport) for name in used_services(settings)]


def used_services(settings: Settings) -> tuple[str, ...]:
    """Return the services that are asked: those that are named, or that the application uses."""
    if settings.watch.services is not None:
        return settings.watch.services
    if settings.application_scan is None:
        return _ALWAYS
    from supamig.scanning.stored import objects_of

    unused = objects_of(settings.application_scan).leave_out
    return (*_ALWAYS, *(name for name in _OTHERS if name not in unused))


def _logs(settings: Settings, probes: list[Probe], without: list[Unwatched]) -> None:
    watch = settings.watch
    probes += [
        LogFile(path, pattern=watch.error_pattern, per_minute=watch.errors_per_minute)
        for path in watch.log_files
    ]
    probes += [
        ContainerLog(
            name,
            host=watch.docker_host,
            pattern=watch.error_pattern,
            per_minute=watch.errors_per_minute,
        )
        for name in watch.containers
    ]
    if not watch.log_files and not watch.containers:
        reason = "neither `watch.containers` nor `watch.log_files` is given"
        without.append(Unwatched(probe="logs", reason=reason))


def _storehouse(settings: Settings, probes: list[Probe], without: list[Unwatched]) -> None:
    watch = settings.watch
    if watch.disk_path or watch.disk_command:
        disk = Disk(path=watch.disk_path, command=watch.disk_command, least=watch.disk_free)
        probes.append(disk)
    else:
        reason = "neither `watch.disk_path` nor `watch.disk_command` is given"
        without.append(Unwatched(probe="disk", reason=reason))
    directory = settings.backups_dir
    if not directory.is_dir():
        without.append(Unwatched(probe="backup", reason=f"there is no directory `{directory}`"))
    elif _is_for_exports(directory):
        reason = f"`{directory}` holds exports, and no backup of the target"
        without.append(Unwatched(probe="backup", reason=reason))
    else:
        probes.append(Backups(directory, oldest=watch.backup_age))


def _is_for_exports(directory: Path) -> bool:
    """Tell whether no backup, but something else was put into a directory, as an export is."""
    others = {one.name for one in directory.iterdir() if not one.name.startswith(".")}
    return bool(others - {"lost+found"}) and not store.names(directory)
