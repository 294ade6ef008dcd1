"""What everybody may ask, and the form of errors."""

from __future__ import annotations

import pytest


def test_health(auth):
    answer = auth().get("/health")
    assert answer.status_code == 200
    assert set(answer.json()) == {"version", "name", "description"}


def test_settings(auth):
    found = auth(DISABLE_SIGNUP="true", EXTERNAL_GITHUB_ENABLED="true").get("/settings").json()
    external = found.pop("external")
    assert (external["email"], external["github"], external["google"]) == (True, True, False)
    assert len(external) == 26
    assert found == {
        "disable_signup": True,
        "mailer_autoconfirm": False,
        "phone_autoconfirm": False,
        "sms_provider": "",
        "saml_enabled": False,
        # a quirk of the real one: true while SAML is off
        "saml_private_key_next_configured": True,
        "passkeys_enabled": False,
    }


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, "provider is not enabled"),
        ({"EXTERNAL_GITHUB_ENABLED": "true"}, "missing OAuth client ID"),
        (
            {"EXTERNAL_GITHUB_ENABLED": "true", "EXTERNAL_GITHUB_CLIENT_ID": "x"},
            "missing OAuth secret",
        ),
    ],
)
def test_a_provider_that_is_not_set_up(settings, words, auth):
    answer = auth(**settings).get("/authorize?provider=github")
    assert answer.status_code == 400
    assert answer.json()["error_code"] == "validation_failed"
    assert answer.json()["msg"] == f"Unsupported provider: {words}"


def test_an_unknown_page(auth):
    answer = auth().get("/nowhere")
    assert (answer.status_code, answer.text) == (404, "404 page not found\n")


def test_a_shared_secret_is_not_shown(auth):
    answer = auth().get("/.well-known/jwks.json")
    assert (answer.status_code, answer.json()) == (200, {"keys": []})


def test_an_error(confirming):
    answer = confirming.sign_in("nobody@example.com", "wrong")
    assert answer.json() == {
        "code": 400,
        "error_code": "invalid_credentials",
        "msg": "Invalid login credentials",
    }
    assert answer.headers["x-sb-error-code"] == "invalid_credentials"


def test_an_error_in_the_new_form(confirming):
    version = {"X-Supabase-Api-Version": "2024-01-01"}
    answer = confirming.post(
        "/token?grant_type=password", {"email": "nobody@example.com", "password": "x"},
        headers=version,
    )  # fmt: skip
    assert answer.status_code == 400
    assert answer.json() == {"code": "invalid_credentials", "message": "Invalid login credentials"}
    assert answer.headers["X-Supabase-Api-Version"] == "2024-01-01"


def test_a_newer_version_is_answered_as_the_newest_known(confirming):
    answer = confirming.get("/user", headers={"X-Supabase-Api-Version": "2025-06-01"})
    assert answer.json()["code"] == "no_authorization"
    assert answer.headers["X-Supabase-Api-Version"] == "2024-01-01"


def test_a_weak_password_in_the_new_form(confirming):
    answer = confirming.post(
        "/signup", {"email": "weak@example.com", "password": "a"},
        headers={"X-Supabase-Api-Version": "2024-01-01"},
    )  # fmt: skip
    assert answer.status_code == 422
    assert answer.json()["code"] == "weak_password"
    assert answer.json()["weak_password"] == {"reasons": ["length"]}
