"""Writes `.env` files that Compose, python-dotenv and a shell read alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from supamig.dotenv_file import written

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def line(name: str, value: str) -> str:
    """Return `NAME=value`; raise `ConfigError` for a value that no two readers agree about."""
    return f"{name}={written(name, value)}"


def dotenv(sections: Iterable[tuple[str, Mapping[str, str]]]) -> str:
    """Return a file of sections, each under its title."""
    written = []
    for title, values in sections:
        if values:
            lines = [line(name, value) for name, value in values.items()]
            written.append("\n".join([f"# {title}", *lines]))
    return "\n\n".join(written) + "\n"
