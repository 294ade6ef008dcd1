"""The servers that tests and demo stand on: really separate, really closed, and gone afterwards."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from supamig.errors import ToolMissing
from supamig.secret import Secret
from supamig.testing import clusters
from supamig.testing.accounts import Account
from supamig.testing.clusters import cluster_pair, start_cluster
from supamig.testing.installations import choose, find_installations
from supamig.testing.servers import Server, fresh_database
from supamig.testing.workspace import Workspace, postgres_processes, remove_leftovers

pytestmark = pytest.mark.pg

CHILD = """
import json, sys, time
from supamig.testing.clusters import cluster_pair
with cluster_pair() as pair:
    print(json.dumps([str(pair[0].directory.parent), pair[0].pid, pair[1].pid]), flush=True)
    time.sleep(600)
"""


def until(true, *, seconds=20.0):
    deadline = time.monotonic() + seconds
    while not true() and time.monotonic() < deadline:
        time.sleep(0.05)
    return true()


def is_alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


@contextlib.contextmanager
def child_with_pair():
    """Another process that has two servers running; it is waited for at the end."""
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        place, *pids = json.loads(child.stdout.readline())
        yield child, Path(place), pids
    finally:
        child.kill()
        child.communicate()


def test_a_pair_is_two_servers_with_identifiers_of_their_own(pg_pair):
    seen = set()
    for server in pg_pair:
        with server.connect() as session:
            seen |= set(session.execute("select system_identifier from pg_control_system()"))
    assert len(seen) == 2


def test_only_the_right_password_opens_the_server():
    with start_cluster() as cluster:
        with cluster.connect() as session:
            assert session.execute("select current_user").fetchone() == ("supabase_admin",)
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            cluster.connect(password=Secret("wrong"))


def test_no_password_is_in_any_command_line(monkeypatch):
    seen = []
    spawn = Account.spawn

    def spy(self, command, **rest):
        seen.append(" ".join(map(str, command)))
        return spawn(self, command, **rest)

    monkeypatch.setattr(Account, "spawn", spy)
    with start_cluster() as cluster:
        word = cluster.password.reveal()
        assert not (cluster.directory / "password").exists()
    assert any("initdb" in line for line in seen)
    assert not [line for line in seen if word in line]


def test_the_server_never_runs_as_root():
    with start_cluster() as cluster:
        owner = Path(f"/proc/{cluster.pid}").stat().st_uid
        assert owner != 0
        assert owner == cluster.data.stat().st_uid
        assert owner == os.geteuid() or os.geteuid() == 0


def test_settings_are_those_asked_for():
    with start_cluster(settings={"work_mem": "7MB"}) as cluster, cluster.connect() as session:
        for name, value in (("work_mem", "7MB"), ("fsync", "off"), ("wal_level", "logical")):
            shown = session.execute("select current_setting(%s)", (name,)).fetchone()
            assert shown == (value,), name


def test_a_crashed_server_comes_back_at_its_port_with_its_rows():
    with start_cluster() as cluster:
        port = cluster.port
        with cluster.connect() as session:
            session.execute("create table t as select 1 as a")
        cluster.stop(signal.SIGKILL)
        assert not cluster.is_running
        with pytest.raises(psycopg.OperationalError, match="refused"):
            cluster.connect()
        cluster.start()
        assert cluster.port == port
        with cluster.connect() as session:
            assert session.execute("select a from t").fetchall() == [(1,)]


def test_a_port_that_is_taken_in_between_is_replaced(monkeypatch):
    find = clusters._free_port
    with socket.socket() as rival:
        rival.bind(("127.0.0.1", 0))
        rival.listen()
        taken = rival.getsockname()[1]
        offers = iter([taken, taken])
        monkeypatch.setattr(clusters, "_free_port", lambda: next(offers, None) or find())
        with start_cluster() as cluster:
            assert cluster.port != taken
            cluster.connect().close()


def test_a_server_that_cannot_start_says_why():
    failing = start_cluster(settings={"shared_buffers": "nonsense"})
    with pytest.raises(clusters.ToolFailed, match="shared_buffers"), failing:
        pass


def test_an_exception_leaves_no_trace():
    seen = {}

    def interrupted():
        with start_cluster() as cluster:
            seen[cluster.pid] = cluster.directory.parent
            raise KeyError

    with pytest.raises(KeyError):
        interrupted()
    assert not [place for place in seen.values() if place.exists()]
    assert not [pid for pid in seen if is_alive(pid)]


@pytest.mark.parametrize("wanted", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_a_process_that_is_told_to_end_leaves_no_trace(wanted):
    with child_with_pair() as (child, place, pids):
        assert all(map(is_alive, pids))
        child.send_signal(wanted)
        child.wait(30)
        assert until(lambda: not place.exists())
        assert not [pid for pid in pids if is_alive(pid)]


def test_what_owner_and_keeper_could_not_remove_is_removed_by_the_next_run():
    with child_with_pair() as (child, place, pids):
        for keeper in keepers(place):
            os.kill(keeper, signal.SIGKILL)
        child.kill()
        child.wait(30)
        assert place.exists()
        assert all(map(is_alive, pids))
        with Workspace():
            assert until(lambda: not place.exists())
        assert not [pid for pid in pids if is_alive(pid)]


def test_a_workspace_in_use_is_not_taken_for_a_leftover():
    with start_cluster() as cluster:
        assert cluster.directory.parent not in remove_leftovers(cluster.directory.parents[1])
        assert cluster.is_running
        assert postgres_processes(cluster.directory.parent)


def test_a_fresh_database_is_dropped_although_somebody_is_connected(pg_pair):
    with contextlib.ExitStack() as stack:
        with fresh_database(pg_pair[0]) as database:
            guest = stack.enter_context(contextlib.closing(database.connect()))
            guest.execute("create table t (a int)")
        with pg_pair[0].connect() as session:
            query = "select from pg_database where datname = %s"
            assert session.execute(query, (database.name,)).fetchone() is None


def test_given_servers_are_used_instead_of_started_ones(pg_pair, tmp_path):
    (tmp_path / "test_given.py").write_text(
        "def test_given(pg_pair, fresh_database):\n"
        "    assert [server.port for server in pg_pair] == PORTS\n"
        "    fresh_database(pg_pair[0]).connect().close()\n".replace(
            "PORTS", str([server.port for server in pg_pair])
        )
    )
    given = {f"DSN_{number}": server.dsn().reveal() for number, server in enumerate(pg_pair)}
    options = ["-p", "no:cacheprovider", "--source-dsn=env:DSN_0", "--target-dsn=env:DSN_1"]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *options, str(tmp_path)],
        env={**os.environ, **given},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout
    assert "1 passed" in run.stdout


def test_names_and_passwords_survive_the_connection_string():
    server = Server(host="::1", port=5433, user="a b", password=Secret("p@:/?#%é"))
    parts = psycopg.conninfo.conninfo_to_dict(server.dsn('da"ta/base').reveal())
    assert parts == {
        "host": "::1",
        "port": "5433",
        "user": "a b",
        "password": "p@:/?#%é",
        "dbname": 'da"ta/base',
    }
    assert "p@" not in server.address()
    again = Server.given(server.dsn())
    assert (again.host, again.port, again.user) == (server.host, server.port, server.user)
    assert again.password == server.password


def test_local_installations_come_before_wheels_and_newest_first():
    found = find_installations()
    local = [one.major for one in found if one.origin == "local"]
    assert local == sorted(local, reverse=True)
    assert [one.origin == "local" for one in found] == [True] * len(local) + [False] * (
        len(found) - len(local)
    )
    assert choose(major=found[-1].major).major == found[-1].major


def test_a_version_that_is_not_there_is_refused_with_a_hint():
    with pytest.raises(ToolMissing, match="Postgres 9") as error:
        choose(major=9)
    assert "supamig[demo]" in error.value.hint


@pytest.mark.timeout(180)
def test_every_installation_runs_also_where_its_own_place_is_closed(tmp_path):
    wheels = [one for one in find_installations() if one.home is not None]
    assert wheels, "the extra `demo` brings one for every Python"
    for wheel in wheels:
        copied = wheel.copy_to(tmp_path / wheel.origin)
        asked = subprocess.run(
            [copied.program("pg_dump"), "--version"], capture_output=True, text=True, check=True
        )
        assert wheel.version in asked.stdout
        with cluster_pair(wheel) as (source, target):
            for cluster in (source, target):
                with cluster.connect() as session:
                    version = session.execute("select current_setting('server_version')").fetchone()
                    assert version == (wheel.version,)


def keepers(place):
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (process / "cmdline").read_bytes().split(b"\0")
            if str(place).encode() in words and any(b"workspace.py" in word for word in words):
                yield int(process.name)
