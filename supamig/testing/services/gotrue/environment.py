"""Stands in for how GoTrue reads its variables: all at once, before anything else.

Every name is known with its type and default, so a bad value of a variable that nothing here uses
is refused as the real one refuses it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from supamig.deployment.upstream import table

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

_REQUIRED = (
    "GOTRUE_API_API_EXTERNAL_URL",
    "GOTRUE_DB_DRIVER",
    "GOTRUE_DB_DATABASE_URL",
    "GOTRUE_SITE_URL",
    "GOTRUE_JWT_SECRET",
)
#: Defaults that are set in code, where zero or nothing is given.
_FALLBACKS: Mapping[str, Any] = {
    "JWT_ADMIN_GROUP_NAME": "admin",
    "JWT_ADMIN_ROLES": ("service_role", "supabase_admin"),
    "JWT_EXP": 3600,
    "MAILER_OTP_EXP": 86400,
    "MAILER_URLPATHS_CONFIRMATION": "/verify",
    "MAILER_URLPATHS_EMAIL_CHANGE": "/verify",
    "MAILER_URLPATHS_INVITE": "/verify",
    "MAILER_URLPATHS_RECOVERY": "/verify",
    "SMTP_MAX_FREQUENCY": 60.0,
}
_SHORTEST_CODE, _LONGEST_CODE = 6, 10
_SHORTEST_PASSWORD = 6
_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h)")
_ZEROS: Mapping[str, Any] = {
    "bool": False, "int": 0, "float": 0.0, "duration": 0.0, "list": (), "map": {},
}  # fmt: skip


class Misconfigured(Exception):  # noqa: N818 - says what happened
    """GoTrue would end here; ``status`` is its exit code, 2 for a panic."""

    def __init__(self, message: str, *, status: int = 1) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


@dataclass(frozen=True, slots=True)
class Rate:
    """So many events in so many seconds."""

    events: float
    seconds: float = 3600.0


class Configuration:
    """What was read, by name without `GOTRUE_`; asked for by kind."""

    def __init__(self, values: Mapping[str, Any], *, given: Collection[str] = ()) -> None:
        self._values = values
        #: What was set, be it to nothing.
        self.given = given

    def text(self, name: str) -> str:
        """Return a text; empty if nothing is set."""
        return str(self._value(name))

    def flag(self, name: str) -> bool:
        """Return a switch."""
        return bool(self._value(name))

    def number(self, name: str) -> int:
        """Return a whole number."""
        return int(self._value(name))

    def seconds(self, name: str) -> float:
        """Return a duration in seconds; 0 if none is set."""
        return float(self._value(name))

    def words(self, name: str) -> tuple[str, ...]:
        """Return a list."""
        return tuple(self._value(name))

    def rate(self, name: str) -> Rate:
        """Return a rate; a plain number counts by the hour."""
        value = self._value(name)
        return value if isinstance(value, Rate) else Rate(float(value))

    def pairs(self, name: str) -> Mapping[str, str]:
        """Return a map."""
        return dict(self._value(name))

    def is_set(self, name: str) -> bool:
        """Tell whether anything but nothing was given."""
        return bool(self._values.get(name))

    def _value(self, name: str) -> Any:
        found = self._values[name]
        return found or _FALLBACKS.get(name, found)


@dataclass(frozen=True, slots=True)
class _Name:
    name: str
    alias: str
    kind: str
    default: str


def read(environment: Mapping[str, str]) -> Configuration:
    """Read the variables; raise `Misconfigured` over the first that does not fit its kind."""
    values: dict[str, Any] = {}
    found = set()
    for one in _names():
        given = environment.get(one.name, environment.get(one.alias) if one.alias else None)
        if given is None and one.name in _REQUIRED:
            raise Misconfigured(f"required key {one.alias or one.name} missing value")
        values[one.name.removeprefix("GOTRUE_")] = _converted(one, given)
        if given is not None:
            found.add(one.name.removeprefix("GOTRUE_"))
    length = values["MAILER_OTP_LENGTH"]
    if not _SHORTEST_CODE <= length <= _LONGEST_CODE:
        values["MAILER_OTP_LENGTH"] = _SHORTEST_CODE
    values["PASSWORD_MIN_LENGTH"] = max(values["PASSWORD_MIN_LENGTH"], _SHORTEST_PASSWORD)
    for floor in ("MFA_CHALLENGE_EXPIRY_DURATION", "MFA_FACTOR_EXPIRY_DURATION"):
        values[floor] = max(values[floor], 300.0)
    return Configuration(values, given=found)


def duration(text: str) -> float:
    """Return the seconds of a duration with units; raise `ValueError` for anything else."""
    sign = -1 if text.startswith("-") else 1
    rest = text.lstrip("+-")
    if rest == "0":
        return 0.0
    if not rest or not re.fullmatch(f"({_PART.pattern})+", rest):
        raise ValueError(f'time: invalid duration "{text}"')
    return sign * sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(rest))


@cache
def _names() -> tuple[_Name, ...]:
    return tuple(
        _Name(
            row["name"],
            row["also_accepted_as"],
            # "duration with unit", "map k:v,k:v": the first word tells
            row["type"].partition(" ")[0].rstrip(":"),
            row["default"],
        )
        for row in table("gotrue_environment")
    )


def _converted(one: _Name, given: str | None) -> Any:
    value = one.default if given is None else given
    if given is None and not one.default:
        return _ZEROS.get(one.kind, "")
    try:
        return _KINDS.get(one.kind, str)(value)
    except ValueError as error:
        field = one.name.removeprefix("GOTRUE_").replace("_", " ").title().replace(" ", "")
        message = (
            f"envconfig.Process: assigning {one.alias or one.name} to {field}: "
            f"converting '{value}' to type {one.kind}. details: {error}"
        )
        raise Misconfigured(message) from error


def _flag(text: str) -> bool:
    if text in {"1", "t", "T", "TRUE", "true", "True"}:
        return True
    if text in {"0", "f", "F", "FALSE", "false", "False"}:
        return False
    raise ValueError(f'strconv.ParseBool: parsing "{text}": invalid syntax')


def _int(text: str) -> int:
    if not re.fullmatch(r"[+-]?(\d+|0x[0-9a-fA-F]+)", text):
        raise ValueError(f'strconv.ParseInt: parsing "{text}": invalid syntax')
    return int(text, 16) if "x" in text else int(text)


def _float(text: str) -> float:
    if not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", text):
        raise ValueError(f'strconv.ParseFloat: parsing "{text}": invalid syntax')
    return float(text)


def _list(text: str) -> tuple[str, ...]:
    return tuple(text.split(",")) if text.strip() else ()


def _map(text: str) -> dict[str, str]:
    return dict(_pairs(text)) if text.strip() else {}


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    for pair in text.split(","):
        key, colon, value = pair.partition(":")
        if not colon or ":" in value:
            raise ValueError(f'invalid map item: "{pair}"')
        yield key, value


def _time(text: str) -> str:
    if text.strip():
        datetime.fromisoformat(text)
    return text


def _rate(text: str) -> Rate:
    if re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)", text):
        return Rate(float(text))
    events, slash, seconds = text.partition("/")
    if not slash or not events.isdecimal():
        raise ValueError(f'rate: value does not match rate syntax "{text}"')
    return Rate(float(events), duration(seconds))


_KINDS: Mapping[str, Callable[[str], Any]] = {
    "bool": _flag,
    "duration": duration,
    "float": _float,
    "int": _int,
    "list": _list,
    "map": _map,
    "rate": _rate,
    "RFC": _time,
}
