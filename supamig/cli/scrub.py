"""Values without secrets: every text inside a value is redacted, the value keeps its shape.

Text that is already JSON is never redacted: a pattern could take a quotation mark with it.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable

Kept = TypeVar("Kept")


def scrub(value: Kept, redact: Callable[[str], str]) -> Kept:
    """Return the value with every text in it redacted."""
    return cast("Kept", _scrub(value, redact))


def _scrub(value: object, redact: Callable[[str], str]) -> object:
    if isinstance(value, Enum):
        return value
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, (list, tuple)):
        parts = [_scrub(part, redact) for part in value]
        return parts if isinstance(value, list) else tuple(parts)
    if isinstance(value, dict):
        return {_scrub(key, redact): _scrub(part, redact) for key, part in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        changed = {
            field.name: _scrub(getattr(value, field.name), redact)
            for field in fields(value)
            if field.init
        }
        return replace(value, **changed)
    return value
