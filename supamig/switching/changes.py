"""What switching means for each file: the values that change, and what somebody should look at."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from supamig import dotenv_file
from supamig.dotenv_file import Document
from supamig.errors import ConfigError, UsageError
from supamig.models import Finding, Severity
from supamig.secret import MASK, Redactor, Secret
from supamig.switching.values import Exchange

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from supamig.config import Application, Settings
    from supamig.dotenv_file import Entry

CHECK: Final = "configure.values"
_NAME: Final = re.compile(r"\s*(?:export\s+)?(?:'[^']*'|[^=#\s]+)\s*=\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One variable: its line, what was found in it, and both values as they may be shown."""

    name: str
    line: int
    what: tuple[str, ...]
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChange:
    """One file before and after; ``diff`` is what people may see of it."""

    application: str
    path: Path
    real: Path
    before: bytes
    after: bytes
    changes: tuple[Change, ...]
    diff: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """All files of all applications that change, and what was found on the way."""

    files: tuple[FileChange, ...]
    findings: tuple[Finding, ...]

    @property
    def diff(self) -> str:
        """The files' differences, with every secret masked."""
        return "".join(file.diff for file in self.files)


def find(settings: Settings) -> Changes:
    """Read the files of all applications and say what changes; nothing is written.

    Raise `DotenvUnusable` for a file that cannot be edited.
    """
    files = [name for application in settings.applications for name in application.env_files]
    if not files:
        message = "no application with `env_files` is in the settings"
        hint = "Add `[[applications]]` with `name`, `path` and `env_files` to supamig.toml"
        raise UsageError(message, hint=hint)
    if settings.source_api is None or settings.target_api is None:
        side = "source" if settings.source_api is None else "target"
        hint = f"Set `{side}.api.url` and the keys of `[{side}.api]`"
        raise UsageError(f"the address of the {side}'s services is not known", hint=hint)
    exchange = Exchange(settings)
    redact = Redactor(settings.secrets()).redact
    changed: dict[Path, FileChange] = {}
    findings: list[Finding] = []
    seen: set[Path] = set()
    for application in settings.applications:
        for path in application.env_files:
            place = dotenv_file.find(path)
            if place.real in seen:
                continue
            seen.add(place.real)
            content = place.real.read_bytes()
            document = Document.parse(content, name=f"`{path}`")
            work = _File(application, path, document, exchange, redact)
            findings += work.findings
            if work.values:
                changed[place.real] = work.change(place.real)
    findings += _unused(exchange)
    return Changes(files=tuple(changed.values()), findings=tuple(findings))


def _unused(exchange: Exchange) -> Iterator[Finding]:
    for what in exchange.known:
        # an address may well stand in one of its forms only
        if what not in {*exchange.found, "host", "database address"}:
            message = f"the source's {what} stands in no file"
            yield _finding(Severity.INFO, what, message)


class _File:
    """One file while it is looked at: the new values by the number of their entry."""

    def __init__(
        self,
        application: Application,
        path: Path,
        document: Document,
        exchange: Exchange,
        redact: Callable[[str], str],
    ) -> None:
        self._application, self._path, self._document = application, path, document
        self._exchange, self._redact = exchange, redact
        self.values: dict[int, str] = {}
        self._what: dict[int, tuple[str, ...]] = {}
        self.findings: list[Finding] = []
        for number, entry in enumerate(document.entries):
            self._look(number, entry)
        self.findings += self._unread()
        self.findings += self._duplicates()
        self.findings += self._unmapped(application.env)

    def _look(self, number: int, entry: Entry) -> None:
        named = self._application.env.get(entry.name)
        if named == "keep":
            return
        what: tuple[str, ...]
        try:
            if named is not None:
                is_value = isinstance(named, Secret)
                after = named.reveal() if is_value else self._exchange.word(named)  # type: ignore[union-attr,arg-type]
                what = ("as `env` says",)
            else:
                found = self._exchange.replaced(entry.value)
                after, what = (found.value, found.what) if found else (entry.value, ())
            if after != entry.value:
                dotenv_file.written(entry.name, after, like=self._token(entry))
        except ConfigError as error:
            self._find(Severity.ERROR, entry, error.message, error.hint)
            return
        if after != entry.value:
            self.values[number], self._what[number] = after, what
        if named is None and (doubt := self._exchange.doubt(entry.name, after)):
            hint = f'Say what it becomes: `env = {{ {entry.name} = "anon_key" }}`, or `"keep"`'
            message = f"`{entry.name}` in `{self._path}` {self._redact(doubt.message)}"
            is_bad = doubt.severity is Severity.ERROR
            self._find(doubt.severity, entry, message, hint if is_bad else "")

    def _token(self, entry: Entry) -> str:
        return self._document.text[entry.start : entry.end]

    def _find(self, severity: Severity, entry: Entry, message: str, hint: str = "") -> None:
        subject = f"{self._path}:{entry.line}"
        self.findings.append(_finding(severity, subject, message, hint))

    def _unread(self) -> Iterator[Finding]:
        """Find what Compose may well read, as `NAME: value`, and what a quote was left open in."""
        for line, text in self._document.unread.items():
            try:
                is_source = self._exchange.replaced(text) is not None
            except ConfigError:
                is_source = True
            doubt = self._exchange.doubt("", text)
            if is_source or doubt:
                why = "holds a value of the source" if is_source or not doubt else doubt.message
                message = f"line {line} of `{self._path}` is no NAME=VALUE and {self._redact(why)}"
                hint = "Write it as NAME='VALUE', or make it a remark"
                yield _finding(Severity.ERROR, f"{self._path}:{line}", message, hint)

    def _duplicates(self) -> Iterator[Finding]:
        places: dict[str, list[int]] = {}
        for entry in self._document.entries:
            places.setdefault(entry.name, []).append(entry.line)
        for name, lines in places.items():
            if len(lines) > 1:
                listed = ", ".join(map(str, lines))
                message = (
                    f"`{name}` stands {len(lines)} times in `{self._path}`, in the lines {listed}:"
                    " the last one counts"
                )
                yield _finding(Severity.WARNING, f"{self._path}:{lines[-1]}", message)

    def _unmapped(self, env: Mapping[str, str | Secret]) -> Iterator[Finding]:
        """Find variables that `env` names and no file of the application holds."""
        if self._path != self._application.env_files[-1]:
            return
        held = set(self._document.last())
        for other in self._application.env_files[:-1]:
            held |= set(Document.parse(other.read_bytes()).last())
        for name in sorted(set(env) - held):
            message = f"`{name}` is in `env` of `{self._application.name}` and in none of its files"
            yield _finding(Severity.WARNING, name, message)

    def change(self, real: Path) -> FileChange:
        """Return the file with its new values."""
        before, after = self._document, self._document.edited(self.values)
        masked = {
            "before": {n: self._masked(before.entries[n], n, "source") for n in self.values},
            "after": {n: self._masked(after.entries[n], n, "target") for n in self.values},
        }
        lines = _diff(
            _with_tokens(before, masked["before"]), _with_tokens(after, masked["after"]), self._path
        )
        return FileChange(
            application=self._application.name,
            path=self._path,
            real=real,
            before=before.content,
            after=after.content,
            changes=tuple(
                Change(
                    name=before.entries[n].name,
                    line=before.entries[n].line,
                    what=self._what[n],
                    before=masked["before"][n],
                    after=masked["after"][n],
                )
                for n in sorted(self.values)
            ),
            diff=self._redact(lines),
        )

    def _masked(self, entry: Entry, number: int, side: str) -> str:
        """Return what may be shown of a value, on both sides of one change something else."""
        what = self._what[number]
        if what == ("as `env` says",):
            return f"{MASK} ({'as it was' if side == 'source' else what[0]})"
        text = self._redact(entry.value)
        return f"{text} (the {side}'s {', '.join(what)})" if MASK in text else text


def _with_tokens(
    document: Document, shown: Mapping[int, str], between: Callable[[str], str] = str
) -> str:
    """Return the text with some values as they may be shown; a value of several lines is one."""
    parts, at = [], 0
    for number, entry in enumerate(document.entries):
        if number in shown:
            token = f"{entry.quote}{shown[number]}{entry.quote}"
            parts += [between(document.text[at : entry.start]), token.replace("\n", " ")]
            at = entry.end
    return "".join([*parts, between(document.text[at:])])


def _names(text: str) -> str:
    """Mask what stands between values, but for names: remarks, and lines that nobody can read."""

    def masked(found: re.Match[str]) -> str:
        line = found[0]
        if not line.strip() or _NAME.fullmatch(line):
            return line
        blank = line[: len(line) - len(line.lstrip())]
        return blank + (f"# {MASK}" if line.lstrip().startswith("#") else MASK)

    return re.sub(r"[^\r\n]+", masked, text)


def edits(path: Path, switched: bytes, now: bytes) -> str:
    """Return what somebody changed in a file since it was switched, without any value."""
    texts = []
    documents = [Document.parse(switched), Document.parse(now)]
    values = [{e.name: e.value for e in document.entries} for document in documents]
    for number, document in enumerate(documents):
        shown = {}
        for n, entry in enumerate(document.entries):
            other = values[1 - number].get(entry.name)
            is_other = other is not None and other != entry.value
            shown[n] = MASK + (" (as switched)", " (as it is now)")[number] * is_other
        # a remark may well be a line that somebody took out, with its secret
        texts.append(_with_tokens(document, shown, _names))
    return _diff(texts[0], texts[1], path)


def _diff(before: str, after: str, path: Path) -> str:
    """Return the lines that differ and no other: those around them may hold secrets."""
    lines = difflib.unified_diff(
        before.splitlines(), after.splitlines(), str(path), str(path), n=0, lineterm=""
    )
    text = "".join(line + "\n" for line in lines)
    return text.encode("utf-8", "backslashreplace").decode()


def _finding(severity: Severity, subject: str, message: str, hint: str = "") -> Finding:
    return Finding(check=CHECK, severity=severity, subject=subject, message=message, hint=hint)
