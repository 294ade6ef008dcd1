"""One file: read, passed over cheaply when nothing in it can matter, else parsed.

This is what the processes of a scan do; all that goes in and comes out can be pickled.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from supamig.scanning import grammars, markup, sql
from supamig.scanning.environment import variables_of
from supamig.scanning.files import LARGEST
from supamig.scanning.model import Address, Feature, Key, Problem, Use, Variable
from supamig.scanning.naming import summarize
from supamig.scanning.words import PATH_MARKS, addresses_in, keys_in, path_in

if TYPE_CHECKING:
    from supamig.scanning.reading import Reader
    from supamig.scanning.summary import Summary

#: What a program must hold, in small letters, to be parsed at first; others are when they import
#: from one of these.
_PROGRAM = (
    *(b"supabase", b"psycopg", b"asyncpg", b"pg8000", b"create_engine", b"create_async_engine"),
    *(b"postgrest", b"gotrue", b"storage3", b"supafunc", b"package:postgres/", b"drizzle-orm/"),
    *(
        b"'pg'",
        b'"pg"',
        b"'postgres'",
        b'"postgres"',
        b"pg-promise",
        b"slonik",
        b"@vercel/postgres",
    ),
    *PATH_MARKS,
)
_IMPORTS = re.compile(
    rb"""\b(?:from|import|require|export)\b[ \t]*\(?[ \t]*["'`]([^"'`\n]+)["'`]"""
    rb"|^[ \t]*from[ \t]+([\w.]+)[ \t]+import\b[ \t]*(\([^)]*\)|[^\n]*)"
    rb"|^[ \t]*import[ \t]+([\w., \t]+)$",
    re.MULTILINE,
)
_WORDS = re.compile(r"\w[\w-]*")
_SQL = re.compile(
    rb"\b(?:auth|storage|realtime|cron|pgmq\w*|vault|net|supabase_\w+)\b|app\.settings\.|/v1\b",
    re.IGNORECASE,
)
_PRISMA = re.compile(r'^\s*provider\s*=\s*"postgres(?:ql)?"', re.MULTILINE)
#: A bundle has few lines for its size.
_BUNDLE = 20_000
_BUNDLE_LINE = 400


class Task(NamedTuple):
    """A file to look at; with ``force`` it is parsed whatever it holds."""

    path: str
    language: str
    force: bool = False


@dataclass(slots=True)
class Look:
    """What one file holds by itself."""

    path: str
    summary: Summary | None = None
    #: Of a program that was passed over: the words that its imports may end with.
    imports: frozenset[str] = frozenset()
    uses: list[Use] = field(default_factory=list)
    keys: list[Key] = field(default_factory=list)
    addresses: list[Address] = field(default_factory=list)
    variables: list[Variable] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    is_ignored: bool = False


def look(task: Task) -> Look:
    """Look at one file; what is wrong with it is a problem of the scan, never an error."""
    found = Look(task.path)
    content = _read(task, found)
    if content is None:
        return found
    if not task.force and task.language != "environment":
        found.keys = [
            Key(
                path=task.path,
                line=content.count(b"\n", 0, key.at) + 1,
                kind=key.kind,
                masked=key.masked,
                project_ref=key.project_ref,
            )
            for key in keys_in(content)
        ]
    if task.language == "environment":
        found.variables = variables_of(task.path, content.decode("utf-8", "replace"))
    elif task.language == "text":
        _look_at_text(task, content, found)
    elif task.language == "sql":
        if _SQL.search(content):
            text = content.decode("utf-8", "replace")
            found.uses = sql.uses_of(task.path, text)
            texts = [(w.value, w.line) for w in sql.words_of(text) if w.kind == "text"]
            _addresses(found, texts)
            _paths(found, texts)
    elif task.force or _matters(content):
        _parse(task, content, found)
    else:
        found.imports = _imported_words(content)
    return found


def _read(task: Task, found: Look) -> bytes | None:
    try:
        with open(task.path, "rb") as file:  # noqa: PTH123 - paths are texts here
            content = file.read(LARGEST + 1)
    except OSError as error:
        reason = f"cannot be read: {(error.strerror or str(error)).lower()}"
        found.problems.append(Problem(path=task.path, line=0, reason=reason))
        return None
    if len(content) > LARGEST or _is_bundle(task.language, content):
        found.is_ignored = True
        return None
    return _as_utf8(task, content, found)


def _is_bundle(language: str, content: bytes) -> bool:
    is_script = language in {"javascript", "typescript", "tsx", "markup"}
    lines = content.count(b"\n") + 1
    return is_script and len(content) > _BUNDLE and len(content) / lines > _BUNDLE_LINE


def _as_utf8(task: Task, content: bytes, found: Look) -> bytes:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace").encode("utf-8", "replace")
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        reason = "is not UTF-8: bytes that cannot be read were replaced"
        found.problems.append(Problem(path=task.path, line=line, reason=reason))
        return content.decode("utf-8", "replace").encode()
    return content.removeprefix(b"\xef\xbb\xbf")


def _matters(content: bytes) -> bool:
    small = content.lower()
    return any(mark in small for mark in _PROGRAM)


def _imported_words(content: bytes) -> frozenset[str]:
    """Return every word that may be the name of an imported file, in any of the languages."""
    found: set[str] = set()
    for quoted, module, names, modules in _IMPORTS.findall(content):
        text = b" ".join((quoted, module, names, modules)).decode("utf-8", "replace")
        found.update(_WORDS.findall(text))
    return frozenset(found)


def _look_at_text(task: Task, content: bytes, found: Look) -> None:
    if b"supabase." in content:
        text = content.decode("utf-8", "replace")
        _addresses(found, [(line, number) for number, line in enumerate(text.split("\n"), 1)])
    if task.path.endswith(".prisma"):
        text = content.decode("utf-8", "replace")
        for match in _PRISMA.finditer(text):
            line = text.count("\n", 0, match.end()) + 1
            call = 'provider = "postgresql"'
            found.uses.append(Use(path=task.path, line=line, feature=Feature.POSTGRES, call=call))


def _addresses(found: Look, texts: list[tuple[str, int]]) -> None:
    for text, line in texts:
        for one in addresses_in(text):
            at = line + text.count("\n", 0, one.at)
            found.addresses.append(
                Address(path=found.path, line=at, url=one.url, project_ref=one.project_ref)
            )


def _paths(found: Look, texts: list[tuple[str, int]]) -> None:
    """Add the services that are asked without a client, by an address that is put together."""
    for text, line in texts:
        if asked := path_in(text):
            feature, call = asked
            use = Use(path=found.path, line=line, feature=feature, call=call, inferred=True)
            found.uses.append(use)


def _parse(task: Task, content: bytes, found: Look) -> None:
    language = task.language
    if language == "markup":
        language, content = markup.script_of(content)
    root = grammars.parse(language, content)
    error = grammars.first_error(root)
    if error:
        reason = "has a syntax error: what follows it may have been missed"
        found.problems.append(Problem(path=task.path, line=error, reason=reason))
    try:
        scope = _reader(language).read(root)
        found.summary = summarize(scope, _family(language))
    except RecursionError:
        reason = "nests too deep to be followed: its calls were not looked at"
        found.problems.append(Problem(path=task.path, line=0, reason=reason))
        return
    texts = [(one.text, one.line) for one in found.summary.texts]
    _addresses(found, texts)
    _paths(found, texts)
    found.summary.texts = []


def _family(language: str) -> str:
    return language if language in {"python", "dart"} else "script"


@functools.cache
def _reader(language: str) -> Reader:
    from supamig.scanning.dart import Dart
    from supamig.scanning.javascript import JavaScript
    from supamig.scanning.python import Python

    return {"python": Python, "dart": Dart}.get(language, JavaScript)()
