"""What a check needs of a scan: the objects that the application asks for, from JSON or anew."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from supamig.errors import ConfigError
from supamig.scanning.model import Subject

if TYPE_CHECKING:
    from pathlib import Path

_HINT = "`supamig scan PATH --output json > scan.json` makes it"
Names = frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Objects:
    """Tables and functions by schema (or nothing) and name, buckets by name, services unused."""

    tables: Names
    functions: Names
    buckets: frozenset[str]
    leave_out: tuple[str, ...] = ()


def objects_of(path: Path) -> Objects:
    """Read a scan that was saved as JSON, or scan a directory now; raise `ConfigError`."""
    if path.is_dir():
        from supamig.scanning.scanner import scan

        found = scan([path])
        return Objects(
            tables=frozenset(found.names(Subject.TABLE)),
            functions=frozenset(found.names(Subject.FUNCTION)),
            buckets=frozenset(name for _, name in found.names(Subject.BUCKET)),
            leave_out=found.leave_out,
        )
    try:
        saved = json.loads(path.read_text(encoding="utf-8"))
        if saved.get("kind") != "scan":
            raise ConfigError(f"`{path}` is no scan of an application", hint=_HINT)
        return Objects(
            tables=_names(saved["tables"]),
            functions=_names(saved["rpcs"]),
            buckets=frozenset(map(str, saved["buckets"])),
            leave_out=tuple(map(str, saved["leave_out"])),
        )
    except OSError as error:
        message = f"the scan `{path}` cannot be read: {(error.strerror or str(error)).lower()}"
        raise ConfigError(message, hint=_HINT) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(f"`{path}` is no scan of an application", hint=_HINT) from error


def _names(listed: list[dict[str, str]]) -> Names:
    return frozenset((str(one["schema"]), str(one["name"])) for one in listed)
