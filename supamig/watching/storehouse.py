"""What fills up or grows old: the disk of the database, and the newest backup."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from supamig.backup import store
from supamig.errors import ToolFailed
from supamig.models import Severity
from supamig.watching.logs import output_of
from supamig.watching.model import Look, Trouble

if TYPE_CHECKING:
    from pathlib import Path

    from supamig.watching.model import Moment

_GB = 1_000_000_000
_HOUR = 3600
#: `df -Pk` prints a heading and one line: device, blocks, used, available, capacity, place.
_COLUMNS = 6
_BLOCK = 1024


class Disk:
    """The volume under a directory, here or where a command looks."""

    name = "disk"

    def __init__(self, *, path: Path | None, command: tuple[str, ...], least: float) -> None:
        self._path = path
        self._command = command
        self._least = least

    def look(self, moment: Moment) -> Look:
        """Ask how much is free."""
        del moment
        total, free = self._sizes()
        percent = 100 * free / total if total else 0.0
        readings = {"disk_free_percent": round(percent, 1)}
        if percent >= self._least:
            return Look(readings=readings)
        trouble = Trouble(
            probe=self.name,
            subject="free",
            severity=Severity.ERROR,
            message=f"{percent:.0f} % of the disk is free, {free / _GB:.1f} GB",
            hint="Make the volume larger, or find what grows: WAL, logs, storage's files",
        )
        return Look(readings=readings, troubles=(trouble,))

    def _sizes(self) -> tuple[int, int]:
        if self._command:
            return sizes_of(output_of(self._command).decode("utf-8", "replace"))
        usage = shutil.disk_usage(self._path or ".")
        return usage.total, usage.free


def sizes_of(text: str) -> tuple[int, int]:
    """Return total and free bytes from what `df -Pk` prints; raise `ToolFailed` for other text."""
    lines = [line.split() for line in text.splitlines()]
    for words in reversed(lines):
        if len(words) >= _COLUMNS and words[1].isdigit() and words[3].isdigit():
            return (int(words[2]) + int(words[3])) * _BLOCK, int(words[3]) * _BLOCK
    raise ToolFailed("the command for the disk printed nothing that `df -Pk` would")


class Backups:
    """The newest backup of a directory."""

    name = "backup"

    def __init__(self, directory: Path, *, oldest: float) -> None:
        self._directory = directory
        self._oldest = oldest

    def look(self, moment: Moment) -> Look:
        """Look how old the newest one is, by its name."""
        names = store.names(self._directory)
        if not names:
            return self._trouble(f"there is no backup in `{self._directory}`")
        age = (moment.now - store.time_of(names[-1])).total_seconds()
        readings = {"backup_age_h": round(age / _HOUR, 1)}
        if age <= self._oldest:
            return Look(readings=readings)
        message = f"the newest backup, `{names[-1]}`, is {age / _HOUR:.0f} hours old"
        return Look(readings=readings, troubles=self._trouble(message).troubles)

    def _trouble(self, message: str) -> Look:
        hint = "`supamig backup now` takes one; look at what should have"
        trouble = Trouble(
            probe=self.name, subject="age", severity=Severity.ERROR, message=message, hint=hint
        )
        return Look(troubles=(trouble,))
