"""Links and codes: /recover, /otp, /admin/generate_link, /verify."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest


def failed(answer):
    return answer.status_code, answer.json()["error_code"]


def test_recover_tells_nobody_who_is_known(auth, user):
    client = auth()
    known = client.post("/recover", {"email": user["email"]})
    unknown = client.post("/recover", {"email": "nobody@example.com"})
    assert (known.status_code, known.json()) == (unknown.status_code, unknown.json()) == (200, {})
    again = client.post("/recover", {"email": user["email"]})
    assert failed(again) == (429, "over_email_send_rate_limit")
    assert client.post("/recover", {"email": "nobody@example.com"}).status_code == 200


def test_a_link_of_an_administrator_sets_the_same_timer(auth, user):
    client = auth()
    assert client.link("recovery", user["email"]).status_code == 200
    answer = client.post("/recover", {"email": user["email"]})
    assert failed(answer) == (429, "over_email_send_rate_limit")
    assert client.link("recovery", user["email"]).status_code == 200


def test_without_sign_in_by_address(auth, user):
    client = auth(EXTERNAL_EMAIL_ENABLED="false")
    found = {
        "recover": failed(client.post("/recover", {"email": user["email"]})),
        "otp": failed(client.post("/otp", {"email": user["email"]})),
    }
    assert found == {
        "recover": (400, "email_provider_disabled"),
        "otp": (422, "email_provider_disabled"),
    }


def test_no_mail_may_be_sent(auth, user):
    answer = auth(RATE_LIMIT_EMAIL_SENT="0").post("/recover", {"email": user["email"]})
    assert failed(answer) == (429, "over_email_send_rate_limit")


def test_the_pause_can_be_set(auth, user):
    client = auth(SMTP_MAX_FREQUENCY="1ns")
    answers = [client.post("/recover", {"email": user["email"]}) for _ in range(2)]
    assert [one.status_code for one in answers] == [200, 200]


def test_otp_without_new_users(auth, user, database):
    client = auth()
    answer = client.post("/otp", {"email": "unknown@example.com", "create_user": False})
    assert failed(answer) == (422, "otp_disabled")
    known = client.post("/otp", {"email": user["email"], "create_user": False})
    assert (known.status_code, known.json()) == (200, {})
    row = database.execute("select * from users where id = %s", [user["id"]]).fetchone()
    assert row["recovery_token"]


def test_otp_makes_users(auth, people):
    email = people.email()
    answer = auth().post("/otp", {"email": email})
    assert (answer.status_code, answer.json()) == (200, {})
    assert people.row(email)["confirmation_token"]


def test_a_link(confirming, user):
    answer = confirming.link("recovery", user["email"], redirect_to="http://localhost:3000/reset")
    found = answer.json()
    assert answer.status_code == 200
    assert (found["id"], found["email"]) == (str(user["id"]), user["email"])
    assert (len(found["email_otp"]), len(found["hashed_token"])) == (6, 56)
    assert found["verification_type"] == "recovery"
    assert found["redirect_to"] == "http://localhost:3000/reset"
    assert found["action_link"] == (
        f"http://127.0.0.1:8000/auth/v1/verify?token={found['hashed_token']}&type=recovery"
        "&redirect_to=http://localhost:3000/reset"
    )


def test_the_path_of_the_external_url_is_lost(auth, user):
    client = auth(API_EXTERNAL_URL="https://api.example.com/auth/v1", MAILER_URLPATHS_RECOVERY=None)
    found = client.link("recovery", user["email"]).json()
    assert found["action_link"].startswith("https://api.example.com/verify?token=")


def test_a_code_can_be_longer(auth, user):
    assert len(auth(MAILER_OTP_LENGTH="8").link("recovery", user["email"]).json()["email_otp"]) == 8


REDIRECTS = {
    "https://app.example.com/cb": "https://app.example.com/cb",
    "https://app.example.com/a/b": "http://localhost:3000",
    "https://deep.example.com/a/b?c=d": "https://deep.example.com/a/b?c=d",
    "https://evil.example.org/": "http://localhost:3000",
    "com.example.app://callback": "com.example.app://callback",
    "http://localhost:3000/x": "http://localhost:3000/x",
    "http://localhost:9/x": "http://localhost:9/x",
    "nonsense": "http://localhost:3000",
    "http://2130706433/": "http://localhost:3000",
    "http://127.0.0.1:5/": "http://127.0.0.1:5/",
    "http://10.0.0.1/": "http://localhost:3000",
}


@pytest.mark.parametrize("wanted", REDIRECTS)
def test_where_a_link_may_lead(wanted, auth, user):
    allowed = "https://app.example.com/*,https://deep.example.com/**,com.example.app://*"
    answer = auth(URI_ALLOW_LIST=allowed).link("recovery", user["email"], redirect_to=wanted)
    assert answer.json()["redirect_to"] == REDIRECTS[wanted]


def test_links_that_make_users(confirming, people):
    found = {}
    for kind in ("magiclink", "signup", "invite"):
        email = people.email()
        made = confirming.link(kind, email, password="abcdefg").json()
        found[kind] = made["verification_type"], made["email"]
        people.row(email)
        assert found[kind][1] == email
    assert {kind: one for kind, (one, _) in found.items()} == {
        "magiclink": "signup",
        "signup": "signup",
        "invite": "invite",
    }


def test_links_that_are_refused(confirming, user):
    found = {
        "unknown": failed(confirming.link("recovery", "nobody@example.com")),
        "signup": failed(confirming.link("signup", user["email"], password="abcdefg")),
        "invite": failed(confirming.link("invite", user["email"])),
        "type": failed(confirming.link("nonsense", user["email"])),
        "address": failed(confirming.link("recovery", "nonsense")),
    }
    assert found == {
        "unknown": (404, "user_not_found"),
        "signup": (422, "email_exists"),
        "invite": (422, "email_exists"),
        "type": (400, "validation_failed"),
        "address": (400, "validation_failed"),
    }


def test_only_administrators_make_links(confirming, user):
    body = {"type": "recovery", "email": user["email"]}
    answer = confirming.post("/admin/generate_link", body, confirming.anon)
    assert failed(answer) == (403, "not_admin")


@pytest.mark.parametrize("kind", ["recovery", "magiclink"])
def test_a_hash_is_good_once(kind, confirming, user):
    digest = confirming.link(kind, user["email"]).json()["hashed_token"]
    answer = confirming.post("/verify", {"type": kind, "token_hash": digest})
    assert answer.status_code == 200
    assert confirming.get("/user", answer.json()["access_token"]).status_code == 200
    again = confirming.post("/verify", {"type": kind, "token_hash": digest})
    assert failed(again) == (403, "otp_expired")


def test_a_code(confirming, user):
    code = confirming.link("recovery", user["email"]).json()["email_otp"]
    wrong = str((int(code) + 1) % 1_000_000).zfill(6)
    body = {"type": "recovery", "email": user["email"]}
    assert failed(confirming.post("/verify", body | {"token": wrong})) == (403, "otp_expired")
    assert confirming.post("/verify", body | {"token": code}).status_code == 200


def test_a_hash_that_is_refused(confirming, user, people, database):
    first = confirming.link("recovery", user["email"]).json()["hashed_token"]
    second = confirming.link("recovery", user["email"]).json()["hashed_token"]
    asked = {
        "superseded": {"type": "recovery", "token_hash": first},
        "unknown": {"type": "recovery", "token_hash": "0" * 56},
        "another type": {"type": "signup", "token_hash": second},
    }
    found = {what: failed(confirming.post("/verify", body)) for what, body in asked.items()}
    assert found == dict.fromkeys(asked, (403, "otp_expired"))
    people.change(user, recovery_sent_at=datetime.now(UTC) - timedelta(days=2))
    expired = confirming.post("/verify", asked["another type"] | {"type": "recovery"})
    assert failed(expired) == (403, "otp_expired")


BAD = {
    "both": {"type": "recovery", "token_hash": "0" * 56, "email": "a@example.com"},
    "neither": {"type": "recovery", "email": "a@example.com"},
    "no type": {"token_hash": "0" * 56},
    "token alone": {"type": "recovery", "token": "123456"},
}


@pytest.mark.parametrize("what", BAD)
def test_a_question_that_is_none(what, confirming):
    assert failed(confirming.post("/verify", BAD[what])) == (400, "validation_failed")


def test_the_way_to_a_new_password(confirming, user):
    """What users do, without a mail: link, session, new password, sign-in."""
    digest = confirming.link("recovery", user["email"]).json()["hashed_token"]
    session = confirming.post("/verify", {"type": "recovery", "token_hash": digest}).json()
    confirming.put("/user", {"password": "another horse"}, session["access_token"])
    assert confirming.sign_in(user["email"], "another horse").status_code == 200


def test_an_invited_user(confirming, people):
    email = people.email()
    digest = confirming.link("invite", email).json()["hashed_token"]
    session = confirming.post("/verify", {"type": "invite", "token_hash": digest}).json()
    assert session["user"]["email_confirmed_at"]
    people.row(email)


def followed(client, token, kind="recovery", **query):
    query = {"token": token, "type": kind} | query
    answer = client.get("/verify", params=query, follow_redirects=False)
    assert answer.status_code == 303
    target, _, fragment = answer.headers["location"].partition("#")
    return target, {name: one for name, (one,) in parse_qs(fragment).items()}


def test_a_link_that_is_followed(confirming, user):
    digest = confirming.link("recovery", user["email"]).json()["hashed_token"]
    target, found = followed(confirming, digest, redirect_to="http://localhost:3000/reset")
    assert target == "http://localhost:3000/reset"
    assert {"access_token", "refresh_token", "expires_in", "token_type", "type"} <= set(found)
    assert confirming.get("/user", found["access_token"]).status_code == 200
    target, found = followed(confirming, digest, redirect_to="https://evil.example.org/")
    assert target == "http://localhost:3000"
    assert found == {
        "error": "access_denied",
        "error_code": "otp_expired",
        "error_description": "Email link is invalid or has expired",
    }


def test_a_link_without_a_token(confirming):
    answer = confirming.get("/verify", params={"type": "recovery"})
    assert failed(answer) == (400, "validation_failed")
    assert urlsplit(str(answer.url)).path.endswith("/verify")
