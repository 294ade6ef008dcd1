"""Second factors by time-based codes."""

from __future__ import annotations

import uuid

import jwt
import pyotp
import pytest


def failed(answer):
    return answer.status_code, answer.json()["error_code"]


@pytest.fixture
def session(confirming, user, people):
    return confirming.sign_in(user["email"], people.password).json()


def enrol(client, token, name="phone"):
    return client.post("/factors", {"factor_type": "totp", "friendly_name": name}, token)


def prove(client, token, factor, secret):
    begun = client.post(f"/factors/{factor}/challenge", {}, token).json()
    body = {"challenge_id": begun["id"], "code": pyotp.TOTP(secret).now()}
    return client.post(f"/factors/{factor}/verify", body, token)


def test_the_whole_way(confirming, session, user):
    token = session["access_token"]
    answer = enrol(confirming, token)
    assert answer.status_code == 200
    made = answer.json()
    assert set(made) == {"id", "type", "friendly_name", "totp"}
    assert set(made["totp"]) == {"qr_code", "secret", "uri"}
    assert "<svg" in made["totp"]["qr_code"]
    assert made["totp"]["uri"].startswith("otpauth://totp/localhost")
    begun = confirming.post(f"/factors/{made['id']}/challenge", {}, token).json()
    assert set(begun) == {"id", "type", "expires_at"}
    raised = prove(confirming, token, made["id"], made["totp"]["secret"])
    assert raised.status_code == 200
    found = raised.json()
    claims = jwt.decode(found["access_token"], options={"verify_signature": False})
    assert claims["aal"] == "aal2"
    assert {one["method"] for one in claims["amr"]} == {"password", "totp"}
    again = confirming.refresh(found["refresh_token"]).json()
    assert jwt.decode(again["access_token"], options={"verify_signature": False})["aal"] == "aal2"
    factors = confirming.get("/user", again["access_token"]).json()["factors"]
    assert [(one["status"], one["friendly_name"]) for one in factors] == [("verified", "phone")]


def test_the_other_sessions_end(confirming, session, user, people):
    other = confirming.sign_in(user["email"], people.password).json()
    made = enrol(confirming, session["access_token"]).json()
    prove(confirming, session["access_token"], made["id"], made["totp"]["secret"])
    answer = confirming.get("/user", other["access_token"])
    assert failed(answer) == (403, "session_not_found")


def test_a_wrong_code(confirming, session):
    token = session["access_token"]
    made = enrol(confirming, token).json()
    begun = confirming.post(f"/factors/{made['id']}/challenge", {}, token).json()
    good = pyotp.TOTP(made["totp"]["secret"]).now()
    wrong = {"challenge_id": begun["id"], "code": str((int(good) + 1) % 1_000_000).zfill(6)}
    answer = confirming.post(f"/factors/{made['id']}/verify", wrong, token)
    assert failed(answer) == (422, "mfa_verification_failed")
    empty = confirming.post(f"/factors/{made['id']}/verify", wrong | {"code": ""}, token)
    assert failed(empty) == (400, "validation_failed")
    other = wrong | {"challenge_id": str(uuid.uuid4())}
    answer = confirming.post(f"/factors/{made['id']}/verify", other, token)
    assert failed(answer) == (422, "mfa_factor_not_found")


def test_what_a_weak_session_may_not(confirming, session, user, people):
    made = enrol(confirming, session["access_token"]).json()
    prove(confirming, session["access_token"], made["id"], made["totp"]["secret"])
    weak = confirming.sign_in(user["email"], people.password).json()["access_token"]
    found = {
        "enrol": failed(enrol(confirming, weak, "tablet")),
        "password": failed(confirming.put("/user", {"password": "another horse"}, weak)),
        "remove": failed(confirming.delete(f"/factors/{made['id']}", weak)),
    }
    assert found == {
        "enrol": (403, "insufficient_aal"),
        "password": (401, "insufficient_aal"),
        "remove": (422, "insufficient_aal"),
    }


def test_a_factor_is_removed(confirming, session):
    made = enrol(confirming, session["access_token"]).json()
    raised = prove(confirming, session["access_token"], made["id"], made["totp"]["secret"]).json()
    answer = confirming.delete(f"/factors/{made['id']}", raised["access_token"])
    assert (answer.status_code, answer.json()) == (200, {"id": made["id"]})


def test_factors_that_are_refused(confirming, auth, session):
    token = session["access_token"]
    enrol(confirming, token)
    found = {
        "name": failed(enrol(confirming, token)),
        "type": failed(confirming.post("/factors", {"factor_type": "junk"}, token)),
        "unknown": failed(confirming.post(f"/factors/{uuid.uuid4()}/challenge", {}, token)),
        "id": failed(confirming.post("/factors/junk/challenge", {}, token)),
        "off": failed(enrol(auth(MFA_TOTP_ENROLL_ENABLED="false"), token, "tablet")),
    }
    assert found == {
        "name": (422, "mfa_factor_name_conflict"),
        "type": (400, "validation_failed"),
        "unknown": (404, "mfa_factor_not_found"),
        "id": (404, "validation_failed"),
        "off": (422, "mfa_totp_enroll_not_enabled"),
    }
