"""The layers of settings: each read, checked by itself, and merged over the ones below it.

A layer is checked alone so that a mistake is named by the file or variable that holds it.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, get_args

from dotenv import dotenv_values
from pydantic import BaseModel, ValidationError

from supamig.config.connection import holds_password, is_reference
from supamig.config.schema import ENVIRONMENT, OVERRIDES, PATHS, SECRETS, File, Place
from supamig.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_LISTS = {"plugins_dirs": os.pathsep, "load_plugins": ","}


@dataclass(frozen=True, slots=True)
class Layer:
    """Settings from one place: ``names`` says how that place calls each."""

    values: Mapping[str, Any]
    names: Mapping[Place, str] = field(default_factory=dict)


def read_toml(path: Path) -> Layer:
    """Read ``supamig.toml``; raise `ConfigError` for what it may not hold."""
    try:
        values = tomllib.loads(path.read_bytes().decode("utf-8"))
    except OSError as error:
        message = f"`{path}` cannot be read: {error.strerror}"
        raise ConfigError(message, hint="Mend it, or move it away") from error
    except UnicodeDecodeError as error:
        message = f"`{path}` is not UTF-8: byte {error.start} cannot be read"
        raise ConfigError(message, hint="Save the file as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        # The message ends with "(at line 3, column 5)" and repeats no value of the file.
        message = f"`{path}` is not valid TOML: {error}"
        raise ConfigError(message, hint="Mend that line; a text stands in quotes") from error
    _check(values, strict=True, place=f"`{path}`", names={})
    _refuse_plain_secrets(values, path)
    for spot in PATHS:
        value = _get(values, spot)
        if value is not None:
            _put(values, spot, _relative_to(path.parent, value))
    for table in values.get("applications", ()):
        table["path"] = str(path.parent / table.get("path", "."))
    named: dict[Place, str] = {
        (side, "dsn"): f"`{side}.dsn` in `{path}`" for side in ("source", "target", "scratch")
    }
    return Layer(values, named)


def _refuse_plain_secrets(values: Mapping[str, Any], path: Path) -> None:
    for spot in SECRETS:
        value = _get(values, spot) or ""
        name = f"`{'.'.join(spot)}` in `{path}`"
        if spot[-1] == "dsn":
            is_plain = holds_password(value, name=name)
        else:
            is_plain = bool(value) and not is_reference(value)
        if is_plain:
            message = f"{name} holds a plain secret, and the file is committed"
            raise ConfigError(message, hint=f'Write a reference: `{spot[-1]} = "env:NAME"`')


def read_dotenv(path: Path) -> dict[str, str]:
    """Read a ``.env`` file as it stands: no `$NAME` inside a value is replaced."""
    try:
        with path.open(encoding="utf-8") as stream:
            found = dotenv_values(stream=stream, interpolate=False)
    except UnicodeDecodeError as error:
        message = f"`{path}` is not UTF-8: byte {error.start} cannot be read"
        raise ConfigError(message, hint="Save the file as UTF-8") from error
    except OSError as error:
        raise ConfigError(f"`{path}` cannot be read: {error.strerror}") from error
    return {name: value for name, value in found.items() if value is not None}


def from_environment(environ: Mapping[str, str]) -> Layer:
    """Take the variables of ``ENVIRONMENT``; an empty one is as good as none.

    `SUPAMIG_LOAD_PLUGINS` alone means something when empty: no plugin at all.
    """
    values: dict[str, Any] = {}
    names: dict[Place, str] = {}
    for name, place in ENVIRONMENT.items():
        text = environ.get(name, "")
        if not text and not (name == "SUPAMIG_LOAD_PLUGINS" and name in environ):
            continue
        separator = _LISTS.get(place[-1])
        parts = [part.strip() for part in text.split(separator)] if separator else []
        _put(values, place, [part for part in parts if part] if separator else text)
        names[place] = name
    _check(values, strict=False, place="the environment", names=names)
    return Layer(values, names)


def from_overrides(overrides: Mapping[str, Any]) -> Layer:
    """Take what the command line gave; None is not given."""
    values: dict[str, Any] = {}
    names: dict[Place, str] = {}
    for name, value in overrides.items():
        if name not in OVERRIDES:
            raise ConfigError(f"`{name}` is not a setting", hint=_nearest(name, OVERRIDES))
        if value is None:
            continue
        _put(values, OVERRIDES[name], _plain(value))
        names[OVERRIDES[name]] = f"`--{name.replace('_', '-')}`"
    _check(values, strict=False, place="the command line", names=names)
    return Layer(values, names)


def merge(*layers: Layer) -> File:
    """Lay each layer over the ones before it."""
    merged: dict[str, Any] = {}
    for layer in layers:
        _lay_over(merged, layer.values)
    return File.model_validate(merged)


def _lay_over(below: dict[str, Any], above: Mapping[str, Any]) -> None:
    for key, value in above.items():
        if isinstance(value, dict) and isinstance(below.get(key), dict):
            _lay_over(below[key], value)
        else:
            below[key] = dict(value) if isinstance(value, dict) else value


def _check(
    values: Mapping[str, Any], *, strict: bool, place: str, names: Mapping[Place, str]
) -> None:
    try:
        File.model_validate(values, strict=strict)
    except ValidationError as error:
        # The error's own text could hold a value, and a value could be a password.
        found = error.errors(include_input=False, include_url=False, include_context=False)
        # a misspelt name explains what is missing too
        first = next((one for one in found if one["type"] == "extra_forbidden"), found[0])
        where = tuple(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            message = f"unknown key `{'.'.join(where)}` in {place}"
            raise ConfigError(message, hint=_nearest(where[-1], _keys(where[:-1]))) from None
        name = names.get(where) or f"`{'.'.join(where)}` in {place}"
        raise ConfigError(f"{name} must be {_expected(where)}") from None


def _nearest(word: str, known: Mapping[str, object] | list[str]) -> str:
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)
    if close:
        return f"Did you mean `{close[0]}`?"
    return "Known here: " + ", ".join(f"`{key}`" for key in known)


def _model(place: Place) -> type[BaseModel] | None:
    """Return the model of a table, or None where the place is no table of ours."""
    model: type[BaseModel] = File
    for part in place:
        if part.isdigit():
            continue  # the number of a table in an array of them
        for name, info in model.model_fields.items():
            if part == (info.alias or name):
                break
        else:
            return None
        table = next(iter(get_args(info.annotation)), info.annotation)
        if not (isinstance(table, type) and issubclass(table, BaseModel)):
            return None
        model = table
    return model


def _keys(place: Place) -> list[str]:
    model = _model(place)
    return [info.alias or name for name, info in model.model_fields.items()] if model else []


def _expected(place: Place) -> str:
    """Say what belongs at a place, in the words of the schema."""
    while place:
        parent = _model(place[:-1])
        for name, info in parent.model_fields.items() if parent else ():
            if place[-1] == (info.alias or name):
                described = _description(parent, info.alias or name)
                return described or f"a table, `[{'.'.join(place)}]`"
        place = place[:-1]
    return "a table of settings"


def _description(model: type[BaseModel] | None, name: str) -> str:
    schema = model.model_json_schema()["properties"] if model else {}
    found = schema.get(name, {})
    choices = [found, *found.get("anyOf", ())]
    return next((str(c["description"]) for c in choices if "description" in c), "")


def _get(values: Mapping[str, Any], place: Place) -> Any:  # noqa: ANN401 - a value of TOML
    found: Any = values
    for part in place:
        if not isinstance(found, dict) or part not in found:
            return None
        found = found[part]
    return found


def _put(values: dict[str, Any], place: Place, value: object) -> None:
    for part in place[:-1]:
        values = values.setdefault(part, {})
    values[place[-1]] = value


def _plain(value: object) -> object:
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    return str(value) if isinstance(value, os.PathLike) else value


def _relative_to(directory: Path, value: str | list[str]) -> str | list[str]:
    if isinstance(value, list):
        return [str(directory / part) for part in value]
    return str(directory / value)
