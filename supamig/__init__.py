"""supamig moves a Supabase project to a self-hosted Supabase and proves that everything arrived."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from supamig.api import doctor, export, import_bundle, migrate, validate
    from supamig.config import Settings, load
    from supamig.errors import SupamigError
    from supamig.hookspecs import hookimpl
    from supamig.models import Event, Finding, Report, Severity, Stage, Verdict
    from supamig.protocols import CheckContext, Unavailable, Validator, validator
    from supamig.secret import Secret

__all__ = [
    "CheckContext",
    "Event",
    "Finding",
    "Report",
    "Secret",
    "Settings",
    "Severity",
    "Stage",
    "SupamigError",
    "Unavailable",
    "Validator",
    "Verdict",
    "doctor",
    "export",
    "hookimpl",
    "import_bundle",
    "load",
    "migrate",
    "validate",
    "validator",
]

_HOMES = {
    "api": ("doctor", "export", "import_bundle", "migrate", "validate"),
    "config": ("Settings", "load"),
    "errors": ("SupamigError",),
    "hookspecs": ("hookimpl",),
    "models": ("Event", "Finding", "Report", "Severity", "Stage", "Verdict"),
    "protocols": ("CheckContext", "Unavailable", "Validator", "validator"),
    "secret": ("Secret",),
}


def __getattr__(name: str) -> object:
    """Import a name where it is first used: `supamig --help` need not wait for all of them."""
    for home, names in _HOMES.items():
        if name in names:
            value: object = getattr(importlib.import_module(f"supamig.{home}"), name)
            globals()[name] = value
            return value
    message = f"module `supamig` has no attribute `{name}`"
    raise AttributeError(message)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
