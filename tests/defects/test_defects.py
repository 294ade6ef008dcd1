"""The detection matrix: each defect on the target is found by exactly the check that names it.

The matrix is in ``defects.toml``.  Every defect is one statement, run on a perfect copy inside a
transaction in which the checks look too, and rolled back after.
"""

from __future__ import annotations

import contextlib
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest
from psycopg import sql

from supamig.models import Stage
from supamig.plugins import BUILTINS, Plugins
from supamig.postgres import Source
from supamig.protocols import CheckContext
from supamig.sides import Live, Memory
from supamig.target import Target
from supamig.testing.sample import install
from supamig.testing.servers import Database, fresh_database

pytestmark = [pytest.mark.pg, pytest.mark.timeout(300)]


@dataclass(frozen=True)
class Defect:
    """What is done to the copy, and all that must be found: pairs of check and subject."""

    name: str
    sql: str
    found: list[list[str]]


DEFECTS = [
    Defect(**table)
    for table in tomllib.loads((Path(__file__).parent / "defects.toml").read_text())["defect"]
]


class InTransaction(Target):
    """A target whose only session is the one in which the defect was made."""

    def __init__(self, dsn):
        super().__init__(dsn, run_id="defects")
        self.connection = self.connect()

    @contextlib.contextmanager
    def session(self):
        yield self.connection


# `create database ... template` leaves out what is kept beside the database
_BESIDE = """
insert into pg_db_role_setting
select c.oid, s.setrole, s.setconfig from pg_db_role_setting s
join pg_database d on d.oid = s.setdatabase, pg_database c
where d.datname = %(source)s and c.datname = %(copy)s
"""


@pytest.fixture(scope="module")
def pair(pg_pair):
    """A project, a perfect copy of it, and what the checks read of the project so far.

    Both are on one server: what is done to a role in a transaction, nobody else sees.
    """
    server = pg_pair[0]
    with contextlib.ExitStack() as stack:
        first = stack.enter_context(fresh_database(server, prefix="defects"))
        install(first.dsn, flavour="cloud", application=True, scale=0.01)
        second = Database(server, f"{first.name}_copy")
        session = stack.enter_context(server.connect())
        names = [sql.Identifier(database.name) for database in (second, first)]
        session.execute(sql.SQL("create database {} template {}").format(*names))
        drop = sql.SQL("drop database {} with (force)").format(names[0])
        stack.callback(session.execute, drop)
        session.execute(_BESIDE, {"source": first.name, "copy": second.name})
        source = Source(first.dsn)
        stack.callback(source.close)
        yield Live(source, Memory()), second


@pytest.fixture(scope="module")
def server(pair):
    """The copy's server, seen through one session."""
    target = InTransaction(pair[1].dsn)
    with target.connection:
        yield target


@pytest.fixture
def copy(server):
    """A session on the copy, whose transaction is rolled back; no trigger fires in it."""
    with server.connection.transaction(force_rollback=True):
        server.connection.execute("set local session_replication_role = replica")
        server.connection.execute("set local client_min_messages = warning")
        yield server.connection


@pytest.fixture(scope="module")
def checks():
    settings = None  # no built-in check has options
    found = Plugins.load(entry_points=False, builtins=BUILTINS[2:]).validators(settings)
    return [one.validator for one in found if one.validator.stage is Stage.VERIFY]


@pytest.fixture
def find(pair, server, copy, checks):
    """Run every check of the verify stage on the project and the copy as it is now."""

    def run():
        context = CheckContext(source=pair[0], target=Live(server, Memory()))
        return [finding for check in checks for finding in check.run(context)]

    return run


def test_a_perfect_copy_has_no_finding(find):
    assert find() == []


def test_the_matrix_is_large_and_touches_every_check(checks):
    touched = {check for defect in DEFECTS for check, _ in defect.found}
    # one server is no older than itself, and nothing is foreign, labelled or sorted otherwise
    aside = {"server.version", "server.settings", "schema.foreign-servers",
             "schema.security-labels", "schema.collations"}  # fmt: skip
    assert len(DEFECTS) >= 45
    assert {check.id for check in checks} - touched == aside


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.name)
def test_defect_is_found_by_its_check_alone(defect, copy, find):
    copy.execute(defect.sql)
    findings = find()
    assert {(finding.check, finding.subject) for finding in findings} == set(
        map(tuple, defect.found)
    )
    for finding in findings:
        assert finding.message
        assert finding.hint
