"""One switch on disk: copies of the files as they were and as they became, and how far it is.

The directory ``<state>/switches/<id>`` is its owner's alone; the journal in it is there before any
file is changed.  A file is known by the digest of its bytes, so a crash leaves no doubt about it.
"""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from supamig import disk, dotenv_file
from supamig.disk import disk_errors
from supamig.errors import CannotResume
from supamig.journal import JOURNAL, Journal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from supamig.config import Settings
    from supamig.switching.changes import FileChange

DIRECTORY: Final = "switches"


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchedFile:
    """One file of a switch: where it is, its rights, and the digests of both contents."""

    number: int
    application: str
    path: str
    real: str
    mode: int
    before: str
    after: str
    changes: int


class Switch:
    """One switch: its journal and the copies beside it."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal

    @classmethod
    def begin(cls, settings: Settings, files: Sequence[FileChange]) -> Switch:
        """Keep both contents of every file; from then on the switch can be finished or undone."""
        journal = Journal.begin(settings.state_dir / DIRECTORY, command="configure")
        switch = cls(journal)
        try:
            kept = [switch._keep(number, file) for number, file in enumerate(files)]
            journal.append("prepared", files=[asdict(file) for file in kept])
        except BaseException:
            shutil.rmtree(journal.path)
            raise
        return switch

    def _keep(self, number: int, change: FileChange) -> SwitchedFile:
        for name, content in (("before", change.before), ("after", change.after)):
            place = self._copy(number, name)
            with disk_errors(place):
                disk.replace(place, content, mode=0o600)
        return SwitchedFile(
            number=number,
            application=change.application,
            path=str(change.path),
            real=str(change.real),
            mode=change.real.stat().st_mode & 0o7777,
            before=_digest(change.before),
            after=_digest(change.after),
            changes=len(change.changes),
        )

    def _copy(self, number: int, name: str) -> Path:
        return self.journal.path / f"{number}.{name}"

    @property
    def files(self) -> list[SwitchedFile]:
        """The files, in the order in which they are switched."""
        prepared = self.journal.last("prepared")
        return [SwitchedFile(**file) for file in prepared["files"]] if prepared else []

    @property
    def state(self) -> str:
        """How far it is: `switching`, `switched`, `putting-back` or `put-back`."""
        events: dict[str, Any] = {
            "prepared": "switching",
            "switched": "switched",
            "putting-back": "putting-back",
            "put-back": "put-back",
        }
        known = [events[e["event"]] for e in self.journal.entries if e["event"] in events]
        return str(known[-1])

    def content(self, file: SwitchedFile, name: str) -> bytes:
        """Return a file's content `before` or `after`; raise `CannotResume` if it is damaged."""
        place = self._copy(file.number, name)
        try:
            content = place.read_bytes()
        except OSError as error:
            raise CannotResume(f"`{place}` cannot be read", hint="Restore that file") from error
        if _digest(content) != getattr(file, name):
            raise CannotResume(f"`{place}` is damaged", hint="Restore that file")
        return content

    def where(self, file: SwitchedFile) -> str:
        """Say which content a file has: `before`, `after`, `edited` or `gone`."""
        try:
            digest = _digest(Path(file.real).read_bytes())
        except FileNotFoundError:
            return "gone"
        except OSError as error:
            why = error.strerror or "it is no file"
            raise CannotResume(f"`{file.path}` cannot be read: {why}", hint="Mend it") from error
        return {file.before: "before", file.after: "after"}.get(digest, "edited")

    def edited(self) -> list[SwitchedFile]:
        """Return the files that somebody else has changed or removed since."""
        return [file for file in self.files if self.where(file) in {"edited", "gone"}]

    def put(self, file: SwitchedFile, name: str) -> None:
        """Give a file its content `before` or `after`, with the rights that it had."""
        if self.where(file) != name:
            content = self.content(file, name)
            dotenv_file.replace(Path(file.real), content, mode=file.mode)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def latest(settings: Settings) -> Switch | None:
    """Return the newest switch that was not put back, if any; call it under the lock.

    One that was killed before it changed anything is removed.
    """
    directory = settings.state_dir / DIRECTORY
    found = []
    for path in directory.iterdir() if directory.is_dir() else ():
        switch = Switch(Journal(path)) if (path / JOURNAL).exists() else None
        if switch is None or switch.journal.last("prepared") is None:
            shutil.rmtree(path)  # killed before anything was changed
        elif switch.state != "put-back":
            found.append(switch)
    return max(found, key=lambda switch: str(switch.journal.started["at"]), default=None)
