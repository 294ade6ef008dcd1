"""Hooks of the database, and limits by address."""

from __future__ import annotations

import jwt
import pytest


def failed(answer):
    return answer.status_code, answer.json()["error_code"]


def hook(point, name):
    return {
        f"HOOK_{point}_ENABLED": "true",
        f"HOOK_{point}_URI": f"pg-functions://postgres/public/{name}",
    }


def test_a_function_that_is_missing(auth, user, people):
    client = auth(**hook("CUSTOM_ACCESS_TOKEN", "nowhere"))
    answer = client.sign_in(user["email"], people.password)
    assert failed(answer) == (500, "unexpected_failure")
    assert answer.json()["msg"] == (
        "Error running hook URI: pg-functions://postgres/public/nowhere"
    )


CLAIMS = """
create function public.add_claim(event jsonb) returns jsonb language sql as $$
  select jsonb_build_object('claims', (event -> 'claims') || '{"plan": "gold"}') $$;
revoke execute on function public.add_claim from public, anon, authenticated, service_role
"""


def test_a_function_that_auth_may_not_call(auth, user, people, database):
    client = auth(**hook("CUSTOM_ACCESS_TOKEN", "add_claim"))
    database.execute(CLAIMS)
    try:
        refused = client.sign_in(user["email"], people.password)
        assert refused.status_code == 500
        assert refused.json()["msg"].startswith("Error running hook URI:")
        database.execute("grant execute on function public.add_claim to supabase_auth_admin")
        token = client.sign_in(user["email"], people.password).json()["access_token"]
        assert jwt.decode(token, options={"verify_signature": False})["plan"] == "gold"
    finally:
        database.execute("drop function public.add_claim")


def test_a_function_that_says_no(auth, user, people, database):
    client = auth(**hook("PASSWORD_VERIFICATION_ATTEMPT", "judge"))
    database.execute("""
        create function public.judge(event jsonb) returns jsonb language sql as $$
        select case when (event ->> 'valid')::bool then '{"decision": "continue"}'::jsonb
               else '{"decision": "reject", "message": "go away"}' end $$;
        grant execute on function public.judge to supabase_auth_admin
    """)
    try:
        assert client.sign_in(user["email"], people.password).status_code == 200
        answer = client.sign_in(user["email"], "wrong")
        assert (*failed(answer), answer.json()["msg"]) == (400, "invalid_credentials", "go away")
    finally:
        database.execute("drop function public.judge")


def test_a_function_that_refuses_users(auth, people, database):
    client = auth(MAILER_AUTOCONFIRM="true", **hook("BEFORE_USER_CREATED", "door"))
    database.execute("""
        create function public.door(event jsonb) returns jsonb language sql as $$
        select '{"error": {"http_code": 403, "message": "members only"}}'::jsonb $$;
        grant execute on function public.door to supabase_auth_admin
    """)
    try:
        answer = client.post("/signup", {"email": people.email(), "password": "abcdefg"})
        assert (answer.status_code, answer.json()["msg"]) == (403, "members only")
    finally:
        database.execute("drop function public.door")


CAPTCHA = {"SECURITY_CAPTCHA_ENABLED": "true", "SECURITY_CAPTCHA_SECRET": "x"}


def test_a_captcha_that_nobody_solved(auth, user, people):
    client = auth(**CAPTCHA)
    found = {
        "sign-in": failed(client.sign_in(user["email"], people.password)),
        "sign-up": failed(client.post("/signup", {"email": people.email(), "password": "abcdefg"})),
        "recover": failed(client.post("/recover", {"email": user["email"]})),
        "refresh": failed(client.refresh("abcdefghijkl")),
    }
    assert found == {
        "sign-in": (400, "captcha_failed"),
        "sign-up": (400, "captcha_failed"),
        "recover": (400, "captcha_failed"),
        "refresh": (400, "refresh_token_not_found"),
    }
    body = {"email": user["email"], "password": people.password}
    as_admin = client.post("/token?grant_type=password", body, client.service_role)
    assert as_admin.status_code == 200


LIMITED = {
    "/token?grant_type=password": {"email": "nobody@example.com", "password": "x"},
    "/verify": {"type": "recovery", "token_hash": "0" * 56},
}


@pytest.mark.parametrize("path", LIMITED)
def test_a_burst_of_thirty(path, backend):
    """Whatever the rate, and only by the header that is configured."""
    client = backend.fresh({
        "GOTRUE_RATE_LIMIT_HEADER": "X-Real-Ip",
        "GOTRUE_RATE_LIMIT_TOKEN_REFRESH": "0.001",
        "GOTRUE_RATE_LIMIT_VERIFY": "0.001",
    })  # fmt: skip
    here = {"headers": {"X-Real-Ip": "192.0.2.1"}}
    found = [client.post(path, LIMITED[path], **here).status_code for _ in range(31)]
    assert 429 not in found[:30]
    answer = client.post(path, LIMITED[path], **here)
    assert (found[30], *failed(answer)) == (429, 429, "over_request_rate_limit")
    assert answer.json()["msg"] == "Request rate limit reached"
    other = client.post(path, LIMITED[path], headers={"X-Real-Ip": "192.0.2.2"})
    assert other.status_code != 429
    assert client.post(path, LIMITED[path]).status_code != 429


def test_passwords_and_refreshes_are_counted_together(backend):
    client = backend.fresh({
        "GOTRUE_RATE_LIMIT_HEADER": "X-Real-Ip", "GOTRUE_RATE_LIMIT_TOKEN_REFRESH": "0.001",
    })  # fmt: skip
    here = {"headers": {"X-Real-Ip": "192.0.2.1"}}
    for _ in range(15):
        client.post("/token?grant_type=refresh_token", {"refresh_token": "abcdefghijkl"}, **here)
        client.post("/token?grant_type=password", {"email": "a@b.de", "password": "x"}, **here)
    answer = client.post("/token?grant_type=refresh_token", {}, **here)
    assert failed(answer) == (429, "over_request_rate_limit")
