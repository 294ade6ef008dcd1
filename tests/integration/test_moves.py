"""The sample project moved between two servers by every method, and looked at from outside."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from psycopg import sql

from supamig import api
from supamig.errors import Unreachable
from supamig.importers import constraints, schema
from supamig.models import EventKind, Outcome, Severity, Stage, Verdict
from supamig.secret import Secret

pytestmark = [pytest.mark.pg, pytest.mark.timeout(180)]

METHODS = ["stream", "pg_dump", pytest.param("cli", marks=pytest.mark.supabase_cli)]

#: All that is said of a perfect move, and why.
EXPECTED = {
    # it is unlogged on the source too: somebody may have forgotten
    ("preflight.unlogged-tables", "public.recall_log", Severity.INFO),
    # the cloud's services are a version ahead: a constraint and an index of theirs
    ("preflight.left-behind", "auth.sessions", Severity.INFO),
    ("preflight.left-behind", "realtime.messages", Severity.INFO),
}

#: What a bundle cannot be asked.
LIVE_ONLY = {
    "preflight.auth-users",
    "preflight.disk",
    "preflight.locks",
    "preflight.sequences",
    "preflight.servers",
    "preflight.source-rights",
}

USER_TABLES = """
select format('%I.%I', n.nspname, c.relname), array_agg(a.attname order by a.attname)
from pg_class c join pg_namespace n on n.oid = c.relnamespace
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where c.relkind = 'r' and n.nspname in
  ('public', 'analytics', 'auth', 'storage', 'supabase_migrations')
  and (n.nspname, c.relname) not in (('auth', 'schema_migrations'), ('storage', 'migrations'))
group by 1
"""

ROWS = """
select count(*), md5(coalesce(string_agg(h, '' order by h), ''))
from (select md5(row({})::text) as h from only {}) as r
"""

# of the user's tables: the server itself writes to its catalogs at any time
WRITES = """
select sum(n_tup_ins), sum(n_tup_upd), sum(n_tup_del) from pg_stat_user_tables
"""

TRIGGERS = """
select tgrelid::regclass::text, tgname, tgenabled::text from pg_trigger where not tgisinternal
union all select 'event', evtname, evtenabled::text from pg_event_trigger
"""

SEQUENCES = """
select oid::regclass::text from pg_class
where relkind = 'S' and relnamespace::regnamespace::text in ('public', 'analytics', 'auth')
"""

VIEWS = "select oid::regclass::text, relispopulated from pg_class where relkind = 'm'"

RIGHTS = """
select what, name, coalesce(r.rolname, 'public'), (x.acl).privilege_type from (
  select 'relation' as what, c.oid::regclass::text as name, aclexplode(coalesce(c.relacl,
    acldefault(case c.relkind when 'S' then 's'::"char" else 'r' end, c.relowner))) as acl
  from pg_class c where c.relkind in ('r', 'p', 'v', 'm', 'S', 'f') and {visible}
  union all
  select 'function', c.oid::regprocedure::text,
    aclexplode(coalesce(c.proacl, acldefault('f', c.proowner)))
  from pg_proc c where {visible_function}
  union all
  select 'schema', nspname, aclexplode(nspacl) from pg_namespace
  where nspname in ('public', 'analytics')
) x left join pg_roles r on r.oid = (x.acl).grantee
where (x.acl).grantee = 0 or r.rolname in ('anon', 'authenticated')
""".format(
    visible="c.relnamespace::regnamespace::text in ('public', 'analytics')",
    # not the constructors of ranges, which come and go with their type
    visible_function="c.pronamespace::regnamespace::text in ('public', 'analytics') and not exists"
    " (select from pg_depend where classid = 'pg_proc'::regclass and objid = c.oid"
    " and deptype = 'i')",
)


#: Everything that fires also for replicas, each writing down that it did.
WATCHERS = """
create table public.fired (what text);
create or replace function public.log_effect() returns trigger language plpgsql as $$
begin
  insert into public.fired values (tg_name);
  return null;
end $$;
create trigger whole_statement after insert on public.tags
  for each statement execute function public.log_effect();
alter table public.tags enable always trigger whole_statement;
create trigger on_every_user after insert on auth.users
  for each row execute function public.log_effect();
alter table auth.users enable always trigger on_every_user;
create function public.note_everything() returns event_trigger language plpgsql as $$
begin
  insert into public.fired values (tg_tag);
end $$;
create event trigger note_everything on ddl_command_end
  execute function public.note_everything();
alter event trigger note_everything enable always;
delete from public.fired;
"""


def rows(database, query):
    with database.connect() as session:
        session.execute("set search_path to ''")
        return sorted(session.execute(query).fetchall())


def digests(database, columns):
    with database.connect() as session:
        session.execute("set timezone to 'UTC'")
        found = {}
        for table, names in columns.items():
            parts = sql.SQL(", ").join(map(sql.Identifier, names))
            found[table] = session.execute(sql.SQL(ROWS).format(parts, sql.SQL(table))).fetchone()
        return found


def assert_equal_rows(source, target):
    """Compare every row of every shared table, by other means than supamig's own."""
    ours, theirs = (dict(rows(one, USER_TABLES)) for one in (source, target))
    shared = {t: [c for c in names if c in theirs[t]] for t, names in ours.items() if t in theirs}
    assert len(shared) > 105
    assert digests(source, shared) == digests(target, shared)


def assert_same_project(source, target):
    assert_equal_rows(source, target)
    for query in (TRIGGERS, VIEWS, RIGHTS):
        assert set(rows(source, query)) - set(rows(target, query)) == set()
    populated = dict(rows(target, VIEWS))
    assert sum(populated.values()) == 4
    assert not populated["public.empty_digest"] if "public.empty_digest" in populated else populated
    for (sequence,) in rows(
        source,
        "select oid::regclass::text from pg_class where relkind = 'S'"
        " and relnamespace in ('public'::regnamespace, 'auth'::regnamespace)",
    ):
        query = f"select last_value, is_called from {sequence}"
        assert (sequence, rows(source, query)) == (sequence, rows(target, query))


def assert_proven(report):
    assert report.verdict is Verdict.PASSED
    assert report.not_checked == ()
    found = {(finding.check, finding.subject, finding.severity) for finding in report.findings}
    assert found == EXPECTED
    assert all(step.outcome is Outcome.PASSED for step in report.steps)
    assert report.summary.tables == 84
    assert report.summary.auth_users == 6
    assert all(copy.digest and copy.digest.rows == copy.rows for copy in report.tables)


def cli_of(request, method):
    """Return the settings that name the real Supabase CLI, where it is asked for."""
    return {"supabase_cli": request.getfixturevalue("supabase_cli")} if method == "cli" else {}


@pytest.mark.parametrize("method", METHODS)
def test_migrate_moves_all_and_proves_it(request, method, source, target, settings, monkeypatch):
    for module in (schema, constraints):
        # a transaction every few definitions, so that there is much to look at in between
        monkeypatch.setattr(module, "PIECE", 40)
    given = settings(method=method, **cli_of(request, method))
    watch = Watch(source, target)
    report = api.migrate(given, observer=watch)
    watch.assert_clean()
    assert_proven(report)
    assert (report.command, report.method) == ("migrate", method)
    assert any("takes about" in note for note in report.notes)
    assert_same_project(source, target)
    assert_alive(target)
    (run,) = api.status(given)
    assert (run.state, run.verdict) == ("finished", "passed")
    again = api.migrate(given)
    assert again.earlier
    assert again.steps == report.steps
    left = {path.name for path in (given.state_dir / "runs" / run.run_id / "bundle").iterdir()}
    assert left == {"manifest.json", "inventory.json"}, "schema and rows of others stay behind"


#: Stands in for a Docker engine that reaches no registry, and for what the CLI then says.
NO_IMAGE = """#!/bin/sh
case "$*" in *--dry-run* | --version) exec {cli} "$@" ;; esac
echo 'failed to pull docker image from all registries: no such host' >&2
exit 1
"""


def test_an_engine_that_cannot_get_the_image_is_done_without(
    supabase_cli, source, target, settings, tmp_path, monkeypatch
):
    cli = NO_IMAGE.format(cli=shlex.quote(str(supabase_cli)))
    for name, text in (("docker", "#!/bin/sh\n"), ("supabase", cli)):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.chdir(tmp_path)
    given = settings(method="cli", supabase_cli=Path("supabase"))
    report = api.migrate(given)
    assert_proven(report)
    manifest = given.state_dir / "runs" / report.run_id / "bundle" / "manifest.json"
    notes = json.loads(manifest.read_text())["notes"]
    assert notes.count("the Docker engine could not get the image of the Supabase CLI") == 1
    said = [step.detail for step in report.steps if step.id in {"export.roles", "export.rows"}]
    assert len(said) == 2
    assert all("script of its dry run with pg_dump" in detail for detail in said)


class Watch:
    """Looks at both servers during a move: at the target's rights, at writes on the source."""

    def __init__(self, source, target):
        self._source, self._target = source, target
        # also what the platform gives on its empty schema `public`
        self._allowed = set(rows(source, RIGHTS)) | set(rows(target, RIGHTS))
        self._written = self._writes()
        self._wider = []
        self.looks = 0

    def __call__(self, event):
        ended = {EventKind.STEP_FINISHED, EventKind.ITEM_FINISHED}
        if event.stage is Stage.IMPORT and event.kind in ended and event.step != "import.rows":
            self.looks += 1
            wider = set(rows(self._target, RIGHTS)) - self._allowed
            self._wider += [(event.subject, *right) for right in sorted(wider)]

    def _writes(self):
        with self._source.connect() as session:
            return session.execute(WRITES).fetchone()

    def assert_clean(self):
        assert self._wider == []
        assert self.looks > 10
        assert self._writes() == self._written


def assert_alive(target):
    """Sign somebody up: the trigger on a managed table makes a profile; ids go on."""
    with target.connect() as session:
        session.execute(
            "insert into auth.users (id, email) values (gen_random_uuid(), 'new@example.com')"
        )
        made = session.execute("select count(*) from public.profiles where username = 'new'")
        assert made.fetchone() == (1,)
        session.execute("insert into public.tags (name) values ('of today')")
        leftover = "select count(*) from pg_namespace where nspname = '_supamig'"
        assert session.execute(leftover).fetchone() == (0,)


@pytest.mark.parametrize("method", METHODS)
def test_a_bundle_is_whole_and_speaks_for_a_source_that_is_gone(
    request, method, own_source, owner_of, target, settings
):
    with own_source.connect() as session:
        session.execute(WATCHERS)
        session.execute("set session_replication_role = replica; delete from public.fired")
    given = settings(method=method, source=owner_of(own_source), **cli_of(request, method))
    bundle, exported = api.export(given)
    assert exported.verdict is Verdict.PASSED
    assert bundle.parent.name == "backups"
    assert bundle.name.startswith("supabase_export_20")
    assert_whole(bundle, method)
    gone = Secret("postgresql://postgres@127.0.0.1:1/gone")
    report = api.import_bundle(replace(given, source=None), bundle)
    assert report.verdict is Verdict.PASSED
    assert {line.partition(")")[0].rpartition("(")[2] for line in report.not_checked} == LIVE_ONLY
    assert rows(target, "select * from public.fired") == []
    assert_same_project(own_source, target)
    alone = replace(given, source=gone, source_bundle=bundle)
    again = api.validate(alone)
    assert again.verdict is Verdict.PASSED
    assert again.not_checked == ()
    assert again.summary.rows == report.summary.rows > 2000
    assert all(copy.digest for copy in report.tables)
    with target.connect() as session:
        session.execute("create table public.later ()")
        session.execute("update auth.sessions set aal = 'aal2', ip = null")
    assert ("CREATE TABLE",) in rows(target, "select * from public.fired")
    failed = api.validate(alone)
    assert {finding.subject for finding in failed.findings if finding.check == "rows.digest"} == {
        "auth.sessions", "public.fired"}  # fmt: skip
    with pytest.raises(Unreachable):
        api.validate(replace(alone, source_bundle=None))


def assert_whole(bundle, method):
    """Look at a bundle as somebody who has only it: all is there, private, and sums are right."""
    names = {path.relative_to(bundle).as_posix() for path in bundle.rglob("*") if path.is_file()}
    rows_files = {name for name in names if name.startswith("data")}
    assert {"roles.sql", "schema.sql", "inventory.json", "manifest.json", "SHA256SUMS"} <= names
    assert (rows_files == {"data.sql"}) == (method != "stream")
    for path in (bundle, *bundle.rglob("*")):
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600), path
    subprocess.run(["sha256sum", "--strict", "-c", "SHA256SUMS"], cwd=bundle, check=True,
                   capture_output=True)  # fmt: skip
    manifest = json.loads((bundle / "manifest.json").read_bytes())
    assert manifest["format"] == 1
    assert manifest["method"] == method
    assert manifest["supamig"]
    assert manifest["tools"]
    assert manifest["source"]["version"]
    assert manifest["snapshot"]["lsn"].count("/") == 1
    assert {entry["path"] for entry in manifest["artifacts"]} == names - {
        "manifest.json", "SHA256SUMS"}  # fmt: skip
    for entry in manifest["artifacts"]:
        assert entry["bytes"] == (bundle / entry["path"]).stat().st_size
        assert len(entry["sha256"]) == 64
    tables = {(t["table"]["schema"], t["table"]["name"]): t for t in manifest["tables"]}
    assert tables["public", "agent_registry"]["rows"] == 11
    assert tables["auth", "users"]["rows"] == 6
    assert all(t["digest"]["rows"] == t["rows"] for t in tables.values())
    if method == "cli" and shutil.which("docker") is None:
        producers = {entry["producer"] for entry in manifest["artifacts"]}
        assert any("script of its dry run with pg_dump" in producer for producer in producers)
