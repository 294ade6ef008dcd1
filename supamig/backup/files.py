"""A directory of files as one tar archive, with the extended attributes that storage keeps on them.

Storage holds the type and the caching of an object in attributes of its file: without them it
serves nothing.  They are written as GNU tar writes them with ``--xattrs``.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

from supamig.disk import disk_errors
from supamig.errors import Refused, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_ATTRIBUTE = "SCHILY.xattr."
_OF_USERS = "user."


def pack(directory: Path, archive: Path, moved: Callable[[int, int], None]) -> int:
    """Write all that is below a directory; return how many files that were.

    ``moved`` is told files and bytes so far.  Raise `UsageError` where the directory cannot be
    read: an object that is left out would be lost.
    """
    count = size = 0
    try:
        with disk_errors(archive), _opened(archive) as tar:
            for path in _below(directory):
                try:
                    member = tar.gettarinfo(path, arcname=str(path.relative_to(directory)))
                except FileNotFoundError:
                    continue  # deleted since it was listed: storage is in use
                member.pax_headers = dict(_attributes(path))
                if not member.isreg():
                    tar.addfile(member)
                    continue
                with path.open("rb") as stream:
                    tar.addfile(member, stream)
                count, size = count + 1, size + member.size
                moved(count, size)
    except PermissionError as error:
        message = f"`{error.filename or directory}` may not be read"
        raise UsageError(message, hint="Run as the user that storage's files belong to") from error
    return count


@contextlib.contextmanager
def _opened(archive: Path) -> Iterator[tarfile.TarFile]:
    descriptor = os.open(archive, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with (
        os.fdopen(descriptor, "wb") as stream,
        tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        yield tar


def _below(directory: Path) -> Iterator[Path]:
    def complain(error: OSError) -> None:
        if not isinstance(error, FileNotFoundError):
            raise error

    for place, directories, files in os.walk(directory, onerror=complain):
        directories.sort()
        yield from (Path(place) / name for name in sorted([*directories, *files]))


def _attributes(path: Path) -> Iterator[tuple[str, str]]:
    if path.is_symlink() or not hasattr(os, "listxattr"):
        return
    for name in sorted(os.listxattr(path)):
        if name.startswith(_OF_USERS):
            yield _ATTRIBUTE + name, os.getxattr(path, name).decode("utf-8", "surrogateescape")


def guard_unpacking(directory: Path) -> None:
    """Raise `Refused` when there are files where others are to be put."""
    if directory.exists() and any(directory.iterdir()):
        raise Refused(
            f"`{directory}` holds files, and those of the backup do not go between them",
            hint="Name another directory with `--files`, or move what is there away",
        )


def unpack(archive: Path, directory: Path) -> Path:
    """Put the files of an archive beside a directory and return where; :func:`put` moves them."""
    beside = directory.with_name(f"{directory.name}.part")
    with disk_errors(beside), tarfile.open(archive, "r:") as tar:
        shutil.rmtree(beside, ignore_errors=True)  # what an interrupted restore left
        beside.mkdir(mode=0o700)
        # refuses what leads out of the directory, keeps owner and mode
        tar.extraction_filter = getattr(tarfile, "tar_filter", None)
        for member in tar:
            tar.extract(member, beside)
            for name, value in member.pax_headers.items():
                if name.startswith(_ATTRIBUTE + _OF_USERS):
                    kept = value.encode("utf-8", "surrogateescape")
                    _set(beside / member.name, name.removeprefix(_ATTRIBUTE), kept)
    return beside


def _set(path: Path, name: str, value: bytes) -> None:
    try:
        os.setxattr(path, name, value)
    except (AttributeError, OSError) as error:
        if isinstance(error, OSError) and error.errno not in {errno.ENOTSUP, errno.EPERM}:
            raise
        raise Refused(
            f"`{path.parent}` keeps no extended attributes, and storage serves no file without",
            hint="Name a directory on ext4 or xfs with `--files`, then restore again",
        ) from error


def put(beside: Path, directory: Path) -> None:
    """Give unpacked files their place, in one step."""
    mode = directory.stat().st_mode & 0o7777 if directory.exists() else 0o755
    with disk_errors(directory):
        if directory.exists():
            directory.rmdir()
        beside.chmod(mode)
        beside.rename(directory)
