"""Files that are there whole or not at all, and what a full or closed disk says to people."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from typing import TYPE_CHECKING

from supamig.errors import DiskFull, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@contextlib.contextmanager
def disk_errors(place: Path) -> Iterator[None]:
    """Turn "no space left" into `DiskFull`; "permission denied" and "read-only" to `UsageError`."""
    try:
        yield
    except OSError as error:
        if isinstance(error, PermissionError) or error.errno == errno.EROFS:
            message = f"`{place.parent}` may not be written: {error.strerror}"
            raise UsageError(message, hint="Name another directory") from error
        if error.errno not in _FULL:
            raise
        raise DiskFull(
            f"no room left while writing `{place}`",
            hint="Free some room or name a directory on a larger disk, then run the same again",
        ) from error


def replace(
    path: Path, content: bytes, *, mode: int | None = None, owner: tuple[int, int] | None = None
) -> None:
    """Write a file so that no reader ever sees half of it, and wait until it is on disk.

    ``mode`` is as it is, past the umask; without one the umask says.  ``owner`` is user and group.
    """
    beside = path.with_name(f".{secrets.token_hex(8)}.tmp")
    # nobody else may read it before it has its mode
    first = 0o666 if mode is None else 0o600
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, first)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            found = os.fstat(stream.fileno())
            if owner not in (None, (found.st_uid, found.st_gid)):
                os.fchown(stream.fileno(), *owner)
            if mode is not None:
                os.fchmod(stream.fileno(), mode)
            stream.flush()
            os.fsync(stream.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    sync(path.parent)


def sync(path: Path) -> None:
    """Wait until a file, or the names in a directory, are safely on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
