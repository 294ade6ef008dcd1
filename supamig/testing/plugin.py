"""The pytest plugin: fixtures for real servers, here and in every plugin's own tests.

supamig is imported inside the fixtures only: pytest loads this file before anybody measures
coverage, and what is imported by then counts as never run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from supamig.secret import Secret
    from supamig.testing.servers import Database, Server
    from supamig.testing.services import Services


class MakeDatabase(Protocol):
    """What the fixture ``fresh_database`` gives."""

    def __call__(self, server: Server, *, prefix: str = "test") -> Database:
        """Make an empty database that is dropped after the test."""


class ServeServices(Protocol):
    """What the fixture ``serve_services`` gives."""

    def __call__(self, dsn: Secret, **options: Any) -> Services:
        """Serve; the options are those of `supamig.testing.services.serve`."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let people bring their own servers."""
    group = parser.getgroup("supamig")
    group.addoption(
        "--source-dsn",
        metavar="DSN",
        help="a server whose superuser may make databases, instead of one that is started: a "
        "connection string without its password, or `env:NAME` or `file:PATH` for a whole one",
    )
    group.addoption("--target-dsn", metavar="DSN", help="the same for the target")
    group.addoption(
        "--pg-major", type=int, metavar="N", help="start servers of this major version of Postgres"
    )


@pytest.fixture(scope="session")
def pg_pair(pytestconfig: pytest.Config) -> Iterator[tuple[Server, Server]]:
    """Two bare servers, source and target: the given ones, else two that are started."""
    from supamig.errors import ToolMissing
    from supamig.testing.clusters import cluster_pair
    from supamig.testing.installations import choose
    from supamig.testing.servers import Server

    given = [pytestconfig.getoption(name) for name in ("--source-dsn", "--target-dsn")]
    if any(given):
        if not all(given):
            message = "give both --source-dsn and --target-dsn, or neither"
            raise pytest.UsageError(message)
        source, target = (Server.given(_resolved(dsn)) for dsn in given)
        yield source, target
        return
    try:
        installation = choose(major=pytestconfig.getoption("--pg-major"))
    except ToolMissing as error:
        pytest.skip(f"{error.message}. {error.hint}")
    with cluster_pair(installation) as pair:
        yield pair


@pytest.fixture
def fresh_database() -> Iterator[MakeDatabase]:
    """Make empty databases, each dropped after the test."""
    import contextlib

    from supamig.testing.servers import fresh_database as make

    with contextlib.ExitStack() as stack:

        def database(server: Server, *, prefix: str = "test") -> Database:
            return stack.enter_context(make(server, prefix=prefix))

        yield database


@pytest.fixture
def serve_services() -> Iterator[ServeServices]:
    """Serve stand-ins of Auth, REST and the gateway on a project, until the end of the test."""
    import contextlib

    from supamig.testing.services import serve

    with contextlib.ExitStack() as stack:

        def start(dsn: Secret, **options: Any) -> Services:
            return stack.enter_context(serve(dsn, **options))

        yield start


def _resolved(given: str) -> Secret:
    import os

    from supamig.secret import Secret, resolve

    if given.startswith(("env:", "file:")):
        return resolve(given, environ=os.environ)
    return Secret(given)
