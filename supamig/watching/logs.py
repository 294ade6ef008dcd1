"""Errors in logs: new lines of files and of containers that match, as a rate."""

from __future__ import annotations

import re
import subprocess
from datetime import timedelta
from pathlib import PurePath
from typing import TYPE_CHECKING

from supamig.errors import ToolFailed, ToolMissing
from supamig.models import Severity
from supamig.watching.model import Look, Trouble

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from supamig.watching.model import Moment

_SECONDS = 30.0
#: Of a file that grew by more only the end is read.
_MOST = 64 << 20
_MINUTE = 60.0
#: Seconds back that the first look at a container goes.
_FIRST = 60.0


class _Log:
    """What files and containers have in common: a pattern, and a rate that is too much."""

    def __init__(self, name: str, *, pattern: str, per_minute: float) -> None:
        self.name = name
        self._pattern = re.compile(pattern.encode())
        self._per_minute = per_minute

    def _rate(self, errors: int, seconds: float) -> Look:
        rate = errors * _MINUTE / max(seconds, 1.0)
        readings = {f"{self.name}_errors": errors}
        if errors == 0 or rate <= self._per_minute:
            return Look(readings=readings)
        trouble = Trouble(
            probe=self.name,
            subject="errors",
            severity=Severity.WARNING,
            message=f"`{self.name}` has {rate:.0f} errors a minute, {errors} since the last look",
            hint="Read the log; `watch.errors_per_minute` says how many are too many",
        )
        return Look(readings=readings, troubles=(trouble,))


class LogFile(_Log):
    """A file that grows; one that was rotated or cut is read from its start."""

    def __init__(self, path: Path, *, pattern: str, per_minute: float) -> None:
        super().__init__(f"log {path.name}", pattern=pattern, per_minute=per_minute)
        self._path = path
        self._at = -1
        self._inode = 0

    def look(self, moment: Moment) -> Look:
        """Count in what was written since the last look; the first look only finds the end."""
        with self._path.open("rb") as file:
            status = self._path.stat()
            is_first, is_other = self._at < 0, status.st_ino != self._inode
            start = 0 if is_other or status.st_size < self._at else self._at
            start = status.st_size if is_first else max(start, status.st_size - _MOST)
            self._inode = status.st_ino
            file.seek(start)
            errors = sum(1 for line in file if self._pattern.search(line))
            self._at = file.tell()
        return self._rate(errors, moment.since_last)


class ContainerLog(_Log):
    """A container's output, asked of the container engine; ``host`` is another machine's engine."""

    def __init__(self, container: str, *, host: str, pattern: str, per_minute: float) -> None:
        super().__init__(f"log {container}", pattern=pattern, per_minute=per_minute)
        self._container = container
        self._host = ("--host", host) if host else ()

    def look(self, moment: Moment) -> Look:
        """Count in what was printed since the last look."""
        seconds = moment.since_last or _FIRST
        since = moment.now - timedelta(seconds=seconds)
        command = ["docker", *self._host, "logs", "--since", since.isoformat(), self._container]
        errors = sum(1 for line in _lines(command) if self._pattern.search(line))
        return self._rate(errors, seconds)


def _lines(command: list[str]) -> Iterator[bytes]:
    return iter(output_of(command).splitlines())


def output_of(command: list[str] | tuple[str, ...]) -> bytes:
    """Return what a command prints on both its outputs; raise `ToolMissing` or `ToolFailed`."""
    program = PurePath(command[0]).name
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_SECONDS,
            check=False,
        )
    except FileNotFoundError as error:
        raise ToolMissing(f"`{program}` is not installed", hint="Install it here") from error
    except OSError as error:
        raise ToolFailed(f"`{program}` cannot be run: {error.strerror}") from error
    except subprocess.TimeoutExpired as error:
        raise ToolFailed(f"`{program}` did not end within {_SECONDS:.0f} s") from error
    if done.returncode:
        last = done.stdout.decode("utf-8", "replace").strip().rpartition("\n")[2]
        raise ToolFailed(f"`{program}` ended with {done.returncode}: {last[:200]}")
    return done.stdout
