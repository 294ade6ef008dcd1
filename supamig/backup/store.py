"""A directory of backups: which there are, in what state, which may go, who is writing one."""

from __future__ import annotations

import contextlib
import fcntl
import re
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from supamig.backup.manifest import Backup, open_backup, problems
from supamig.disk import disk_errors
from supamig.errors import BackupDamaged, RunInProgress, StepFailed, SupamigError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

State = Literal["good", "damaged", "unchecked"]
#: Where backups go when nobody says where; any other directory must be there already.
USUAL = Path("backups")
#: The newest backup, by name on the command line.
LATEST = "latest"
_FORM = re.compile(r"\d{8}T\d{6}Z")
_STAMP = "%Y%m%dT%H%M%SZ"
_PART = ".part-"


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupStatus:
    """One backup for people: ``age`` and ``size`` in seconds and bytes, ``reason`` of damage."""

    name: str
    age: float
    size: int
    state: State
    made_by: str = ""
    database: str = ""
    server: str = ""
    tables: int = 0
    rows: int = 0
    files: tuple[str, ...] = ()
    reason: str = ""


def stamp(time: datetime) -> str:
    """Name a backup by its time."""
    return f"{time.astimezone(UTC):{_STAMP}}"


def time_of(name: str) -> datetime:
    """Return the time that a backup's name says."""
    return datetime.strptime(name, _STAMP).replace(tzinfo=UTC)


def existing(directory: Path) -> Path:
    """Return a directory of backups; raise `UsageError` where there is none."""
    if not directory.is_dir():
        raise UsageError(
            f"there is no directory `{directory}`",
            hint="Mount the volume for backups, make the directory, or name another with `--dir`",
        )
    return directory


def names(directory: Path) -> list[str]:
    """Name the backups of a directory, oldest first; raise `UsageError` if it cannot be read."""
    try:
        found = [one for one in directory.iterdir() if _is_name(one.name)]
        return sorted(one.name for one in found if one.is_dir())
    except OSError as error:
        message = f"`{directory}` cannot be read: {error.strerror}"
        raise UsageError(message, hint="Run as the user that the backups belong to") from error


def _is_name(name: str) -> bool:
    try:
        return bool(_FORM.fullmatch(name) and time_of(name))
    except ValueError:  # a month or an hour that there is not
        return False


def find(directory: Path, name: str) -> Path:
    """Return the directory of a backup by name, or of the `latest`.

    Raise `UsageError` that names those there are.
    """
    there = names(existing(directory))
    if name == LATEST and there:
        return directory / there[-1]
    if name in there:
        return directory / name
    what = "no backup" if name == LATEST else f"no backup `{name}`"
    listed = ", ".join(f"`{one}`" for one in there) or "none"
    raise UsageError(
        f"there is {what} in `{directory}`",
        hint=f"There are: {listed}" if there else "`supamig backup now` takes one",
    )


def status(path: Path, *, now: datetime, hashes: bool) -> BackupStatus:
    """Say how a backup is: with ``hashes`` every byte of it is read, else sizes are compared."""
    age = (now - time_of(path.name)).total_seconds()
    try:
        backup = open_backup(path)
    except SupamigError as error:
        size = 0
        with contextlib.suppress(OSError):  # another user's
            size = sum(one.stat().st_size for one in path.iterdir() if one.is_file())
        return BackupStatus(
            name=path.name, age=age, size=size, state="damaged", reason=error.message
        )
    wrong = [f"`{name}`: {what}" for name, what in problems(backup, hashes=hashes)]
    whole: State = "good" if hashes else "unchecked"
    return BackupStatus(
        name=path.name,
        age=age,
        size=backup.size,
        state="damaged" if wrong else whole,
        made_by=backup.made_by,
        database=backup.database,
        server=backup.server,
        tables=len(backup.tables),
        rows=backup.rows,
        files=tuple(sorted(backup.files)),
        reason="; ".join(wrong),
    )


def whole(path: Path) -> Backup:
    """Open a backup of which every file is as it was written; raise `BackupDamaged` otherwise."""
    backup = open_backup(path)
    for name, what in problems(backup, hashes=True):
        raise BackupDamaged(
            f"`{name}` of the backup `{path.name}` is damaged: {what}",
            hint="Use another backup: `supamig backup list --check` says which are good",
        )
    return backup


@contextlib.contextmanager
def writing(directory: Path) -> Iterator[None]:
    """Hold the directory for one backup at a time, and remove what a killed one has left.

    Raise `RunInProgress`.
    """
    with disk_errors(directory / ".lock"):
        if directory == USUAL:
            directory.mkdir(mode=0o700, exist_ok=True)
        stream = (existing(directory) / ".lock").open("w")
    with stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise RunInProgress(
                f"another backup is being written to `{directory}`",
                hint="Wait until it ends; `supamig backup list` then shows it",
            ) from error
        for left in directory.glob(f"{_PART}*"):
            shutil.rmtree(left, ignore_errors=True)
        yield


def begin(directory: Path, *, now: datetime) -> tuple[str, Path]:
    """Choose a name that is free, and make the place where its backup is written."""
    while (directory / stamp(now)).exists():
        now += timedelta(seconds=1)
    place = directory / f"{_PART}{stamp(now)}"
    with disk_errors(place):
        place.mkdir(mode=0o700)
    return stamp(now), place


def prune(directory: Path, *, keep_days: int, now: datetime) -> list[str]:
    """Remove backups older than so many days, never the last good one; return their names.

    Where the clock stands before the newest backup, nothing is removed: one of the two is wrong.
    What a link leads to is somebody else's, and stays.  Raise `StepFailed`.
    """
    there = names(directory)
    oldest = stamp(now - timedelta(days=keep_days))
    if not there or there[-1] > stamp(now) or there[0] >= oldest:
        return []
    good = last_good(directory)
    gone = [name for name in there if name < oldest and name != good] if good else []
    gone = [name for name in gone if not (directory / name).is_symlink()]
    for name in gone:
        try:
            # one that is cut off in between has no name of a backup, and goes with the next
            part = (directory / name).rename(directory / f"{_PART}{name}")
            shutil.rmtree(part)
        except OSError as error:
            raise StepFailed(
                f"the old backup `{name}` cannot be removed: {error.strerror}",
                hint="The new backup is whole; remove the old one by hand",
            ) from error
    return gone


def last_good(directory: Path) -> str | None:
    """Name the newest backup of which every file is as it was written."""
    for name in reversed(names(directory)):
        with contextlib.suppress(SupamigError):
            whole(directory / name)
            return name
    return None
