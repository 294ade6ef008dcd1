"""POST /signup."""

from __future__ import annotations

import pytest

SESSION = {"access_token", "token_type", "expires_in", "expires_at", "refresh_token", "user"}


def failed(answer):
    return answer.status_code, answer.json()["error_code"]


def test_a_confirmed_user_gets_a_session(confirming, people):
    email = people.email()
    answer = confirming.post(
        "/signup", {"email": email, "password": "abcdefg", "data": {"username": "neu"}}
    )
    assert answer.status_code == 200
    found = answer.json()
    assert set(found) == SESSION
    assert (found["token_type"], found["expires_in"]) == ("bearer", 3600)
    user = found["user"]
    assert (user["email"], user["aud"], user["role"]) == (email, "authenticated", "authenticated")
    assert user["app_metadata"] == {"provider": "email", "providers": ["email"]}
    assert user["user_metadata"] == {
        "username": "neu",
        "sub": user["id"],
        "email": email,
        "email_verified": True,
        "phone_verified": False,
    }
    assert "email_confirmed_at" in user
    assert [one["provider"] for one in user["identities"]] == ["email"]
    people.row(email)


def test_a_user_who_must_confirm_gets_none(auth, people):
    email = people.email()
    answer = auth().post("/signup", {"email": email, "password": "abcdefg"})
    found = answer.json()
    assert answer.status_code == 200
    assert "access_token" not in found
    assert "confirmation_sent_at" in found
    assert people.row(email)["confirmation_token"]
    assert failed(auth().sign_in(email, "abcdefg")) == (400, "email_not_confirmed")
    again = auth().post("/signup", {"email": email, "password": "abcdefg"})
    assert failed(again) == (429, "over_email_send_rate_limit")


def test_an_address_is_kept_in_lower_case(confirming, people):
    email = people.email()
    found = confirming.post("/signup", {"email": email.upper(), "password": "abcdefg"}).json()
    assert found["user"]["email"] == email
    people.row(email)


def test_a_known_user_is_told(confirming, user):
    answer = confirming.post("/signup", {"email": user["email"], "password": "abcdefg"})
    assert failed(answer) == (422, "user_already_exists")


def test_a_known_user_is_hidden_where_addresses_are_confirmed(auth, user):
    answer = auth().post("/signup", {"email": user["email"], "password": "abcdefg"})
    assert answer.status_code == 200
    found = answer.json()
    assert found["id"] != str(user["id"])
    assert found["identities"] == []
    assert (found["role"], found["email"]) == ("", user["email"])


CLOSED = {
    "signup": ({"DISABLE_SIGNUP": "true"}, 422, "signup_disabled"),
    "email": ({"EXTERNAL_EMAIL_ENABLED": "false"}, 400, "email_provider_disabled"),
}


@pytest.mark.parametrize("what", CLOSED)
def test_nobody_new_comes_in(what, auth, people):
    settings, *expected = CLOSED[what]
    answer = auth(**settings).post("/signup", {"email": people.email(), "password": "abcdefg"})
    assert failed(answer) == tuple(expected)


BAD = {
    "weak": ({"email": "a@example.com", "password": "abc"}, 422, "weak_password"),
    "no address": ({"email": "nonsense", "password": "abcdefg"}, 400, "validation_failed"),
    "no password": ({"email": "a@example.com"}, 400, "validation_failed"),
    "long password": ({"email": "a@example.com", "password": "x" * 73}, 400, "validation_failed"),
    "number": ({"email": 1, "password": "abcdefg"}, 400, "bad_json"),
    "nothing": ({}, 422, "anonymous_provider_disabled"),
}


@pytest.mark.parametrize("what", BAD)
def test_bad_input(what, confirming):
    body, *expected = BAD[what]
    assert failed(confirming.post("/signup", body)) == tuple(expected)


def test_bad_json(confirming):
    answer = confirming.request("POST", "/signup", content=b"{", headers={
        "content-type": "application/json"})  # fmt: skip
    assert failed(answer) == (400, "bad_json")


def test_a_password_may_need_certain_characters(auth):
    settings = {"PASSWORD_REQUIRED_CHARACTERS": "abc:0123", "PASSWORD_MIN_LENGTH": "8"}
    answer = auth(**settings).post("/signup", {"email": "a@example.com", "password": "xyz"})
    assert failed(answer) == (422, "weak_password")
    assert answer.json()["weak_password"]["reasons"] == ["length", "characters"]


def test_a_user_without_a_name(auth, people, database):
    client = auth(EXTERNAL_ANONYMOUS_USERS_ENABLED="true")
    answer = client.post("/signup", {"data": {"username": "anon"}})
    assert answer.status_code == 200
    found = answer.json()
    assert set(found) == SESSION
    assert found["user"]["is_anonymous"] is True
    assert client.get("/user", found["access_token"]).status_code == 200
    database.execute("delete from users where id = %s", [found["user"]["id"]])


def test_a_trigger_that_fails(confirming, people, database):
    database.execute("""
        create function public.refuse() returns trigger language plpgsql as
        $$ begin raise exception 'no' using errcode = '22000'; end $$;
        create trigger refuse before insert on auth.users for each row
        when (new.email like 'refused%') execute function public.refuse()
    """)
    try:
        email = f"refused-{people.email()}"
        answer = confirming.post("/signup", {"email": email, "password": "abcdefg"})
        assert failed(answer) == (500, "unexpected_failure")
        assert answer.json()["msg"] == "Database error saving new user"
        assert answer.json()["error_id"]
    finally:
        database.execute("drop function public.refuse() cascade")


def test_a_trigger_that_says_why(confirming, people, database):
    database.execute("""
        create function public.refuse() returns trigger language plpgsql as
        $$ begin raise exception 'only staff'; end $$;
        create trigger refuse before insert on auth.users for each row
        when (new.email like 'refused%') execute function public.refuse()
    """)
    try:
        email = f"refused-{people.email()}"
        answer = confirming.post("/signup", {"email": email, "password": "abcdefg"})
        assert answer.status_code == 500
        assert answer.json() == {"code": "P0001", "message": "only staff"}
    finally:
        database.execute("drop function public.refuse() cascade")
