"""The gateway: which key opens which route."""

from __future__ import annotations

import time

import pytest

from supamig.deployment import tokens

NEW = {"SUPABASE_PUBLISHABLE_KEY": "sb_publishable_aaaaaaaaaaaaaaaaaaaaaa_aaaaaaaa",
       "SUPABASE_SECRET_KEY": "sb_secret_aaaaaaaaaaaaaaaaaaaaaa_aaaaaaaa"}  # fmt: skip


@pytest.fixture
def whole(backend):
    return backend.whole({})


@pytest.fixture
def translating(backend, secret):
    """A gateway that knows keys of the new form."""
    now = int(time.time()) - 60
    pairs = zip(("ANON_KEY", "SERVICE_ROLE_KEY"), ("anon", "service_role"), strict=True)
    made = {f"{n}_ASYMMETRIC": tokens.symmetric(role, secret, now=now) for n, role in pairs}
    return backend.whole(NEW | made)


def get(whole, path, key=None, **headers):
    return whole.http.get(path, headers=headers | ({"apikey": key} if key else {}))


#: By path: without a key, with an unknown one, as anon, as service_role.
ROUTES = {
    "/auth/v1/.well-known/jwks.json": (200, 200, 200, 200),
    "/auth/v1/health": (401, 401, 200, 200),
    "/auth/v1/settings": (401, 401, 200, 200),
    "/rest/v1/": (401, 401, 403, 200),
    "/rest/v1/feature_flags?limit=1": (401, 401, 200, 200),
    "/storage/v1/status": (200, 200, 200, 200),
    "/realtime/v1/api/tenants": (403, 403, 403, 403),
    "/realtime/v1/api/openapi": (403, 403, 403, 403),
    "/realtime/v1/api/ping": (401, 401, 200, 200),
    "/pg/health": (401, 401, 403, 200),
    "/mcp": (403, 403, 403, 403),
    "/api/mcp": (403, 403, 403, 403),
    "/": (401, 401, 401, 401),
    "/rest/v1": (401, 401, 401, 401),
}


@pytest.mark.parametrize("path", ROUTES)
def test_which_key_opens_what(path, whole):
    keys = (None, "unknown", whole.anon, whole.service_role)
    found = tuple(get(whole, path, key).status_code for key in keys)
    assert found == ROUTES[path]


def test_words_of_a_refusal(whole):
    assert get(whole, "/rest/v1/feature_flags").text == "Unauthorized"


def test_a_key_in_the_address(whole):
    assert whole.http.get(f"/auth/v1/settings?apikey={whole.anon}").status_code == 200


def test_a_link_needs_no_key(whole):
    answer = whole.http.get("/auth/v1/verify?type=recovery&token=x", follow_redirects=False)
    assert answer.status_code == 303


def test_a_preflight_needs_no_key(whole):
    answer = whole.http.options("/rest/v1/feature_flags", headers={
        "origin": "https://app.example.com", "access-control-request-method": "GET",
        "access-control-request-headers": "apikey"})  # fmt: skip
    assert answer.status_code in {200, 204}
    assert answer.headers["access-control-allow-origin"] in {"*", "https://app.example.com"}
    assert "GET" in answer.headers["access-control-allow-methods"]


def test_an_answer_to_another_origin(whole):
    answer = get(whole, "/auth/v1/settings", whole.anon, origin="https://app.example.com")
    assert answer.headers["access-control-allow-origin"] in {"*", "https://app.example.com"}


def test_keys_of_the_new_form(translating):
    publishable, secret = NEW.values()
    found = {
        "settings": get(translating, "/auth/v1/settings", publishable).status_code,
        "rows as anon": get(translating, "/rest/v1/feature_flags", publishable).status_code,
        "root as anon": get(translating, "/rest/v1/", publishable).status_code,
        "root as service": get(translating, "/rest/v1/", secret).status_code,
        "users": get(translating, "/auth/v1/admin/users?per_page=1", secret).status_code,
        "bearer": get(translating, "/auth/v1/admin/users?per_page=1", secret,
                      authorization=f"Bearer {secret}").status_code,
        "unknown": get(translating, "/auth/v1/settings", publishable + "x").status_code,
    }  # fmt: skip
    assert found == {
        "settings": 200,
        "rows as anon": 200,
        "root as anon": 403,
        "root as service": 200,
        "users": 200,
        "bearer": 200,
        "unknown": 401,
    }


def test_a_users_own_token_stays(translating, user, people):
    body = {"email": user["email"], "password": people.password}
    publishable = {"apikey": NEW["SUPABASE_PUBLISHABLE_KEY"]}
    answer = translating.http.post(
        "/auth/v1/token?grant_type=password", json=body, headers=publishable
    )
    token = {"authorization": f"Bearer {answer.json()['access_token']}"}
    found = translating.http.get("/auth/v1/user", headers=publishable | token)
    assert found.json()["id"] == str(user["id"])


def test_functions_check_new_keys_only(translating):
    publishable, secret = NEW.values()
    path = "/functions/v1/hello"
    assert get(translating, path).status_code != 401
    assert get(translating, path, "sb_publishable_unknown").text == "Invalid API key"
    both = get(translating, path, publishable, authorization=f"Bearer {secret}")
    assert (both.status_code, both.text) == (401, "Conflicting API keys")
