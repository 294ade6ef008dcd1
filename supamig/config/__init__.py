"""Settings: built-in defaults, then ``supamig.toml``, ``.env``, the environment, the command line.

This package is the only reader of ``os.environ``; everything else is handed what it needs.
"""

from __future__ import annotations

from supamig.config.loading import (
    bundle_directory,
    environment_secrets,
    load,
    resolve_here,
    wants_debug,
)
from supamig.config.settings import (
    Api,
    Application,
    AuthProofs,
    BackupSettings,
    Health,
    Method,
    ObjectStore,
    Settings,
    SideName,
    WatchSettings,
)

__all__ = [
    "Api",
    "Application",
    "AuthProofs",
    "BackupSettings",
    "Health",
    "Method",
    "ObjectStore",
    "Settings",
    "SideName",
    "WatchSettings",
    "bundle_directory",
    "environment_secrets",
    "load",
    "resolve_here",
    "wants_debug",
]
