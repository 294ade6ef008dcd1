"""What the Management API is asked, and what is said of its answers."""

from __future__ import annotations

from datetime import UTC, datetime

import httpx
import pytest

from supamig.config import load
from supamig.errors import AuthenticationFailed, ConfigError, Unreachable
from supamig.management import ManagementApi, PoolerAddress
from supamig.secret import Secret

REF = "abcdefghijklmnopqrst"
TOKEN = "sbp_c4n4ry"
NOW = datetime(2026, 11, 23, 7, 59, 30, tzinfo=UTC).timestamp()
SHARED = {
    "identifier": REF,
    "database_type": "PRIMARY",
    "db_user": f"postgres.{REF}",
    "db_host": "aws-1-eu-central-1.pooler.supabase.com",
    "db_port": 6543,
    "db_name": "postgres",
    "pool_mode": "transaction",
}


def api(*responses, seen=None, waits=None):
    remaining = list(responses)

    def answer(request):
        if seen is not None:
            seen.append(request)
        response = remaining.pop(0)
        if isinstance(response, Exception):
            raise response
        return response

    waited = [] if waits is None else waits
    transport = httpx.MockTransport(answer)
    return ManagementApi(Secret(TOKEN), transport=transport, sleep=waited.append, clock=lambda: NOW)


def test_the_session_pooler_is_chosen_whatever_mode_is_listed():
    seen = []
    replica = {**SHARED, "database_type": "READ_REPLICA", "db_host": "x.pooler.supabase.com"}
    with api(httpx.Response(200, json=[replica, SHARED]), seen=seen) as client:
        found = client.session_pooler(REF)
    assert found == PoolerAddress(
        host="aws-1-eu-central-1.pooler.supabase.com",
        port=5432,
        user=f"postgres.{REF}",
        database="postgres",
    )
    assert seen[0].url == f"https://api.supabase.com/v1/projects/{REF}/config/database/pooler"
    assert seen[0].headers["authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize(
    "answer", [[], [{**SHARED, "db_host": f"db.{REF}.supabase.co"}], {"message": "?"}, ["?"]]
)
def test_a_project_without_a_shared_pooler_is_reached_directly(answer):
    with api(httpx.Response(200, json=answer)) as client:
        assert client.session_pooler(REF) is None


@pytest.mark.parametrize(
    ("response", "error", "message"),
    [
        (httpx.Response(401), AuthenticationFailed, "refused SUPABASE_ACCESS_TOKEN"),
        (httpx.Response(403), AuthenticationFailed, "may not read the pooler's settings"),
        (httpx.Response(404), ConfigError, "there is no project"),
        (httpx.Response(500), Unreachable, "status 500"),
        (httpx.Response(200, text="<html>"), Unreachable, "not JSON"),
        (httpx.ConnectTimeout("?"), Unreachable, "does not answer: ConnectTimeout"),
        (httpx.ConnectError("?"), Unreachable, "does not answer: ConnectError"),
    ],
)
def test_each_failure_says_what_to_do(response, error, message):
    with api(response) as client, pytest.raises(error, match=message) as caught:
        client.session_pooler(REF)
    assert caught.value.hint
    assert TOKEN not in str(caught.value) + caught.value.hint


def test_it_waits_as_long_as_it_is_told():
    busy = httpx.Response(429, headers={"Retry-After": "7"})
    endless = httpx.Response(429, headers={"Retry-After": "86400"})
    dated = httpx.Response(429, headers={"Retry-After": "Mon, 23 Nov 2026 08:00:00 GMT"})
    odd = httpx.Response(503, headers={"Retry-After": "soon"})
    waits = []
    answers = (busy, dated, odd, httpx.Response(200, json=[SHARED]))
    with api(*answers, waits=waits) as client:
        assert client.session_pooler(REF) is not None
    assert waits == [7.0, 30.0, 8.0]
    with api(endless, httpx.Response(200, json=[SHARED]), waits=waits) as client:
        client.session_pooler(REF)
    assert waits[-1] == 60.0


def test_it_gives_up_in_the_end():
    waits = []
    busy = [httpx.Response(429) for _ in range(4)]
    with api(*busy, waits=waits) as client, pytest.raises(Unreachable, match="too often"):
        client.session_pooler(REF)
    assert len(waits) == 3


def test_settings_take_the_pooler_when_a_token_lets_them_ask(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    environ = {
        "SUPABASE_PROJECT_REF": REF,
        "SUPABASE_DB_PASSWORD": "p",
        "SUPABASE_ACCESS_TOKEN": TOKEN,
    }
    asked = []

    def ask(project_ref, token):
        asked.append((project_ref, token.reveal()))
        with api(httpx.Response(200, json=[SHARED])) as client:
            return client.session_pooler(project_ref)

    from psycopg.conninfo import conninfo_to_dict

    chosen = load(environ=environ, ask_pooler=ask)
    assert asked == [(REF, TOKEN)]
    assert conninfo_to_dict(chosen.source.reveal()) == {
        "host": "aws-1-eu-central-1.pooler.supabase.com",
        "port": "5432",
        "user": f"postgres.{REF}",
        "dbname": "postgres",
        "sslmode": "require",
        "gssencmode": "disable",
        "password": "p",
    }
    load(environ=environ, ask_pooler=ask, sides=("target",))
    load(environ={**environ, "SUPABASE_DB_URL": "host=own"}, ask_pooler=ask)
    assert len(asked) == 1
