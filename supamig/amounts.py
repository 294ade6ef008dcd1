"""Numbers, sizes and times as people read them."""

from __future__ import annotations

from typing import Final

_UNITS: Final = ("kB", "MB", "GB", "TB", "PB")
_MINUTE: Final = 60
_HOUR: Final = 3600
_THOUSAND: Final = 1000
_PLAIN: Final = 10


def count(number: int) -> str:
    """Write a whole number with thousands apart: `1,204`."""
    return f"{number:,}"


def plural(number: int, one: str, many: str = "") -> str:
    """Write a number with its noun: `1 table`, `84 tables`."""
    return f"{count(number)} {one if number == 1 else many or one + 's'}"


def size(number: int) -> str:
    """Write bytes in the unit that leaves three digits: `512 B`, `1.2 MB`, `38 GB`."""
    if number < _THOUSAND:
        return f"{number} B"
    amount = float(number)
    for unit in _UNITS:
        amount /= _THOUSAND
        # 999.6 would be written as 1000
        if amount < _THOUSAND - 0.5 or unit == _UNITS[-1]:
            break
    return f"{amount:.1f} {unit}" if round(amount, 1) < _PLAIN else f"{amount:,.0f} {unit}"


def duration(seconds: float) -> str:
    """Write a time with two units at most: `40 ms`, `3.2 s`, `2 min 5 s`, `1 h 20 min`."""
    if round(seconds, 3) < 1:
        return f"{seconds * 1000:.0f} ms"
    if round(seconds, 1) < _PLAIN:
        return f"{seconds:.1f} s"
    whole = int(seconds + 0.5)
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return _two(whole, _MINUTE, "min", 1, "s")
    return _two(whole, _HOUR, "h", _MINUTE, "min")


def _two(seconds: int, greater: int, greater_unit: str, lesser: int, lesser_unit: str) -> str:
    rest = seconds % greater // lesser
    first = f"{count(seconds // greater)} {greater_unit}"
    return f"{first} {rest} {lesser_unit}" if rest else first
