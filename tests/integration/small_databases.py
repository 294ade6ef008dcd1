"""Two small databases and the built-in checks, for the tests of single checks."""

from __future__ import annotations

import contextlib
from dataclasses import replace

import pytest

from supamig.models import Stage
from supamig.plugins import BUILTINS, Plugins
from supamig.protocols import CheckContext
from supamig.sides import Live, Memory
from supamig.target import Target
from supamig.testing.servers import fresh_database

#: Those of databases; what looks at services too has tests of its own.
CHECKS = {
    one.validator.id: one.validator
    for one in Plugins.load(entry_points=False, builtins=BUILTINS[2:]).validators(None)
    if one.validator.stage in (Stage.PREFLIGHT, Stage.VERIFY)
}


class InTransaction(Target):
    """A server whose only session is one that a test writes in."""

    def __init__(self, dsn, label):
        super().__init__(dsn, run_id="checks")
        self.label = label
        self.connection = self.connect()

    @contextlib.contextmanager
    def session(self):
        yield self.connection

    def execute(self, statement):
        self.connection.execute(statement)


@pytest.fixture(scope="module")
def servers(pg_pair):
    """Two empty databases on one server, which has one role more."""
    server = pg_pair[0]
    with contextlib.ExitStack() as stack:
        session = stack.enter_context(server.connect())
        session.execute("create role checked_reader login")
        stack.callback(session.execute, "drop role checked_reader")
        pair = []
        for label in ("source", "target"):
            database = stack.enter_context(fresh_database(server, prefix="checks"))
            pair.append(InTransaction(database.dsn, label))
            stack.callback(pair[-1].connection.close)
        yield pair


@pytest.fixture
def sides(servers):
    with (
        servers[0].connection.transaction(force_rollback=True),
        servers[1].connection.transaction(force_rollback=True),
    ):
        yield servers


@pytest.fixture
def run(sides):
    """Run one check; the facts of the servers are asked anew."""

    def find(check, **changes):
        for side in sides:
            side._facts = None
        source, target = (Live(side, Memory()) for side in sides)
        context = replace(CheckContext(source=source, target=target), **changes)
        return list(CHECKS[check].run(context))

    return find


def both(sides, statement):
    for side in sides:
        side.execute(statement)


def told(findings):
    return [(finding.subject, finding.severity) for finding in findings]
