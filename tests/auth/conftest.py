"""A project with its services, and deployments to which it was moved: healthy, or with a fault.

The services are the stand-in's.  With SUPAMIG_TEST_GOTRUE, the path of a real GoTrue, that one
answers behind the stand-in's gateway; SUPAMIG_TEST_GOTRUE_MIGRATIONS names its migrations.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import socket
import subprocess
import time
from dataclasses import dataclass, replace
from urllib.parse import quote

import httpx
import pytest
from psycopg import sql

from supamig.config import Api, AuthProofs, Settings
from supamig.deployment import tokens
from supamig.secret import Secret
from supamig.testing.sample import install
from supamig.testing.sample.accounts import PASSWORDS
from supamig.testing.servers import Database, fresh_database
from supamig.testing.services import serve

# the fixture that hides the settings of real projects would hide it from the tests
GOTRUE = os.environ.get("SUPAMIG_TEST_GOTRUE", "")
MIGRATIONS = os.environ.get("SUPAMIG_TEST_GOTRUE_MIGRATIONS", "")
SECRET = "the-secret-of-the-project-of-40-letters-"
MARY = "mary@example.com"
#: What the platform's own deployments are set to, as far as the checks look at it.
HEALTHY = {
    "GOTRUE_SITE_URL": "https://app.example.com",
    "GOTRUE_MAILER_AUTOCONFIRM": "false",
    "GOTRUE_EXTERNAL_EMAIL_ENABLED": "true",
    "GOTRUE_SECURITY_REFRESH_TOKEN_ROTATION_ENABLED": "true",
    "GOTRUE_SECURITY_REFRESH_TOKEN_REUSE_INTERVAL": "4",
    "GOTRUE_MFA_TOTP_ENROLL_ENABLED": "true",
    "GOTRUE_MFA_TOTP_VERIFY_ENABLED": "true",
    "GOTRUE_JWT_EXP": "3600",
    "GOTRUE_RATE_LIMIT_HEADER": "X-Forwarded-For",
    **{
        f"GOTRUE_MAILER_URLPATHS_{name}": "/auth/v1/verify"
        for name in ("CONFIRMATION", "INVITE", "RECOVERY", "EMAIL_CHANGE")
    },
}
#: The same, as the Management API says it.
EXPECTED = {
    "site_url": "https://app.example.com",
    "jwt_exp": 3600,
    "security_refresh_token_rotation_enabled": True,
    "security_refresh_token_reuse_interval": 4,
    "mfa_totp_enroll_enabled": True,
    "mfa_totp_verify_enabled": True,
}
_BESIDE = """
insert into pg_db_role_setting
select c.oid, s.setrole, s.setconfig from pg_db_role_setting s
join pg_database d on d.oid = s.setdatabase, pg_database c
where d.datname = %(template)s and c.datname = %(copy)s
"""


@dataclass(frozen=True)
class Stand:
    """The secret of the project, and whether a real GoTrue answers."""

    secret: str
    is_real: bool


@dataclass(frozen=True)
class Deployment:
    """A database and the services before it."""

    database: Database
    api: Api
    log: object

    def execute(self, *statements):
        with self.database.connect() as session:
            session.execute("set session_replication_role = replica")
            for statement in statements:
                session.execute(statement)

    def rows(self, query, *params):
        with self.database.connect() as session:
            return session.execute(query, params or None).fetchall()

    def left(self):
        """Return the users that checks made and did not remove."""
        return self.rows("select email from auth.users where email like 'supamig-check-%'")

    def sign_in(self, email=MARY):
        answer = httpx.post(
            f"{self.api.url}/auth/v1/token?grant_type=password",
            headers={"apikey": self.api.anon_key.reveal()},
            json={"email": email, "password": PASSWORDS[email]},
            timeout=60,
        )
        assert answer.status_code == 200, answer.text
        return answer.json()


@contextlib.contextmanager
def real_gotrue(database, environment):
    """Run the real GoTrue that was named, on a port of its own."""
    server = database.server
    login = f"supabase_auth_admin:{quote(server.password.reveal(), safe='')}"
    port = free_port()
    variables = {
        "PATH": "/usr/bin:/bin",
        "GOTRUE_DB_DRIVER": "postgres",
        "DATABASE_URL": f"postgres://{login}@{server.host}:{server.port}/{database.name}"
        "?sslmode=disable",
        "GOTRUE_API_HOST": "127.0.0.1",
        "PORT": str(port),
        "GOTRUE_DB_ADVISOR_ENABLED": "false",
        "GOTRUE_LOG_LEVEL": "error",
        "GOTRUE_JWT_AUD": "authenticated",
        "GOTRUE_JWT_DEFAULT_GROUP_NAME": "authenticated",
    }
    if MIGRATIONS:
        variables["GOTRUE_DB_MIGRATIONS_PATH"] = MIGRATIONS
    variables |= {name: value for name, value in environment.items() if value is not None}
    with subprocess.Popen([GOTRUE], env=variables, stdout=subprocess.DEVNULL) as child:
        try:
            url = f"http://127.0.0.1:{port}"
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline:
                with contextlib.suppress(httpx.TransportError):
                    httpx.get(f"{url}/health")
                    break
                time.sleep(0.1)
            yield url
        finally:
            child.terminate()


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@contextlib.contextmanager
def services(database, *, secret=SECRET, environment=None, clock_offset=0.0):
    """Serve a database, with the real GoTrue where one was named."""
    given = {**HEALTHY, **(environment or {})}
    with contextlib.ExitStack() as stack:
        more = {}
        if GOTRUE:
            port = free_port()
            own = {
                "GOTRUE_JWT_SECRET": secret,
                "API_EXTERNAL_URL": f"http://127.0.0.1:{port}/auth/v1",
            }
            more["auth_url"] = stack.enter_context(real_gotrue(database, {**own, **given}))
            more["port"] = port
            given = {name: text for name, text in given.items() if not name.startswith("GOTRUE_")}
        one = stack.enter_context(
            serve(database.dsn, jwt_secret=secret, env=given, clock_offset=clock_offset, **more)
        )
        api = Api(
            url=one.url,
            anon_key=Secret(one.anon_key),
            service_role_key=Secret(one.service_role_key),
            jwt_secret=Secret(secret),
        )
        yield Deployment(database, api, lambda: one.log)


@pytest.fixture(scope="session")
def project(pg_pair):
    """The project, its services, and a session that was begun there before the move."""
    server = pg_pair[0]
    with fresh_database(server, prefix="auth") as database:
        word = server.password.reveal()
        install(database.dsn, flavour="cloud", application=True, scale=0.01, postgres_password=word)
        with services(database) as deployment:
            session = deployment.sign_in()
            yield deployment, session["refresh_token"]


@pytest.fixture(scope="session")
def moved(project, pg_pair):
    """What the move made of the project: a database to copy, to which nobody is connected."""
    database = copied(project[0].database.server, project[0].database.name)
    yield database
    drop(database)


def copied(server, template):
    """Copy a database that others are connected to, through its own files."""
    name = f"moved_{secrets.token_hex(6)}"
    names = [sql.Identifier(one) for one in (name, template)]
    with server.connect() as session:
        for _ in range(100):
            try:
                session.execute(sql.SQL("create database {} template {}").format(*names))
                break
            except Exception as error:
                if "being accessed" not in str(error):
                    raise
                time.sleep(0.2)
        session.execute(_BESIDE, {"template": template, "copy": name})
    return Database(server, name)


@pytest.fixture
def deploy(project, moved):
    """Make a deployment of the moved project: `deploy(environment={...}, statements=[...])`."""
    with contextlib.ExitStack() as stack:

        def make(*, statements=(), template=moved, **options):
            database = copied(template.server, template.name)
            stack.callback(drop, database)
            deployment = Deployment(database, None, None)
            deployment.execute(*statements)
            return stack.enter_context(services(database, **options))

        yield make


@pytest.fixture
def copy_of():
    """Copy a database as it is now."""
    with contextlib.ExitStack() as stack:

        def make(database):
            copy = copied(database.server, database.name)
            stack.callback(drop, copy)
            return copy

        yield make


def drop(database):
    with database.server.connect() as session:
        session.execute(
            sql.SQL("drop database {} with (force)").format(sql.Identifier(database.name))
        )


@pytest.fixture
def settings(project, tmp_path):
    """Make the settings of a run against a deployment."""
    source, token = project
    saved = tmp_path / "auth_config.json"
    saved.write_text(json.dumps(EXPECTED))

    def make(deployment, *, api=None, proofs=None, **changes):
        return Settings(
            **{
                "source": source.database.dsn,
                "target": deployment.database.dsn,
                "source_api": source.api,
                "target_api": replace(deployment.api, **(api or {})),
                "state_dir": tmp_path / "state",
                "load_plugins": (),
                "auth": replace(
                    AuthProofs(
                        throwaway_users=True,
                        email=MARY,
                        password=Secret(PASSWORDS[MARY]),
                        refresh_token=Secret(token),
                        config_file=saved,
                    ),
                    **(proofs or {}),
                ),
            }
            | changes
        )

    return make


@pytest.fixture
def key_of():
    """Make an API key that a secret signs."""

    def make(role, secret):
        return Secret(tokens.symmetric(role, secret, now=int(time.time())))

    return make


@pytest.fixture
def stand():
    """What the deployments are made of."""
    return Stand(secret=SECRET, is_real=bool(GOTRUE))
