"""A small application that uses a project, for the demo and for tests: it stands in for anybody's.

It reads its `.env` when it starts, and `/health` signs in and reads a table through what it read.

    python -m supamig.testing.application restart DIRECTORY PORT OWNER

ends the one that runs in a directory and starts another, which ends with the process ``OWNER``.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from dotenv import dotenv_values

from supamig import config

if TYPE_CHECKING:
    from collections.abc import Mapping

_HOST: Final = "127.0.0.1"
_SECONDS: Final = 10.0
_NUMBER = "application.pid"


class Application:
    """What the application does with its project; ``settings`` are those of its `.env`."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        self._settings = settings
        self._url = settings.get("SUPABASE_URL", "")

    def health(self) -> tuple[int, dict[str, Any]]:
        """Return a status and what was looked at: sign-in and a table, where they are set."""
        checks: dict[str, str] = {}
        token = ""
        try:
            if email := self._settings.get("HEALTH_EMAIL"):
                password = self._settings.get("HEALTH_PASSWORD", "")
                answer = self._ask(
                    "/auth/v1/token?grant_type=password", {"email": email, "password": password}
                )
                token = answer["access_token"]
                checks["sign_in"] = "ok"
            if table := self._settings.get("HEALTH_TABLE"):
                rows = self._ask(f"/rest/v1/{table}?limit=1", token=token)
                checks["rows"] = "ok" if rows else "none"
        except (OSError, KeyError, ValueError) as error:
            checks["failed"] = type(error).__name__
        if self._url == self._settings.get("BROKEN_ON"):
            checks["failed"] = "on purpose"
        well = "failed" not in checks
        told = {"status": "ok" if well else "failed", "project": self._url, "checks": checks}
        return (200 if well else 503), told

    def _ask(self, path: str, body: object = None, *, token: str = "") -> Any:
        key = self._settings.get("SUPABASE_ANON_KEY", "")
        headers = {"apikey": key, "Authorization": f"Bearer {token or key}"}
        headers["Content-Type"] = "application/json"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._url + path, data, headers)  # noqa: S310 - http, as set
        with urllib.request.urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310 - as above
            return json.load(answer)


def as_configured(
    backend: Path, frontend: Path, port: int, owner: int
) -> tuple[config.Application, config.Application]:
    """Return the settings of two: a backend that is restarted, and a frontend that is built.

    Both have their `.env` in a directory of their own; the backend answers on ``port``.
    """
    restart = (sys.executable, "-m", "supamig.testing.application", "restart")
    expected = {"status": "ok", "checks.sign_in": "ok", "checks.rows": "ok"}
    return (
        config.Application(
            name="backend",
            path=backend,
            env_files=(backend / ".env",),
            restart=(*restart, str(backend), str(port), str(owner)),
            health=(config.Health(url=f"http://{_HOST}:{port}/health", json=expected),),
        ),
        config.Application(
            name="frontend",
            path=frontend,
            env_files=(frontend / ".env",),
            build=(sys.executable, "-c", "import shutil; shutil.copy('.env', 'built')"),
        ),
    )


def serve(directory: Path, port: int, owner: int) -> None:
    """Answer `/health` until it is ended, or its owner is gone."""
    found = dotenv_values(directory / ".env", interpolate=False)
    application = Application({name: value or "" for name, value in found.items()})

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, told = (404, {}) if self.path != "/health" else application.health()
            body = json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing: nobody reads it."""

    threading.Thread(target=_end_with, args=(owner,), daemon=True).start()
    ThreadingHTTPServer((_HOST, port), Handler).serve_forever()


def _end_with(owner: int) -> None:
    while _is_there(owner):
        time.sleep(0.5)
    os._exit(0)


def _is_there(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    return True


def restart(directory: Path, port: int, owner: int) -> None:
    """End the one that runs, if any, and start another, out of reach of whoever started this."""
    stop(directory)
    command = [sys.executable, "-m", "supamig.testing.application", "serve"]
    process = subprocess.Popen(
        [*command, str(directory), str(port), str(owner)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    (directory / _NUMBER).write_text(str(process.pid))
    # nobody waits for it: it goes on after this process
    process.returncode = 0


def stop(directory: Path) -> None:
    """End the one that runs in a directory, if any."""
    place = directory / _NUMBER
    if not place.exists():
        return
    number = int(place.read_text())
    place.unlink()
    deadline = time.monotonic() + _SECONDS
    with contextlib.suppress(ProcessLookupError):
        os.kill(number, signal.SIGTERM)
        while _is_there(number) and not _is_zombie(number) and time.monotonic() < deadline:
            time.sleep(0.02)


def _is_zombie(number: int) -> bool:
    """Tell whether a process has ended and its parent has not yet asked how."""
    try:
        state = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state == "Z"


if __name__ == "__main__":
    verb, place, *numbers = sys.argv[1:]
    if verb == "serve":
        serve(Path(place), *map(int, numbers))
    elif verb == "restart":
        restart(Path(place), *map(int, numbers))
    else:
        stop(Path(place))
