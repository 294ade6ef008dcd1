"""Starts the services of one deployment as a child process, and ends it again."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING

from supamig.errors import ToolFailed
from supamig.secret import Secret
from supamig.testing.services.wanted import Wanted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_START_SECONDS = 60.0
_STOP_SECONDS = 5.0


class NotStarted(ToolFailed):
    """The services ended at their start, as the real ones would; ``status`` is the exit code."""

    code = "services-not-started"
    status: int = 1


@dataclass(frozen=True, slots=True)
class Services:
    """Running services: where they answer, and the keys that open them."""

    url: str
    anon_key: str = field(repr=False)
    service_role_key: str = field(repr=False)
    jwt_secret: str = field(repr=False)
    pid: int
    _output: IO[bytes] = field(repr=False, compare=False)

    @property
    def log(self) -> str:
        """What the services complained about so far."""
        self._output.seek(0)
        return self._output.read().decode(errors="replace")


@contextlib.contextmanager
def serve(  # noqa: PLR0913 - every option is a choice of the caller, by name
    dsn: Secret | str,
    *,
    jwt_secret: Secret | str = "",
    env: Mapping[str, str | None] | None = None,
    port: int = 0,
    auth_url: str = "",
    clock_offset: float = 0.0,
    certificate: Path | None = None,
) -> Iterator[Services]:
    """Give running services on the project that ``dsn`` names, as its superuser or `postgres`.

    ``env`` are variables of the real services; None takes a default away.  ``port`` 0 takes a free
    one.  With ``auth_url`` a real GoTrue answers behind this gateway.  ``clock_offset`` sets the
    services' clock so many seconds ahead.  ``certificate`` is a file that holds a
    key and its certificate, for https.  Raise `NotStarted` if the real ones would not start.
    """
    wanted = Wanted(
        dsn=_revealed(dsn),
        jwt_secret=_revealed(jwt_secret) or secrets.token_urlsafe(30),
        env=dict(env or {}),
        port=port,
        auth_url=auth_url,
        clock_offset=clock_offset,
        certificate=str(certificate or ""),
    )
    with tempfile.TemporaryFile() as output, _child(output) as child:
        said = _asked(child, json.dumps(wanted.written()))
        if "url" not in said:
            output.seek(0)
            wrong = str(said.get("error") or output.read().decode(errors="replace")[-2000:])
            error = NotStarted(wrong, hint="Look at the variables given in `env`")
            error.status = child.wait(_STOP_SECONDS)
            raise error
        yield Services(
            said["url"], said["anon"], said["service_role"], wanted.jwt_secret, child.pid, output
        )


@contextlib.contextmanager
def _child(output: IO[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    child = subprocess.Popen(
        [sys.executable, "-m", "supamig.testing.services.process"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=output,
        env=_environment(),
        start_new_session=True,
    )
    try:
        yield child
    finally:
        child.terminate()
        try:
            child.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        for end in (child.stdin, child.stdout):
            if end is not None:
                end.close()


def _revealed(given: Secret | str) -> str:
    return given.reveal() if isinstance(given, Secret) else given


def _environment() -> dict[str, str]:
    """Leave out what is set for real projects; the services read only what they are handed."""
    hidden = ("PG", "SUPABASE_", "SUPAMIG_", "GOTRUE_", "PGRST_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
    return kept | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


def _asked(child: subprocess.Popen[bytes], line: str) -> dict[str, str]:
    """Tell the child what to serve, and wait for its one line."""
    if child.stdin is None or child.stdout is None:
        return {}
    timer = threading.Timer(_START_SECONDS, child.kill)
    timer.start()
    try:
        with contextlib.suppress(BrokenPipeError):
            child.stdin.write(line.encode() + b"\n")
            child.stdin.flush()
        said: dict[str, str] = json.loads(child.stdout.readline() or b"{}")
        return said
    finally:
        timer.cancel()
