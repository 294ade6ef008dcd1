"""From Pulumi's config to one `StackSettings`: the only place of the program that reads config."""

from __future__ import annotations

import difflib
import json
from typing import TYPE_CHECKING

import pulumi
from pulumi.runtime.config import CONFIG, is_config_secret
from pydantic import ValidationError

from infra.settings import StackSettings
from supamig.deployment.reading import read_settings
from supamig.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

NAMESPACE = "supamig"
_SECRETS = f"{NAMESPACE}:secrets"


def read_config(given: Mapping[str, str] | None = None, *, root: Path) -> StackSettings:
    """Return the settings of the stack that is worked on.

    Without a `deployment` of its own the stack has that of the `settings_file`, so that one file
    can drive both edges.
    Raise `RunError` that names the key and says what belongs there, never with a value: a value
    could be a secret.
    """
    prefix = f"{NAMESPACE}:"
    found = CONFIG.get() if given is None else given
    if given is None and _SECRETS in found and not is_config_secret(_SECRETS):
        raise pulumi.RunError(
            f"`{_SECRETS}` stands in plain text in the stack's config; take it out of it and of"
            f" its history, then `pulumi config set --secret --path {_SECRETS}.NAME` sets each"
        )
    values = {
        key.removeprefix(prefix): _value(text)
        for key, text in found.items()
        if key.startswith(prefix)
    }
    try:
        if "deployment" not in values and "settings_file" in values:
            values["deployment"] = read_settings(root / str(values["settings_file"]))
        return StackSettings.model_validate(values)
    except ConfigError as error:
        raise pulumi.RunError(f"{error.message}\n\nhint: {error.hint}".rstrip()) from None
    except ValidationError as error:
        problems = error.errors(include_input=False, include_url=False, include_context=False)
        lines = [_line(tuple(map(str, one["loc"])), one["type"], one["msg"]) for one in problems]
        raise pulumi.RunError("\n".join(["the stack's config cannot be used:", *lines])) from None


def _value(text: str) -> object:
    """Objects and lists arrive as JSON; all else is text, which the settings' types read."""
    if text.startswith(("{", "[")):
        try:
            return json.loads(text)
        except json.JSONDecodeError:
            return text
    return text


def _line(place: tuple[str, ...], kind: str, message: str) -> str:
    name = f"{NAMESPACE}:{'.'.join(place)}" if place else NAMESPACE
    if kind in {"extra_forbidden", "unexpected_keyword_argument"}:
        return f"  unknown key `{name}`; {_nearest(place[-1], _known(place[:-1]))}"
    if kind == "missing":
        return f"  `{name}` is missing"
    return f"  `{name}`: {message.removeprefix('Value error, ')}"


def _known(place: tuple[str, ...]) -> list[str]:
    """Return the keys that a table knows, by its place in the schema."""
    schema = StackSettings.model_json_schema()
    found = schema
    for part in place:
        found = found.get("properties", {}).get(part, {})
        references = [
            found.get("$ref", ""),
            *(one.get("$ref", "") for one in found.get("anyOf", [])),
        ]
        for reference in filter(None, references):
            found = schema["$defs"][reference.rpartition("/")[2]]
    return list(found.get("properties", {}))


def _nearest(word: str, known: Iterable[str]) -> str:
    names = list(known)
    close = difflib.get_close_matches(word, names, n=1, cutoff=0.5)
    if close:
        return f"did you mean `{close[0]}`?"
    return "known here: " + ", ".join(f"`{name}`" for name in names)
