"""The watch on real databases: who still writes to the source, what fills up, what hangs."""

from __future__ import annotations

import contextlib
import itertools
from dataclasses import replace

import pytest

from supamig import api
from supamig.config import Api, Settings, WatchSettings
from supamig.models import Severity
from supamig.secret import Secret
from supamig.testing.sample import install
from supamig.testing.servers import fresh_database
from supamig.testing.services import serve
from supamig.watching.model import Clock, Round

pytestmark = [
    pytest.mark.pg,
    pytest.mark.timeout(180),
    pytest.mark.usefixtures("working_directory"),  # which has no backups
]

TABLES = """
create schema shop; create schema cron; create schema auth;
create table public.items (id int); create table shop.orders (id int);
create table cron.job_run_details (id int); create table auth.users (id int);
insert into public.items select generate_series(1, 5);
"""


@pytest.fixture(scope="module")
def databases(pg_pair):
    """One database on each server, with the same tables."""
    with contextlib.ExitStack() as stack:
        found = []
        for server in pg_pair:
            database = stack.enter_context(fresh_database(server, prefix="watched"))
            session = stack.enter_context(server.connect(database.name))
            session.execute(TABLES)
            session.execute("select pg_stat_force_next_flush()")
            found.append((database, session))
        yield found


@pytest.fixture
def rounds(databases):
    """Watch for some rounds; between two of them ``steps`` are taken, one each."""

    def watch(*steps, settings=None, **chosen):
        waiting = list(steps)
        elapsed = [0.0]

        def sleep(seconds):
            elapsed[0] += seconds
            waiting.pop(0)()

        seen = []
        given = settings or Settings(
            source=databases[0][0].dsn,
            target=databases[1][0].dsn,
            watch=WatchSettings(every=60.0, duration=60.0 * len(steps), **chosen),
        )
        done = api.watch(
            given, observer=seen.append, clock=Clock(elapsed=lambda: elapsed[0], sleep=sleep)
        )
        return [one for one in seen if isinstance(one, Round)], done

    return watch


def subjects(round_):
    return {one.subject for one in round_.open}


def test_an_application_that_still_writes_to_the_source_is_found(rounds, databases):
    (_, source), (_, target) = databases
    for session in (source, target):
        # what another test wrote is in the statistics now, not later
        session.execute("select pg_stat_force_next_flush()")
    seen, done = rounds(
        lambda: target.execute("insert into public.items values (6)"),
        lambda: source.execute("insert into public.items values (6), (7)"),
        lambda: source.execute("insert into auth.users values (1)"),
        lambda: source.execute("insert into cron.job_run_details values (1)"),
        lambda: None,
    )
    # both are seen at once: small tables are counted, whatever the statistics are late by
    assert [subjects(one) for one in seen[:4]] == [
        set(),
        set(),
        {"public.items"},
        {"public.items", "auth.users"},
    ]
    assert "cron.job_run_details" not in {one.subject for one in done.troubles}
    (first, *_) = done.troubles
    assert first.severity is Severity.ERROR
    assert "`public.items` is still written on the source: 2 rows" in first.message
    assert done.most["source_rows_written"] >= 3
    assert done.most["target_rows_written"] >= 1


def test_rows_that_come_back_from_the_target_are_no_application(rounds, databases):
    (_, source), _ = databases
    source.execute(
        "create subscription back connection 'dbname=nowhere' publication p"
        " with (connect = false, slot_name = none)"
    )
    try:
        source.execute("alter subscription back set (slot_name = 'none_such')")
        source.execute("alter subscription back enable")
        _, done = rounds(lambda: source.execute("insert into public.items values (9)"))
    finally:
        source.execute("alter subscription back disable")
        source.execute("alter subscription back set (slot_name = none)")
        source.execute("drop subscription back")
    assert done.troubles == ()


def test_a_transaction_that_stays_open_is_told(rounds, databases, pg_pair):
    database, _ = databases[1]
    with pg_pair[1].connect(database.name) as other:
        other.execute("begin")
        other.execute("select 'a secret in a statement'")
        _, done = rounds(lambda: None, transaction_age=0.0)
        other.execute("rollback")
    told = [one for one in done.troubles if one.subject.startswith("transaction")]
    assert len(told) == 1
    assert "is open for 0 min (idle in transaction)" in told[0].message
    assert "a secret" not in repr(done)


def test_a_slot_that_nobody_reads_is_told(rounds, databases):
    _, (_, target) = databases
    target.execute("select pg_create_physical_replication_slot('left_behind', true)")
    try:
        _, done = rounds(lambda: None)
        _, full = rounds(
            lambda: target.execute("insert into shop.orders select generate_series(1, 20000)"),
            lambda: target.execute("checkpoint"),
            slot_lag=100_000,
        )
    finally:
        target.execute("select pg_drop_replication_slot('left_behind')")
    told = {one.subject: one for one in done.troubles}
    assert told["slot left_behind"].severity is Severity.WARNING
    assert "used by nobody" in told["slot left_behind"].message
    worst = [one for one in full.open if one.subject == "slot left_behind"]
    assert [one.severity for one in worst] == [Severity.ERROR]
    assert "of WAL" in worst[0].message


def test_connections_that_run_out_are_told(rounds):
    _, done = rounds(lambda: None, connections=0.5)
    assert any("connections are taken" in one.message for one in done.troubles)


def test_a_source_that_is_gone_is_told_once_and_the_rest_is_watched(rounds, databases):
    settings = Settings(
        source=Secret("host=127.0.0.1 port=1 dbname=x user=x password=hunter2"),
        target=databases[1][0].dsn,
        connect_timeout=2.0,
        watch=WatchSettings(every=60.0, duration=120.0),
    )
    _, done = rounds(lambda: None, lambda: None, settings=settings)
    assert [one.probe for one in done.troubles] == ["rows"]
    assert done.most["connections"] >= 1
    assert "hunter2" not in repr(done)


def test_services_on_a_real_database_are_well_until_they_are_gone(pg_pair):
    # the source's server: roles of the application on the target's would be taken for moved ones
    with fresh_database(pg_pair[0], prefix="services") as database:
        install(database.dsn, flavour="cloud", application=True, scale=0.01)
        with serve(database.dsn) as services:
            given = Api(
                url=services.url,
                anon_key=Secret(services.anon_key),
                service_role_key=Secret(services.service_role_key),
            )
            settings = Settings(target_api=given, watch=WatchSettings(every=1.0, duration=1.0))
            done = api.watch(settings, clock=_ticking())
            assert done.troubles == ()
            assert set(done.most) == {"auth_ms", "rest_ms"}
            keyless = replace(settings, target_api=replace(given, service_role_key=None))
            assert api.watch(keyless, clock=_ticking()).troubles == ()
        gone = api.watch(settings, clock=_ticking())
        assert {one.probe for one in gone.troubles} == {"auth", "rest"}


def _ticking():
    """Return a clock that goes on by itself and never waits."""
    seconds = itertools.count()
    return Clock(elapsed=lambda: float(next(seconds)), sleep=lambda _: None)
