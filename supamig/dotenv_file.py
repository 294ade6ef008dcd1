"""Edits `.env` files: the values that are named change, every other byte stays as it is.

python-dotenv's own parser says what stands where, so that what is edited is what is read.  Bytes
that are not UTF-8 pass through unseen.
"""

from __future__ import annotations

import io
import os
import re
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from dotenv.parser import parse_stream

from supamig import disk
from supamig.errors import ConfigError, DotenvUnusable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_BOM: Final = "\ufeff"
#: How far a binding goes before its value, in the terms of python-dotenv's parser.
_BEFORE: Final = re.compile(r"\s*(?:export[^\S\r\n]+)?(?:'[^']+'|[^=#\s]+)[^\S\r\n]*=[^\S\r\n]*")
_SINGLE: Final = re.compile(r"'(?:\\.|[^'\\])*'", re.DOTALL)
_DOUBLE: Final = re.compile(r'"(?:\\.|[^"\\])*"', re.DOTALL)
_LINE: Final = re.compile(r"[^\r\n]*")
_REMARK: Final = re.compile(r"\s+#.*")

#: What means nothing to any reader outside of quotes; `&` ends a command of a shell.
_BARE: Final = re.compile(r"[A-Za-z0-9_./:@,+=?%-]*")
#: What stands for another variable.
_REFERENCE: Final = re.compile(r"\$(?:\w+|\{[^}]*\})")
#: Backslashes are read in three ways, and python-dotenv looks into single quotes for `${NAME}`.
_TROUBLE: Final = re.compile(r"\\|\$\{")
#: What means something in double quotes.
_ALIVE: Final = re.compile(r"""["$`]""")

Quote = Literal["", "'", '"']


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One `NAME=value`: its value as python-dotenv reads it, and where that stands in the text.

    ``quote`` is what it stands in, nothing for a bare one.  ``line`` counts from 1.
    """

    name: str
    value: str
    start: int
    end: int
    line: int
    quote: Quote


@dataclass(frozen=True, slots=True)
class Document:
    """The text of a file and the entries in it, in their order; a name may occur twice.

    ``unread`` has the lines that are no `NAME=value`, by number: other readers may read them.
    """

    text: str
    entries: tuple[Entry, ...]
    unread: Mapping[int, str]

    @classmethod
    def parse(cls, content: bytes, *, name: str = "the file") -> Document:
        """Read a file's bytes; raise `DotenvUnusable` for UTF-16 and what is no text at all.

        ``name`` is what to call it in a message.
        """
        if content[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in content:
            message = f"{name} is not UTF-8, nor anything near it"
            raise DotenvUnusable(message, hint="Save the file as UTF-8")
        text = content.decode("utf-8", "surrogateescape")
        return cls(text, *_read(text))

    def edited(self, values: Mapping[int, str]) -> Document:
        """Return the document with other values, by the number of the entry.

        Raise `ConfigError` for a value that no two readers agree about.
        """
        parts, at = [], 0
        for number, value in sorted(values.items()):
            entry = self.entries[number]
            parts += [self.text[at : entry.start], self._written(entry, value)]
            at = entry.end
        text = "".join([*parts, self.text[at:]])
        made = Document(text, *_read(text))
        wanted = [(e.name, values.get(n, e.value)) for n, e in enumerate(self.entries)]
        if [(entry.name, entry.value) for entry in made.entries] != wanted:
            message = "a file is written in a way that cannot be edited"
            raise DotenvUnusable(message, hint="Write each variable on one line: NAME='VALUE'")
        return made

    def _written(self, entry: Entry, value: str) -> str:
        token = self.text[entry.start : entry.end]
        return token if value == entry.value else written(entry.name, value, like=token)

    @property
    def content(self) -> bytes:
        """The bytes of the file."""
        return self.text.encode("utf-8", "surrogateescape")

    def last(self) -> dict[str, Entry]:
        """Return the entries that count: of a name that occurs twice, the last."""
        return {entry.name: entry for entry in self.entries}


def _read(text: str) -> tuple[tuple[Entry, ...], dict[int, str]]:
    """Return the entries of a text, and by number the lines that are none."""
    found, unread = [], {}
    at, line = len(text) - len(text.removeprefix(_BOM)), 1
    for binding in parse_stream(io.StringIO(text)):
        original = binding.original.string
        if binding.key is not None and binding.value is not None:
            begin, end = _place(original)
            token = original[begin:end]
            found.append(
                Entry(
                    name=binding.key,
                    value=binding.value,
                    start=at + begin,
                    end=at + end,
                    line=line + original.count("\n", 0, begin),
                    quote="'" if token[:1] == "'" else '"' if token[:1] == '"' else "",
                )
            )
        elif binding.error or binding.key is not None:
            blank = original[: len(original) - len(original.lstrip())]
            number = binding.original.line + len(re.findall(r"\r\n|\r|\n", blank))
            unread[number] = original.strip()
        at += len(original)
        line += original.count("\n")
    return tuple(found), unread


def _place(original: str) -> tuple[int, int]:
    """Say where in a binding its value stands, quotes included."""
    before = _BEFORE.match(original)
    begin = before.end() if before else len(original)
    for quoted in (_SINGLE, _DOUBLE):
        if found := quoted.match(original, begin):
            return begin, found.end()
    if original[begin : begin + 1] == "#" and original[begin - 1] != "=":
        # `NAME= # remark` has no value, and a remark begins after a space only
        begin = original.rindex("=", 0, begin) + 1
        return begin, begin
    line = _LINE.match(original, begin)
    bare = _REMARK.sub("", line[0] if line else "").rstrip()
    return begin, begin + len(bare)


def written(name: str, value: str, *, like: str = "") -> str:
    """Return a value as it stands in a file, in the quotes of ``like`` where it can.

    Compose, python-dotenv and a shell must read it alike: they disagree about backslashes and about
    dollars in double quotes.  Raise `ConfigError` for a value that can stand in no quotes.
    """
    first = like[:1] if like[:1] in ("'", '"') else ""
    # whatever a reader makes of a reference or a backquote that stays, no other quotes may change
    kept = [one for one in (*_REFERENCE.findall(like), "`") if one in like and one in value]
    rest = value
    for one in [*kept, *"&" * ("&" in like)]:
        rest = rest.replace(one, "")
    plain = rest.isprintable() and not _TROUBLE.search(rest)
    fits: dict[str, bool] = {
        "": _BARE.fullmatch(rest) is not None,
        "'": plain and "'" not in rest,
        '"': plain and not _ALIVE.search(rest),
    }
    for quote in (first,) if kept else (first, "", "'", '"'):
        if fits[quote]:
            return f"{quote}{value}{quote}"
    message = f"the value of `{name}` cannot be written into a .env file"
    hint = 'Choose one without backslashes, line ends, `${`, and single quotes beside `"` or `$`'
    raise ConfigError(message, hint=hint)


@dataclass(frozen=True, slots=True)
class Place:
    """A file that can be edited: ``path`` as it was named, ``real`` behind any links."""

    path: Path
    real: Path


def find(path: Path) -> Place:
    """Return the file behind a path; raise `DotenvUnusable` if it cannot be edited."""
    try:
        real = path.resolve(strict=True)
        mode = real.stat().st_mode
    except FileNotFoundError as error:
        if path.is_symlink():
            message = f"`{path}` is a link to `{path.readlink()}`, which is not there"
            raise DotenvUnusable(message, hint="Mend the link") from error
        raise DotenvUnusable(f"`{path}` is not there", hint="Mend `env_files`") from error
    except (OSError, RuntimeError) as error:
        why = getattr(error, "strerror", None) or "its links form a circle"
        raise DotenvUnusable(f"`{path}` cannot be read: {why}", hint="Mend its path") from error
    problems = (
        (stat.S_ISREG(mode), "is no file", "Name the file itself"),
        (os.access(real, os.R_OK), "may not be read", f"Run `chmod u+r {real}`"),
        # root may write everything, and yet somebody took the right away on purpose
        (mode & 0o222 and os.access(real, os.W_OK), "is read-only", f"Run `chmod u+w {real}`"),
        (
            os.access(real.parent, os.W_OK),
            "cannot be replaced: its directory is read-only",
            f"Run `chmod u+w {real.parent}`",
        ),
    )
    for is_well, problem, hint in problems:
        if not is_well:
            raise DotenvUnusable(f"`{path}` {problem}", hint=hint)
    return Place(path, real)


def replace(path: Path, content: bytes, *, mode: int | None = None) -> None:
    """Replace a file whole, with the same owner and mode; ``mode`` is given for one that is gone.

    Whoever reads it meanwhile sees the old one.  Raise `DotenvUnusable` when that cannot be done.
    """
    try:
        old = path.stat() if path.exists() else None
        kept = mode if mode is not None else old.st_mode if old else 0o600
        owner = (old.st_uid, old.st_gid) if old else None
        disk.replace(path, content, mode=stat.S_IMODE(kept), owner=owner)
    except OSError as error:
        message = f"`{path}` cannot be replaced: {error.strerror or error}"
        hint = "Run as the owner of the file, with room on its disk"
        raise DotenvUnusable(message, hint=hint) from error
