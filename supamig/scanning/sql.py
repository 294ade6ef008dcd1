"""SQL: what of Supabase migrations and functions use, by the words that Postgres would read.

The words are cut as Postgres cuts them: comments nest, texts are no code, and the body of a
function is read as code again.  A grammar is not used: none that is to be had reads PL/pgSQL.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from supamig.scanning.model import Feature, Subject, Use

if TYPE_CHECKING:
    from collections.abc import Iterator

_WORD = re.compile(
    r"(?P<space>\s+|--[^\n]*)"
    r"|(?P<comment>/\*)"
    r"|(?P<dollar>\$(?:[A-Za-z_\x80-\U0010ffff][\w\x80-\U0010ffff]*)?\$)"
    r"|(?P<escaped>[eE]'(?:[^'\\]|\\.|'')*'?)"
    r"|(?P<text>(?:[bBxXnN]|[uU]&)?'(?:[^']|'')*'?)"
    r'|(?P<quoted>(?:[uU]&)?"(?:[^"]|"")*"?)'
    r"|(?P<name>[A-Za-z_\x80-\U0010ffff][\w$\x80-\U0010ffff]*)"
    r"|(?P<number>\d[\w.]*)"
    r"|(?P<other>.)",
    re.DOTALL,
)
_COMMENT = re.compile(r"/\*|\*/")
#: How deep bodies in bodies are read.
_DEEPEST = 8
#: By schema: what an object there belongs to.
_SCHEMAS = {
    "auth": Feature.AUTH,
    "storage": Feature.STORAGE,
    "realtime": Feature.REALTIME,
    "cron": Feature.CRON,
    "pgmq": Feature.QUEUES,
    "pgmq_public": Feature.QUEUES,
    "vault": Feature.VAULT,
    "net": Feature.WEBHOOKS,
    "supabase_functions": Feature.WEBHOOKS,
}
_PUBLICATION = "supabase_realtime"
_SETTINGS = "app.settings."


class Word(NamedTuple):
    """A word of SQL: a name (folded as Postgres folds it), a text, or a sign."""

    kind: str
    value: str
    line: int


def words_of(text: str, *, line: int = 1, depth: int = 0) -> Iterator[Word]:
    """Cut a text into words; bodies between dollar signs are cut as well."""
    at = 0
    while at < len(text):
        match = _WORD.match(text, at)
        if match is None:
            return
        kind, value = str(match.lastgroup), match[0]
        end = match.end()
        if kind == "comment":
            end = _end_of_comment(text, end)
        elif kind == "dollar":
            close = text.find(value, end)
            body = text[end : close if close >= 0 else len(text)]
            yield Word("body", body, line)
            if depth < _DEEPEST:
                yield from words_of(body, line=line, depth=depth + 1)
            end = close + len(value) if close >= 0 else len(text)
        elif kind == "name":
            yield Word("name", value.lower(), line)
        elif kind == "quoted":
            yield Word("name", value.strip('"').replace('""', '"'), line)
        elif kind in {"text", "escaped"}:
            yield Word("text", value.partition("'")[2].removesuffix("'"), line)
        elif kind == "other":
            yield Word("sign", value, line)
        line += text.count("\n", at, end)
        at = end


def _end_of_comment(text: str, at: int) -> int:
    depth = 1
    while depth:
        match = _COMMENT.search(text, at)
        if match is None:
            return len(text)
        depth += 1 if match[0] == "/*" else -1
        at = match.end()
    return at


def uses_of(path: str, text: str) -> list[Use]:
    """Return what one file of SQL uses."""
    words = list(words_of(text))
    return sorted(set(_qualified(path, words)) | set(_others(path, words)))


def _qualified(path: str, words: list[Word]) -> Iterator[Use]:
    """Find `schema.object` and `schema.function(`."""
    for number, (schema, dot, name) in enumerate(zip(words, words[1:], words[2:], strict=False)):
        if (schema.kind, dot.value, name.kind) != ("name", ".", "name"):
            continue
        feature = _SCHEMAS.get(schema.value)
        is_inside = number > 0 and words[number - 1].value == "."
        if feature is None or is_inside:
            continue
        is_call = number + 3 < len(words) and words[number + 3].value == "("
        call = f"{schema.value}.{name.value}" + ("()" if is_call else "")
        yield Use(path=path, line=schema.line, feature=feature, call=call)


def _others(path: str, words: list[Word]) -> Iterator[Use]:
    for number, word in enumerate(words):
        if word.kind == "name" and word.value == _PUBLICATION:
            yield from _published(path, words, number)
        if word.kind == "text" and word.value.startswith(_SETTINGS):
            before = [one.value for one in words[max(number - 2, 0) : number]]
            if before == ["current_setting", "("]:
                call = f"current_setting('{word.value}')"
                yield Use(path=path, line=word.line, feature=Feature.APP_SETTINGS, call=call)


def _published(path: str, words: list[Word], number: int) -> Iterator[Use]:
    """Read `alter publication supabase_realtime add table a, b.c`."""
    line = words[number].line
    call = f"publication {_PUBLICATION}"
    yield Use(path=path, line=line, feature=Feature.REALTIME, call=call)
    following = words[number + 1 : number + 60]
    if [one.value for one in following[:2]] not in (["add", "table"], ["for", "table"]):
        return
    parts: list[str] = []
    for word in [*following[2:], Word("sign", ";", 0)]:
        if word.kind == "name" and word.value not in {"only", "where"}:
            parts.append(word.value)
        elif word.value in {",", ";", "("} or word.value == "where":
            if parts:
                yield Use(
                    path=path,
                    line=line,
                    feature=Feature.REALTIME,
                    call=f"publication {_PUBLICATION} table {'.'.join(parts)}",
                    subject=Subject.TABLE,
                    name=parts[-1],
                    schema=parts[0] if len(parts) > 1 else "",
                )
            parts = []
            if word.value != ",":
                return
