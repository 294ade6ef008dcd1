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
from supamig.errors import Refused, StepFailed, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_ATTRIBUTE = "SCHILY.xattr."
_OF_USERS = "user."


def pack(directory: Path, archive: Path, moved: Callable[[int, int], None]) -> int:
    """Write all that is below a directory; return how many files that were.

    ``moved`` is told files and bytes so far.  Raise `UsageError` where the directory cannot be
    read, and `StepFailed` where a file changes meanwhile: an object that is left out would be lost.
    """
    count = size = 0
    with disk_errors(archive), _opened(archive) as tar:
        for path in _below(directory):
            with _readable(path), contextlib.suppress(FileNotFoundError):
                # deleted since it was listed: storage is in use
                member = _add(tar, path, str(path.relative_to(directory)))
                if member is not None and member.isreg():
                    count, size = count + 1, size + member.size
                    moved(count, size)
    return count


@contextlib.contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except PermissionError as error:
        message = f"`{error.filename or path}` may not be read"
        raise UsageError(message, hint="Run as the user that storage's files belong to") from error


def _add(tar: tarfile.TarFile, path: Path, name: str) -> tarfile.TarInfo | None:
    """Add one file, and return what it is; nothing for a socket, which no archive can hold."""
    member: tarfile.TarInfo | None = tar.gettarinfo(path, arcname=name)
    if member is None:
        return None
    member.pax_headers = dict(_attributes(path))
    if not member.isreg():
        tar.addfile(member)
        return member
    with path.open("rb") as stream:
        try:
            tar.addfile(member, stream)
        except OSError as error:
            if error.errno is not None:
                raise
            message = f"`{path}` became shorter while it was read"
            raise StepFailed(message, hint="Take the backup again") from error
    return member


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
            with _readable(directory):
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
    """Raise `Refused` when there are files where others are to be put, or none can be."""
    if directory.exists() and not directory.is_dir():
        raise Refused(f"`{directory}` is no directory", hint="Name another one with `--files`")
    if directory.is_mount():
        raise Refused(
            f"`{directory}` is a mount point, which the files of the backup cannot replace",
            hint="Name a directory in it with `--files`",
        )
    if directory.exists() and any(directory.iterdir()):
        raise Refused(
            f"`{directory}` holds files, and those of the backup do not go between them",
            hint="Name another directory with `--files`, or move what is there away",
        )


def unpack(archive: Path, directory: Path) -> Path:
    """Put the files of an archive beside a directory and return where; :func:`put` moves them."""
    beside = _beside(directory)
    shutil.rmtree(beside, ignore_errors=True)  # what a killed restore left
    try:
        _extract(archive, beside)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise
    return beside


def _beside(directory: Path) -> Path:
    # a link stays where it is
    real = directory.resolve()
    return real.with_name(f".{real.name}.supamig-part")


def _extract(archive: Path, beside: Path) -> None:
    with disk_errors(beside), tarfile.open(archive, "r:") as tar:
        beside.mkdir(mode=0o700, parents=True)
        # refuses what leads out of the directory, keeps owner and mode
        tar.extraction_filter = getattr(tarfile, "tar_filter", None)
        for member in tar:
            tar.extract(member, beside)
            for name, value in member.pax_headers.items():
                if name.startswith(_ATTRIBUTE + _OF_USERS):
                    kept = value.encode("utf-8", "surrogateescape")
                    _set(beside / member.name, name.removeprefix(_ATTRIBUTE), kept)


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
    real = directory.resolve()
    mode = real.stat().st_mode & 0o7777 if real.exists() else 0o755
    with disk_errors(real):
        if real.exists():
            real.rmdir()
        beside.chmod(mode)
        beside.rename(real)


def take_back(directory: Path) -> None:
    """Leave an empty directory where files were put, so that the same can be done again."""
    real = directory.resolve()
    mode = real.stat().st_mode & 0o7777
    beside = real.rename(_beside(directory))
    real.mkdir()
    real.chmod(mode)
    shutil.rmtree(beside, ignore_errors=True)
