"""Reports on disk: there is the whole file or the one that was there before."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from supamig import disk
from supamig.errors import DiskFull, UsageError

if TYPE_CHECKING:
    from pathlib import Path


def write(path: Path, text: str, *, private: bool = False) -> None:
    """Write ``text`` so that no reader ever sees half of it; ``private`` means mode 0600.

    Folders that are missing are made.  Raise `UsageError` if the place cannot be written to and
    `DiskFull` if there is no room.
    """
    try:
        if path.exists() and not path.is_file():
            # a pipe or /dev/stdout has no half-written state to hide; a folder raises
            path.write_bytes(_encoded(text))
            return
        real = path.resolve()
        real.parent.mkdir(parents=True, exist_ok=True)
        disk.replace(real, _encoded(text), mode=0o600 if private else None)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull(f"no room left for the report `{path}`") from error
        raise UsageError(
            f"report `{path}` cannot be written: {error.strerror or error}",
            hint="Choose another place for the report; the run itself is kept in the journal",
        ) from error


def _encoded(text: str) -> bytes:
    # half a surrogate pair (from a file name) has no UTF-8; its escape is also what JSON wants
    return text.encode("utf-8", "backslashreplace")
