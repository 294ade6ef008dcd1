"""A backend that runs and a frontend that is built, on a project that there is not."""

from __future__ import annotations

import json
import os
import socket
import sys
import time
import urllib.request
from dataclasses import replace

import pytest

from supamig.config import Api, Application, Health, Settings
from supamig.secret import Secret
from supamig.testing import application as sample

OLD, NEW = "https://abcdefghijklmnopqrst.supabase.co", "http://target.example.org:8000"
OLD_KEY, NEW_KEY = "old-anon-key-0123456789", "new-anon-key-0123456789"
BACKEND = f"""# the backend
export SUPABASE_URL='{OLD}'   # the project
SUPABASE_ANON_KEY={OLD_KEY}\r
STRIPE_KEY=sk_live_do_not_show

DATABASE_URL="postgresql://postgres:db-password@db.abcdefghijklmnopqrst.supabase.co:5432/postgres"
"""
FRONTEND = f"VITE_SUPABASE_URL={OLD}\nVITE_SUPABASE_ANON_KEY={OLD_KEY}"


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class World:
    """A backend that runs, a frontend that is built, and the settings that know both."""

    def __init__(self, directory, port, owner):
        self.directory, self.port, self.owner = directory, port, owner
        self.url = f"http://127.0.0.1:{port}/health"
        self.backend, self.frontend = directory / "backend", directory / "frontend"
        restart = (sys.executable, "-m", "supamig.testing.application", "restart")
        self.applications = (
            Application(
                name="backend",
                path=self.backend,
                env_files=(self.backend / ".env",),
                restart=(*restart, str(self.backend), str(port), str(owner)),
                health=(Health(url=self.url, json={"status": "ok"}),),
                timeout=60,
            ),
            Application(
                name="frontend",
                path=self.frontend,
                env_files=(self.frontend / ".env",),
                build=(sys.executable, "-c", "import shutil; shutil.copy('.env', 'built')"),
                timeout=60,
            ),
        )
        server = "user=postgres password=db-password"
        self.settings = Settings(
            source=Secret(f"host=db.abcdefghijklmnopqrst.supabase.co {server}"),
            target=Secret("host=127.0.0.1 port=1 user=postgres password=target-password"),
            project_ref="abcdefghijklmnopqrst",
            source_api=Api(url=OLD, anon_key=Secret(OLD_KEY)),
            target_api=Api(url=NEW, anon_key=Secret(NEW_KEY)),
            applications=self.applications,
            state_dir=directory / "state",
            connect_timeout=2,
        )

    def begin(self):
        """Write the files and start the backend."""
        for path, text in ((self.backend, BACKEND), (self.frontend, FRONTEND)):
            path.mkdir()
            (path / ".env").write_bytes(text.encode())
        (self.backend / ".env").chmod(0o640)
        sample.restart(self.backend, self.port, self.owner)

    def change(self, **more):
        """Return the settings with other fields for the backend."""
        backend, frontend = self.applications
        return replace(self.settings, applications=(replace(backend, **more), frontend))

    def project(self):
        """Ask the running backend which project it is on."""
        deadline = time.monotonic() + 60
        while True:
            try:
                with urllib.request.urlopen(self.url, timeout=5) as answer:
                    return json.load(answer)["project"]
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    def texts(self):
        return [(path / ".env").read_bytes().decode() for path in (self.backend, self.frontend)]


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path, free_port(), os.getpid())
    made.begin()
    yield made
    sample.stop(made.backend)


SWITCHED = [
    BACKEND.replace(OLD, NEW)
    .replace(OLD_KEY, NEW_KEY)
    .replace("db-password@db.abcdefghijklmnopqrst.supabase.co:5432", "target-password@127.0.0.1:1"),
    FRONTEND.replace(OLD, NEW).replace(OLD_KEY, NEW_KEY),
]
