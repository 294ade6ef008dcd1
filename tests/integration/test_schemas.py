"""Schemas that people have, each moved whole: the verdict is passed and there is no error."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg import sql

from supamig import api
from supamig.config.settings import Settings
from supamig.errors import PlanRefused
from supamig.models import Severity, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from supamig.models import Finding, Report
    from supamig.testing.plugin import MakeDatabase
    from supamig.testing.servers import Database, Server

pytestmark = [pytest.mark.pg, pytest.mark.timeout(180)]

HERE = Path(__file__).parent
SCHEMAS = sorted((HERE / "schemas").glob("*.sql"))
#: Since this version nobody can make such indexes.
UP_TO_16 = {"search_path_of_indexes"}

SOURCE_SETTINGS = {
    "DateStyle": "SQL, DMY",
    "IntervalStyle": "sql_standard",
    "bytea_output": "escape",
    "default_transaction_isolation": "serializable",
    "default_transaction_read_only": "on",
    "extra_float_digits": "0",
    "lock_timeout": "1s",
    "quote_all_identifiers": "on",
    "search_path": "nowhere",
    "standard_conforming_strings": "off",
    "statement_timeout": "1s",
    "TimeZone": "Asia/Kolkata",
}
TARGET_SETTINGS = {
    **SOURCE_SETTINGS,
    "DateStyle": "German, YMD",
    "IntervalStyle": "iso_8601",
    "TimeZone": "America/Lima",
    "array_nulls": "off",
    "extra_float_digits": "-5",
    "transform_null_equals": "on",
}


@pytest.fixture
def pair(
    pg_pair: tuple[Server, Server], fresh_database: MakeDatabase
) -> Iterator[tuple[Database, Database]]:
    """Two hand-made projects; roles that a test makes are gone after it."""
    before = [_roles(server) for server in pg_pair]
    source, target = (fresh_database(server) for server in pg_pair)
    for database in (source, target):
        _run(database, HERE / "plain_project.sql")
    yield source, target
    for database, roles in zip((source, target), before, strict=True):
        with database.connect() as session:
            session.execute("set default_transaction_read_only = off")
            session.execute("set session_replication_role = replica")
            names = [sql.Identifier(name) for name in _roles(database.server) - roles]
            for statement in ("drop owned by {} cascade", "drop role {}"):
                for name in names:
                    session.execute(sql.SQL(statement).format(name))


def _roles(server: Server) -> set[str]:
    with server.connect() as session:
        return {row[0] for row in session.execute("select rolname from pg_roles")}


def _version(database: Database) -> int:
    with database.connect() as session:
        return session.info.server_version


def _run(database: Database, path: Path) -> None:
    with database.connect() as session:
        session.execute(path.read_bytes())


def _migrate(pair: tuple[Database, Database], state: Path) -> Report:
    source, target = pair
    return api.migrate(Settings(source=source.dsn, target=target.dsn, state_dir=state))


def _errors(report: Report) -> list[Finding]:
    found = [finding for check in report.checks for finding in check.findings]
    return [finding for finding in found if finding.severity is Severity.ERROR]


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.stem)
def test_moves_whole(pair: tuple[Database, Database], path: Path, tmp_path: Path) -> None:
    if path.stem in UP_TO_16 and _version(pair[0]) >= 170000:
        with pytest.raises(psycopg.errors.UndefinedFunction):
            _run(pair[0], path)
        return
    _run(pair[0], path)
    report = _migrate(pair, tmp_path)
    assert _errors(report) == []
    assert report.verdict is Verdict.PASSED


def test_settings_of_the_sides_change_nothing(
    pair: tuple[Database, Database], tmp_path: Path
) -> None:
    """What roles and databases set for their own sessions must not reach the rows."""
    _run(pair[0], HERE / "settings.sql")
    for database, settings in zip(pair, (SOURCE_SETTINGS, TARGET_SETTINGS), strict=True):
        with database.connect() as session:
            for name, value in settings.items():
                statement = sql.SQL("alter database {} set {} = {}").format(
                    sql.Identifier(database.name), sql.Identifier(name), sql.Literal(value)
                )
                session.execute(statement)
    report = _migrate(pair, tmp_path)
    assert _errors(report) == []
    assert report.verdict is Verdict.PASSED


def test_what_the_target_had_stays_and_is_told(
    pair: tuple[Database, Database], tmp_path: Path
) -> None:
    _run(pair[0], HERE / "schemas" / "extension_schema.sql")
    _run(pair[1], HERE / "leftovers.sql")
    report = _migrate(pair, tmp_path)
    assert _errors(report) == []
    assert report.verdict is Verdict.PASSED
    told = {f.subject for check in report.checks for f in check.findings if f.check == "plan.kept"}
    assert told == {"tables", "functions", "schemas"}
    with pair[1].connect() as session:
        assert session.execute("select kept.keep()").fetchone() == (1,)


def test_a_target_without_public_gets_it(pair: tuple[Database, Database], tmp_path: Path) -> None:
    _run(pair[0], HERE / "schemas" / "extension_schema.sql")
    with pair[1].connect() as session:
        session.execute("drop schema public")
    assert _migrate(pair, tmp_path).verdict is Verdict.PASSED


def test_functions_in_managed_schemas_keep_their_rights(
    pair: tuple[Database, Database], tmp_path: Path
) -> None:
    _run(pair[0], HERE / "schemas" / "functions_in_auth.sql")
    assert _migrate(pair, tmp_path).verdict is Verdict.PASSED
    with pair[1].connect() as session:
        asked = "select has_function_privilege(%s, 'auth.tenant_id()', 'execute')"
        may = {
            role: session.execute(asked, (role,)).fetchone() for role in ("anon", "authenticated")
        }
    assert may == {"anon": (False,), "authenticated": (True,)}


def test_what_stays_behind_in_managed_schemas_is_told(
    pair: tuple[Database, Database], tmp_path: Path
) -> None:
    _run(pair[0], HERE / "left_behind.sql")
    report = _migrate(pair, tmp_path)
    assert report.verdict is Verdict.PASSED
    told = {
        (finding.severity, finding.subject)
        for check in report.checks
        for finding in check.findings
        if finding.check == "preflight.left-behind"
    }
    assert told == {
        (Severity.WARNING, "auth"),
        (Severity.WARNING, "vault"),
        (Severity.WARNING, "vault.secrets"),
        (Severity.INFO, "auth.users"),
    }


def test_rows_of_yours_in_a_schema_of_the_platform_are_not_lost(
    pair: tuple[Database, Database], tmp_path: Path
) -> None:
    with pair[0].connect() as session:
        session.execute("create schema etl; create table etl.jobs (id int)")
        session.execute("alter table etl.jobs owner to postgres; insert into etl.jobs values (1)")
    with pytest.raises(PlanRefused, match=r"`etl\.jobs` holds data and would not move"):
        _migrate(pair, tmp_path)


def test_a_foreign_key_that_would_lead_nowhere_is_refused(
    pair: tuple[Database, Database], tmp_path: Path
) -> None:
    with pair[0].connect() as session:
        session.execute("create table profiles (id uuid references auth.users)")
    with pair[1].connect() as session:
        session.execute("drop schema auth cascade")
    with pytest.raises(PlanRefused, match=r"auth\.users.*which the target has not"):
        _migrate(pair, tmp_path)


def test_an_extension_elsewhere_on_the_target_is_refused(
    pair: tuple[Database, Database], tmp_path: Path
) -> None:
    with pair[0].connect() as session:
        session.execute("create extension hstore schema extensions")
    with pair[1].connect() as session:
        session.execute("create extension hstore schema public")
    with pytest.raises(PlanRefused, match="in schema `public` on the target") as caught:
        _migrate(pair, tmp_path)
    assert "alter extension hstore set schema extensions" in caught.value.hint


def test_rows_that_break_a_foreign_key_move_and_are_named(
    pair: tuple[Database, Database], tmp_path: Path
) -> None:
    with pair[0].connect() as session:
        session.execute("create table parents (id int primary key)")
        session.execute('create table children (id int, "pa rent" int references parents)')
        session.execute("create table fine (parent int references parents)")
        session.execute("set session_replication_role = replica")
        session.execute("insert into children values (1, 99)")
    report = _migrate(pair, tmp_path)
    assert {finding.subject for finding in _errors(report)} == {
        'public.children."children_pa rent_fkey"'
    }
    with pair[1].connect() as session:
        assert session.execute("select * from children").fetchall() == [(1, 99)]
        valid = session.execute(
            "select convalidated from pg_constraint where conrelid = 'fine'::regclass"
        )
        assert valid.fetchone() == (True,)


def test_a_view_whose_query_fails_on_the_target_stops_nothing(
    pair: tuple[Database, Database], tmp_path: Path
) -> None:
    for database, answer in zip(pair, ("1", "1 / (count(*) - count(*))"), strict=True):
        with database.connect() as session:
            session.execute(
                "create function auth.ask() returns bigint language sql"
                f" as $$ select {answer} from auth.users $$"
            )
    with pair[0].connect() as session:
        session.execute("insert into auth.users default values")
        session.execute("create materialized view asked as select auth.ask() as answer")
    report = _migrate(pair, tmp_path)
    assert {finding.check for finding in _errors(report)} == {"schema.views-populated"}
