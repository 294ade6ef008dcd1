"""A private directory for servers, which disappears with the process that made it.

The owner holds a lock on a file in the directory; the kernel lets go of it however the owner ends.
A keeper process waits for that lock and then stops what still runs and removes the directory, so
that even ``kill -9`` leaves nothing.  Where the keeper died too (a crash of the machine, a stopped
container), the next workspace finds the lock free and does its work.

The keeper runs this very file with ``python -I``, so it imports nothing but the standard library.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

_OWNER = "owner"
_PROGRAMS = frozenset({"postgres", "postmaster", "initdb"})
_GRACE_SECONDS = 5.0
_UNFINISHED_SECONDS = 60.0
_ATTEMPTS = 20


class Workspace:
    """A private directory below one that all workspaces of this user share."""

    def __init__(self, *, fits: Callable[[Path], bool] = lambda _: True) -> None:
        """Take the first directory for temporary files that ``fits``."""
        self.base, self.path, self._lock = _claim(fits)
        remove_leftovers(self.base)
        self._keeper = subprocess.Popen(
            [sys.executable, "-I", "-S", __file__, str(self.path)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd="/",
        )

    def close(self) -> None:
        """Stop what still runs in the directory, and remove it."""
        if self._lock < 0:
            return
        clear(self.path)
        os.close(self._lock)
        self._lock = -1
        self._keeper.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def remove_leftovers(base: Path) -> list[Path]:
    """Clear the workspaces whose owners are dead; return their paths."""
    removed = []
    for path in sorted(base.glob("run-*")):
        with contextlib.suppress(OSError), _locked(path / _OWNER, wait=False):
            clear(path)
            removed.append(path)
    # killed while being made, or at the very end of being removed: no lock tells of these
    ownerless = [path for path in base.glob("run-*") if not (path / _OWNER).exists()]
    for path in (*base.glob("new-*"), *ownerless):
        with contextlib.suppress(FileNotFoundError):
            if time.time() - path.stat().st_mtime > _UNFINISHED_SECONDS:
                clear(path)
                removed.append(path)
    return removed


def clear(path: Path) -> None:
    """Stop every Postgres process that works in a workspace, then remove the directory."""
    for wanted in (signal.SIGQUIT, signal.SIGKILL):
        deadline = time.monotonic() + _GRACE_SECONDS
        for pid in postgres_processes(path):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, wanted)
        while postgres_processes(path) and time.monotonic() < deadline:
            time.sleep(0.02)
    for entry in list(path.iterdir()) if path.is_dir() else []:
        if entry.name != _OWNER:
            _remove(entry)
    # the lock goes last, so that a clearing which is cut off is done again
    _remove(path)
    with contextlib.suppress(OSError):
        path.parent.rmdir()


def postgres_processes(path: Path) -> list[int]:
    """Return the servers (with their children) whose working directory lies in ``path``."""
    place = str(path.resolve()) + os.sep
    if not Path("/proc/self/cwd").exists():
        return list(_postmasters(path))
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            inside = str((process / "cwd").readlink()).startswith(place)
            if inside and (process / "comm").read_text().strip() in _PROGRAMS:
                found.append(int(process.name))
    return found


def _postmasters(path: Path) -> Iterator[int]:
    """Ask the pid files, and ``ps`` whether that process really serves that directory."""
    for file in path.glob("*/data/postmaster.pid"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            pid = int(file.read_text().splitlines()[0])
            shown = subprocess.run(
                ["ps", "-ww", "-p", str(pid), "-o", "command="],
                capture_output=True,
                text=True,
                check=False,
            )
            if str(file.parent) in shown.stdout:
                yield pid


def _claim(fits: Callable[[Path], bool]) -> tuple[Path, Path, int]:
    """Make the directory and lock it, under a name that nobody takes for abandoned before that."""
    for _ in range(_ATTEMPTS):
        base = _base(fits)
        # another process may remove the empty base at any moment
        with contextlib.suppress(FileNotFoundError):
            path = Path(tempfile.mkdtemp(prefix="new-", dir=base))
            lock = os.open(path / _OWNER, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
            fcntl.flock(lock, fcntl.LOCK_EX)
            os.write(lock, f"{os.getpid()}\n".encode())
            path.chmod(_mode())
            final = path.with_name("run-" + path.name.removeprefix("new-"))
            path.rename(final)
            return base, final, lock
    message = "the directory for temporary files is being removed all the time"
    raise FileNotFoundError(message)


def _base(fits: Callable[[Path], bool]) -> Path:
    usual = Path(tempfile.gettempdir()).resolve()
    for place in (usual, Path("/tmp"), Path("/var/tmp"), Path("/dev/shm")):  # noqa: S108 - checked below
        base = place / f"supamig-{os.getuid()}"
        try:
            base.mkdir(mode=0o700, exist_ok=True)
            found = base.lstat()
        except OSError:
            continue
        # the name can be guessed: what another user put there is not ours to use
        if base.is_symlink() or found.st_uid != os.getuid():
            continue
        base.chmod(_mode())
        if fits(base):
            return base
        with contextlib.suppress(OSError):
            base.rmdir()
    return Path(tempfile.mkdtemp(prefix="supamig-"))


def _mode() -> int:
    """Let the unprivileged user that serves for root pass through, but not look around."""
    return 0o711 if os.getuid() == 0 else 0o700


@contextlib.contextmanager
def _locked(file: Path, *, wait: bool) -> Iterator[None]:
    lock = os.open(file, os.O_RDWR)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield
    finally:
        os.close(lock)


def _remove(path: Path) -> None:
    for attempt in range(_ATTEMPTS):
        try:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        except FileNotFoundError:
            return
        except OSError:
            # a process that was just killed may still finish writing a file
            if attempt == _ATTEMPTS - 1:
                raise
            time.sleep(0.05)
        else:
            return


def _keep(path: Path) -> None:
    with contextlib.suppress(FileNotFoundError), _locked(path / _OWNER, wait=True):
        clear(path)


if __name__ == "__main__":
    _keep(Path(sys.argv[1]))
