"""What the gateway serves beside Auth: each check passes where all is well, and finds its fault."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import socket
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from supamig.api import validate_cutover
from supamig.config import Application, Health
from supamig.deployment.gateway.routes import ROUTES
from supamig.endpoints.applications import applications
from supamig.endpoints.cors import cors
from supamig.endpoints.routes import routes
from supamig.endpoints.used import realtime, storage
from supamig.protocols import Unavailable
from supamig.testing.fakes import FakeSide, fake_service_context

OTHER = "another-secret-that-is-long-enough-to-sign"
PUBLISHED = "select count(*) from pg_publication_tables where pubname = 'supabase_realtime'"
BUCKETS = "select id from storage.buckets order by id"


@pytest.fixture
def look(tmp_path):
    """Run a check on services for which a function answers."""

    def run(check, answer, **options):
        context = fake_service_context(answer, state_dir=tmp_path, **options)
        return list(check.run(context))

    return run


@pytest.mark.pg
@pytest.mark.timeout(300)
def test_rest_with_another_secret(deploy, settings):
    deployment = deploy(environment={"PGRST_JWT_SECRET": OTHER})
    report = validate_cutover(settings(deployment, select=("endpoints.rest-secret",)))
    assert {(f.check, f.subject) for f in report.findings} == {
        ("endpoints.rest-secret", "anon"),
        ("endpoints.rest-secret", "service role"),
    }


@pytest.mark.pg
@pytest.mark.timeout(300)
def test_rest_on_another_database(deploy, settings):
    theirs = deploy()
    ours = deploy(
        statements=(
            "update public.profiles set display_name = 'somebody else'",
            "update pg_class set reltuples = 1e9 where relname = 'profiles'",
            "create table public.later (id int primary key)",
            "grant select on public.later to service_role",
        )
    )
    given = settings(
        theirs, target=ours.database.dsn, select=("endpoints.rest-rows", "endpoints.openapi")
    )
    found = {(f.check, f.subject) for f in validate_cutover(given).findings}
    assert ("endpoints.openapi", "later") in found
    assert any(check == "endpoints.rest-rows" and "profiles" in who for check, who in found)


@pytest.mark.pg
@pytest.mark.timeout(300)
def test_no_policy_is_run_that_calls_what_its_role_may_not(deploy, settings):
    deployment = deploy(
        statements=(
            "create function public.closed() returns bool language sql as 'select true'",
            "revoke execute on function public.closed() from public, anon, authenticated",
            "create policy closed on public.profiles for select using (public.closed())",
            "update pg_class set reltuples = 1e9 where relname = 'profiles'",
        )
    )
    report = validate_cutover(settings(deployment, select=("endpoints.rest-rows",)))
    (check,) = [check for check in report.checks if check.id == "endpoints.rest-rows"]
    assert "profiles as anon" in check.reason
    assert "ends all sessions" in check.reason


def test_a_gateway_that_lets_everybody_in(look):
    found = look(routes, lambda _: httpx.Response(200, json={}))
    closed = {route.name for route in ROUTES if route.access != "open"}
    assert {finding.subject for finding in found} == closed


def test_a_gateway_that_lets_nobody_in(look):
    found = look(routes, lambda _: httpx.Response(401, text="Unauthorized"))
    named = {finding.subject for finding in found}
    assert {"auth", "rest", "rest-root", "auth-verify"} <= named
    assert "dashboard" not in named


def test_services_that_are_not_there_are_named(look):
    found = look(routes, lambda _: httpx.Response(503, text="no healthy upstream"))
    severities = {finding.subject: finding.severity.value for finding in found}
    assert severities["auth"] == severities["rest"] == "error"
    assert severities["storage"] == severities["realtime"] == "info"


def test_a_route_that_leads_to_the_dashboard(look):
    basic = {"www-authenticate": 'Basic realm="Studio"'}
    found = look(routes, lambda _: httpx.Response(401, headers=basic))
    assert {f.subject for f in found if "nobody answers" in f.message} >= {"auth", "storage"}


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ({}, "allows the origin `none`"),
        ({"access-control-allow-origin": "https://other.example"}, "allows the origin"),
        (
            {"access-control-allow-origin": "*", "access-control-allow-headers": "apikey"},
            "does not allow the headers authorization, content-type, x-client-info",
        ),
    ],
)
def test_a_browser_that_may_not(look, headers, why):
    found = look(cors, lambda _: httpx.Response(200, headers=headers))
    assert len(found) == 4
    assert all(why in finding.message for finding in found)


def test_a_browser_that_may(look):
    allowed = {"access-control-allow-origin": "*", "access-control-allow-headers": "*"}
    assert look(cors, lambda _: httpx.Response(204, headers=allowed)) == []


def test_storage_without_a_bucket(look):
    target = FakeSide(label="target", answers={BUCKETS: [("avatars",), ("files",)]})
    same = httpx.Response(200, json=[{"id": "avatars"}, {"id": "files"}])
    assert look(storage, lambda _: same, target=target) == []
    less = httpx.Response(200, json=[{"id": "avatars"}])
    (finding,) = look(storage, lambda _: less, target=target)
    assert "files" in finding.message
    (finding,) = look(storage, lambda _: httpx.Response(503), target=target)
    assert "503" in finding.message


def test_storage_that_nobody_uses(look):
    target = FakeSide(label="target", answers={BUCKETS: []})
    with pytest.raises(Unavailable, match="not used"):
        look(storage, lambda _: httpx.Response(200), target=target)


class Well(BaseHTTPRequestHandler):
    """An application whose database is not."""

    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"status": "ok", "checks": {"database": "down"}}')

    def log_message(self, *arguments):
        """Say nothing."""


@pytest.fixture
def application():
    with ThreadingHTTPServer(("127.0.0.1", 0), Well) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/health"
        server.shutdown()
        thread.join(10)


def test_applications_say_how_they_are(tmp_path, application):
    made = fake_service_context(lambda _: httpx.Response(200), state_dir=tmp_path)
    with pytest.raises(Unavailable, match="no address is given"):
        list(applications.run(made))

    def found(url, **asked):
        health = Health(url=url, **asked)
        known = replace(made, applications=[Application(name="api", health=(health,))])
        return [finding.message for finding in applications.run(known)]

    assert found(application, json={"status": "ok"}) == []
    (message,) = found(application, json={"checks.database": "ok"})
    assert message.startswith("`api` is not well: ")
    assert "checks.database" in message
    (message,) = found(application, status=204)
    assert "answers 200, not 204" in message
    (message,) = found("http://127.0.0.1:1/health")
    assert "does not answer" in message
    alone = replace(made, http=[Health(url=application), Health(url=application, status=204)])
    (finding,) = applications.run(alone)
    assert finding.subject == application
    assert finding.message == f"GET {application} answers 200, not 204"


@pytest.fixture
def websocket():
    """A server that switches to the protocol of websockets; it stands in for Realtime."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve():
            with contextlib.suppress(OSError):
                connection, _ = listener.accept()
                with connection:
                    lines = connection.recv(65536).decode().split("\r\n")
                    (key,) = [x.split(": ")[1] for x in lines if x.startswith("sec-websocket-key")]
                    magic = key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
                    accepted = base64.b64encode(hashlib.sha1(magic.encode()).digest()).decode()
                    answer = (
                        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                        f"Connection: Upgrade\r\nSec-WebSocket-Accept: {accepted}\r\n\r\n"
                    )
                    connection.sendall(answer.encode())
                    connection.recv(1)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    thread.join(10)


def test_realtime_opens_a_connection(websocket, look):
    target = FakeSide(label="target", answers={PUBLISHED: [(3,)]})

    def hand_on(request):
        with httpx.Client() as client:
            path = request.url.raw_path.decode()
            return client.get(websocket + path, headers=request.headers)

    assert look(realtime, hand_on, target=target) == []


def test_realtime_that_refuses(look):
    target = FakeSide(label="target", answers={PUBLISHED: [(3,)]})
    (finding,) = look(realtime, lambda _: httpx.Response(403), target=target)
    assert "403" in finding.message
    nothing = FakeSide(label="target", answers={PUBLISHED: [(0,)]})
    with pytest.raises(Unavailable, match="not used"):
        look(realtime, lambda _: httpx.Response(403), target=nothing)
