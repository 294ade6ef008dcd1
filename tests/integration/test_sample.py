"""The sample project on every server that this machine can start: what it holds, each time."""

from __future__ import annotations

import hashlib
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from psycopg import sql

from supamig.secret import Secret
from supamig.testing.clusters import start_cluster
from supamig.testing.installations import find_installations
from supamig.testing.sample import PASSWORDS, SampleFacts, install, migration_files

pytestmark = [pytest.mark.pg, pytest.mark.timeout(180)]

INSTALLATIONS = find_installations()

TABLES = """
select format('%I.%I', table_schema, table_name) from information_schema.tables
where table_type = 'BASE TABLE'
  and table_schema in ('public', 'analytics', 'auth', 'storage', 'supabase_migrations')
"""

DIGEST = """
select count(*), md5(coalesce(string_agg(md5(t::text), '' order by md5(t::text)), ''))
from only {} as t
"""

#: Of a portable project, seed 1 and scale 0.02, whatever the server's version.
PORTABLE_ROWS = "37ce7624ed415b36dacd1d412341058bbd446a36dd571cab49b35eed8d9a93dc"

# One row for every foreign key with a value that the other table does not have.
FOREIGN_KEYS = """
select conname, conrelid::regclass::text, confrelid::regclass::text,
  (select string_agg(format('f.%I = t.%I', a.attname, b.attname), ' and ')
   from unnest(conkey, confkey) as k (here, there)
   join pg_attribute as a on a.attrelid = conrelid and a.attnum = here
   join pg_attribute as b on b.attrelid = confrelid and b.attnum = there),
  (select string_agg(format('f.%I is not null', attname), ' and ')
   from pg_attribute where attrelid = conrelid and attnum = any (conkey))
from pg_constraint where contype = 'f' and conparentid = 0
"""

SEQUENCES = """
select d.refobjid::regclass::text, a.attname, s.oid::regclass::text
from pg_class as s join pg_depend as d on d.objid = s.oid and d.refobjsubid > 0
join pg_attribute as a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
join pg_sequence as q on q.seqrelid = s.oid and q.seqincrement > 0
where s.relkind = 'S' and d.deptype in ('a', 'i') and s.relnamespace = 'public'::regnamespace
"""

#: What a project of real life has, each found in the catalogs.
HAS = {
    "forced row security": "select from pg_class where relforcerowsecurity",
    "a restrictive policy": "select from pg_policy where not polpermissive",
    "a policy on storage.objects": "select from pg_policies where tablename = 'objects'",
    "a policy on realtime.messages": "select from pg_policies where schemaname = 'realtime'",
    "a disabled trigger": "select from pg_trigger where tgenabled = 'D'",
    "a trigger for replicas": "select from pg_trigger where tgenabled = 'R'",
    "a trigger on auth.users": "select from pg_trigger where tgname = 'on_auth_user_created'",
    "a deferrable constraint trigger": "select from pg_trigger where tgdeferrable"
    " and tgconstraint <> 0 and not tgisinternal",
    "an event trigger of the user": "select from pg_event_trigger where evtname = 'note_ddl'",
    "a materialized view on another": "select from pg_matviews"
    " where definition like '%memory_digest%'",
    "an empty materialized view": "select from pg_matviews where not ispopulated",
    "a security invoker view": "select from pg_class"
    " where 'security_invoker=true' = any (reloptions)",
    "sub-partitions": "select from pg_class where relispartition and relkind = 'p'",
    "a hash partition": "select from pg_partitioned_table where partstrat = 'h'",
    "inheritance": "select from pg_inherits join pg_class as c on c.oid = inhrelid"
    " where not relispartition and relkind = 'r'",
    "a generated column": "select from pg_attribute where attgenerated = 's'",
    "both kinds of identity": "select from pg_attribute having count(distinct attidentity) = 3",
    "an exclusion constraint": "select from pg_constraint where contype = 'x'",
    "a constraint that is not valid": "select from pg_constraint where not convalidated"
    " and conname = 'believed_is_probability'",
    "a deferred foreign key": "select from pg_constraint where contype = 'f' and condeferred",
    "a range type of its own": "select from pg_range join pg_type as t on t.oid = rngtypid"
    " where typnamespace = 'public'::regnamespace",
    "a composite type": "select from pg_class where relkind = 'c'"
    " and relnamespace = 'public'::regnamespace",
    "a parsed body": "select from pg_proc where prosqlbody is not null and proname like 'org%'",
    "a procedure": "select from pg_proc where prokind = 'p' and proname = 'rename_organization'",
    "an aggregate": "select from pg_proc where prokind = 'a' and proname = 'array_concat'",
    "a rule": "select from pg_rules where rulename = 'access_log_keep'",
    "column rights": "select from pg_attribute where attacl is not null and attrelid > 16000",
    "a column collation": "select from pg_attribute as a"
    " join pg_collation as c on c.oid = attcollation"
    " where collname = 'C' and attrelid > 16000 and atttypid = 'text'::regtype",
    "extended statistics": "select from pg_statistic_ext",
    "replica identity full": "select from pg_class where relreplident = 'f' and relkind = 'r'",
    "an unlogged table": "select from pg_class where relpersistence = 'u' and relkind = 'r'",
    "no primary key": "select from pg_class as c where oid = 'public.memory_settings'::regclass and"
    " not exists (select from pg_index where indrelid = c.oid)",
    "storage parameters": "select from pg_class where 'fillfactor=80' = any (reloptions)",
    "a setting of the database": "select from pg_db_role_setting where setrole = 0"
    " and setconfig::text like '%app.settings.jwt_exp%'",
    "a table in the realtime publication": "select from pg_publication_tables"
    " where pubname = 'supabase_realtime'",
    "a publication of its own": "select from pg_publication_tables where rowfilter is not null",
    "narrowed default rights": "select from pg_default_acl where defaclrole = 'postgres'::regrole"
    " and defaclobjtype = 'f' and defaclnamespace = 0",
    "five megabytes in a value": "select from public.artifacts"
    " where length(content) = 5 * 1024 * 1024",
    "a thousand digits": "select from public.edge_numbers where length(exact::text) > 1000",
    "text that ends a COPY": r"select from public.edge_texts where value = '\.'",
    "a date before Christ": "select from public.edge_times where day = '4713-01-01 BC'",
    "negative zero": "select from public.edge_numbers where double::text = '-0'",
    "a fifth user's missing name": "select from public.profiles where display_name = 'ohne Namen'",
    "an owner who is no superuser": "select from pg_tables where tablename = 'profiles'"
    " and tableowner = 'postgres'",
}


@pytest.fixture(scope="module", params=INSTALLATIONS, ids=lambda one: f"{one.origin}-{one.version}")
def server(request):
    with start_cluster(request.param) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def project(server):
    """A small cloud project, for all tests that only look."""
    return put(server, "cloud", flavour="cloud", application=True)


@pytest.fixture(scope="module")
def empty(server, project):
    """An empty self-hosted project in another database of the same cluster."""
    return put(
        server,
        "self_hosted",
        flavour="self-hosted",
        application=False,
        postgres_password="o'wner",
    )


class Project:
    def __init__(self, server, name, facts):
        self.server = server
        self.name = name
        self.facts = facts

    def rows(self, query, *parameters):
        with self.server.connect(self.name) as session:
            session.execute("set search_path to ''")
            return session.execute(query, parameters or None).fetchall()

    def digests(self):
        with self.server.connect(self.name) as session:
            session.execute("set timezone to 'UTC'")
            session.execute("set search_path to ''")
            tables = [name for (name,) in session.execute(TABLES)]
            return {
                name: session.execute(sql.SQL(DIGEST).format(sql.SQL(name))).fetchone()
                for name in tables
            }


def put(server, name, *, scale=0.02, **options):
    with server.connect() as session:
        session.execute(
            sql.SQL("create database {} template template0").format(sql.Identifier(name))
        )
    return Project(server, name, install(server.dsn(name), scale=scale, **options))


def test_cloud_project_holds_what_it_says(project):
    assert project.facts.tables == 84
    assert project.facts.auth_tables == 20
    assert project.facts.auth_users == 6
    assert project.facts.rows == sum(
        count
        for name, (count, _) in project.digests().items()
        if name.startswith(("public.", "auth.")) and name != "auth.schema_migrations"
    )
    assert project.rows("select count(*) from public.agent_registry") == [(11,)]
    assert project.rows("select count(*) from public.profiles") == [(6,)]


def test_every_table_holds_rows_but_partition_parents_and_a_few_of_the_platform(project):
    empty = {name for name, (count, _) in project.digests().items() if not count}
    assert {name for name in empty if name.startswith(("public.", "analytics."))} == {
        "public.messages",
        "public.messages_2025h1",
        "public.memory_versions",
        "public.audit_events",
    }


def test_migrations_are_recorded_in_their_order(project):
    recorded = project.rows(
        "select name from supabase_migrations.schema_migrations order by version"
    )
    files = migration_files()
    assert [name for (name,) in recorded] == [file.name.partition("_")[2] for file in files]
    assert [file.name[:3] for file in files] == [f"{number:03}" for number in range(1, 51)]
    assert len({file.path.split("/")[1] for file in files}) == 7


def test_self_hosted_project_is_one_version_apart(project, empty):
    assert empty.facts == SampleFacts(tables=0, auth_tables=21, auth_users=0, rows=0)
    columns = (
        "select table_schema || '.' || table_name, column_name from information_schema.columns"
        " where table_schema in ('auth', 'storage')"
    )
    cloud, target = set(project.rows(columns)), set(empty.rows(columns))
    shared = {table for table, _ in cloud} & {table for table, _ in target}
    assert {row for row in cloud - target if row[0] in shared} == {("auth.sessions", "scopes")}
    assert {row for row in target - cloud if row[0] in shared} == {
        ("auth.oauth_clients", "token_endpoint_auth_method"),
        ("storage.buckets", "versioning_status"),
        ("storage.objects", "archived_at"),
        ("storage.objects", "is_delete_marker"),
        ("storage.objects", "is_versioned"),
    }
    assert {table for table, _ in target} - {table for table, _ in cloud} == {
        "auth.custom_oauth_providers",
        "storage.iceberg_namespaces",
        "storage.iceberg_tables",
    }
    assert project.rows("select count(scopes) from auth.sessions") == [(0,)]


@pytest.mark.parametrize("what", HAS)
def test_application_has(project, what):
    assert project.rows(f"select exists ({HAS[what]})") == [(True,)]


def test_foreign_keys_hold(project):
    for name, here, there, pairs, filled in project.rows(FOREIGN_KEYS):
        orphans = f"select count(*) from {here} as f where {filled}"
        orphans += f" and not exists (select from {there} as t where {pairs})"
        assert (name, project.rows(orphans)) == (name, [(0,)])


def test_sequences_stand_at_their_data_or_ahead(project):
    found = project.rows(SEQUENCES)
    assert len(found) > 15
    for table, column, sequence in found:
        highest, last = project.rows(
            f'select (select max("{column}") from {table}), last_value from {sequence}'
        )[0]
        assert (table, last >= (highest or 0)) == (table, True)


def test_refresh_tokens_sequence_goes_on(project):
    assert project.rows(
        "select max(id), (select last_value from auth.refresh_tokens_id_seq)"
        " from auth.refresh_tokens"
    ) == [(4, 4)]


def test_same_seed_gives_same_rows_also_for_two_at_a_time(server, project):
    with ThreadPoolExecutor(2) as pool:
        again = pool.submit(put, server, "again", flavour="cloud", application=True)
        other = pool.submit(
            put, server, "other", flavour="cloud", application=True, seed=2, session_scopes=True
        )
    digests = project.digests()
    assert again.result().digests() == digests
    changed = {name for name, now in other.result().digests().items() if now != digests[name]}
    assert {"public.messages_2025h2", "public.chunks", "public.runs", "auth.sessions"} <= changed
    assert "public.edge_texts" not in changed
    assert other.result().rows("select count(scopes) from auth.sessions") == [(3,)]


def test_portable_project_holds_the_same_on_every_version(server):
    made = put(server, "portable", flavour="cloud", application=True, portable=True)
    digests = sorted(made.digests().items())
    rows = [item for item in digests if not item[0].startswith("supabase_migrations.")]
    digest = hashlib.sha256(repr(rows).encode()).hexdigest()
    assert digest == PORTABLE_ROWS, "the rows are others now: if that is wanted, change the digest"


def test_passwords_fit_their_hashes(project):
    users = dict(project.rows("select email, encrypted_password from auth.users"))
    assert users.keys() == PASSWORDS.keys()
    assert all(re.fullmatch(r"\$2a\$10\$[./A-Za-z0-9]{53}", word) for word in users.values())
    if project.rows("select from pg_extension where extname = 'pgcrypto'"):
        check = "select extensions.crypt(%s, %s)"
        for email, word in PASSWORDS.items():
            assert project.rows(check, word, users[email]) == [(users[email],)]


def test_row_security_lets_people_see_their_own(project):
    with project.server.connect(project.name) as session, session.transaction(force_rollback=True):
        everything = session.execute("select count(*) from public.memories").fetchone()[0]
        claims = '{"sub": "00000000-0000-4000-8000-000000000001", "role": "authenticated"}'
        session.execute("select set_config('request.jwt.claims', %s, true)", (claims,))
        session.execute("set local role authenticated")
        mine = session.execute("select count(*), count(distinct owner_id) from public.memories")
        count, owners = mine.fetchone()
        assert 0 < count < everything
        assert owners == 1


def test_new_account_gets_one_profile(project):
    with project.server.connect(project.name) as session, session.transaction(force_rollback=True):
        session.execute(
            "insert into auth.users (id, email) values (gen_random_uuid(), 'x@example.com')"
        )
        found = session.execute(
            "select count(*) from public.profiles where username = 'x'"
        ).fetchone()
        assert found == (1,)


@pytest.mark.parametrize("superuser", ["postgres", "boss"])
def test_superuser_may_have_another_name(superuser):
    with start_cluster(INSTALLATIONS[0], superuser=superuser) as cluster:
        made = put(cluster, "project", flavour="cloud", application=True)
        assert made.facts.tables == 84
        assert made.rows(
            "select nspowner::regrole::text from pg_namespace where nspname = 'auth'"
        ) == [("supabase_admin",)]


def test_owner_logs_in_with_the_password_given(server, empty):
    with server.connect(empty.name, user="postgres", password=Secret("o'wner")) as session:
        assert session.execute("show is_superuser").fetchone() == ("off",)
