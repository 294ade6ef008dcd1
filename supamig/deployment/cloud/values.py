"""A value as the Management API has it, written as the auth service reads it.

The API counts most times in seconds, and sessions in hours; auth wants units and no empty text.
"""

from __future__ import annotations

from supamig.deployment.auth_variables import problem_of, types
from supamig.deployment.variables import flag

#: Fields that count in hours.
_HOURS = ("sessions_timebox", "sessions_inactivity_timeout")


class UnreadableValueError(ValueError):
    """A value that auth would not start with; its text says what it must be."""


def written(field: str, name: str, value: object) -> str:
    """Return the text of a variable; nothing where it must be left out.

    Raise `UnreadableValueError` for one that auth would end over.
    """
    kind = types()[name]
    if isinstance(value, bool):
        text = flag(value)
    elif kind == "duration with unit" and isinstance(value, int | float):
        text = _duration(field, value)
    elif isinstance(value, int | float):
        text = number(value)
    elif kind == "map k:v,k:v":
        # the API writes number=code, and auth ends over the sign
        text = ",".join(part.replace("=", ":", 1) for part in commas(value))
    elif kind == "list (comma separated)":
        text = ",".join(commas(value))
    elif isinstance(value, str):
        text = value
    else:
        raise UnreadableValueError(f"text, not a {type(value).__name__}")
    if problem := problem_of(name, text):
        raise UnreadableValueError(problem)
    return text


def _duration(field: str, value: float) -> str:
    if not value and field in _HOURS:
        return ""  # no limit: auth does not start with one of nothing
    return f"{number(value)}{'h' if field in _HOURS else 's'}"


def number(value: float) -> str:
    """Write a number without an exponent, and a whole one without a point."""
    return str(int(value)) if value == int(value) else format(value, "f").rstrip("0").rstrip(".")


def commas(value: object) -> list[str]:
    """Return the parts of a text with commas, each once and none empty."""
    parts = [part.strip() for part in str(value).split(",")]
    return list(dict.fromkeys(part for part in parts if part))
