"""Text that refers to variables of the `.env` file, written `${NAME}` as Compose does.

An environment is made of it, so that what names a secret can be printed, compared and committed,
and the value joins it at the last moment: in Compose, or in an output of Pulumi.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_TOKEN = re.compile(r"\$\{([A-Z][A-Z0-9_]*)\}|(\$\$)|(\$)")


@dataclass(frozen=True, slots=True)
class Reference:
    """A variable by its name."""

    name: str


@dataclass(frozen=True, slots=True)
class Text:
    """Plain pieces and references, in order."""

    parts: tuple[str | Reference, ...]

    @property
    def references(self) -> frozenset[str]:
        """The names of the variables that the text needs."""
        return frozenset(part.name for part in self.parts if isinstance(part, Reference))

    def fill(self, values: Mapping[str, str]) -> str:
        """Return the text with every reference replaced; raise `KeyError` where one is missing."""
        return "".join(part if isinstance(part, str) else values[part.name] for part in self.parts)

    def template(self) -> str:
        """Return the text as :func:`text` reads it, and Compose too."""
        return "".join(
            part.replace("$", "$$") if isinstance(part, str) else f"${{{part.name}}}"
            for part in self.parts
        )


def text(template: str) -> Text:
    """Read a template: `${NAME}` is a reference, `$$` a dollar, a single `$` a mistake.

    Only for text of this package: a value that a person chose goes through :func:`plain`.
    """
    parts: list[str | Reference] = []
    end = 0
    for found in _TOKEN.finditer(template):
        name, doubled, single = found.groups()
        if single:
            raise ValueError(f"a single $ at {found.start()} of {template!r}")
        if found.start() > end:
            parts.append(template[end : found.start()])
        parts.append(Reference(name) if not doubled else "$")
        end = found.end()
    parts.append(template[end:])
    return _joined(parts)


def plain(value: str) -> Text:
    """Return a text without references, whatever is in it."""
    return _joined([value])


def _joined(parts: list[str | Reference]) -> Text:
    """Join neighbouring plain pieces, so that equal texts are equal values."""
    joined: list[str | Reference] = []
    for part in parts:
        if isinstance(part, str) and joined and isinstance(joined[-1], str):
            joined[-1] += part
        elif part:
            joined.append(part)
    return Text(tuple(joined))


def texts(templates: Mapping[str, str]) -> dict[str, Text]:
    """Read several templates by name."""
    return {name: text(template) for name, template in templates.items()}
