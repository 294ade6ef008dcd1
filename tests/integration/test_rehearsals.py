"""`--fresh`: a rehearsal is removed to the last trace, and nothing else with it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from supamig import api, migration
from supamig.errors import Refused
from supamig.models import Verdict

pytestmark = [pytest.mark.pg, pytest.mark.timeout(180)]

#: What a project may have beyond the sample, each of which a move brings to the target.
MORE = """
alter role anon set statement_timeout = '4s';
alter role authenticated set app.name = 'sample';
comment on role anon is 'callers without a name';
grant set on parameter log_min_duration_statement to authenticated;
create role editor noinherit;
grant editor to authenticator;
grant select on auth.users to editor;
grant usage on schema auth to editor;
grant insert (name) on storage.buckets to editor;
create schema "Own Schema" authorization editor;
create table "Own Schema"."T a" (a serial primary key);
create extension if not exists citext with schema extensions;
create sequence public.lonely;
create function auth.my_claims() returns text language sql as $$ select 'mine' $$;
alter function auth.my_claims() owner to postgres;
create trigger on_bucket before insert on storage.buckets
  for each row execute function public.set_updated_at();
create domain public.short as text check (length(value) < 9);
create operator public.=== (leftarg = int, rightarg = int, function = int4eq);
create text search configuration public.own_words (copy = simple);
create foreign data wrapper nothing;
create server elsewhere foreign data wrapper nothing;
create policy "own files" on storage.objects for select to editor using (true);
alter default privileges for role postgres in schema "Own Schema" grant select on tables to editor;
"""


@pytest.fixture
def look(target, catalogs, monkeypatch):
    """Read the target's catalogs and row counts whenever a move begins."""
    seen = []
    begin = migration.begin

    def watched(*arguments, **options):
        with target.connect() as session:
            users = session.execute("select count(*) from auth.users").fetchone()
        seen.append((catalogs.of(target), users))
        return begin(*arguments, **options)

    monkeypatch.setattr(migration, "begin", watched)
    return seen


def test_fresh_removes_exactly_what_was_made(own_source, look, settings, catalogs):
    with own_source.connect() as session:
        session.execute(MORE)
    given = settings(source=own_source.dsn)
    reports = [api.migrate(given), api.migrate(given, fresh=True), api.migrate(given, fresh=True)]
    assert [report.verdict for report in reports] == [Verdict.PASSED] * 3
    assert len({report.run_id for report in reports}) == 3
    (before, users), *later = look
    assert users == (0,)
    for after, users in later:
        assert catalogs.differences(before, after) == {}
        assert users == (0,)
    states = [run.state for run in api.status(given)]
    assert states == ["removed", "removed", "finished"]
    assert {copy.table: copy.digest for copy in reports[0].tables} == {
        copy.table: copy.digest for copy in reports[2].tables}  # fmt: skip


@pytest.mark.parametrize("method", ["stream", "pg_dump"])
def test_fresh_removes_an_import_as_well(settings, target, tmp_path, method):
    """The bundle has rows of columns that the target lacks, and so other digests than the copy."""
    given = settings(method=method, output_dir=tmp_path / "bundle")
    bundle, _ = api.export(given)
    assert api.import_bundle(given, bundle).verdict is Verdict.PASSED
    with target.connect() as session:
        session.execute("update auth.sessions set user_agent = user_agent || '!'")
    with pytest.raises(Refused, match=r"rows of 1 table changed on the target: `auth\.sessions`"):
        api.migrate(given, fresh=True)
    with target.connect() as session:
        session.execute("update auth.sessions set user_agent = left(user_agent, -1)")
    assert api.migrate(given, fresh=True).verdict is Verdict.PASSED


def test_fresh_without_an_earlier_run_is_a_plain_move(settings):
    assert api.migrate(settings(), fresh=True).verdict is Verdict.PASSED


OWN = {
    "a row": ("insert into public.tags (name) values ('mine')", "`public.tags`"),
    "a change": ("update public.tags set name = name || '!'", "`public.tags`"),
    "a sign-up": (
        (
            "set session_replication_role = replica;"
            "insert into auth.users (id, email) values (gen_random_uuid(), 'new@example.com')"
        ),
        "`auth.users`",
    ),
    "a view": ("create view public.mine as select * from public.tags", "`public.mine`"),
    "a table that refers": (
        "create table public.mine (tag smallint references public.tags)",
        "`public.mine.mine_tag_fkey`",
    ),
    "a table in a schema that was moved": (
        "create table analytics.mine (a int)",
        "`analytics.mine`",
    ),
    "a function of a moved type": (
        "create function public.mine(public.member_role) returns int language sql as 'select 1'",
        "`public.mine(public.member_role)`",
    ),
    "a column of a moved type": (
        "create table public.mine (role public.member_role)",
        "`public.mine.role`",
    ),
    "a default that calls a moved function": (
        "create table public.mine (a text default public.slugify('A b'))",
        "`public.mine.a`",
    ),
    "a column": ("alter table public.tags add column mine int", "`public.tags.mine`"),
    "an index": ("create index mine on public.tags (name)", "`public.mine`"),
    "a policy": ("create policy mine on public.tags using (true)", "`public.tags.mine`"),
    "a trigger": (
        (
            "create trigger mine before delete on public.tags"
            " for each row execute function public.handle_new_user()"
        ),
        "`public.tags.mine`",
    ),
}


@pytest.fixture
def rehearsed(settings):
    given = settings()
    assert api.migrate(given).verdict is Verdict.PASSED
    return given


def test_fresh_refuses_to_remove_what_others_made(target, rehearsed, catalogs):
    for what, (statement, name) in OWN.items():
        with target.connect() as session, session.transaction(force_rollback=False):
            session.execute(statement)
        before = catalogs.of(target)
        with pytest.raises(Refused) as caught:
            raise_unless_refused(rehearsed, what)
        assert name in caught.value.message, what
        assert caught.value.exit_code == 6
        assert caught.value.hint
        assert catalogs.differences(before, catalogs.of(target)) == {}, what
        assert api.migrate(rehearsed).earlier, "the move is as finished as before"
        undo(target, what)


def raise_unless_refused(given, what):
    api.migrate(given, fresh=True)
    pytest.fail(f"{what} is gone")


def undo(target, what):
    """Take back what `OWN` did, so that the next can be told apart."""
    statements = {
        "a row": "delete from public.tags where name = 'mine'",
        "a change": "update public.tags set name = left(name, -1)",
        "a sign-up": "delete from auth.users where email = 'new@example.com'",
        "a view": "drop view public.mine",
        "a table that refers": "drop table public.mine",
        "a table in a schema that was moved": "drop table analytics.mine",
        "a function of a moved type": "drop function public.mine",
        "a column of a moved type": "drop table public.mine",
        "a default that calls a moved function": "drop table public.mine",
        "a column": "alter table public.tags drop column mine",
        "an index": "drop index public.mine",
        "a policy": "drop policy mine on public.tags",
        "a trigger": "drop trigger mine on public.tags",
    }
    with target.connect() as session:
        session.execute("set session_replication_role = replica")
        session.execute(statements[what])


def test_changes_are_discarded_when_that_is_wanted(target, rehearsed):
    own = ("a row", "a sign-up", "a column", "an index", "a policy", "a trigger")
    with target.connect() as session:
        for what in own:
            session.execute(OWN[what][0])
        session.execute("create table public.kept as select 1 as a")
    report = api.migrate(replace(rehearsed, discard_changes=True, into_nonempty=True), fresh=True)
    assert report.verdict is Verdict.PASSED
    with target.connect() as session:
        assert session.execute("select a from public.kept").fetchone() == (1,)
        found = session.execute("select count(*) from auth.users").fetchone()
        assert found == (6,)
