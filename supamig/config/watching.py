"""The table ``[watch]`` as settings: its times in seconds, its pattern tried once."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from supamig.config.settings import WatchSettings
from supamig.errors import ConfigError

if TYPE_CHECKING:
    from supamig.config.schema import WatchTable

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_MB = 1_000_000


def seconds_of(duration: str) -> float:
    """Return the seconds of a time such as `15m`, whose form was checked."""
    return float(int(duration[:-1]) * _UNITS[duration[-1]])


def watch_settings(table: WatchTable) -> WatchSettings:
    """Return the settings of a table, without its secret; raise `ConfigError`."""
    every, duration = seconds_of(table.every), seconds_of(table.for_)
    if not every or every > duration:
        message = f"`watch.every` is {table.every}, and `watch.for` {table.for_}"
        raise ConfigError(message, hint='Look at least once: `every = "60s"`, `for = "24h"`')
    try:
        re.compile(table.error_pattern)
    except re.error as error:
        message = f"`watch.error_pattern` is no regular expression: {error}"
        raise ConfigError(message) from error
    return WatchSettings(
        every=every,
        duration=duration,
        services=None if table.services is None else tuple(table.services),
        log_files=tuple(map(Path, table.log_files)),
        containers=tuple(table.containers),
        docker_host=table.docker_host or "",
        error_pattern=table.error_pattern,
        errors_per_minute=table.errors_per_minute,
        disk_path=None if table.disk_path is None else Path(table.disk_path),
        disk_command=tuple(table.disk_command or ()),
        disk_free=table.disk_free,
        connections=table.connections,
        transaction_age=seconds_of(table.transaction_age),
        slot_lag=table.slot_lag_mb * _MB,
        backup_age=seconds_of(table.backup_age),
    )
