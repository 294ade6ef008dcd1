"""Real Postgres servers for tests and the demo, started from nothing and gone without a trace."""

from __future__ import annotations

import contextlib
import re
import secrets
import signal
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from supamig.errors import ToolFailed
from supamig.secret import Secret
from supamig.testing.accounts import Account, unprivileged
from supamig.testing.installations import Installation, choose
from supamig.testing.servers import Server
from supamig.testing.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

#: Small, and fast rather than durable: nobody's data lives here.
SETTINGS: Mapping[str, str] = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "100",
    "max_locks_per_transaction": "256",
    "max_prepared_transactions": "10",
    "max_replication_slots": "10",
    "max_wal_senders": "10",
    "shared_buffers": "64MB",
    "maintenance_work_mem": "64MB",
    # segments in the data directory, as it disappears whatever happens
    "dynamic_shared_memory_type": "mmap",
    "wal_level": "logical",
    "max_wal_size": "2GB",
    "fsync": "off",
    "full_page_writes": "off",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
}

_HOST = "127.0.0.1"
_LONGEST_SOCKET = 100
_PORT_ATTEMPTS = 10
_START_SECONDS = 60.0
_STOP_SECONDS = 20.0
_TAKEN = re.compile(r"could not (bind|create any TCP/IP sockets)|Address already in use")
_BUILTIN_LOCALES = 17


class Cluster(Server):
    """A server of our own, which can be stopped, killed and started again."""

    def __init__(
        self,
        installation: Installation,
        *,
        directory: Path,
        account: Account,
        settings: Mapping[str, str],
        superuser: str,
    ) -> None:
        password = Secret(secrets.token_urlsafe(18))
        super().__init__(host=_HOST, port=0, user=superuser, password=password)
        self.installation = installation
        self.directory = directory
        self.data = directory / "data"
        self.log = directory / "log"
        self._account = account
        self._settings = {**SETTINGS, **settings}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def is_running(self) -> bool:
        """Whether the server process is alive."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """The postmaster's process id; 0 when it is not running."""
        return self._process.pid if self._process is not None and self.is_running else 0

    def create(self) -> None:
        """Make the data directory by ``initdb``, with logins by password only."""
        self.directory.mkdir(mode=0o700)
        self.log.touch(mode=0o600)
        word = self.directory / "password"
        word.touch(mode=0o600)
        word.write_text(self.password.reveal() + "\n")
        self._account.own(word)
        self._account.own(self.directory)
        command = [
            self.installation.program("initdb"),
            f"--pgdata={self.data}",
            f"--username={self.user}",
            f"--pwfile={word}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--no-sync",
        ]
        try:
            if self._run([*command, *self._locale("C.UTF-8")]):
                # a libc without C.UTF-8; initdb removed what it had made
                self._run([*command, *self._locale("C")], check=True)
        finally:
            word.unlink()
        with (self.data / "postgresql.conf").open("a") as file:
            file.writelines(f"{name} = '{_escaped(v)}'\n" for name, v in self._sockets().items())
            file.writelines(f"{name} = '{_escaped(v)}'\n" for name, v in self._settings.items())

    def start(self) -> None:
        """Start the server and wait until it answers; later starts keep the port of the first."""
        if self.is_running:
            return
        for _ in range(_PORT_ATTEMPTS):
            port = self.port or _free_port()
            begin = self.log.stat().st_size
            if self._launch(port):
                self.port = port
                return
            written = self.log.read_bytes()[begin:].decode(errors="replace")
            # somebody took the port between the look and the start
            if self.port or not _TAKEN.search(written):
                self._fail("the server did not start", written)
        self._fail("no free port was found", "")

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop the server: SIGINT is a clean, SIGQUIT an immediate shutdown, SIGKILL a crash."""
        process = self._process
        if process is None:
            return
        for wanted in (how, signal.SIGQUIT, signal.SIGKILL):
            if process.poll() is None:
                process.send_signal(wanted)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_STOP_SECONDS)
                break
        self._process = None

    def _launch(self, port: int) -> bool:
        command = [self.installation.program("postgres"), "-D", str(self.data), "-p", str(port)]
        with self.log.open("ab") as log:
            self._process = self._account.spawn(
                command, env=self._environment(), cwd=self.directory, output=log.fileno()
            )
        deadline = time.monotonic() + _START_SECONDS
        while self._process.poll() is None:
            if self._is_ready():
                return True
            if time.monotonic() > deadline:
                self.stop(signal.SIGQUIT)
                break
            time.sleep(0.02)
        self._process = None
        return False

    def _is_ready(self) -> bool:
        """Read the state that the postmaster writes into the last line of its pid file."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        ours = lines[:1] == [str(self.pid)]
        return ours and len(lines) > 7 and lines[7].strip() == "ready"  # noqa: PLR2004 - the 8th line

    def _sockets(self) -> Mapping[str, str]:
        """Put the socket beside the data; a path too long for a socket means TCP only."""
        short = len(str(self.directory)) < _LONGEST_SOCKET - len("/.s.PGSQL.65535.lock")
        return {"unix_socket_directories": str(self.directory) if short else ""}

    def _locale(self, name: str) -> list[str]:
        if self.installation.major >= _BUILTIN_LOCALES:
            return ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", f"--locale={name}"]
        return [f"--locale={name}"]

    def _environment(self) -> dict[str, str]:
        path = f"{self.installation.bindir}:/usr/bin:/bin"
        return {"PATH": path, "LC_ALL": "C", "TZ": "UTC", "HOME": str(self.directory)}

    def _run(self, command: list[str], *, check: bool = False) -> int:
        begin = self.log.stat().st_size
        with self.log.open("ab") as log:
            status = self._account.spawn(
                command, env=self._environment(), cwd=self.directory, output=log.fileno()
            ).wait()
        if status and check:
            written = self.log.read_bytes()[begin:].decode(errors="replace")
            self._fail(f"`{Path(command[0]).name}` failed with exit {status}", written)
        return status

    def _fail(self, what: str, written: str) -> None:
        words = " / ".join(written.strip().splitlines()[-6:])
        message = f"{what} (Postgres {self.installation.version}): {words}"
        raise ToolFailed(message, hint=f"Try {self.installation.bindir} by hand")


@contextlib.contextmanager
def start_cluster(
    installation: Installation | None = None,
    *,
    settings: Mapping[str, str] | None = None,
    superuser: str = "supabase_admin",
) -> Iterator[Cluster]:
    """Give a running server that is stopped and removed at the end of the ``with`` block."""
    with _place(installation or choose()) as place:
        cluster = place.cluster("1", settings=settings or {}, superuser=superuser)
        with _running(cluster):
            yield cluster


@contextlib.contextmanager
def cluster_pair(
    source: Installation | None = None,
    target: Installation | None = None,
    *,
    settings: Mapping[str, str] | None = None,
    superuser: str = "supabase_admin",
) -> Iterator[tuple[Cluster, Cluster]]:
    """Give two running servers, each of its own ``initdb`` and so with its own identifier."""
    source = source or choose()
    with contextlib.ExitStack() as stack:
        here = stack.enter_context(_place(source))
        there = here if target in (None, source) else stack.enter_context(_place(target))
        first = here.cluster("1", settings=settings or {}, superuser=superuser)
        second = there.cluster("2", settings=settings or {}, superuser=superuser)
        with ThreadPoolExecutor(2) as pool:
            for cluster in (first, second):
                stack.callback(cluster.stop, signal.SIGQUIT)
            for done in [pool.submit(_begin, cluster) for cluster in (first, second)]:
                done.result()
        yield first, second


class _Place:
    """A workspace, with an installation that the account that runs servers can reach."""

    def __init__(self, installation: Installation) -> None:
        self._account = unprivileged()
        self._workspace = Workspace(fits=lambda path: self._account.can("-x", path))
        program = Path(installation.program("postgres"))
        if self._account.is_another and not self._account.can("-x", program):
            # a virtual environment below /root is closed to everybody else
            installation = installation.copy_to(self._workspace.path / "postgres")
        self._installation = installation

    def cluster(self, name: str, *, settings: Mapping[str, str], superuser: str) -> Cluster:
        return Cluster(
            self._installation,
            directory=self._workspace.path / name,
            account=self._account,
            settings=settings,
            superuser=superuser,
        )

    def close(self) -> None:
        self._workspace.close()


@contextlib.contextmanager
def _place(installation: Installation) -> Iterator[_Place]:
    place = _Place(installation)
    with contextlib.closing(place):
        yield place


@contextlib.contextmanager
def _running(cluster: Cluster) -> Iterator[None]:
    try:
        _begin(cluster)
        yield
    finally:
        cluster.stop(signal.SIGQUIT)


def _begin(cluster: Cluster) -> None:
    cluster.create()
    cluster.start()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _escaped(value: str) -> str:
    return value.replace("'", "''")
