"""One suite for the stand-in and for the real GoTrue.

By default the stand-in answers, inside this process.  Set one of these, and the real one does:

- `SUPAMIG_TEST_GOTRUE`: a GoTrue program, started once for each configuration, or `docker:IMAGE`,
  which testcontainers runs beside the host's network (Linux; the image must be pullable).  The
  program finds its migrations in `GOTRUE_DB_MIGRATIONS_PATH`, else in `migrations` beside it.
- `SUPAMIG_TEST_SUPABASE_URL`, with `SUPAMIG_TEST_SUPABASE_ANON_KEY`, `..._SERVICE_ROLE_KEY` and
  `..._DSN` (a superuser's): one running deployment, of the sample project, that may be written to.
  It has the configuration it has, so tests of another one are left out.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import runpy
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import bcrypt
import psycopg
import pytest
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from supamig.secret import Secret
from supamig.testing.sample import install
from supamig.testing.servers import fresh_database

BACKENDS = runpy.run_path(Path(__file__).with_name("backends.py"))
# read now: every test runs without what a person has set for real projects
_PREFIX = "SUPAMIG_TEST_"
GIVEN = {k.removeprefix(_PREFIX): v for k, v in os.environ.items() if k.startswith(_PREFIX)}
SECRET = "super-secret-jwt-token-with-at-least-32-characters"
PASSWORD = "correct horse"
_HASH = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(5)).decode()
_NUMBERS = itertools.count()
_USER = {
    "instance_id": uuid.UUID(int=0),
    "aud": "authenticated",
    "role": "authenticated",
    "confirmation_token": "",
    "recovery_token": "",
    "email_change": "",
    "email_change_token_new": "",
    "raw_app_meta_data": {"provider": "email", "providers": ["email"]},
    "raw_user_meta_data": {},
}


@pytest.fixture(scope="session")
def secret():
    """What tokens are signed with."""
    if "SUPABASE_URL" in GIVEN:
        pytest.skip("the given deployment's secret is its own")
    return SECRET


@pytest.fixture(scope="session")
def project(request):
    """The connection string of a project that these tests may change."""
    if "SUPABASE_URL" in GIVEN:
        yield Secret(GIVEN["SUPABASE_DSN"])
        return
    server, _ = request.getfixturevalue("pg_pair")
    with fresh_database(server, prefix="contract") as database:
        word = server.password.reveal()
        install(database.dsn, flavour="cloud", application=True, scale=0.02,
                postgres_password=word)  # fmt: skip
        yield database.dsn


@pytest.fixture(scope="session")
def backend(project):
    """What answers: the stand-in, or the real one."""
    if "SUPABASE_URL" in GIVEN:
        chosen = BACKENDS["Deployed"](GIVEN)
    elif "GOTRUE" in GIVEN:
        chosen = BACKENDS["Program"](GIVEN["GOTRUE"], project, SECRET)
    else:
        chosen = BACKENDS["StandIn"](project, SECRET)
    with contextlib.closing(chosen):
        yield chosen


@pytest.fixture
def auth(backend):
    """Give a client of Auth with this configuration; names go without `GOTRUE_`."""

    def client(**settings):
        return backend.client({_named(name): value for name, value in settings.items()})

    return client


@pytest.fixture
def confirming(auth):
    """Auth where new users need not confirm their address."""
    return auth(MAILER_AUTOCONFIRM="true")


def _named(name):
    return name if name in {"API_EXTERNAL_URL", "DATABASE_URL"} else f"GOTRUE_{name}"


@pytest.fixture(scope="session")
def database(project):
    """A session of the project's superuser, every statement a transaction of its own."""
    with psycopg.connect(project.reveal(), autocommit=True, row_factory=dict_row) as session:
        session.execute("set search_path to auth, public, extensions")
        yield session


class People:
    """Makes users by SQL, and removes them after the test: a broken row breaks lists of all."""

    password = PASSWORD

    def __init__(self, session):
        self._session = session
        self._made = []

    @staticmethod
    def email():
        return f"user{next(_NUMBERS)}-{uuid.uuid4().hex[:8]}@example.com"

    def add(self, **columns):
        """Insert the least that signs in; a column given as None is NULL."""
        now = datetime.now(UTC)
        row = _USER | {
            "id": uuid.uuid4(),
            "email": self.email(),
            "encrypted_password": _HASH,
            "email_confirmed_at": now,
            "created_at": now,
            "updated_at": now,
        } | columns  # fmt: skip
        self._insert("users", row)
        self._made.append(row["id"])
        return row

    def identity(self, user, **columns):
        now = datetime.now(UTC)
        data = {"sub": str(user["id"]), "email": user["email"], "email_verified": True}
        row = {"id": uuid.uuid4(), "user_id": user["id"], "provider": "email",
               "provider_id": str(user["id"]), "identity_data": data,
               "created_at": now, "updated_at": now} | columns  # fmt: skip
        self._insert("identities", row)

    def change(self, user, **columns):
        for name, value in columns.items():
            self._session.execute(
                f"update users set {name} = %s where id = %s", [value, user["id"]]
            )

    def row(self, email):
        found = self._session.execute("select * from users where email = %s", [email]).fetchone()
        self._made.append(found["id"])
        return found

    def remove(self):
        self._session.execute("delete from users where id = any(%s)", [self._made])

    def _insert(self, table, row):
        values = [Jsonb(value) if isinstance(value, dict) else value for value in row.values()]
        self._session.execute(
            f"insert into {table} ({', '.join(row)}) values ({', '.join(['%s'] * len(row))})",
            values,
        )


@pytest.fixture
def people(database):
    made = People(database)
    yield made
    made.remove()


@pytest.fixture
def user(people):
    """A user with the address confirmed and `people.password`."""
    return people.add()


@pytest.fixture
def minutes_ago(database):
    """Move a time in the past, instead of waiting."""

    def move(table, column, key, minutes):
        past = datetime.now(UTC) - timedelta(minutes=minutes)
        database.execute(f"update {table} set {column} = %s where id = %s", [past, key])

    return move
