"""Services that answer something else, too much or nothing, and what checks make of it."""

from __future__ import annotations

import contextlib
import itertools
from dataclasses import replace

import httpx
import pytest

from supamig.api import validate_cutover
from supamig.auth.health import health
from supamig.auth.keys import accepted
from supamig.auth.recovery import links
from supamig.auth.refreshing import reuse_interval, rotation
from supamig.auth.refusals import anon, forged, gateway
from supamig.checking import Sides
from supamig.config import Api, Settings
from supamig.cutover import Services
from supamig.errors import Unreachable
from supamig.models import Outcome
from supamig.protocols import Unavailable
from supamig.runner import Opened, run_check
from supamig.secret import Redactor, Secret
from supamig.services import NoAnswer, SignedIn, auth_checker
from supamig.testing.fakes import fake_service_context

HTML = httpx.Response(200, html="<!doctype html><title>An application</title>")


@pytest.fixture
def context(tmp_path):
    """Make a context for which a function answers."""

    def make(answer, **options):
        return fake_service_context(answer, state_dir=tmp_path, **options)

    return make


@pytest.mark.parametrize(
    ("headers", "content", "body"),
    [
        ({}, b"[" * 200_000, None),
        ({"content-type": "application/json; charset=undefined"}, b'{"a": 1}', {"a": 1}),
        ({"content-type": "application/json; charset=hex"}, b'{"a": 1}', {"a": 1}),
        ({}, b"\xff\xfe{", None),
    ],
    ids=["nested", "no-charset", "no-text-charset", "torn"],
)
def test_an_answer_that_is_no_json(context, headers, content, body):
    client = context(lambda _: httpx.Response(200, headers=headers, content=content)).target_api
    answer = client.call("GET", "/auth/v1/health")
    assert (answer.status, answer.body) == (200, body)


def test_an_answer_that_cannot_be_unpacked(context):
    class Packed(httpx.SyncByteStream):
        def __iter__(self):
            yield b"not packed at all"

    headers = {"content-encoding": "gzip"}
    made = context(lambda _: httpx.Response(200, headers=headers, stream=Packed()))
    with pytest.raises(NoAnswer, match="do not answer"):
        made.target_api.call("GET", "/auth/v1/health")


def test_an_answer_without_an_end(context):
    parts = []

    def endless(part):
        for _ in itertools.count():
            parts.append(part)
            yield part

    client = context(lambda _: httpx.Response(200, content=endless(b"x" * 1_000_000))).target_api
    answer = client.call("GET", "/auth/v1/health")
    assert (answer.status, answer.body, answer.text) == (200, None, "")
    assert len(parts) < 20
    client = context(lambda _: httpx.Response(200, content=endless(b" "))).target_api
    with pytest.raises(NoAnswer, match="ReadTimeout"):
        client.call("GET", "/auth/v1/health", timeout=0.05)


@pytest.mark.parametrize("end", ["\r", "\n", " ", "\x00"])
def test_a_key_with_what_no_header_holds_at_its_end(context, end):
    made = context(lambda _: httpx.Response(200))
    with pytest.raises(Unavailable, match="no HTTP header may hold") as caught:
        made.target_api.call("GET", "/", key=Secret("eyJhbGciOiJIUzI1NiJ9" + end))
    assert "eyJ" not in str(caught.value)


@pytest.mark.parametrize("url", ["http://a..b", "http://" + "a" * 70 + ".example"])
def test_an_address_that_no_name_can_be(url, tmp_path):
    given = Settings(target_api=Api(url=url), state_dir=tmp_path, load_plugins=())
    with pytest.raises(Unreachable, match="cannot be asked"):
        validate_cutover(given)


@pytest.mark.parametrize("place", ["https://api.example.com/auth/v1/health", "/elsewhere"])
def test_an_address_that_sends_everybody_on(place, tmp_path):
    given = Settings(target_api=Api(url="http://target.invalid"), state_dir=tmp_path)
    moved = httpx.MockTransport(lambda _: httpx.Response(308, headers={"location": place}))
    services = Services(given, Sides(None, None), None, transport=moved)
    there = "https://api.example.com" if place.startswith("https") else "http://target.invalid"
    with contextlib.closing(services), pytest.raises(Unreachable) as caught:
        services.reach()
    assert caught.value.message == f"http://target.invalid sends everybody on to {there}"
    assert "SUPAMIG_TARGET_URL" in caught.value.hint


def test_the_word_for_an_error_is_short(context):
    long = {"error_code": "x" * 1_000_000}
    client = context(lambda _: httpx.Response(400, json=long)).target_api
    assert len(client.call("GET", "/auth/v1/health").said) < 200


@pytest.mark.parametrize("lasts", ["soon", [], 1e400, None])
def test_a_session_that_lasts_for_nobody_knows_how_long(context, lasts):
    text = httpx.Response(200, json={"access_token": "a", "refresh_token": "b"}).json()
    body = text | {"expires_in": str(lasts) if lasts == 1e400 else lasts}
    client = context(lambda _: httpx.Response(200, json=body)).target_api
    session = SignedIn.read(client.call("GET", "/auth/v1/token"))
    assert session.expires_in == 0


def test_a_target_without_an_answer_is_not_left_out(context):
    @auth_checker("acme.asks", title="It asks")
    def asks(context):
        context.target_api.call("GET", "/auth/v1/health")
        return ()

    @auth_checker("acme.looks-back", title="It asks the source")
    def looks_back(context):
        context.source_api.call("GET", "/auth/v1/health")
        return ()

    def answer(request):
        raise httpx.ReadTimeout("too slow", request=request)

    def run(check):
        opened = Opened(context(answer), lambda: None, lambda: None)
        return run_check(check, make_context=lambda *_: opened)

    result = run(asks)
    assert result.outcome is Outcome.ERRORED
    assert result.reason.endswith("do not answer at http://target.invalid: ReadTimeout")
    assert run(looks_back).outcome is Outcome.SKIPPED  # it may be gone by now


@pytest.mark.parametrize("check", [gateway, anon, forged], ids=lambda check: check.id)
def test_whom_nobody_looked_at_is_not_let_in(check, context):
    down = context(lambda _: httpx.Response(503, text="no healthy upstream"))
    with pytest.raises(Unavailable, match="503"):
        list(check.run(down))


def test_a_forged_token_is_found_by_rest_while_auth_is_down(context):
    def answer(request):
        return httpx.Response(503 if "auth" in request.url.path else 404, json={})

    found = []
    with pytest.raises(Unavailable, match="503"):
        found.extend(forged.run(context(answer)))
    taken = forged.run(context(answer))
    assert "at /rest/v1/" in next(iter(taken)).message


def test_an_application_in_place_of_the_gateway(context):
    (finding,) = health.run(context(lambda _: HTML))
    assert "200 without a version" in finding.message
    assert "SUPAMIG_TARGET_URL" in finding.hint
    found = list(accepted.run(_with_tokens(context(lambda _: HTML))))
    assert [finding.subject for finding in found] == ["anon", "service role"]


def test_an_auth_server_that_was_built_by_hand_has_an_empty_version(context):
    answer = httpx.Response(200, json={"version": "", "name": "GoTrue"})
    assert list(health.run(context(lambda _: answer))) == []


def _with_tokens(made):
    api = replace(made.target_api.api, anon_key=Secret("eyJ.a"), service_role_key=Secret("eyJ.b"))
    made.target_api._api = api
    return made


@pytest.mark.parametrize("place", ["http://target.invalid:80", "http://TARGET.invalid"])
def test_links_that_lead_to_the_target_in_another_spelling(context, place):
    link = {"action_link": f"{place}/auth/v1/verify?token=x", "id": "1"}
    assert list(links.run(context(lambda _: httpx.Response(200, json=link)))) == []
    link["action_link"] = "http://target.invalid:81/auth/v1/verify?token=x"
    (finding,) = links.run(context(lambda _: httpx.Response(200, json=link)))
    assert finding.subject == "host"


def test_hints_say_what_to_set(context):
    session = {"access_token": "a", "refresh_token": "b", "expires_in": 3600}
    always = context(
        lambda _: httpx.Response(200, json=session),
        expected={"security_refresh_token_reuse_interval": 0},
    )
    found = [*rotation.run(always), *reuse_interval.run(always)]
    assert [finding.check for finding in found] == ["auth.rotation", "auth.reuse-interval"]
    for finding in found:
        assert Redactor().redact(finding.hint) == finding.hint


def test_there_is_time_for_the_longest_interval():
    # it waits for the interval twice, and a little
    assert rotation.timeout > 2 * (60 + 1.5) + 30
