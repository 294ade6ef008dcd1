"""Writes YAML that reads well; the values are those of JSON, and every text comes back as it was.

Reading is left to whoever the file is for: nothing here does.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import TypeAlias, TypeGuard, Union

Value: TypeAlias = Union[  # noqa: UP007 - the alias refers to itself, and `|` cannot in 3.11
    bool, int, str, Sequence["Value"], Mapping[str, "Value"], None
]

_PLAIN = re.compile(r"[A-Za-z_/.][\w./ ${}@%*<>()=&?~^+-]*(?::[\w./{}$@-]+)*")
#: What some reader takes for something else than text: truth values, numbers, nothing.
_NOT_TEXT = re.compile(
    r"(?i:y|n|yes|no|on|off|true|false|null|~|none|\.inf|\.nan|[.+-]?[\d._]+(e[+-]?\d+)?)"
)
#: Several lines, the first not indented, none with blanks behind it, one line feed at the end.
_BLOCK = re.compile(r"[^\n ](?:[^\n]*[^\n\s])?(?:\n+[^\n]*[^\n\s])*\n")


def to_yaml(value: Value) -> str:
    """Return a document of one value, ending in a line feed."""
    return "".join(f"{line}\n" if line else "\n" for line in _lines(value))


def _lines(value: Value) -> list[str]:
    if isinstance(value, Mapping) and value:
        return [line for key, one in value.items() for line in _entry(f"{_scalar(key)}:", one)]
    if _is_list(value) and value:
        return [line for one in value for line in _item(one)]
    return [_scalar(value)]


def _entry(head: str, value: Value) -> list[str]:
    """Write what stands behind `key:`, on its line if it fits there, else below it."""
    if isinstance(value, str) and _is_block(value):
        return [f"{head} |", *(f"  {line}" if line else "" for line in value[:-1].split("\n"))]
    if (isinstance(value, Mapping) or _is_list(value)) and value:
        return [head, *(f"  {line}" if line else "" for line in _lines(value))]
    return [f"{head} {_scalar(value)}"]


def _item(value: Value) -> list[str]:
    if isinstance(value, str) and _is_block(value):
        return _entry("-", value)
    first, *rest = _lines(value)
    return [f"- {first}", *(f"  {line}" if line else "" for line in rest)]


def _is_list(value: Value) -> TypeGuard[Sequence[Value]]:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _is_block(value: str) -> bool:
    printable = value.isascii() and all(char.isprintable() or char == "\n" for char in value)
    return "\n" in value[:-1] and printable and bool(_BLOCK.fullmatch(value))


def _scalar(value: Value) -> str:
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.isascii():
        is_text = not _NOT_TEXT.fullmatch(value) and not value.endswith(" ")
        return value if is_text else json.dumps(value)
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, Mapping):
        return "{}"
    return "[]" if _is_list(value) else json.dumps(value)


def _quoted(value: str) -> str:
    """Write a text in double quotes; a character beyond ASCII in one escape, never in two."""
    return "".join(
        char if ord(char) < 128 else f"\\U{ord(char):08X}"  # noqa: PLR2004 - ASCII
        for char in json.dumps(value, ensure_ascii=False).replace("\x7f", "\\x7F")
    )
