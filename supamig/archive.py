"""pg_dump's archive of the schema: its table of contents, filtered and turned into SQL in pieces.

What must not be restored is left out by entry of ``pg_restore --list``, never by editing SQL.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg

from supamig import pgtools
from supamig.errors import StepFailed
from supamig.models import quote
from supamig.moves import CLI_HISTORY, is_ours
from supamig.search_path import is_not_found, lent

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from supamig.bundle import Bundle
    from supamig.models import Inventory, Record
    from supamig.pgtools import Tools
    from supamig.postgres import Connection
    from supamig.target import Target

#: Entries a transaction: far below the locks that a server with default settings has room for.
PIECE = 400
# done by steps of their own, from the catalogs
_ELSEWHERE = frozenset(
    {"EXTENSION", "DEFAULT ACL", "EVENT TRIGGER", "SUBSCRIPTION", "DATABASE", "DATABASE PROPERTIES"}
)

_IN_NO_SCHEMA = {
    "SCHEMA": ("schemas", "schema"),
    "PUBLICATION": ("publications", "publication"),
}
_NOTES = frozenset({"COMMENT", "SECURITY LABEL"})
_BELONGS = _NOTES | {"ACL"}
_ONE_LINE = str.maketrans("\r\n", "  ")

# longest first: an entry's type may be several words and its name may be anything
_TYPES = sorted(
    """ACCESS METHOD|ACL|AGGREGATE|CAST|CHECK CONSTRAINT|COLLATION|COMMENT|CONSTRAINT|CONVERSION|
    DATABASE|DATABASE PROPERTIES|DEFAULT|DEFAULT ACL|DOMAIN|ENCODING|EVENT TRIGGER|EXTENSION|
    FK CONSTRAINT|FOREIGN DATA WRAPPER|FOREIGN TABLE|FUNCTION|INDEX|INDEX ATTACH|MATERIALIZED VIEW|
    MATERIALIZED VIEW DATA|OPERATOR|OPERATOR CLASS|OPERATOR FAMILY|POLICY|PROCEDURAL LANGUAGE|
    PROCEDURE|PUBLICATION|PUBLICATION TABLE|PUBLICATION TABLES IN SCHEMA|ROW SECURITY|RULE|SCHEMA|
    SECURITY LABEL|SEQUENCE|SEQUENCE OWNED BY|SEQUENCE SET|SERVER|SHELL TYPE|STATISTICS|
    SUBSCRIPTION|TABLE|TABLE ATTACH|TABLE DATA|TEXT SEARCH CONFIGURATION|
    TEXT SEARCH DICTIONARY|TEXT SEARCH PARSER|TEXT SEARCH TEMPLATE|TRANSFORM|TRIGGER|TYPE|
    USER MAPPING|VIEW|WINDOW""".replace("\n", "")
    .replace("    ", "")
    .split("|"),
    key=len,
    reverse=True,
)
_TIMEOUT = b"SET transaction_timeout = 0;\n"
_SINCE_TIMEOUT = 17
_NO_PATH = b"SELECT pg_catalog.set_config('search_path', '', false);\n"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the table of contents; ``rest`` is "schema name owner", as it is printed."""

    line: str
    type: str
    rest: str


class Archive:
    """A schema archive and the tools that can read it."""

    def __init__(self, path: Path, tools: Tools) -> None:
        self.path = path
        self._tools = tools

    def entries(self, section: str) -> list[Entry]:
        """List the entries of a section (``pre-data``, ``post-data``) in the order of restoring."""
        listing = pgtools.run(
            [self._tools.program("pg_restore"), "--list", f"--section={section}", str(self.path)]
        )
        lines = listing.decode().split("\n")
        return [entry_of(line) for line in lines if line and not line.startswith(";")]

    def sql(self, entries: Sequence[Entry], *, target_major: int) -> bytes:
        """Return the SQL of some entries, for one simple query in one transaction."""
        with tempfile.NamedTemporaryFile("w", prefix="supamig-", suffix=".list") as chosen:
            chosen.write("\n".join(entry.line for entry in entries) + "\n")
            chosen.flush()
            text = pgtools.run(
                [
                    self._tools.program("pg_restore"),
                    "--exit-on-error",
                    f"--use-list={chosen.name}",
                    "--file=-",
                    str(self.path),
                ]
            )
        return for_server(text, target_major=target_major)


def entry_of(line: str) -> Entry:
    """Read one line of `pg_restore --list`."""
    # "3456; 2606 16412 CONSTRAINT public orders orders_pkey postgres"
    _, _, tail = line.partition("; ")
    words = tail.split(" ", 2)[2]
    for kind in _TYPES:
        if words.startswith(kind + " "):
            return Entry(line, kind, words[len(kind) + 1 :])
    return Entry(line, words.split(" ", 1)[0], words.partition(" ")[2])


def for_server(text: bytes, *, target_major: int) -> bytes:
    r"""Take out what only psql reads (``\restrict``) and a setting that older servers lack.

    Both stand on lines of their own that pg_dump puts before and after all SQL (17 and later;
    the fixes of August 2025): nothing inside a statement is touched.
    """
    head, _, body = text.partition(b"\nSET ")
    lines = head.split(b"\n")
    key = next(
        (line[len(b"\\restrict ") :] for line in lines if line.startswith(b"\\restrict ")), b""
    )
    body = b"\nSET " + body if body else b""
    if key:
        head = b"\n".join(line for line in lines if not line.startswith(b"\\restrict "))
        body = body.replace(b"\n\\unrestrict " + key + b"\n", b"\n")
    if target_major < _SINCE_TIMEOUT:
        body = body.replace(b"\n" + _TIMEOUT, b"\n", 1)
    return head + body


def open_archive(bundle: Bundle, pg_bin: Path | None) -> Archive:
    """Open the schema archive with tools that can read it."""
    major = int(bundle.tools["pg_dump"].split(".")[0])
    return Archive(bundle.file("schema.dump"), pgtools.choose(major, pg_bin=pg_bin))


def chosen(entries: list[Entry], bundle: Bundle, before: Inventory) -> list[Entry]:
    """Leave out what the target had already and what other steps make from the catalogs."""
    there = {
        (kind, _printed(str(record[key]), record["owner"]))
        for kind, (listed, key) in _IN_NO_SCHEMA.items()
        for record in _on_both(listed, bundle.inventory, before)
    }
    history = () if is_ours(CLI_HISTORY, before) else (f"{CLI_HISTORY} ", f"- {CLI_HISTORY} ")

    def is_wanted(entry: Entry) -> bool:
        if entry.type in _ELSEWHERE or (entry.type, entry.rest) in there:
            return False
        if entry.type in _NOTES and entry.rest.startswith(("- EXTENSION ", "- EVENT TRIGGER ")):
            return False
        return not entry.rest.startswith(history) if history else True

    return [entry for entry in entries if is_wanted(entry)]


def _on_both(kind: str, source: Inventory, before: Inventory) -> Iterator[Record]:
    theirs = {record["name"] for record in before.catalogs[kind]}
    if kind == "schemas":
        # an extension that was missing has been given its schema
        there = {record["name"] for record in before.catalogs["extensions"]}
        missing = (r for r in source.catalogs["extensions"] if r["name"] not in there)
        theirs |= {quote(str(record["schema"])) for record in missing}
    yield from (record for record in source.catalogs[kind] if record["name"] in theirs)


def _printed(name: str, owner: object) -> str:
    """Write what stands in no schema as the table of contents does."""
    return f"- {name} {owner}".translate(_ONE_LINE)


def pieces(entries: Sequence[Entry], size: int) -> Iterator[list[Entry]]:
    """Cut the entries into pieces of about ``size``; what belongs to an object stays with it.

    A function whose rights came a transaction later could be called by everybody in between.
    """
    piece: list[Entry] = []
    for entry in entries:
        if len(piece) >= size and entry.type not in _BELONGS:
            yield piece
            piece = []
        piece.append(entry)
    if piece:
        yield piece


def apply_piece(
    archive: Archive, entries: list[Entry], target: Target, key: tuple[str, str], *, path: str
) -> None:
    """Apply some entries in one transaction, once; ``path`` is for functions that count on one."""
    step, item = key
    with target.once(step, item) as once:
        if once and entries:
            text = archive.sql(entries, target_major=target.facts.major)
            execute(once.connection, text, what=item, path=path)


_PLATFORM = (
    "If a service of the platform makes it, start the target's services once; if it is yours but in"
    " a schema of the platform, such as `auth`, make it on the target by hand; then run again"
)


def execute(connection: Connection, text: bytes, *, what: str, path: str) -> None:
    """Run a script as one simple query; at its first error raise `StepFailed`, naming it.

    Where a name is not found, it is run again with the search path that applications have.
    """
    try:
        try:
            with connection.transaction():
                connection.execute(text)
        except psycopg.Error as error:
            if not is_not_found(error):
                raise
            text = text.replace(_NO_PATH, b"", 1)
            with lent(connection, path):
                connection.execute(text)
    except psycopg.Error as error:
        if error.sqlstate is None:
            raise
        statement = _statement_at(text.decode(), error.diag.statement_position)
        raise StepFailed(
            f"{what}: {error.diag.message_primary} ({error.sqlstate})"
            + (f" in `{statement}`" if statement else ""),
            hint=_PLATFORM
            if is_not_found(error)
            else error.diag.message_hint or "Nothing of this piece was kept; mend it and run again",
        ) from error


def _statement_at(text: str, position: str | None) -> str:
    if position is None:
        return ""
    place = int(position) - 1
    begin = max(text.rfind(";\n", 0, place) + 2, 0)
    lines = text[begin : begin + 4000].splitlines()
    return next((line.strip()[:160] for line in lines if line.strip() and line[:2] != "--"), "")
