"""What a value becomes: addresses and keys by value, connection strings with all that is theirs."""

from __future__ import annotations

import base64
import json

import pytest

from supamig.config import Api, Settings
from supamig.errors import ConfigError
from supamig.models import Severity
from supamig.secret import Secret
from supamig.switching.values import Exchange

REF = "abcdefghijklmnopqrst"
PASSWORD = "source-password"


def token(role, mark="x"):
    payload = base64.urlsafe_b64encode(json.dumps({"role": role, "m": mark}).encode())
    return f"eyJhbGciOiJIUzI1NiJ9.{payload.decode().rstrip('=')}.c2ln"


def settings(**more):
    given = {
        "project_ref": REF,
        "source": Secret(
            f"host=db.{REF}.supabase.co user=postgres dbname=postgres password={PASSWORD}"
        ),
        "target": Secret(
            "host=db.example.org port=5433 user=supabase_admin dbname=postgres"
            " password='target p@ss'"
        ),
        "source_api": Api(
            url=f"https://{REF}.supabase.co",
            anon_key=Secret(token("anon")),
            service_role_key=Secret(token("service_role")),
            publishable_key=Secret("sb_publishable_old"),
            jwt_secret=Secret("the-jwt-secret-of-the-source-project"),
        ),
        "target_api": Api(
            url="http://api.example.org:8000",
            anon_key=Secret(token("anon", "new")),
            service_role_key=Secret(token("service_role", "new")),
            jwt_secret=Secret("the-jwt-secret-of-the-target-deployment"),
        ),
    }
    return Settings(**{**given, **more})


@pytest.fixture
def exchange():
    return Exchange(settings())


def test_addresses_in_every_form(exchange):
    pairs = {
        f"https://{REF}.supabase.co": "http://api.example.org:8000",
        f"https://{REF}.supabase.co/": "http://api.example.org:8000/",
        f"https://{REF}.SUPABASE.co:443/rest/v1": "http://api.example.org:8000/rest/v1",
        f"wss://{REF}.supabase.co/realtime/v1": "ws://api.example.org:8000/realtime/v1",
        f"{REF}.supabase.co": "api.example.org:8000",
        f"localhost,{REF}.supabase.co": "localhost,api.example.org:8000",
        f"https://{REF}.functions.supabase.co/hello": "http://api.example.org:8000/functions/v1/hello",
        f"https://{REF}.storage.supabase.co/storage/v1/s3": "http://api.example.org:8000/storage/v1/s3",
        f"`https://{REF}.supabase.co`": "`http://api.example.org:8000`",
        f"https://{REF}.supabase.co|x": "http://api.example.org:8000|x",
        f'["https://{REF}.supabase.co","x"]': '["http://api.example.org:8000","x"]',
    }
    assert {old: exchange.replaced(old).value for old in pairs} == pairs


@pytest.mark.parametrize(
    "value",
    [
        "",
        "x",
        f"https://x{REF}.supabase.co.example.org",
        "https://db.example.org",
        "postgres",
        "5432",
    ],
)
def test_what_only_looks_alike_stays(exchange, value):
    assert exchange.replaced(value) is None


def test_keys_and_the_form_that_stands_in(exchange):
    assert exchange.replaced(token("anon")).value == token("anon", "new")
    assert exchange.replaced(f"Bearer {token('service_role')}").value == (
        f"Bearer {token('service_role', 'new')}"
    )
    found = exchange.replaced("sb_publishable_old")
    assert (found.value, found.what) == (token("anon", "new"), ("publishable key",))
    assert exchange.replaced("the-jwt-secret-of-the-source-project").value == (
        "the-jwt-secret-of-the-target-deployment"
    )
    assert exchange.replaced(token("anon") + "x") is None


POOLER = "aws-0-eu-west-1.pooler.supabase.com:6543"
TARGET = "db.example.org:5433"
NEW = "target%20p%40ss"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            f"postgresql://postgres:{PASSWORD}@db.{REF}.supabase.co:5432/postgres",
            f"postgresql://postgres:{NEW}@{TARGET}/postgres",
        ),
        (
            f"postgres://postgres.{REF}:{PASSWORD}@{POOLER}/postgres?pgbouncer=true&limit=1",
            f"postgres://postgres:{NEW}@{TARGET}/postgres?pgbouncer=true&limit=1",
        ),
        (
            f"postgresql+asyncpg://app_reader.{REF}:its-own@aws-1-eu.pooler.supabase.com/app%20db",
            f"postgresql+asyncpg://app_reader:its-own@{TARGET}/app%20db",
        ),
        (
            f"jdbc:postgresql://db.{REF}.supabase.co/postgres?user=postgres&password={PASSWORD}",
            f"jdbc:postgresql://{TARGET}/postgres?user=postgres&password={NEW}",
        ),
        (f"postgresql://db.{REF}.supabase.co", f"postgresql://{TARGET}"),
        (
            f"host=db.{REF}.supabase.co user=postgres password={PASSWORD} dbname=postgres",
            "user=postgres password='target p@ss' dbname=postgres host=db.example.org port=5433",
        ),
        (f"db.{REF}.supabase.co", "db.example.org"),
        (f"postgres.{REF}", "postgres"),
        (PASSWORD, "target p@ss"),
    ],
)
def test_connection_strings(exchange, before, after):
    assert exchange.replaced(before).value == after


@pytest.mark.parametrize(
    "value",
    [
        "postgresql://postgres:x@localhost:5432/mine",
        "postgres://postgres.zzzzzzzzzzzzzzzzzzzz:x@aws-0-eu.pooler.supabase.com:6543/postgres",
        f"postgresql://postgres:{PASSWORD}@other.example.org/postgres",
        "host=localhost dbname=mine",
    ],
)
def test_other_databases_stay(exchange, value):
    assert exchange.replaced(value) is None


def test_on_one_machine_the_port_tells_the_sides_apart():
    exchange = Exchange(
        settings(
            project_ref="",
            source=Secret("host=127.0.0.1 port=6001 user=postgres password=postgres dbname=a"),
            target=Secret("host=127.0.0.1 port=6002 user=postgres password=other dbname=b"),
            source_api=Api(url="http://127.0.0.1:7001"),
            target_api=Api(url="http://127.0.0.1:7002"),
        )
    )
    assert exchange.replaced("http://127.0.0.1:7001/x").value == "http://127.0.0.1:7002/x"
    assert exchange.replaced("127.0.0.1:7001").value == "127.0.0.1:7002"
    assert exchange.replaced("postgres://postgres:postgres@127.0.0.1:6001/a").value == (
        "postgres://postgres:other@127.0.0.1:6002/b"
    )
    for same in ("127.0.0.1", "postgres", "http://127.0.0.1:70011", "postgres://127.0.0.1:6003/a"):
        assert exchange.replaced(same) is None


def test_a_value_that_the_target_lacks_is_asked_for():
    exchange = Exchange(settings(target_api=Api(url="http://t.example.org")))
    with pytest.raises(ConfigError, match="the target's anon key is needed"):
        exchange.replaced(token("anon"))
    with pytest.raises(ConfigError, match="the target's anon key is needed"):
        exchange.word("anon_key")


def test_equal_keys_change_nothing():
    same = settings()
    exchange = Exchange(settings(target_api=same.source_api))
    assert exchange.replaced(token("anon")) is None
    assert exchange.doubt("SUPABASE_ANON_KEY", token("anon")) is None


@pytest.mark.parametrize(
    ("name", "value", "severity", "words"),
    [
        ("K", token("anon", "other"), Severity.ERROR, "a Supabase anon key that is neither"),
        ("K", "sb_secret_x", Severity.ERROR, "a Supabase key that is neither"),
        ("U", "https://zz.supabase.co", Severity.ERROR, "names `zz.supabase.co`"),
        ("P", f"{REF}", Severity.ERROR, "the project's reference"),
        ("SUPABASE_URL", "https://${PROJECT}.supabase.co", Severity.ERROR, "names `${PROJECT}."),
        ("H", f"Bearer {token('anon', 'new')} {token('anon', 'other')}", Severity.ERROR, "anon"),
        ("VITE_SUPABASE_SCHEMA", "public", Severity.INFO, "is named like"),
        ("SUPABASE_AUTH", f"Bearer {token('anon', 'new')}", None, ""),
        ("SUPABASE_REST", "http://api.example.org:8000/rest/v1", None, ""),
        ("SUPABASE_URL", "http://api.example.org:8000", None, ""),
        ("OTHER", "text", None, ""),
        ("T", token("authenticated"), None, ""),
    ],
)
def test_doubts(exchange, name, value, severity, words):
    doubt = exchange.doubt(name, value)
    assert (doubt.severity if doubt else None) == severity
    assert doubt is None or words in doubt.message


def test_words_of_the_settings_name_the_target(exchange):
    assert exchange.word("url") == "http://api.example.org:8000"
    assert exchange.word("host") == "api.example.org:8000"
    assert exchange.word("anon_key") == token("anon", "new")
    assert exchange.word("dsn") == f"postgresql://supabase_admin:{NEW}@{TARGET}/postgres"
    assert exchange.word("db_port") == "5433"
