"""Writes a deployment into a directory, for Compose: the one place of this package that writes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from supamig.deployment import secret_file, secret_table
from supamig.deployment.compose import compose
from supamig.deployment.dotenv import dotenv
from supamig.errors import ConfigError, Refused, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from supamig.deployment.model import Deployment
    from supamig.secret import Secret

ENVIRONMENT = ".env"
COMPOSE = "docker-compose.yml"
_SETTINGS = "Settings, written by `supamig deployment render`: change supamig.toml, render again"
_SECRETS = "Secrets: this file is for its owner's eyes"


def files(deployment: Deployment) -> dict[str, str]:
    """Return every file that holds no secret, by its path."""
    return {COMPOSE: compose(deployment)} | {one.path: one.content for one in deployment.files}


def environment(deployment: Deployment, secrets: Mapping[str, Secret]) -> str:
    """Return the text of `.env`; raise `ConfigError` for a secret that is missing or wrong."""
    if missing := [name for name in deployment.secrets if not secrets.get(name)]:
        names = ", ".join(f"`{name}`" for name in missing)
        made = all(name in secret_table.NAMES for name in missing)
        hint = "`supamig keys new` makes them" if made else "`supamig keys new --set NAME=env:NAME`"
        raise ConfigError(f"the deployment needs secrets that are missing: {names}", hint=hint)
    needed = {name: secrets[name] for name in deployment.secrets}
    if wrong := list(secret_table.problems(needed)):
        raise ConfigError("; ".join(wrong), hint="`supamig keys new --rotate NAME` makes one anew")
    plain = secret_file.values(needed)
    return dotenv([(_SETTINGS, deployment.variables), (_SECRETS, plain)])


def render(deployment: Deployment, secrets: Mapping[str, Secret], directory: Path) -> list[Path]:
    """Write the compose file, what it mounts, and `.env`; return the paths.

    Nothing that services wrote is touched, and secrets that are there already are not replaced:
    the database keeps the password of its first start.
    """
    env = directory / ENVIRONMENT
    text = environment(deployment, secrets)
    if env.exists():
        _refuse_other_secrets(env, {name: secrets[name] for name in deployment.secrets})
    written = []
    try:
        for name in deployment.directories:
            (directory / name).mkdir(parents=True, exist_ok=True)
        for name, content in files(deployment).items():
            path = directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            _write(path, content)
            written.append(path)
    except OSError as error:
        message = f"`{error.filename}` cannot be written: {error.strerror}"
        raise UsageError(message, hint="Name a directory of your own") from error
    secret_file.write(env, text)
    return [*written, env]


def _write(path: Path, content: str) -> None:
    """Write a file in place: a container that has it mounted must see the new text."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as stream:
        stream.write(content)


def _refuse_other_secrets(env: Path, secrets: Mapping[str, Secret]) -> None:
    before = secret_file.read(env)
    changed = [name for name, value in secrets.items() if before.get(name, value) != value]
    if changed:
        names = ", ".join(f"`{name}`" for name in changed)
        raise Refused(
            f"`{env}` holds other values of {names}",
            hint="Services keep what they first started with.  Move the file away if that is meant",
        )
