"""How a command ends: what was raised becomes a message on stderr and an exit code."""

from __future__ import annotations

import contextlib
import json
import logging
import signal
import sys
import threading
import traceback
from typing import TYPE_CHECKING

import click

from supamig.errors import Cancelled, ExitCode, SupamigError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    from supamig.cli.invocation import Invocation


class Terminated(KeyboardInterrupt):
    """The process was asked to end; whoever cleans up after Ctrl-C cleans up after this too."""


def ending(command: Callable[[], object], invocation: Invocation) -> int:
    """Run a command to its end, whatever that is, and return the exit code."""
    try:
        with _termination(), _logging(invocation):
            code = command()
    except SupamigError as error:
        return _tell(error, invocation)
    except click.ClickException as error:
        return _tell(_usage(error), invocation)
    except (KeyboardInterrupt, click.Abort) as error:
        return _stopped(error)
    except BrokenPipeError:
        # the reader of stdout (`| head`) has seen enough
        sys.stderr.close()
        return ExitCode.OK
    except Exception as error:  # noqa: BLE001 - the last place where a bug can be told
        return _bug(error, invocation)
    return code if isinstance(code, int) else ExitCode.OK


@contextlib.contextmanager
def _termination() -> Iterator[None]:
    """Let SIGTERM end the command as Ctrl-C does, so that what it started ends with it."""

    def end(_number: int, _frame: FrameType | None) -> None:
        raise Terminated

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _tell(error: SupamigError, invocation: Invocation) -> int:
    redact = invocation.redactor().redact
    _write(invocation, error.code, redact(error.message), redact(error.hint))
    if _debugging(invocation):
        _trace(error, redact)
    return error.exit_code


def _write(invocation: Invocation, code: str, message: str, hint: str) -> None:
    """Write an error for people to stderr, and for machines to stdout."""
    if invocation.format != "text":
        told = {"kind": "error", "code": code, "message": message, "hint": hint}
        click.echo(json.dumps(told))
    from supamig.report.wording import printable

    # a server's words may hold what a terminal obeys
    click.echo(f"error: {printable(message.expandtabs(1), lines=True)}", err=True)
    if hint:
        click.echo(f"\nhint: {printable(hint, lines=True)}", err=True)


def _usage(error: click.ClickException) -> SupamigError:
    context = error.ctx if isinstance(error, click.UsageError) else None
    path = context.command_path if context else "supamig"
    message = error.format_message().rstrip(".")
    return UsageError(message[:1].lower() + message[1:], hint=f"`{path} --help` shows the usage")


def _stopped(error: BaseException) -> int:
    cause = error.__cause__ if isinstance(error, click.Abort) else error
    if isinstance(cause, Terminated):
        click.echo("terminated", err=True)
        return ExitCode.TERMINATED
    if isinstance(cause, EOFError):
        click.echo("error: the input ended before the question was answered", err=True)
        return Cancelled.exit_code
    click.echo("interrupted", err=True)
    return ExitCode.INTERRUPTED


def _bug(error: Exception, invocation: Invocation) -> int:
    redact = invocation.redactor().redact
    what = redact(f"{type(error).__name__}: {error}".strip().removesuffix(":"))
    if _debugging(invocation):
        _trace(error, redact)
        hint = "Report it, with the lines above, to supamig's issue tracker"
    else:
        hint = "Run the same with `--debug`, and report what it prints to supamig's issue tracker"
    _write(invocation, "bug", f"this is a bug in supamig: {what}", hint)
    return ExitCode.BUG


def _debugging(invocation: Invocation) -> bool:
    from supamig.config import wants_debug

    return invocation.debug or wants_debug()


def _trace(error: BaseException, redact: Callable[[str], str]) -> None:
    click.echo(redact("".join(traceback.format_exception(error))), err=True)


class _Redacted(logging.Formatter):
    def __init__(self, invocation: Invocation) -> None:
        super().__init__()
        self._invocation = invocation

    def format(self, record: logging.LogRecord) -> str:
        text = f"{record.levelname.lower()}: {super().format(record)}"
        return self._invocation.redactor().redact(text)


@contextlib.contextmanager
def _logging(invocation: Invocation) -> Iterator[None]:
    """Show what the library logs, which by itself configures nothing, on stderr."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Redacted(invocation))
    logger = logging.getLogger("supamig")
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
