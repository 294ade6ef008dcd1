"""/admin/users."""

from __future__ import annotations

import uuid

import argon2
import pytest

HASH = "$2b$04$PkZqy5d2C7WvcTPqv5wbfunh8Oq8o0V7sV1L2Vn2hQ8n5J3b9zG5e"


def failed(answer):
    return answer.status_code, answer.json()["error_code"]


def create(client, **body):
    return client.admin("POST", "/admin/users", json=body)


def test_only_administrators(confirming, user, people):
    token = confirming.sign_in(user["email"], people.password).json()["access_token"]
    assert failed(confirming.get("/admin/users", token)) == (403, "not_admin")
    assert failed(confirming.get("/admin/users", confirming.anon)) == (403, "not_admin")
    assert failed(confirming.get("/admin/users")) == (401, "no_authorization")


def test_pages(confirming, people):
    emails = [people.add()["email"] for _ in range(3)]
    answer = confirming.admin("GET", "/admin/users?page=1&per_page=2")
    assert answer.status_code == 200
    found = answer.json()
    assert found["aud"] == "authenticated"
    assert [one["email"] for one in found["users"]] == emails[:0:-1]
    # a list is shorter than a single user
    assert found["users"][0]["identities"] is None
    total = int(answer.headers["x-total-count"])
    assert 'rel="next"' in answer.headers["link"]
    assert f"page={-(-total // 2)}" in answer.headers["link"].split(",")[-1]
    beyond = confirming.admin("GET", "/admin/users?page=999")
    assert (beyond.status_code, beyond.json()["users"]) == (200, [])
    bad = confirming.admin("GET", "/admin/users?page=x")
    assert failed(bad) == (400, "validation_failed")


def test_a_new_user(confirming, people):
    email = people.email()
    answer = create(
        confirming, email=email, password="abcdefg", email_confirm=True,
        user_metadata={"a": 1}, app_metadata={"plan": "x"},
    )  # fmt: skip
    found = answer.json()
    assert answer.status_code == 200
    assert found["user_metadata"] == {"a": 1, "email_verified": True}
    assert found["app_metadata"] == {"plan": "x", "provider": "email", "providers": ["email"]}
    assert confirming.sign_in(email, "abcdefg").status_code == 200
    assert failed(create(confirming, email=email, password="abcdefg")) == (422, "email_exists")
    people.row(email)


def test_an_id_and_a_hash_may_be_given(confirming, people):
    number = str(uuid.uuid4())
    hashes = {"bcrypt": HASH, "argon2": argon2.PasswordHasher(1, 1024, 1).hash("abcdefg")}
    for kind, stored in hashes.items():
        email = people.email()
        given = {"id": number} if kind == "bcrypt" else {}
        answer = create(confirming, email=email, password_hash=stored, email_confirm=True, **given)
        assert answer.status_code == 200
        assert people.row(email)["encrypted_password"] == stored
        if kind == "argon2":
            assert confirming.sign_in(email, "abcdefg").status_code == 200
        else:
            assert answer.json()["id"] == number


BAD = {
    "hash": ({"email": "new@example.com", "password_hash": "junk"}, 500, "unexpected_failure"),
    "nobody": ({"password": "abcdefg"}, 400, "validation_failed"),
    "both": ({"email": "new@example.com", "password": "abcdefg", "password_hash": HASH},
             400, "validation_failed"),
    "id": ({"email": "new@example.com", "id": "junk"}, 400, "validation_failed"),
    "address": ({"email": "junk"}, 400, "validation_failed"),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD)
def test_a_new_user_that_is_refused(what, confirming):
    body, *expected = BAD[what]
    assert failed(create(confirming, **body)) == tuple(expected)


def test_one_user(confirming, user):
    path = f"/admin/users/{user['id']}"
    assert confirming.admin("GET", path).json()["email"] == user["email"]
    assert failed(confirming.admin("GET", f"/admin/users/{uuid.uuid4()}")) == (
        404,
        "user_not_found",
    )
    assert failed(confirming.admin("GET", "/admin/users/junk")) == (404, "validation_failed")


def test_changes(confirming, user, people):
    path, email = f"/admin/users/{user['id']}", people.email()
    changes = {"email": email, "email_confirm": True, "password": "another horse",
               "app_metadata": {"plan": "y"}, "role": "staff"}  # fmt: skip
    answer = confirming.admin("PUT", path, json=changes)
    assert answer.status_code == 200
    found = answer.json()
    assert (found["email"], found["role"], found["app_metadata"]["plan"]) == (email, "staff", "y")
    assert [one["email"] for one in found["identities"]] == [email]
    assert confirming.sign_in(email, "another horse").status_code == 200


def test_an_invitation(confirming, user, people):
    email = people.email()
    answer = confirming.admin("POST", "/invite", json={"email": email})
    assert answer.status_code == 200
    assert answer.json()["invited_at"]
    assert people.row(email)["confirmation_token"]
    known = confirming.admin("POST", "/invite", json={"email": user["email"]})
    assert failed(known) == (422, "email_exists")


def test_factors_of_a_user(confirming, user):
    answer = confirming.admin("GET", f"/admin/users/{user['id']}/factors")
    assert (answer.status_code, answer.json()) == (200, [])


SORTS = {"created_at asc": 200, "created_at": 200, "email asc": 400, "created_at up": 400}


@pytest.mark.parametrize("sort", SORTS)
def test_an_order(sort, confirming):
    answer = confirming.admin("GET", "/admin/users", params={"sort": sort})
    assert answer.status_code == SORTS[sort]


def test_a_ban(confirming, user, people):
    path = f"/admin/users/{user['id']}"
    assert confirming.admin("PUT", path, json={"ban_duration": "24h"}).json()["banned_until"]
    answer = confirming.sign_in(user["email"], people.password)
    assert failed(answer) == (400, "user_banned")
    assert "banned_until" not in confirming.admin("PUT", path, json={"ban_duration": "none"}).json()
    bad = confirming.admin("PUT", path, json={"ban_duration": "1 day"})
    assert failed(bad) == (400, "validation_failed")


def test_a_deletion(confirming, user):
    path = f"/admin/users/{user['id']}"
    answer = confirming.admin("DELETE", path)
    assert (answer.status_code, answer.json()) == (200, {})
    assert failed(confirming.admin("GET", path)) == (404, "user_not_found")


def test_a_soft_deletion(confirming, user, people, database):
    path = f"/admin/users/{user['id']}"
    answer = confirming.admin("DELETE", path, json={"should_soft_delete": True})
    assert (answer.status_code, answer.json()) == (200, {})
    row = database.execute("select * from users where id = %s", [user["id"]]).fetchone()
    assert row["deleted_at"] is not None
    assert (row["encrypted_password"], "@" in row["email"]) == (None, False)
    assert failed(confirming.sign_in(user["email"], people.password))[1] == "invalid_credentials"
