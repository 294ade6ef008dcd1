"""What rows must be like, and what happens over those that are not."""

from __future__ import annotations

import uuid

import bcrypt
import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict


def failed(answer):
    return answer.status_code, answer.json()["error_code"]


SCHEMA = "Database error querying schema"
NEVER_NULL = (
    *("role", "created_at", "updated_at", "confirmation_token", "recovery_token", "email_change"),
    *("email_change_token_new", "email_change_token_current", "email_change_confirm_status"),
    *("phone_change", "phone_change_token", "reauthentication_token"),
)


def test_a_minimal_user(confirming, user, people):
    """No identity row, and none of the columns that have a default."""
    assert confirming.sign_in(user["email"], people.password).status_code == 200
    digest = confirming.link("recovery", user["email"]).json()["hashed_token"]
    answer = confirming.post("/verify", {"type": "recovery", "token_hash": digest})
    assert answer.status_code == 200


@pytest.mark.parametrize("column", NEVER_NULL)
def test_null_breaks_one_sign_in_and_the_list_of_all(column, confirming, people):
    sound, broken = people.add(), people.add()
    people.change(broken, **{column: None})
    answer = confirming.sign_in(broken["email"], people.password)
    assert (answer.status_code, answer.json()["msg"]) == (500, SCHEMA)
    listed = confirming.admin("GET", "/admin/users")
    assert (listed.status_code, listed.json()["msg"]) == (500, "Database error finding users")
    assert confirming.sign_in(sound["email"], people.password).status_code == 200


@pytest.mark.parametrize("value", [None, uuid.UUID(int=7)])
def test_another_instance(value, confirming, people):
    user = people.add(instance_id=value)
    answer = confirming.sign_in(user["email"], people.password)
    assert failed(answer) == (400, "invalid_credentials")
    answer = confirming.admin("GET", f"/admin/users/{user['id']}")
    assert failed(answer) == (404, "user_not_found")
    listed = confirming.admin("GET", "/admin/users?per_page=1000").json()["users"]
    assert user["email"] not in [one["email"] for one in listed]


def test_another_audience(confirming, people):
    user = people.add(aud="mobile")
    answer = confirming.sign_in(user["email"], people.password)
    assert failed(answer) == (400, "invalid_credentials")
    listed = confirming.admin("GET", "/admin/users?per_page=1000").json()["users"]
    assert user["email"] not in [one["email"] for one in listed]


def test_a_user_of_single_sign_on(confirming, people):
    user = people.add(is_sso_user=True)
    answer = confirming.sign_in(user["email"], people.password)
    assert failed(answer) == (400, "invalid_credentials")


def test_a_deleted_user_comes_in(confirming, people, user):
    people.change(user, deleted_at="2026-01-01")
    assert confirming.sign_in(user["email"], people.password).status_code == 200


@pytest.mark.parametrize("column", ["created_at", "updated_at"])
def test_an_identity_without_a_time(column, confirming, people, user):
    people.identity(user, **{column: None})
    answer = confirming.sign_in(user["email"], people.password)
    assert (answer.status_code, answer.json()["msg"]) == (500, SCHEMA)
    # the list of all reads no identities
    assert confirming.admin("GET", "/admin/users").status_code == 200


@pytest.mark.parametrize("prefix", ["$2a$", "$2b$", "$2y$"])
def test_prefixes_of_hashes(prefix, confirming, people):
    made = bcrypt.hashpw(b"geheim!", bcrypt.gensalt(5)).decode()
    user = people.add(encrypted_password=prefix + made[4:])
    assert confirming.sign_in(user["email"], "geheim!").status_code == 200


STORED = {
    "encrypted by the platform": '{"key_id":"k","alg":"aes-gcm-hkdf","data":"eA","nonce":"eA"}',
    "md5": "md5a1b2c3d4e5f60718293a4b5c6d7e8f90",
    "clear": "hunter2",
}


@pytest.mark.parametrize("kind", STORED)
def test_hashes_of_another_kind(kind, confirming, people):
    user = people.add(encrypted_password=STORED[kind])
    answer = confirming.sign_in(user["email"], people.password)
    assert failed(answer) == (500, "unexpected_failure")
    digest = confirming.link("recovery", user["email"]).json()["hashed_token"]
    link = confirming.post("/verify", {"type": "recovery", "token_hash": digest})
    assert link.status_code == 200


def test_a_sequence_that_is_behind(confirming, people, user, database):
    confirming.sign_in(user["email"], people.password)
    last = database.execute("select max(id) as id from refresh_tokens").fetchone()["id"]
    database.execute("select setval('refresh_tokens_id_seq', %s, false)", [last])
    answer = confirming.sign_in(user["email"], people.password)
    assert answer.status_code == 500
    assert (answer.json()["code"], "refresh_tokens_pkey" in answer.json()["message"]) == (
        "23505",
        True,
    )
    database.execute("select setval('refresh_tokens_id_seq', %s, true)", [last])
    assert confirming.sign_in(user["email"], people.password).status_code == 200


MISSING = {
    "sessions": ("not_after", "Database error granting user"),
    "users": ("reauthentication_sent_at", SCHEMA),
    "refresh_tokens": ("parent", "Database error granting user"),
}


@pytest.mark.parametrize("table", MISSING)
def test_a_column_that_is_missing(table, confirming, people, user, database):
    column, words = MISSING[table]
    # renamed, so that it comes back with what it holds
    database.execute(f"alter table {table} rename column {column} to hidden")
    try:
        answer = confirming.sign_in(user["email"], people.password)
        assert (answer.status_code, answer.json()["msg"]) == (500, words)
    finally:
        database.execute(f"alter table {table} rename column hidden to {column}")
    assert confirming.sign_in(user["email"], people.password).status_code == 200


def test_columns_of_a_newer_version(confirming, people, user, database):
    for table in ("users", "sessions", "refresh_tokens"):
        database.execute(f"alter table {table} add column newer text")
    try:
        assert confirming.sign_in(user["email"], people.password).status_code == 200
    finally:
        for table in ("users", "sessions", "refresh_tokens"):
            database.execute(f"alter table {table} drop column newer")


def test_another_login(auth, user, people, project, backend):
    """As `postgres` its tables are out of the search path."""
    parts = conninfo_to_dict(project.reveal())
    place = f"{parts['host']}:{parts['port']}/{parts['dbname']}"
    dsn = f"postgres://postgres:{parts['password']}@{place}?sslmode=disable"
    answer = auth(DATABASE_URL=dsn).sign_in(user["email"], people.password)
    assert (answer.status_code, answer.json()["msg"]) == (500, SCHEMA)


def test_a_database_that_is_down(auth, project):
    dsn = "postgres://supabase_auth_admin:x@127.0.0.1:9/none?sslmode=disable"
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(dsn)
    client = auth(DATABASE_URL=dsn)
    assert client.get("/health").status_code == 200
    assert client.get("/settings").status_code == 200
    assert client.sign_in("a@example.com", "x").status_code == 500
