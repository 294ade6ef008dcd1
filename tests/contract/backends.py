"""What answers the contract's questions: the stand-in, a GoTrue program, or a deployment."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import httpx
import pytest
from anyio.from_thread import start_blocking_portal
from psycopg.conninfo import conninfo_to_dict

from supamig.deployment.tokens import symmetric
from supamig.testing.services.assembly import assemble
from supamig.testing.services.gotrue.environment import Misconfigured
from supamig.testing.services.wanted import Wanted

_START_SECONDS = 30
URL = "http://127.0.0.1:8000"
_LINKS = ("CONFIRMATION", "INVITE", "RECOVERY", "EMAIL_CHANGE")


class Auth:
    """A client of one running Auth, whatever is in front of it."""

    def __init__(self, client, prefix, keys):
        self.http = client
        self._prefix = prefix
        self.anon, self.service_role = keys

    def request(self, method, path, token=None, **options):
        """Send a request, with a token of a user or of nobody."""
        headers = {"apikey": self.anon} | options.pop("headers", {})
        # behind a gateway a missing token becomes the key; what is no token at all stays that
        headers["authorization"] = f"Bearer {token or 'no token'}"
        return self.http.request(method, self._prefix + path, headers=headers, **options)

    def get(self, path, token=None, **options):
        return self.request("GET", path, token, **options)

    def post(self, path, json=None, token=None, **options):
        return self.request("POST", path, token, json=json, **options)

    def put(self, path, json=None, token=None, **options):
        return self.request("PUT", path, token, json=json, **options)

    def delete(self, path, token=None, **options):
        return self.request("DELETE", path, token, **options)

    def admin(self, method, path, **options):
        return self.request(method, path, self.service_role, **options)

    def sign_in(self, email, password):
        return self.post("/token?grant_type=password", {"email": email, "password": password})

    def refresh(self, token):
        return self.post("/token?grant_type=refresh_token", {"refresh_token": token})

    def link(self, kind, email, **more):
        body = {"type": kind, "email": email} | more
        return self.admin("POST", "/admin/generate_link", json=body)


def keys_of(secret):
    now = int(time.time()) - 60
    return tuple(symmetric(role, secret, now=now) for role in ("anon", "service_role"))


class Backend:
    """Starts one Auth for each configuration and keeps it until the end."""

    def __init__(self, secret):
        self._keys = keys_of(secret)
        self._clients = {}
        self._stack = contextlib.ExitStack()

    def client(self, settings):
        key = tuple(sorted(settings.items()))
        if key not in self._clients:
            self._clients[key] = self.start(settings)
        return self._clients[key]

    def fresh(self, settings):
        """Start one of its own, whose counters nobody has used."""
        return self.start(settings)

    def close(self):
        self._stack.close()


class InProcess(httpx.BaseTransport):
    """Hands requests to an application of this process."""

    def __init__(self, application, portal):
        self._inner = httpx.ASGITransport(application, client=("127.0.0.1", 50000))
        self._portal = portal

    def handle_request(self, request):
        return self._portal.call(self._answer, request)

    async def _answer(self, request):
        found = await self._inner.handle_async_request(request)
        content = await found.aread()
        return httpx.Response(found.status_code, headers=found.headers, content=content)


class StandIn(Backend):
    """The stand-in behind its gateway, in this process."""

    is_real = False

    def __init__(self, project, secret, *, auth_url=""):
        super().__init__(secret)
        self._project = project
        self._secret = secret
        self._auth_url = auth_url
        self._portal = self._stack.enter_context(start_blocking_portal())

    def start(self, settings, *, project=None):
        dsn = (project or self._project).reveal()
        env = {"ANON_KEY": self._keys[0], "SERVICE_ROLE_KEY": self._keys[1]} | settings
        if settings.get("GOTRUE_JWT_SECRET"):
            env |= dict(zip(("ANON_KEY", "SERVICE_ROLE_KEY"), keys_of(env["GOTRUE_JWT_SECRET"]),
                            strict=True))  # fmt: skip
        wanted = Wanted(dsn=dsn, jwt_secret=self._secret, env=env, auth_url=self._auth_url)
        application, keys = assemble(wanted, URL)
        client = httpx.Client(base_url=URL, transport=InProcess(application, self._portal))
        self._stack.callback(client.close)
        return Auth(client, "/auth/v1", (keys.anon, keys.service_role))

    def whole(self, settings):
        """Return the deployment with its gateway."""
        return self.client(settings)

    def refusal(self, settings):
        """Return how a start with these settings ends: exit code and words."""
        try:
            self.start(settings)
        except Misconfigured as error:
            return error.status, error.message
        return 0, ""


class Program(Backend):
    """A real GoTrue, started as a program or a container on a port of its own."""

    is_real = True

    def __init__(self, program, project, secret):
        super().__init__(secret)
        self._program = program
        self._project = project
        self._secret = secret
        self._migrated = set()

    def whole(self, settings):
        """Put the real one behind the stand-in's gateway."""
        real = self.client({})
        stand_in = StandIn(self._project, self._secret, auth_url=str(real.http.base_url))
        self._stack.callback(stand_in.close)
        return stand_in.client(settings)

    def start(self, settings, *, project=None):
        port = free_port()
        env = self._environment(settings, project or self._project, port)
        if "DATABASE_URL" not in settings and env["DATABASE_URL"] not in self._migrated:
            self._run(env, "migrate", wait=True)
            self._migrated.add(env["DATABASE_URL"])
        process, output = self._run(env, "serve")
        self._stack.callback(stop, process)
        url = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline and process.poll() is None:
            with contextlib.suppress(httpx.TransportError):
                httpx.get(f"{url}/health")
                client = httpx.Client(base_url=url, timeout=30)
                self._stack.callback(client.close)
                return Auth(client, "", keys_of(env["GOTRUE_JWT_SECRET"]))
            time.sleep(0.05)
        stop(process)
        output.seek(0)
        raise AssertionError(f"GoTrue did not start: {output.read()[-2000:]}")

    def refusal(self, settings):
        env = self._environment(settings, self._project, free_port())
        process, output = self._run(env, "serve")
        deadline = time.monotonic() + _START_SECONDS
        while process.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(httpx.TransportError):
                httpx.get(f"http://127.0.0.1:{env['PORT']}/health")
                stop(process)
                return 0, ""
            time.sleep(0.05)
        output.seek(0)
        return process.wait(), output.read().decode(errors="replace")

    def _environment(self, settings, project, port):
        parts = conninfo_to_dict(project.reveal())
        place = f"{parts['host']}:{parts['port']}/{parts['dbname']}"
        dsn = f"postgres://supabase_auth_admin:{parts['password']}@{place}?sslmode=disable"
        return {
            name: value
            for name, value in {
                "API_EXTERNAL_URL": f"{URL}/auth/v1",
                "PORT": str(port),
                "GOTRUE_API_HOST": "127.0.0.1",
                "DATABASE_URL": dsn,
                "GOTRUE_DB_DRIVER": "postgres",
                "GOTRUE_DB_ADVISOR_ENABLED": "false",
                "GOTRUE_JWT_SECRET": self._secret,
                "GOTRUE_JWT_AUD": "authenticated",
                "GOTRUE_JWT_DEFAULT_GROUP_NAME": "authenticated",
                "GOTRUE_SITE_URL": "http://localhost:3000",
                "GOMAXPROCS": "1",
                **{f"GOTRUE_MAILER_URLPATHS_{one}": "/auth/v1/verify" for one in _LINKS},
                **settings,
            }.items()
            if value is not None
        }

    def _run(self, env, what, *, wait=False):
        output = self._stack.enter_context(contextlib.closing(tempfile.TemporaryFile()))  # noqa: SIM115 - the stack closes it
        if self._program.startswith("docker:"):
            process = Container(self._program.removeprefix("docker:"), env, what, output)
        else:
            program = Path(self._program).resolve()
            folder = os.environ.get("GOTRUE_DB_MIGRATIONS_PATH", program.parent / "migrations")
            process = subprocess.Popen(
                [program, what],
                env={"PATH": "/usr/bin:/bin", "GOTRUE_DB_MIGRATIONS_PATH": str(folder)} | env,
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
            )  # fmt: skip
        if wait and process.wait():
            output.seek(0)
            raise AssertionError(f"gotrue {what} failed: {output.read()[-2000:]}")
        return process, output


class Container:
    """A container on the host's network, looked at as a process."""

    def __init__(self, image, env, what, output):
        from testcontainers.core.container import DockerContainer

        made = DockerContainer(image, command=["auth", what], network_mode="host")
        for name, value in env.items():
            made = made.with_env(name, value)
        self._made = made.start().get_wrapped_container()
        self._output = output

    def poll(self):
        self._made.reload()
        return None if self._made.status in {"created", "running"} else self.wait()

    def wait(self, timeout=None):
        code = self._made.wait(timeout=timeout)["StatusCode"]
        self._output.write(self._made.logs())
        return code

    def send_signal(self, number):
        self._made.kill(signal=int(number))

    def kill(self):
        self._made.remove(force=True)


class Deployed(Backend):
    """A whole deployment that somebody else runs."""

    is_real = True

    def whole(self, settings):
        if settings:
            pytest.skip("the given deployment has keys of its own")
        return self._connected()

    def __init__(self, given):
        super().__init__(secrets.token_hex(20))
        self._url = given["SUPABASE_URL"].rstrip("/")
        self._keys = given["SUPABASE_ANON_KEY"], given["SUPABASE_SERVICE_ROLE_KEY"]

    def start(self, settings, *, project=None):
        auth = self._connected()
        wanted = settings.get("GOTRUE_MAILER_AUTOCONFIRM", "false") == "true"
        other = set(settings) - {"GOTRUE_MAILER_AUTOCONFIRM"}
        if other or project or auth.get("/settings").json()["mailer_autoconfirm"] != wanted:
            pytest.skip("the given deployment has another configuration")
        return auth

    def refusal(self, settings):
        pytest.skip("the given deployment runs already")

    def _connected(self):
        client = httpx.Client(base_url=self._url, timeout=30)
        self._stack.callback(client.close)
        return Auth(client, "/auth/v1", self._keys)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def stop(process):
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
