"""What the database's first start runs, run on a real server in the image's order."""

from __future__ import annotations

import os
import subprocess

import psycopg
import pytest

from supamig import pgtools
from supamig.deployment import DeploymentSettings, describe
from supamig.errors import ToolMissing
from supamig.secret import Secret

pytestmark = [pytest.mark.pg, pytest.mark.timeout(120)]

PASSWORD = "TheWordOfEveryService"
ROLES = ("authenticator", "pgbouncer", "supabase_auth_admin", "supabase_storage_admin")
# what the image makes before these files; pg_net is an extension that no other server has
IMAGE = (
    "create role postgres superuser login",
    *(f"create role {name} nologin" for name in ("anon", "authenticated", "service_role")),
    *(f"create role {name} login" for name in ROLES),
    "create role supabase_pg_net_admin nologin",
    "create schema extensions",
    "create schema net",
    "create table net.sent (id bigserial, what jsonb)",
    """create function net.http_get(url text, params jsonb default '{}', headers jsonb default '{}',
      timeout_milliseconds integer default 2000) returns bigint language sql as
      $$ insert into net.sent (what) values (jsonb_build_object('url', url, 'params', params,
      'headers', headers, 'wait', timeout_milliseconds)) returning id $$""",
    """create function net.http_post(url text, body jsonb default '{}', params jsonb default '{}',
      headers jsonb default '{}', timeout_milliseconds integer default 2000) returns bigint
      language sql as $$ insert into net.sent (what) values (jsonb_build_object('url', url,
      'body', body, 'headers', headers, 'wait', timeout_milliseconds)) returning id $$""",
)
EXTENSION = "create extension if not exists pg_net schema extensions;\n"


def psql(cluster, path, *, user):
    program = pgtools.choose(cluster.installation.major).program("psql")
    run = subprocess.run(
        [program, "-X", "-q", "-v", "ON_ERROR_STOP=1", "--no-password", "-f", path],
        env={
            "PATH": os.environ["PATH"],
            "PGHOST": cluster.host,
            "PGPORT": str(cluster.port),
            "PGUSER": user,
            "PGPASSWORD": cluster.password.reveal(),
            "PGDATABASE": "postgres",
            "POSTGRES_USER": "supabase_admin",
            "POSTGRES_PASSWORD": PASSWORD,
            "JWT_EXP": "1234",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    from supamig.testing.clusters import start_cluster

    files = {one.target: one.content for one in describe(DeploymentSettings()).service("db").files}
    with start_cluster() as cluster:
        try:
            pgtools.choose(cluster.installation.major).program("psql")
        except ToolMissing as error:
            pytest.skip(f"{error.message}. {error.hint}")
        with cluster.connect() as session:
            for statement in IMAGE:
                session.execute(statement)
            word = psycopg.sql.Literal(cluster.password.reveal())
            session.execute(psycopg.sql.SQL("alter role postgres password {}").format(word))
        directory = tmp_path_factory.mktemp("init")
        for target, content in sorted(files.items()):
            path = directory / target.rpartition("/")[2]
            assert (EXTENSION in content) == (path.name == "98-webhooks.sql")
            path.write_text(content.replace(EXTENSION, ""))
            psql(cluster, path, user="postgres" if "init-scripts" in target else "supabase_admin")
        yield cluster


@pytest.fixture
def session(database):
    with database.connect() as session:
        yield session


@pytest.mark.parametrize("role", [*ROLES, "supabase_functions_admin"])
def test_every_service_logs_in_with_the_one_password(database, role):
    with database.connect(user=role, password=Secret(PASSWORD)) as session:
        assert session.execute("select current_user").fetchone() == (role,)
    with pytest.raises(psycopg.OperationalError, match="password"):
        database.connect(user=role, password=Secret("another"))


@pytest.mark.parametrize(
    ("name", "schema"),
    [("postgres", "_realtime"), ("_supabase", "_analytics"), ("_supabase", "_supavisor")],
)
def test_each_service_finds_its_schema(database, name, schema):
    with database.connect(name) as session:
        owner = session.execute(
            "select nspowner::regrole::text from pg_namespace where nspname = %s", [schema]
        ).fetchone()
    assert owner == ("supabase_admin",)


def test_the_life_of_a_token_is_a_setting_and_the_secret_is_not(session):
    assert session.execute("show app.settings.jwt_exp").fetchone() == ("1234",)
    secret = session.execute("select current_setting('app.settings.jwt_secret', true)").fetchone()
    assert secret == (None,)


def test_webhooks_send_what_changed(session):
    session.execute("create table public.orders (id integer primary key, note text)")
    session.execute(
        "create trigger hook after insert or update or delete on public.orders for each row"
        " execute function supabase_functions.http_request('https://app.example.com/hook', 'POST',"
        """ '{"X-A": "b"}', '{}', '4321')"""
    )
    session.execute("insert into public.orders values (1, 'a')")
    session.execute("update public.orders set note = 'b'")
    session.execute("delete from public.orders")
    rows = session.execute("select what from net.sent where what ? 'body' order by id")
    sent = [row[0] for row in rows]
    assert [(one["body"]["type"], one["wait"]) for one in sent] == [
        ("INSERT", 4321),
        ("UPDATE", 4321),
        ("DELETE", 4321),
    ]
    assert sent[1]["body"] == {
        "type": "UPDATE",
        "table": "orders",
        "schema": "public",
        "record": {"id": 1, "note": "b"},
        "old_record": {"id": 1, "note": "a"},
    }
    assert (sent[0]["body"]["old_record"], sent[2]["body"]["record"]) == (None, None)
    assert sent[0]["headers"] == {"X-A": "b"}
    hooks = session.execute(
        "select hook_name, count(*) from supabase_functions.hooks"
        " where hook_table_id = 'public.orders'::regclass group by 1"
    )
    assert hooks.fetchall() == [("hook", 3)]


def test_a_webhook_has_defaults_and_says_what_it_lacks(session):
    call = "create or replace trigger hook before insert on public.calls for each row execute"
    session.execute("create table public.calls (id integer)")
    session.execute(f"{call} function supabase_functions.http_request('http://x', 'GET', 'null')")
    session.execute("insert into public.calls values (1)")
    (sent,) = session.execute("select what from net.sent order by id desc limit 1").fetchone()
    assert (sent["wait"], sent["headers"]) == (1000, {"Content-Type": "application/json"})
    for arguments, said in (
        ("'null', 'GET'", "url argument is missing"),
        ("'http://x'", "method argument is missing"),
        ("'http://x', 'PUT'", "method argument PUT is invalid"),
    ):
        session.execute(f"{call} function supabase_functions.http_request({arguments})")
        with pytest.raises(psycopg.errors.RaiseException, match=said):
            session.execute("insert into public.calls values (2)")


def test_webhooks_are_for_the_roles_of_the_api(session):
    allowed = session.execute(
        "select r, has_function_privilege(r, 'supabase_functions.http_request()', 'execute'),"
        " has_function_privilege(r, 'net.http_get(text, jsonb, jsonb, integer)', 'execute')"
        " from unnest(array['postgres', 'anon', 'authenticated', 'service_role', 'pgbouncer']) r"
    ).fetchall()
    assert allowed == [
        *((name, True, True) for name in ("postgres", "anon", "authenticated", "service_role")),
        ("pgbouncer", False, False),
    ]
    owner = session.execute(
        "select proowner::regrole::text, prosecdef from pg_proc where proname = 'http_request'"
    ).fetchone()
    assert owner == ("supabase_functions_admin", True)
    versions = session.execute("select version from supabase_functions.migrations order by 1")
    assert [row[0] for row in versions] == ["20210809183423_update_grants", "initial"]
    gone = session.execute("select count(*) from pg_roles where rolname like '%%pg_net_admin'")
    assert gone.fetchone() == (0,)


def test_the_event_trigger_minds_pg_net_only(session):
    (name,) = session.execute("select evtname from pg_event_trigger").fetchone()
    assert name == "issue_pg_net_access"
    session.execute("create schema kept")
    installed = session.execute(
        "select name from pg_available_extensions where name = 'pg_trgm'"
    ).fetchone()
    if installed:
        session.execute("create extension pg_trgm schema kept")
    assert session.execute("select count(*) from pg_event_trigger").fetchone() == (1,)
