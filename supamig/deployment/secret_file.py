"""The file that holds secrets: of its owner alone, and there whole or not at all."""

from __future__ import annotations

import io
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from dotenv import dotenv_values

from supamig import disk
from supamig.deployment.dotenv import line
from supamig.dotenv_file import Document
from supamig.errors import ConfigError, DotenvUnusable, UsageError
from supamig.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Where `supamig keys` keeps secrets when it is not told; git leaves `.env.*` alone.
USUAL = Path(".env.deployment")
MODE = 0o600


def read(path: Path) -> dict[str, Secret]:
    """Return the secrets of a file; raise `ConfigError` if others may read it, or none can."""
    text = _text(path)
    for number in Document.parse(text.encode(), name=f"`{path}`").unread:
        # what it means to hold would be made anew
        message = f"line {number} of `{path}` is no NAME=VALUE"
        raise ConfigError(message, hint="Write NAME='VALUE', or make it a remark with `#`")
    found = dotenv_values(stream=io.StringIO(text), interpolate=False)
    return {name: Secret(value) for name, value in found.items() if value}


def _text(path: Path) -> str:
    """Return what a file says, line ends as they are."""
    try:
        if path.exists() and not path.is_file():
            # nobody may ever write into a pipe
            raise ConfigError(f"`{path}` is no file", hint="Name the file itself with `--file`")
        with path.open(encoding="utf-8", newline="") as stream:
            if stat.S_IMODE(os.fstat(stream.fileno()).st_mode) & 0o077:
                message = f"`{path}` can be read by other users of this machine"
                raise ConfigError(message, hint=f"Run `chmod 600 {path}`")
            return stream.read()
    except FileNotFoundError as error:
        message = f"`{path}` cannot be read: {error.strerror}"
        raise ConfigError(message, hint=f"`supamig keys new --file {path}` makes it") from error
    except OSError as error:
        message = f"`{path}` cannot be read: {error.strerror}"
        raise ConfigError(message, hint="Name another file with `--file`") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"`{path}` is not UTF-8", hint="Save the file as UTF-8") from error


def values(secrets: Mapping[str, Secret]) -> dict[str, str]:
    """Return the secrets as text, for a file of :data:`MODE` and nothing else."""
    return {name: secret.reveal() for name, secret in secrets.items()}


def edited(text: str, changed: Mapping[str, Secret]) -> str:
    """Return the text of a file with these secrets in it; every other line stays as it is.

    Raise `ConfigError` for a value, and `DotenvUnusable` for a file, that cannot be written so.
    """
    document, wanted = Document.parse(text.encode()), values(changed)
    numbers = {n: wanted[e.name] for n, e in enumerate(document.entries) if e.name in wanted}
    text = document.edited(numbers).text
    added = [line(name, wanted[name]) for name in wanted if name not in document.last()]
    if added:
        text = text + ("" if text.endswith("\n") or not text else "\n")
        text += "\n".join([*([""] if text else []), *added]) + "\n"
    last = Document.parse(text.encode()).last()
    if any(name not in last or last[name].value != value for name, value in wanted.items()):
        raise DotenvUnusable("the file of secrets has an open quote", hint="Close it")
    return text


def write(path: Path, content: str) -> None:
    """Write a file that only its owner can read; whoever reads it meanwhile sees the old one.

    Where it is a link, the file that the link leads to is written.
    """
    try:
        real = path.resolve()
        with disk.disk_errors(real):
            real.parent.mkdir(parents=True, exist_ok=True)
            disk.replace(real, content.encode(), mode=MODE)
    except (OSError, RuntimeError) as error:
        why = getattr(error, "strerror", None) or "its links form a circle"
        message = f"`{path}` cannot be written: {why}"
        raise UsageError(message, hint="Name another file, in a directory that is there") from error
