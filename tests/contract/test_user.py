"""/user and /logout."""

from __future__ import annotations

import time

import jwt
import pytest


def failed(answer):
    return answer.status_code, answer.json()["error_code"]


@pytest.fixture
def signed_in(confirming, user, people):
    return confirming.sign_in(user["email"], people.password).json()


@pytest.fixture
def forged(signed_in, secret):
    """Make a token of one's own from the user's."""

    def make(*, key=secret, **changes):
        claims = jwt.decode(signed_in["access_token"], options={"verify_signature": False})
        claims = {k: v for k, v in (claims | changes).items() if v is not None}
        return jwt.encode(claims, key, algorithm="HS256")

    return make


def test_the_user(confirming, signed_in, user):
    answer = confirming.get("/user", signed_in["access_token"])
    assert answer.status_code == 200
    found = answer.json()
    assert found == signed_in["user"] | {
        name: found[name] for name in ("updated_at", "last_sign_in_at")
    }
    assert (found["id"], found["phone"], found["identities"]) == (str(user["id"]), "", [])


def test_without_a_token(confirming):
    assert failed(confirming.get("/user")) == (401, "no_authorization")


REFUSED = {
    "expired": ({"exp": int(time.time()) - 10}, "bad_jwt"),
    "another secret": ({"key": "another-secret-that-is-long-enough-to-pass"}, "bad_jwt"),
    "no subject": ({"sub": None}, "bad_jwt"),
    "unknown subject": ({"sub": "11111111-1111-4111-8111-111111111111"}, "user_not_found"),
    "unknown session": (
        {"session_id": "11111111-1111-4111-8111-111111111111"}, "session_not_found",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_a_token_that_is_refused(what, confirming, forged):
    changes, code = REFUSED[what]
    assert failed(confirming.get("/user", forged(**changes))) == (403, code)


def test_a_tampered_token(confirming, signed_in):
    head, claims, signature = signed_in["access_token"].split(".")
    other = ("A" if claims[10] != "A" else "B").join((claims[:10], claims[11:]))
    answer = confirming.get("/user", f"{head}.{other}.{signature}")
    assert failed(answer) == (403, "bad_jwt")


@pytest.mark.parametrize("key", ["anon", "service_role"])
def test_an_api_key_is_no_user(key, confirming):
    answer = confirming.get("/user", getattr(confirming, key))
    assert failed(answer) == (403, "bad_jwt")
    assert "missing sub claim" in answer.json()["msg"]


ACCEPTED = {
    "another issuer": {"iss": "https://elsewhere.example.com"},
    "another audience": {"aud": "mobile"},
    "no session": {"session_id": None},
}


@pytest.mark.parametrize("what", ACCEPTED)
def test_a_token_that_is_accepted(what, confirming, forged):
    assert confirming.get("/user", forged(**ACCEPTED[what])).status_code == 200


def test_a_new_password(confirming, signed_in, user, people):
    token = signed_in["access_token"]
    other = confirming.sign_in(user["email"], people.password).json()
    same = confirming.put("/user", {"password": people.password}, token)
    assert failed(same) == (422, "same_password")
    weak = confirming.put("/user", {"password": "abc"}, token)
    assert failed(weak) == (422, "weak_password")
    assert confirming.put("/user", {"password": "another horse"}, token).status_code == 200
    assert confirming.sign_in(user["email"], "another horse").status_code == 200
    assert failed(confirming.sign_in(user["email"], people.password))[1] == "invalid_credentials"
    assert confirming.get("/user", token).status_code == 200
    # the other sessions end with the old password
    assert failed(confirming.get("/user", other["access_token"])) == (403, "session_not_found")


def test_metadata(confirming, signed_in):
    token = signed_in["access_token"]
    confirming.put("/user", {"data": {"colour": "green", "size": 1}}, token)
    answer = confirming.put("/user", {"data": {"size": None}}, token)
    assert answer.json()["user_metadata"] == {"colour": "green"}
    refused = confirming.put("/user", {"app_metadata": {"role": "admin"}}, token)
    assert failed(refused) == (403, "not_admin")


def test_an_address_that_is_taken(confirming, signed_in, people):
    other = people.add()
    answer = confirming.put("/user", {"email": other["email"]}, signed_in["access_token"])
    assert failed(answer) == (422, "email_exists")


def test_a_new_address_waits_for_both(auth, user, people, database):
    client = auth()
    token = client.sign_in(user["email"], people.password).json()["access_token"]
    email = people.email()
    answer = client.put("/user", {"email": email}, token)
    assert answer.status_code == 200
    assert (answer.json()["email"], answer.json()["new_email"]) == (user["email"], email)
    row = database.execute("select * from users where id = %s", [user["id"]]).fetchone()
    first = client.post(
        "/verify", {"type": "email_change", "token_hash": row["email_change_token_current"]}
    )
    assert first.json()["code"] == "200"
    second = client.post(
        "/verify", {"type": "email_change", "token_hash": row["email_change_token_new"]}
    )
    assert second.json()["user"]["email"] == email


SCOPES = {
    "": (403, 403), "global": (403, 403), "local": (403, 200), "others": (200, 403),
}  # fmt: skip


@pytest.mark.parametrize("scope", SCOPES)
def test_log_out(scope, confirming, signed_in, user, people):
    other = confirming.sign_in(user["email"], people.password).json()
    query = f"?scope={scope}" if scope else ""
    answer = confirming.post(f"/logout{query}", token=signed_in["access_token"])
    assert (answer.status_code, answer.content) == (204, b"")
    sessions = (signed_in, other)
    found = [confirming.get("/user", one["access_token"]) for one in sessions]
    assert tuple(one.status_code for one in found) == SCOPES[scope]
    for one, session in zip(found, sessions, strict=True):
        if one.status_code == 403:
            assert failed(one) == (403, "session_not_found")
            gone = confirming.refresh(session["refresh_token"])
            assert failed(gone) == (400, "refresh_token_not_found")


def test_log_out_of_another_scope(confirming, signed_in):
    answer = confirming.post("/logout?scope=nonsense", token=signed_in["access_token"])
    assert failed(answer) == (400, "validation_failed")
