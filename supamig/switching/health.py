"""Whether an application is well: its health URLs, asked until they say so or the time is over."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, Final

import httpx

from supamig import bounded
from supamig.amounts import duration
from supamig.errors import StepFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from supamig.config import Health

#: Seconds between two rounds, and for one answer.
_PAUSE: Final = 0.25
_PATIENCE: Final = 10.0
#: Bytes of an answer that are read.
_LONGEST: Final = 1_000_000
#: So many rounds in a row must be well: a process that is being replaced may answer once more.
_ROUNDS: Final = 2


def wait(
    checks: Sequence[Health],
    *,
    timeout: float,
    name: str,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Ask all URLs until they are well; raise `StepFailed` after ``timeout`` seconds."""
    deadline = clock() + timeout
    well = 0
    # the environment's proxy is not meant for what is next door
    with httpx.Client(timeout=min(_PATIENCE, timeout), trust_env=False) as client:
        while True:
            problem = next(filter(None, (ask(client, check) for check in checks)), "")
            well = 0 if problem else well + 1
            if well == _ROUNDS or not checks:
                return
            if problem and clock() >= deadline:
                message = f"`{name}` was not healthy within {duration(timeout)}: {problem}"
                raise StepFailed(
                    message, hint="Look at its log; raise `timeout` if it is only slow"
                )
            sleep(_PAUSE)


def answering(url: str, *, timeout: float) -> None:
    """Wait until something answers at an address, whatever it says; raise `StepFailed` at last."""
    deadline = time.monotonic() + timeout
    with httpx.Client(timeout=min(_PATIENCE, timeout), trust_env=False) as client:
        while True:
            try:
                client.get(url)
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                if time.monotonic() >= deadline:
                    message = f"nothing answers at {url} within {duration(timeout)}"
                    hint = "Are the services up? On the droplet: `docker compose ps`"
                    raise StepFailed(message, hint=hint) from error
            else:
                return
            time.sleep(_PAUSE)


def ask(client: httpx.Client, check: Health) -> str:
    """Send one request; return what is wrong with the answer, nothing when all is well."""
    asked = f"{check.method} {check.url}"
    try:
        with client.stream(check.method, check.url) as answer:
            content = b""
            if check.json:
                # one that goes on and on, such as a stream of events, is cut off
                seconds = client.timeout.read or _PATIENCE
                content, _ = bounded.read(answer, longest=_LONGEST, seconds=seconds)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return f"{asked} does not answer ({type(error).__name__})"
    if answer.status_code != check.status:
        return f"{asked} answers {answer.status_code}, not {check.status}"
    if check.json:
        try:
            body = json.loads(content)
        except (ValueError, RecursionError):
            return f"{asked} answers no JSON"
        for path, expected in check.json.items():
            found = at(body, path)
            if found != expected or isinstance(found, bool) is not isinstance(expected, bool):
                return f"{asked} has {_short(found)} at `{path}`, not {_short(expected)}"
    return ""


def at(body: object, path: str) -> object:
    """Return what stands at `checks.0.status` of a JSON value; None where nothing does."""
    found: Any = body
    for part in path.split("."):
        if isinstance(found, dict) and part in found:
            found = found[part]
        elif isinstance(found, list) and part.isdigit() and int(part) < len(found):
            found = found[int(part)]
        else:
            return None
    return found


def _short(value: object) -> str:
    """Show a plain value; what is larger may hold anything."""
    if isinstance(value, str | int | float | bool):
        text = str(value)
        return f"`{text[:60]}`"
    return "nothing" if value is None else f"a {_KINDS.get(type(value).__name__, 'value')}"


_KINDS: Final[Mapping[str, str]] = {"dict": "table", "list": "list"}
