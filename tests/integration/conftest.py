"""Projects to move: one source for all tests, and for every test a target of its own."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import select
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from supamig import catalog
from supamig.config import Settings
from supamig.secret import Secret
from supamig.testing.sample import install
from supamig.testing.servers import Database, Server, fresh_database

ROOT = Path(__file__).resolve().parents[2]

# `create database ... template` leaves out what is kept beside the database
_BESIDE = """
insert into pg_db_role_setting
select c.oid, s.setrole, s.setconfig from pg_db_role_setting s
join pg_database d on d.oid = s.setdatabase, pg_database c
where d.datname = %(template)s and c.datname = %(copy)s
"""
_GLOBAL_SETTINGS = """
select r.rolname, split_part(c, '=', 1), substr(c, strpos(c, '=') + 1)
from pg_db_role_setting s join pg_roles r on r.oid = s.setrole, unnest(s.setconfig) c
where s.setdatabase = 0
"""
_MEMBERSHIPS = """
select r.rolname, m.rolname from pg_auth_members a
join pg_roles r on r.oid = a.roleid join pg_roles m on m.oid = a.member
"""


@pytest.fixture(scope="session")
def sample_pair(pg_pair):
    """The sample project on the source's server, and on the target's a deployment to copy."""
    source, target = pg_pair
    word = source.password
    with fresh_database(source, prefix="project") as project:
        install(project.dsn, flavour="cloud", application=True, scale=0.02,
                postgres_password=word.reveal())  # fmt: skip
        with fresh_database(target, prefix="blank") as blank:
            install(blank.dsn, flavour="self-hosted", application=False)
            yield project, blank


@pytest.fixture(scope="session")
def newer(pg_pair):
    """A bare server of a newer major version than the pair's, where this machine has one."""
    from supamig.testing.clusters import start_cluster
    from supamig.testing.installations import find_installations

    with pg_pair[0].connect() as session:
        major = session.info.server_version // 10000
    found = [one for one in find_installations() if one.major > major]
    if not found:
        pytest.skip(f"no server newer than Postgres {major} is on this machine")
    with start_cluster(max(found, key=lambda one: one.major)) as cluster:
        yield cluster


class Cluster:
    """What databases of one server share and a move may change, so that it can be put back."""

    def __init__(self, server):
        self._server = server
        with server.connect() as session:
            self._roles = {name for (name,) in session.execute("select rolname from pg_roles")}
            self._members = set(session.execute(_MEMBERSHIPS).fetchall())
            self._settings = set(session.execute(_GLOBAL_SETTINGS).fetchall())

    def put_back(self):
        with self._server.connect() as session:
            settings = set(session.execute(_GLOBAL_SETTINGS).fetchall())
            for role, name, _ in settings - self._settings:
                session.execute(_alter("reset {}", role, name))
            for role, name, value in self._settings - settings:
                session.execute(_alter("set {} to {}", role, name, value))
            for role, member in set(session.execute(_MEMBERSHIPS).fetchall()) - self._members:
                session.execute(sql.SQL("revoke {} from {}").format(
                    sql.Identifier(role), sql.Identifier(member)))  # fmt: skip
            made = {name for (name,) in session.execute("select rolname from pg_roles")}
            for role in sorted(made - self._roles):
                session.execute(sql.SQL("drop role {}").format(sql.Identifier(role)))


def _alter(what, role, name, value=None):
    parts = [sql.Identifier(*name.split("."))] + ([] if value is None else [sql.Literal(value)])
    return sql.SQL("alter role {} ").format(sql.Identifier(role)) + sql.SQL(what).format(*parts)


@pytest.fixture
def copy_of():
    """Copy a database of a server under a new name; dropped, with the roles made since, after."""
    with contextlib.ExitStack() as stack:

        def copy(template):
            server = template.server
            stack.callback(Cluster(server).put_back)
            made = stack.enter_context(fresh_database(server, prefix="moved"))
            names = [sql.Identifier(one.name) for one in (made, template)]
            with server.connect() as session:
                session.execute(sql.SQL("drop database {}").format(names[0]))
                session.execute(sql.SQL("create database {} template {}").format(*names))
                session.execute(_BESIDE, {"template": template.name, "copy": made.name})
            return made

        yield copy


@pytest.fixture
def source(sample_pair):
    """The project that is moved; only for reading, as all tests share it."""
    return sample_pair[0]


@pytest.fixture
def target(sample_pair, copy_of):
    """A deployment whose services have made their schemas, and nothing else."""
    return copy_of(sample_pair[1])


@pytest.fixture
def own_source(sample_pair, copy_of):
    """A copy of the project that a test may change."""
    return copy_of(sample_pair[0])


def owner(database):
    """Return how a project's owner connects, who is no superuser on Supabase Cloud."""
    return database.server.dsn(database.name, user="postgres", password=database.server.password)


@pytest.fixture
def settings(source, target, working_directory):
    """Make settings of a move from the source to the target, in a directory of their own."""

    def make(**changes):
        given = {"source": owner(source), "target": target.dsn, "connect_timeout": 5.0}
        return Settings(**(given | changes))

    return make


@pytest.fixture
def owner_of():
    return owner


class Proxy:
    """A way to a server that can be cut: on demand, or once some bytes went through."""

    def __init__(self, dsn):
        self._params = conninfo_to_dict(dsn.reveal())
        self._left = None
        self._cuts = 0
        self._guard = threading.Lock()
        self._threads = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._port = self._listener.getsockname()[1]
        self._start(self._accept)

    @property
    def dsn(self):
        here = {"host": "127.0.0.1", "port": self._port}
        return Secret(make_conninfo("", **{**self._params, **here}))

    def cut(self, *, after):
        """Close every connection when so many more bytes went through, and refuse new ones."""
        with self._guard:
            self._left = after
        self._count(0)

    def mend(self):
        with self._guard:
            self._left = None

    def close(self):
        self.cut(after=0)
        self._listener.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)
        self._listener.close()

    def _start(self, work, *arguments):
        self._threads.append(threading.Thread(target=work, args=arguments, daemon=True))
        self._threads[-1].start()

    def _count(self, size):
        """Count what goes through and return how often the line was cut so far."""
        with self._guard:
            if self._left is not None and self._left > -1:
                self._left -= size
                if self._left <= 0:
                    self._left = -1
                    self._cuts += 1
            return self._cuts

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self._left == -1:
                client.close()
            else:
                place = (self._params["host"], int(self._params["port"]))
                self._start(self._carry, client, socket.create_connection(place), self._cuts)

    def _carry(self, client, server, cuts):
        """Carry one connection; its thread alone touches its sockets."""
        with client, server, contextlib.suppress(OSError):
            while self._count(0) == cuts:
                ready, _, _ = select.select([client, server], [], [], 0.02)
                for giver in ready:
                    data = giver.recv(16384)
                    if not data or self._count(len(data)) != cuts:
                        return
                    (server if giver is client else client).sendall(data)


@pytest.fixture
def proxy():
    """Put something between supamig and a server that can cut the line."""
    with contextlib.ExitStack() as stack:

        def make(dsn):
            return stack.enter_context(contextlib.closing(Proxy(dsn)))

        yield make


@pytest.fixture
def supamig(source, target, working_directory):
    """Start `python -m supamig` as a process; connection strings come by the environment."""
    started = []

    def start(*arguments, environ=None, **options):
        dsns = {
            "SUPAMIG_SOURCE_DSN": owner(source).reveal(),
            "SUPAMIG_TARGET_DSN": target.dsn.reveal(),
        }
        process = subprocess.Popen(
            [sys.executable, "-m", "supamig", *map(str, arguments)],
            env={**os.environ, "PYTHONPATH": str(ROOT), **dsns, **(environ or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **options,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


class Catalogs:
    """What a server says of a database, to be compared with what it says later."""

    @staticmethod
    def of(database):
        with database.connect() as session:
            return catalog.read_all(session)

    @staticmethod
    def differences(before, after):
        """Name what two readings do not have in common, measures aside."""
        found = {}
        for kind in before:
            ours, theirs = ({_fact(record) for record in one[kind]} for one in (before, after))
            other = sorted(fact for fact in ours ^ theirs if "_supamig" not in fact)
            if other:
                found[kind] = other
        return found


def _fact(record):
    measured = ("bytes", "estimate", "empty")
    return json.dumps({key: value for key, value in record.items() if key not in measured})


@pytest.fixture(scope="session")
def catalogs():
    return Catalogs


#: Sessions that supamig or its children have on a server.
_SESSIONS = """
select count(*) from pg_stat_activity
where application_name ~ '^(supamig|pg_dump|pg_restore|psql)' and datname = %s
"""


@pytest.fixture
def sessions():
    """Count the sessions that supamig and its children hold on a database."""

    def count(database: Database):
        with database.server.connect() as session:
            return session.execute(_SESSIONS, (database.name,)).fetchone()[0]

    return count


@pytest.fixture(scope="module")
def container():
    """A container of the database's image, healthy; it is removed by hand, as no reaper runs."""
    from testcontainers.core.config import testcontainers_config
    from testcontainers.core.container import DockerContainer
    from testcontainers.core.wait_strategies import HealthcheckWaitStrategy

    from supamig.deployment.images import IMAGES

    testcontainers_config.ryuk_disabled = True
    word = Secret(secrets.token_hex(16))
    made = (
        DockerContainer(IMAGES["db"].reference)
        .with_env("POSTGRES_PASSWORD", word.reveal())
        .with_exposed_ports(5432)
        .waiting_for(HealthcheckWaitStrategy().with_startup_timeout(120))
    )
    try:
        made.start()
        yield Server(
            host="127.0.0.1",
            port=int(made.get_exposed_port(5432)),
            user="supabase_admin",
            password=word,
        )
    finally:
        made.stop()
