"""POST /token: passwords and refresh tokens."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import jwt
import pytest

CLAIMS = {
    *("sub", "aud", "exp", "iat", "email", "phone", "app_metadata", "user_metadata", "role"),
    *("aal", "amr", "session_id", "is_anonymous"),
}


def failed(answer):
    return answer.status_code, answer.json()["error_code"]


def test_a_session(confirming, user, people, secret):
    answer = confirming.sign_in(user["email"], people.password)
    assert answer.status_code == 200
    found = answer.json()
    assert found["weak_password"] is None
    assert len(found["refresh_token"]) == 12
    assert answer.headers["sb-auth-user-id"] == str(user["id"])
    assert answer.headers["sb-auth-refresh-token-prefix"] == found["refresh_token"][:5]
    claims = jwt.decode(found["access_token"], secret, ["HS256"], audience="authenticated")
    assert set(claims) == CLAIMS
    assert (claims["sub"], claims["aal"]) == (str(user["id"]), "aal1")
    assert claims["exp"] - claims["iat"] == 3600
    assert [one["method"] for one in claims["amr"]] == ["password"]
    assert answer.headers["sb-auth-session-id"] == claims["session_id"]
    assert jwt.get_unverified_header(found["access_token"]) == {"alg": "HS256", "typ": "JWT"}


def test_an_issuer_and_a_lifetime(auth, user, people, secret):
    client = auth(JWT_ISSUER="https://issuer.example.com", JWT_EXP="60")
    found = client.sign_in(user["email"], people.password).json()
    claims = jwt.decode(found["access_token"], secret, ["HS256"], audience="authenticated")
    assert claims["iss"] == "https://issuer.example.com"
    assert found["expires_in"] == 60


def test_the_address_in_another_case(confirming, user, people):
    assert confirming.sign_in(user["email"].upper(), people.password).status_code == 200


def test_a_password_that_would_be_weak_today(auth, user, people):
    found = auth(PASSWORD_MIN_LENGTH="30").sign_in(user["email"], people.password).json()
    assert found["weak_password"]["reasons"] == ["length"]


def test_what_is_wrong(confirming, auth, user, people):
    nobody = (400, "invalid_credentials")
    assert failed(confirming.sign_in(user["email"], "wrong")) == nobody
    assert failed(confirming.sign_in("nobody@example.com", people.password)) == nobody
    assert failed(confirming.sign_in(user["email"], "")) == nobody
    assert failed(confirming.sign_in("", people.password)) == (400, "validation_failed")
    closed = auth(EXTERNAL_EMAIL_ENABLED="false").sign_in(user["email"], people.password)
    assert failed(closed) == (422, "email_provider_disabled")


def test_who_may_not(confirming, people):
    later = datetime.now(UTC) + timedelta(hours=1)
    states = {
        "invalid_credentials": people.add(encrypted_password=None),
        "email_not_confirmed": people.add(email_confirmed_at=None),
        "user_banned": people.add(banned_until=later),
    }
    found = {
        code: failed(confirming.sign_in(user["email"], people.password))
        for code, user in states.items()
    }
    assert found == {code: (400, code) for code in states}


@pytest.mark.parametrize("query", ["", "?grant_type=nonsense"])
def test_an_unknown_grant(query, confirming, user, people):
    body = {"email": user["email"], "password": people.password}
    answer = confirming.post(f"/token{query}", body)
    assert failed(answer) == (400, "invalid_credentials")
    assert answer.json()["msg"] == "unsupported_grant_type"


def test_a_refresh(confirming, user, people):
    first = confirming.sign_in(user["email"], people.password).json()
    answer = confirming.refresh(first["refresh_token"])
    second = answer.json()
    assert answer.status_code == 200
    assert second["refresh_token"] != first["refresh_token"]
    assert second["user"]["id"] == str(user["id"])
    assert confirming.get("/user", second["access_token"]).status_code == 200
    assert confirming.get("/user", first["access_token"]).status_code == 200


@pytest.mark.parametrize("token", ["", "short", "UPPERCASE123", "a" * 13, "not-a-token!"])
def test_a_refresh_token_of_another_form(token, confirming):
    assert failed(confirming.refresh(token)) == (400, "validation_failed")


def test_an_unknown_refresh_token(confirming):
    assert failed(confirming.refresh("abcdefghijkl")) == (400, "refresh_token_not_found")


def family(client, user, people, times):
    tokens = [client.sign_in(user["email"], people.password).json()["refresh_token"]]
    for _ in range(times):
        tokens.append(client.refresh(tokens[-1]).json()["refresh_token"])
    return tokens


def test_the_parent_of_the_current_token_gives_the_current_one(auth, user, people):
    client = auth(MAILER_AUTOCONFIRM="true")
    first, second = family(client, user, people, 1)
    again = client.refresh(first)
    assert (again.status_code, again.json()["refresh_token"]) == (200, second)


def test_an_older_token_revokes_the_family(auth, user, people):
    client = auth(MAILER_AUTOCONFIRM="true")
    signed_in = client.sign_in(user["email"], people.password).json()
    first = signed_in["refresh_token"]
    second = client.refresh(first).json()["refresh_token"]
    third = client.refresh(second).json()["refresh_token"]
    assert failed(client.refresh(first)) == (400, "refresh_token_already_used")
    assert failed(client.refresh(third)) == (400, "refresh_token_already_used")
    assert client.get("/user", signed_in["access_token"]).status_code == 200


def test_an_older_token_within_the_interval(auth, user, people):
    client = auth(SECURITY_REFRESH_TOKEN_REUSE_INTERVAL="60")
    first, _, third = family(client, user, people, 2)
    again = client.refresh(first)
    assert again.status_code == 200
    assert client.refresh(third).status_code == 200


def test_an_older_token_without_rotation(auth, user, people):
    client = auth(SECURITY_REFRESH_TOKEN_ROTATION_ENABLED="false")
    first, _, third = family(client, user, people, 2)
    assert failed(client.refresh(first)) == (400, "refresh_token_already_used")
    assert client.refresh(third).status_code == 200


def test_a_session_that_is_gone(confirming, user, people, database):
    found = confirming.sign_in(user["email"], people.password).json()
    database.execute("alter table refresh_tokens disable trigger all")
    database.execute("set session_replication_role to replica")
    database.execute("delete from sessions where user_id = %s", [user["id"]])
    database.execute("set session_replication_role to origin")
    database.execute("alter table refresh_tokens enable trigger all")
    assert failed(confirming.refresh(found["refresh_token"])) == (400, "session_not_found")


def test_a_session_that_is_over(confirming, user, people, database):
    found = confirming.sign_in(user["email"], people.password).json()
    database.execute(
        "update sessions set not_after = now() - interval '1 min' where user_id = %s", [user["id"]]
    )
    assert failed(confirming.refresh(found["refresh_token"])) == (400, "session_expired")


OVER = {
    "timebox": ({"SESSIONS_TIMEBOX": "1h"}, "created_at", "Session Expired"),
    "idle": ({"SESSIONS_INACTIVITY_TIMEOUT": "1h"}, "created_at", "Session Expired (Inactivity)"),
}


@pytest.mark.parametrize("what", OVER)
def test_a_session_lives_only_so_long(what, auth, user, people, database):
    settings, column, words = OVER[what]
    client = auth(**settings)
    found = client.sign_in(user["email"], people.password).json()
    old = "now() - interval '2 h'"
    database.execute(f"update sessions set {column} = {old} where user_id = %s", [user["id"]])
    database.execute(f"update refresh_tokens set updated_at = {old} where user_id = %s",
                     [str(user["id"])])  # fmt: skip
    answer = client.refresh(found["refresh_token"])
    assert failed(answer) == (400, "session_expired")
    assert answer.json()["msg"] == f"Invalid Refresh Token: {words}"


def test_one_session_a_user(auth, user, people):
    client = auth(SESSIONS_SINGLE_PER_USER="true")
    first = client.sign_in(user["email"], people.password).json()
    time.sleep(0.01)
    second = client.sign_in(user["email"], people.password).json()
    assert failed(client.refresh(first["refresh_token"])) == (400, "session_expired")
    assert client.refresh(second["refresh_token"]).status_code == 200


def test_a_banned_user_is_not_refreshed(confirming, user, people):
    found = confirming.sign_in(user["email"], people.password).json()
    people.change(user, banned_until=datetime.now(UTC) + timedelta(hours=1))
    assert failed(confirming.refresh(found["refresh_token"])) == (400, "user_banned")
    assert failed(confirming.get("/user", found["access_token"])) == (403, "user_banned")


def test_tokens_of_the_second_version(auth, confirming, user, people, database):
    client = auth(SECURITY_REFRESH_TOKEN_ALGORITHM_VERSION="2")
    first = client.sign_in(user["email"], people.password).json()["refresh_token"]
    assert len(first) == 51
    held = database.execute("select count(*) from refresh_tokens where user_id = %s",
                            [str(user["id"])]).fetchone()  # fmt: skip
    assert held["count"] == 0
    second = confirming.refresh(first).json()["refresh_token"]
    assert confirming.refresh(first).json()["refresh_token"] == second
    third = client.refresh(second).json()["refresh_token"]
    client.refresh(third)
    answer = client.refresh(first)
    assert failed(answer) == (400, "refresh_token_already_used")
    assert failed(client.refresh(third)) == (400, "refresh_token_not_found")
    torn = third[:-1] + ("A" if third[-1] != "A" else "B")
    assert failed(client.refresh(torn)) == (400, "validation_failed")
