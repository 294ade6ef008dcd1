"""Reads `DeploymentSettings` from the table `[deployment]` of `supamig.toml`."""

from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from supamig.deployment.settings import DeploymentSettings
from supamig.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

#: The key that names a file of settings which come from Supabase Cloud.
FROM_CLOUD = "from_cloud"
_ADAPTER = TypeAdapter(DeploymentSettings)


def read_settings(path: Path, *, with_cloud: bool = True) -> DeploymentSettings:
    """Return the settings of a file; raise `ConfigError` for one that cannot be.

    Without ``with_cloud`` what `from_cloud` names is left out.
    """
    try:
        table = tomllib.loads(path.read_bytes().decode("utf-8")).get("deployment", {})
    except OSError as error:
        raise ConfigError(f"`{path}` cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"`{path}` is not valid TOML: {error}") from error
    if not with_cloud:
        table = {name: value for name, value in table.items() if name != FROM_CLOUD}
    return parse_settings(table, place=str(path), directory=path.parent)


def parse_settings(
    table: Mapping[str, Any], *, place: str, directory: Path | None = None
) -> DeploymentSettings:
    """Return the settings that a table holds; ``place`` is named where one is wrong.

    `from_cloud` names a file of settings that these lie over: what `supamig deployment from-cloud`
    wrote.  Files are looked for in ``directory``; without one, pages of mail are texts.
    """
    whole = dict(table)
    if directory is not None:
        named = whole.pop(FROM_CLOUD, None)
        below = _carried(directory / named) if isinstance(named, str) else {}
        whole = _laid_over(below, _with_pages(whole, directory))
    try:
        return _ADAPTER.validate_python(whole)
    except ValidationError as error:
        # not the value itself: somebody may have written a secret there
        found = error.errors(include_input=False, include_url=False)
        wrong = [f"`deployment.{'.'.join(map(str, one['loc']))}`: {one['msg']}" for one in found]
        message = f"`{place}` holds what cannot be: {'; '.join(wrong)}"
        raise ConfigError(message, hint="Secrets have no place there: see `supamig keys`") from None


def _carried(path: Path) -> dict[str, Any]:
    """Read a file of `supamig deployment from-cloud`, and the pages of mail beside it."""
    hint = "`supamig deployment from-cloud` writes it"
    try:
        table = json.loads(path.read_bytes())
    except OSError as error:
        raise ConfigError(f"`{path}` cannot be read: {error.strerror}", hint=hint) from error
    except ValueError as error:
        raise ConfigError(f"`{path}` is not valid JSON", hint=hint) from error
    if not isinstance(table, dict):
        raise ConfigError(f"`{path}` is not a table of settings", hint=hint)
    return _with_pages(table, path.parent)


def _with_pages(table: Mapping[str, Any], directory: Path) -> dict[str, Any]:
    """Put the text of each page of mail in the place of its file's name."""
    auth = table.get("auth")
    pages = auth.get("templates") if isinstance(auth, dict) else None
    if not isinstance(auth, dict) or not isinstance(pages, dict):
        return dict(table)
    read = {name: _page(directory / str(path)) for name, path in pages.items()}
    return {**table, "auth": {**auth, "templates": read}}


def _page(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"the page `{path}` cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"the page `{path}` is not UTF-8") from error


def _laid_over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Return both: tables are merged, anything else is taken from above."""
    found = dict(below)
    for name, value in above.items():
        under = found.get(name)
        if isinstance(value, dict) and isinstance(under, dict):
            value = _laid_over(under, value)  # noqa: PLW2901 - the value that is meant from here on
        found[name] = value
    return found
