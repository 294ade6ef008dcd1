"""Build and restart commands of applications: no shell, a time limit, no secret in what is kept."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import tempfile
from typing import IO, TYPE_CHECKING, Final

from supamig.amounts import duration
from supamig.config.schema import ENVIRONMENT
from supamig.errors import StepFailed
from supamig.pgtools import child_environment

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

#: How much of what a command printed is kept: its end.
_KEPT: Final = 20_000
#: Lines of it that a message repeats.
_SHOWN: Final = 8


def run(command: Sequence[str], *, cwd: Path, timeout: float, redact: Callable[[str], str]) -> str:
    """Run a command to its end and return what it printed, redacted.

    What it leaves running stays.  Raise `StepFailed` when it cannot be started, ends with an
    error, or takes longer than ``timeout`` seconds; then it ends with all that it started.
    """
    shown = redact(shlex.join(command))
    # a file and not a pipe: a server that a command starts may hold a pipe open for ever
    with tempfile.TemporaryFile() as printed:
        try:
            process = subprocess.Popen(
                command,
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=subprocess.STDOUT,
                env=_environment(),
                process_group=0,
            )
        except OSError as error:
            message = f"`{shown}` does not start: {error.strerror}"
            raise StepFailed(message, hint=f"It is run in `{cwd}`, without a shell") from error
        try:
            status = process.wait(timeout)
        except subprocess.TimeoutExpired:
            _end(process)
            message = f"`{shown}` did not end within {duration(timeout)}{_said(printed, redact)}"
            raise StepFailed(message, hint="Raise `timeout` of the application") from None
        except BaseException:
            _end(process)
            raise
        if status != 0:
            message = f"`{shown}` ended with status {status}{_said(printed, redact)}"
            raise StepFailed(message, hint=f"Run it by hand in `{cwd}`")
        return _printed(printed, redact)


def _environment() -> dict[str, str]:
    """Return what the command inherits, without what tells supamig of the source.

    A `SUPABASE_URL` of the environment would win over the file that was just edited.
    """
    return {name: value for name, value in child_environment().items() if name not in ENVIRONMENT}


def _end(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _printed(stream: IO[bytes], redact: Callable[[str], str]) -> str:
    stream.seek(max(0, os.fstat(stream.fileno()).st_size - _KEPT))
    return redact(stream.read().decode("utf-8", "replace"))


def _said(stream: IO[bytes], redact: Callable[[str], str]) -> str:
    """Return the last lines of what a command printed, for a message."""
    lines = [line for line in _printed(stream, redact).splitlines() if line.strip()]
    return ":\n" + "\n".join(lines[-_SHOWN:]) if lines else ", without a word"
