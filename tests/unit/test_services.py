"""Clients of services: keys, answers, pace, codes and the notes of users."""

from __future__ import annotations

import json
import os

import httpx
import pytest

from supamig.auth.health import clock, health
from supamig.auth.keys import keys
from supamig.auth.refusals import anon, expired, forged, gateway
from supamig.auth.settings import settings
from supamig.auth.smtp import smtp
from supamig.auth.tokens import jwks
from supamig.config import Api
from supamig.protocols import CheckContext, Unavailable
from supamig.secret import Secret
from supamig.services import NoAnswer, auth_checker
from supamig.services.pacing import Pace
from supamig.services.sessions import claims, is_signed_by, signed
from supamig.services.totp import totp
from supamig.services.users import Notes, is_ours, sweep
from supamig.testing.fakes import FakeSide, fake_service_context

SECRET = Secret("a-secret-that-is-long-enough-to-sign-with")
# RFC 6238, appendix B, the last six digits
RFC = {
    59: "287082",
    1111111109: "081804",
    1111111111: "050471",
    1234567890: "005924",
    2000000000: "279037",
    20000000000: "353130",
}


@pytest.mark.parametrize(("at", "code"), RFC.items())
def test_codes_are_those_of_the_standard(at, code):
    assert totp("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", at=at) == code


@pytest.fixture
def context(tmp_path):
    """Make a context for which a function answers."""

    def make(answer, **options):
        return fake_service_context(answer, state_dir=tmp_path, **options)

    return make


def _never(request):
    raise AssertionError(f"{request.url} was asked")


class Time:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


def test_the_pace_stays_under_the_limit():
    time = Time()
    pace = Pace(burst=3, rate=0.5, clock=time)
    token = "/auth/v1/token?grant_type=password"
    assert [pace.request(token) for _ in range(5)] == [0, 0, 0, 2, 4]
    assert pace.request("/auth/v1/verify") == 0
    assert [pace.request("/auth/v1/health") for _ in range(9)] == [0] * 9
    time.now += 10
    assert pace.request(token) == 0


def test_one_mail_a_minute_and_address():
    time = Time()
    pace = Pace(clock=time)
    assert [pace.mail("a@example.org") for _ in range(3)] == [0, 60, 120]
    assert pace.mail("b@example.org") == 0
    time.now += 300
    assert pace.mail("a@example.org") == 0


def test_an_answer_that_comes_too_fast_is_asked_for_again(context):
    codes = [429, 429, 200]
    asked = context(lambda _: httpx.Response(codes.pop(0), json={})).target_api
    assert asked.call("GET", "/auth/v1/settings").status == 200
    assert codes == []


def test_keys_go_into_headers_and_nowhere_else(context):
    seen = []

    def answer(request):
        seen.append(request)
        raise httpx.ConnectError("nobody is there")

    client = context(answer).target_api
    token = Secret("eyJhbGciOiJIUzI1NiJ9.e30.x")
    with pytest.raises(NoAnswer) as caught:
        client.call("GET", "/rest/v1/", key="service", token=token)
    assert seen[0].headers["apikey"] == "service"
    assert seen[0].headers["authorization"] == f"Bearer {token.reveal()}"
    for text in (str(caught.value), repr(client), repr(client.api)):
        assert "'service'" not in text
        assert token.reveal() not in text


def test_a_key_of_the_new_form_is_no_bearer(context):
    seen = []
    client = context(lambda r: seen.append(r) or httpx.Response(200)).target_api
    client.call("GET", "/", key=Secret("sb_publishable_x"))
    assert "authorization" not in seen[0].headers


def test_a_key_that_is_not_known_is_named(context):
    client = context(_never).target_api
    client._api = Api(url="http://target.invalid")
    with pytest.raises(Unavailable, match="SUPAMIG_TARGET_SERVICE_ROLE_KEY"):
        client.call("GET", "/", key="service")
    client._api = None
    with pytest.raises(Unavailable, match="SUPAMIG_TARGET_URL"):
        client.call("GET", "/")


def test_a_check_of_services_is_left_out_where_there_are_none():
    @auth_checker("acme.check", title="A check")
    def check(context):
        raise AssertionError("it was run")

    plain = CheckContext(source=FakeSide(), target=FakeSide())
    with pytest.raises(Unavailable, match="needs the services"):
        check.run(plain)


def test_tokens_are_signed_and_read():
    token = signed({"role": "anon", "n": 1}, SECRET)
    assert claims(token) == {"role": "anon", "n": 1}
    assert is_signed_by(token, SECRET)
    assert not is_signed_by(token, Secret("another-secret-that-is-long-enough-too"))
    assert claims(Secret("no token")) == claims(Secret("a.b.c")) == {}


def test_notes_name_who_was_made_and_not_removed(tmp_path):
    notes = Notes(tmp_path)
    for number in (1, 2):
        notes.add("making", url="http://a", id=str(number), email=f"{number}@x")
    notes.add("removed", email="1@x")
    notes.add("making", url="http://b", id="3", email="3@x")
    assert [one["id"] for one in notes.left("http://a")] == ["2"]
    path = tmp_path / "check-users.jsonl"
    assert path.stat().st_mode & 0o777 == 0o600
    with path.open("ab") as stream:
        stream.write(b'{"event": "making", "email": "torn')
    notes.add("removed", email="2@x")
    assert notes.left("http://a") == []


def test_users_of_a_run_that_works_stay(tmp_path):
    path = tmp_path / "check-users.jsonl"
    entry = {"event": "making", "url": "http://a", "id": "1", "email": "1@x", "pid": os.getppid()}
    path.write_text(json.dumps(entry) + "\n")
    assert Notes(tmp_path).left("http://a") == []


def test_only_our_own_users_are_swept(context, tmp_path):
    removed = []

    def answer(request):
        removed.append(request.url.path)
        return httpx.Response(200, json={})

    ours = "supamig-check-00ff-1@check.supamig.invalid"
    strangers = ["supamig-check-mine@check.supamig.invalid", "ada@example.com"]
    assert is_ours(ours)
    assert not any(map(is_ours, strangers))
    found = [("1", ours), *(("2", email) for email in strangers)]
    client = context(answer).target_api
    assert sweep(client, Notes(tmp_path), found) == ([ours], [])
    assert removed == ["/auth/v1/admin/users/1"]


def test_a_user_that_cannot_be_removed_is_named(context):
    def answer(request):
        return httpx.Response(500 if request.method == "DELETE" else 200, json={})

    made = context(answer)
    user = made.throwaway()
    made.users.remove()
    assert made.users.left == [user.email]


@pytest.mark.parametrize("check", [gateway, anon, forged], ids=lambda check: check.id)
def test_a_server_that_lets_everybody_in(check, context):
    found = list(check.run(context(lambda _: httpx.Response(200, json={}))))
    assert found
    assert all("let in" in finding.message for finding in found)
    assert list(check.run(context(lambda _: httpx.Response(401)))) == []


def test_an_expired_token_that_is_let_in(context):
    made = context(lambda _: httpx.Response(200, json={}))
    with pytest.raises(Unavailable, match="SUPAMIG_TARGET_JWT_SECRET"):
        list(expired.run(made))
    made.target_api._api = Api(url="http://t", anon_key=Secret("a"), jwt_secret=SECRET)
    (finding,) = expired.run(made)
    assert "expired an hour ago" in finding.message


def test_an_older_server(context):
    def answer(request):
        version = "v2.180.0" if "target" in request.url.host else "v2.196.0"
        return httpx.Response(200, json={"version": version})

    (finding,) = health.run(context(answer))
    assert "v2.180.0" in finding.message
    (finding,) = health.run(context(lambda _: httpx.Response(503)))
    assert "503" in finding.message


def test_answers_without_a_date(context):
    with pytest.raises(Unavailable, match="no date"):
        list(clock.run(context(lambda _: httpx.Response(200))))


def test_saved_settings_stand_in_for_a_source_that_is_gone(context):
    here = {"external": {"email": True, "github": False}, "disable_signup": False}

    def answer(request):
        if "source" in request.url.host:
            raise httpx.ConnectError("paused")
        return httpx.Response(200, json=here)

    saved = {"external_github_enabled": True, "disable_signup": False, "external_x_enabled": None}
    (finding,) = settings.run(context(answer, expected=saved))
    assert finding.subject == "external.github"
    assert "GOTRUE_EXTERNAL_GITHUB_ENABLED" in finding.hint
    with pytest.raises(Unavailable):
        list(settings.run(context(answer)))


def test_keys_that_are_old_or_torn_or_of_another_project(context):
    made = context(_never)
    now = int(made.clock())
    old = signed({"role": "anon", "exp": now - 10}, SECRET)
    other = signed({"role": "service_role", "exp": now + 86_400, "ref": "b" * 20}, SECRET)
    address = "https://" + "a" * 20 + ".supabase.co"
    made.target_api._api = Api(url=address, anon_key=old, service_role_key=other)
    messages = [finding.message for finding in keys.run(made)]
    assert "the anon key has expired" in messages
    assert any("expires in 1 days" in message for message in messages)
    assert any(message.startswith("the service role key is of the project") for message in messages)
    made.target_api._api = Api(url=address, anon_key=Secret("eyJhbGciOiJIUzI1NiJ9"))
    (finding,) = keys.run(made)
    assert finding.message == "the anon key is no token"


def test_a_key_set_that_shows_too_much(context):
    def answer(request):
        theirs = [{"kty": "EC", "kid": "1"}]
        ours = [{"kty": "oct", "kid": "2", "k": "c2VjcmV0"}]
        return httpx.Response(200, json={"keys": theirs if "source" in str(request.url) else ours})

    private, unknown = jwks.run(context(answer))
    assert "shows what is private: k" in private.message
    assert "refresh tokens live" in unknown.message


def test_a_mail_server(context):
    def run(knock, **options):
        return list(smtp.run(context(_never, expected=options, knock=knock)))

    def refused(_host, _port):
        raise OSError("Connection refused")

    known = {"smtp_host": "mail.example.com", "smtp_port": "587"}
    for options in ({}, known | {"smtp_port": "65536"}, known | {"smtp_port": "many"}):
        with pytest.raises(Unavailable, match="smtp_host"):
            run(_never, **options)
    assert run(lambda *asked: "2" if asked == ("mail.example.com", 587) else "", **known) == []
    (finding,) = run(refused, **known)
    assert finding.message == (
        "the mail server mail.example.com:587 cannot be reached from the target's database server:"
        " Connection refused"
    )
    for first in ("5", "S", ""):
        (finding,) = run(lambda *_, first=first: first, **known)
        assert "does not greet" in finding.message
    # TLS from the first byte on: no greeting can be seen
    assert run(lambda *_: "", **known | {"smtp_port": 465}) == []


def test_a_mail_server_from_here_where_the_database_cannot_look(context):
    import socket
    import threading

    def run(port):
        return list(
            smtp.run(context(_never, expected={"smtp_host": "127.0.0.1", "smtp_port": port}))
        )

    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        def greet():
            for words in (b"220 here\r\n", b"SSH-2.0\r\n"):
                connection, _ = listener.accept()
                with connection:
                    connection.sendall(words)

        thread = threading.Thread(target=greet, daemon=True)
        thread.start()
        assert run(port) == []
        (finding,) = run(str(port))
        assert "from here (no database of the target answers)" in finding.message
        assert "does not greet" in finding.message
        thread.join(10)
    (finding,) = run(port)
    assert "cannot be reached" in finding.message
