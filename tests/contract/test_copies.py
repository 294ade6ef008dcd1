"""Sessions whose rows were copied to another Auth: what goes on, and what does not."""

from __future__ import annotations

import time

import jwt
import pyotp
import pytest
from psycopg import sql

from supamig.testing.sample import install
from supamig.testing.servers import fresh_database

OTHER = "another-secret-that-is-long-enough-to-be-one"
_COLUMNS = """
select attname from pg_attribute
where attrelid = %s::regclass and attnum > 0 and not attisdropped and attgenerated = ''
"""


@pytest.fixture(scope="module")
def elsewhere(backend, pg_pair):
    """Another project, to which rows are copied."""
    if not hasattr(backend, "_project"):
        pytest.skip("the given deployment has one project")
    server, _ = pg_pair
    with fresh_database(server, prefix="copied") as database:
        install(database.dsn, flavour="cloud", application=False)
        with database.connect() as connection:
            # its own tokens are far from the numbers of those that are copied
            connection.execute("alter sequence auth.refresh_tokens_id_seq restart with 1000000")
        yield database


@pytest.fixture
def copied(database, elsewhere):
    """Copy the rows of one user."""

    def copy(user, *tables):
        with elsewhere.connect() as target:
            target.execute("set session_replication_role to replica")
            target.execute("set search_path to auth")
            for table in tables:
                names = [row[0] for row in target.execute(_COLUMNS, [table])]
                here = {row["attname"] for row in database.execute(_COLUMNS, [table])}
                columns = sql.SQL(", ").join(sql.Identifier(n) for n in names if n in here)
                rows = database.execute(_query(table, columns), [str(user["id"])]).fetchall()
                for row in rows:
                    target.execute(
                        sql.SQL("insert into {} ({}) select {} from"
                                " json_populate_record(null::{}, %s::json)").format(
                            sql.Identifier(table), columns, columns, sql.Identifier(table)),
                        [row["one"]],
                    )  # fmt: skip
        return elsewhere.dsn

    return copy


def _query(table, columns):
    if table == "users":
        where = "id::text = %s"
    elif table == "mfa_amr_claims":
        where = "session_id in (select id from sessions where user_id::text = %s)"
    else:
        where = "user_id::text = %s"
    inner = sql.SQL("select {} from {} where ").format(columns, sql.Identifier(table))
    return sql.SQL("select row_to_json(r)::text as one from ({}) r").format(inner + sql.SQL(where))


#: What is copied: old access token, refresh, password.
TABLE = {
    "users": (("users",), "session_not_found", "refresh_token_not_found", "ok"),
    "sessions": (("users", "sessions"), "ok", "refresh_token_not_found", "ok"),
    "all": (("users", "sessions", "refresh_tokens"), "ok", "ok", "ok"),
    "no sessions": (("users", "refresh_tokens"), "session_not_found", "session_not_found", "ok"),
    "another secret": (("users", "sessions", "refresh_tokens"), "bad_jwt", "ok", "ok"),
}


@pytest.fixture
def moved(backend, elsewhere):
    """Auth on the other project, with the same secret or another."""

    def client(*, other_secret=False):
        settings = {"GOTRUE_JWT_SECRET": OTHER} if other_secret else {}
        return backend.start(settings, project=elsewhere.dsn)

    return client


def said(answer):
    return "ok" if answer.status_code == 200 else answer.json()["error_code"]


@pytest.mark.parametrize("what", TABLE)
def test_what_a_copy_keeps_alive(what, confirming, user, people, copied, moved):
    tables, *expected = TABLE[what]
    session = confirming.sign_in(user["email"], people.password).json()
    copied(user, *tables)
    client = moved(other_secret=what == "another secret")
    found = [
        said(client.get("/user", session["access_token"])),
        said(client.refresh(session["refresh_token"])),
        said(client.sign_in(user["email"], people.password)),
    ]
    assert found == expected


def test_second_factors_go_along(confirming, user, people, copied, moved):
    token = confirming.sign_in(user["email"], people.password).json()["access_token"]
    made = confirming.post("/factors", {"factor_type": "totp"}, token).json()
    path, code = f"/factors/{made['id']}", pyotp.TOTP(made["totp"]["secret"])
    begun = confirming.post(f"{path}/challenge", {}, token).json()
    body = {"challenge_id": begun["id"], "code": code.now()}
    session = confirming.post(f"{path}/verify", body, token).json()
    copied(user, "users", "sessions", "refresh_tokens", "mfa_factors", "mfa_amr_claims")
    client = moved()
    fresh = client.refresh(session["refresh_token"]).json()
    claims = jwt.decode(fresh["access_token"], options={"verify_signature": False})
    assert claims["aal"] == "aal2"
    assert {one["method"] for one in claims["amr"]} == {"password", "totp"}
    weak = client.sign_in(user["email"], people.password).json()["access_token"]
    begun = client.post(f"{path}/challenge", {}, weak).json()
    answer = client.post(
        f"{path}/verify", {"challenge_id": begun["id"], "code": code.at(time.time())}, weak
    )
    assert answer.status_code == 200


def test_tokens_of_the_second_version_need_no_row(auth, user, people, copied, moved):
    client = auth(SECURITY_REFRESH_TOKEN_ALGORITHM_VERSION="2")
    session = client.sign_in(user["email"], people.password).json()
    copied(user, "users", "sessions")
    assert moved(other_secret=True).refresh(session["refresh_token"]).status_code == 200
