"""The redactor: too much rather than too little, and never twice differently."""

from __future__ import annotations

import html
import json
import shlex
import string
import time
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from supamig.secret import Redactor, Secret

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoic2VydmljZV9yb2xlIn0.c2lnbmF0dXJl-_x"
NO_SECRETS = Redactor()


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("postgres://u:hunter2@h/db", "postgres://***@h/db"),
        ("at postgresql://u:hunter2@h:5432/db?x=1 now", "at postgresql://***@h:5432/db?x=1 now"),
        ("postgresql://u:hun@ter2@h/db", "postgresql://***@h/db"),
        ("postgresql://u:hunter2/h@x/db", "postgresql://***@x/db"),
        ("postgresql://u:hunter2 with blanks@h/db", "postgresql://***@h/db"),
        ("postgresql+psycopg://u:hunter2@h/db", "postgresql+psycopg://***@h/db"),
        ("POSTGRES://u:hunter2@h", "POSTGRES://***@h"),
        ("https://u:hunter2@example.com", "https://***@example.com"),
        ("url=postgres%3A%2F%2Fu%3Ahunter2%40h%2Fdb", "url=postgres%3A%2F%2F***%40h%2Fdb"),
        ("host=h password=hunter2 user=u", "host=h password=*** user=u"),
        ("password = 'hunter2 it''s' user=u", "password = *** user=u"),
        (r"password='hunter2 \' more' user=u", "password=*** user=u"),
        (r"password=hunter2\ more user=u", "password=*** user=u"),
        ("password='hunter2 cut o", "password=***"),
        ("sslpassword=hunter2", "sslpassword=***"),
        ("PGPASSWORD=hunter2 psql", "PGPASSWORD=*** psql"),
        ("PGPASSWORD='hunter2 x' psql", "PGPASSWORD=*** psql"),
        ('{"password": "hunter2", "x": 1}', '{"password": ***, "x": 1}'),
        (r"{\"db_password\": \"hunter2\"}", r"{\"db_password\": ***"),
        ("POSTGRES_PASSWORD: hunter2", "POSTGRES_PASSWORD: ***"),
        ("ALTER ROLE u PASSWORD 'hunter2' LOGIN", "ALTER ROLE u PASSWORD *** LOGIN"),
        ("api_key=hunter2", "api_key=***"),
        ("access_token=hunter2&x=1", "access_token=***"),
        ('"client_secret": "hunter2"', '"client_secret": ***'),
        (f"key {JWT} end", "key *** end"),
        (f"cut {JWT[:20]}", "cut ***"),
        ("sb_secret_hunter2-hunter2_x is", "*** is"),
        ("sbp_0123456789abcdefhunter2", "***"),
        ("Authorization: Bearer hunter2", "Authorization: Bearer ***"),
        ("authorization: basic aHVudGVyMjo=", "authorization: basic ***"),
        (
            "-----BEGIN RSA PRIVATE KEY-----\nhunter2\n-----END RSA PRIVATE KEY-----",
            "-----BEGIN RSA PRIVATE KEY-----***-----END RSA PRIVATE KEY-----",
        ),
        ("-----BEGIN PRIVATE KEY-----\nhunter2\nhun", "-----BEGIN PRIVATE KEY-----***"),
    ],
)
def test_what_looks_like_a_secret_goes(text, redacted):
    assert NO_SECRETS.redact(text) == redacted
    assert "hunter2" not in NO_SECRETS.redact(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "auth.refresh_tokens: 5 rows on the source, 4 on the target",
        '`"auth"."one_time_tokens"`: 1 row',
        "auth.users.encrypted_password: text on the source, varchar on the target",
        "postgresql://db.example.com:5432/postgres",
        "vault.secrets: the rows differ",
        "the index `orders_key` is missing",
        "see https://supabase.com/docs/guides/database?x=1",
    ],
)
def test_what_is_no_secret_stays(text):
    assert NO_SECRETS.redact(text) == text


# What passwords are made of, with everything that some encoding treats specially.
SECRETS = st.text(
    st.sampled_from(string.ascii_letters + string.digits + " @:/?#[]%&=+'\"\\$*-_.,;<>äß€😀\n\t")
    | st.characters(exclude_categories=["Cs"]),
    min_size=6,
    max_size=40,
).filter(lambda text: any(c.isascii() and c.isalnum() for c in text))
# Texts around a secret: no letters or digits, so that no part of a secret is there by chance.
AROUND = st.text(st.sampled_from(" .,;()[]{}|"), max_size=10)

ENCODINGS = {
    "raw": lambda s: s,
    "percent": lambda s: quote(s, safe=""),
    "percent, lower case": lambda s: "".join(
        c if c.isalnum() and c.isascii() else "".join(f"%{b:02x}" for b in c.encode()) for c in s
    ),
    "percent, twice": lambda s: quote(quote(s, safe=""), safe=""),
    "percent, all": lambda s: "".join(f"%{b:02X}" for b in s.encode()),
    "plus": quote_plus,
    "path": quote,
    "component": lambda s: quote(s, safe="!'()*~"),
    "json": lambda s: json.dumps(s)[1:-1],
    "json, utf-8": lambda s: json.dumps(s, ensure_ascii=False)[1:-1],
    "json in json": lambda s: json.dumps(json.dumps(s))[3:-3],
    "repr": lambda s: repr(s)[1:-1],
    "html": html.escape,
    "sql": lambda s: s.replace("'", "''"),
    "conninfo": lambda s: s.replace("\\", "\\\\").replace("'", "\\'"),
    "shell": shlex.quote,
}


@pytest.mark.parametrize("encoding", ENCODINGS)
@settings(max_examples=50, deadline=None)
@given(secret=SECRETS, before=AROUND, after=AROUND)
@example(secret="p%40ss@w/ord", before="", after="")
@example(secret="\\\\\\\\a\\'b", before="", after="")
@example(secret="''''a'b", before="", after="")
@example(secret="%25%2525a", before="", after="")
def test_a_known_secret_goes_in_every_spelling(encoding, secret, before, after):
    written = ENCODINGS[encoding](secret)
    redacted = Redactor([Secret(secret)]).redact(before + written + after)
    assert written not in redacted
    assert secret not in redacted
    assert redacted.startswith(before)
    assert redacted.endswith(after)


@given(text=st.text(max_size=200), secrets=st.lists(st.text(max_size=8), max_size=4))
@example(text="a*b", secrets=["*"])
@example(text="abcx", secrets=["abc", "**x"])
@example(text="postgres://a@b@c password=x y", secrets=["x y"])
def test_twice_is_once_and_no_secret_is_left(text, secrets):
    redactor = Redactor(map(Secret, secrets))
    once = redactor.redact(text)
    assert redactor.redact(once) == once
    for secret in secrets:
        if secret.strip("*"):
            assert secret not in once


PARTS = st.sampled_from(
    ["postgres://", "u:p", "@", " ", "password=", "'", '"', "\\", "eyJabcdefgh", ".", "sbp_x",
     "%40", "bearer ", "token=", ":", "\n", "-----BEGIN PRIVATE KEY-----", "-----END", "***",
     "*", "x"]
)  # fmt: skip


@given(st.lists(PARTS, max_size=30).map("".join))
def test_twice_is_once_where_patterns_meet(text):
    once = NO_SECRETS.redact(text)
    assert NO_SECRETS.redact(once) == once


@pytest.mark.parametrize(
    "text",
    ["\\" * 20_000, "'" * 20_000, "a" * 100_000, "a." * 50_000, "://" * 30_000, "eyJ" * 30_000,
     "password" * 10_000,
     "%25" * 30_000, "-----BEGIN PRIVATE KEY-----" * 3_000, "x=\\" * 30_000],
)  # fmt: skip
def test_no_text_takes_long(text):
    redactor = Redactor([Secret("\\" * 40 + "a"), Secret("'" * 40 + "b"), Secret("%" * 40 + "c")])
    began = time.monotonic()
    redactor.redact(text)
    assert time.monotonic() - began < 5


def test_a_secret_of_several_lines_goes_without_its_last_line_end():
    assert Redactor([Secret("hunter2\n")]).redact("it is hunter2!") == "it is ***!"


def test_base64_of_a_secret_goes():
    assert "aHVudGVyMg" not in Redactor([Secret("hunter2")]).redact("is aHVudGVyMg==")
