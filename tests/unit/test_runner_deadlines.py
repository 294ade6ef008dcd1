"""The runner's clock: deadlines, checks that hang, two at once, and an interruption."""

from __future__ import annotations

import runpy
import threading
import time
from pathlib import Path

import pytest

from supamig.models import EventKind, Outcome, Stage
from supamig.plugins import Registered
from supamig.runner import Opened, run_check, run_checks
from supamig.testing.fakes import FakeSide, fake_context

WORLD = runpy.run_path(Path(__file__).with_name("runner_world.py"))
check, find, World, judge = (WORLD[name] for name in ("check", "find", "World", "judge"))


def threads():
    """List the runner's threads that do not end by themselves."""
    found = [thread for thread in threading.enumerate() if " acme." in thread.name]
    for thread in found:
        thread.join(1)
    return [thread for thread in found if thread.is_alive()]


def test_a_query_that_hangs_is_cancelled_at_the_deadline():
    def run(context):
        yield find(subject="before")
        context.source.rows("select pg_sleep(1000)")

    world = World(source=FakeSide(hanging=True))
    began = time.monotonic()
    result = judge(run, world, timeout=0.3)
    assert 0.3 <= time.monotonic() - began < 3
    assert result.outcome is Outcome.TIMED_OUT
    assert result.reason == "still running after 0.3 s"
    assert [finding.subject for finding in result.findings] == ["before"]
    assert world.source.closed == 1
    assert threads() == []


def test_a_check_that_hangs_by_itself_is_given_up_and_its_sessions_closed():
    release = threading.Event()

    def run(context):
        release.wait()
        return [find()]

    world = World()
    result = judge(run, world, timeout=0.2)
    assert (result.outcome, result.findings) == (Outcome.TIMED_OUT, ())
    assert world.asked_to_stop()
    assert world.source.closed == 1
    assert all(thread.daemon for thread in threads())
    release.set()
    for thread in threads():
        thread.join(5)
    assert world.source.closed == 1


def test_findings_that_never_come_end_by_the_deadline():
    def run(context):
        while True:
            if context.cancelled():
                yield find()
            time.sleep(0.01)

    result = judge(run, timeout=0.2)
    assert (result.outcome, result.findings) == (Outcome.TIMED_OUT, ())
    assert threads() == []


def test_sessions_that_open_after_the_deadline_are_closed_again():
    closed = threading.Event()
    let_open = threading.Event()

    def make_context(validator, cancelled):
        let_open.wait()
        return Opened(fake_context(), closed.set, lambda: None)

    result = run_check(check(lambda c: [], timeout=0.1), make_context=make_context)
    assert result.outcome is Outcome.TIMED_OUT
    let_open.set()
    assert closed.wait(5)


def test_closing_that_hangs_does_not_hold_up_the_others():
    forever = threading.Event()

    def make_context(validator, cancelled):
        return Opened(fake_context(), forever.wait, lambda: None)

    result = run_check(check(lambda c: [find()], timeout=0.2), make_context=make_context)
    assert (result.outcome, result.findings) == (Outcome.FAILED, (find(),))
    forever.set()


def test_results_come_in_the_order_given_and_two_run_at_once():
    both = threading.Barrier(2, timeout=5)
    most, now, lock = [0], [0], threading.Lock()

    def run(context):
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        both.wait()
        with lock:
            now[0] -= 1

    checks = [
        Registered(validator=check(run, id=f"acme.c{n}", stage=Stage.PREFLIGHT), plugin="p")
        for n in range(6)
    ]
    events = []
    results = run_checks(checks, make_context=World(), observer=events.append)
    assert [r.id for r in results] == [f"acme.c{n}" for n in range(6)]
    assert {r.outcome for r in results} == {Outcome.PASSED}
    assert most == [2]
    for kind in (EventKind.CHECK_STARTED, EventKind.CHECK_FINISHED):
        assert sorted(e.subject for e in events if e.kind is kind) == [r.id for r in results]
    assert {e.outcome for e in events if e.kind is EventKind.CHECK_FINISHED} == {Outcome.PASSED}


def test_a_check_that_hangs_costs_only_itself():
    release = threading.Event()
    checks = [
        Registered(
            validator=check(lambda c: release.wait(), id="acme.hangs", timeout=0.5), plugin=""
        ),
        *(Registered(validator=check(lambda c: [], id=f"acme.c{n}"), plugin="") for n in range(5)),
    ]
    results = run_checks(checks, make_context=World())
    release.set()
    assert [str(r.outcome) for r in results] == ["timed-out", *["passed"] * 5]


def test_no_checks_are_no_results():
    assert run_checks([], make_context=World()) == []


def test_an_interruption_cancels_what_is_running():
    started = threading.Event()

    def run(context):
        started.set()
        context.source.rows("select pg_sleep(1000)")

    def observer(event):
        if event.subject == "acme.second":
            assert started.wait(5)
            raise KeyboardInterrupt

    world = World(source=FakeSide(hanging=True))
    checks = [
        Registered(validator=check(run, id=f"acme.{name}"), plugin="")
        for name in ("first", "second")
    ]
    with pytest.raises(KeyboardInterrupt):
        run_checks(checks, make_context=world, observer=observer)
    assert world.source.cancelled.is_set()
    assert world.source.closed == 1
    assert threads() == []


def test_seconds_come_from_the_clock_that_is_given():
    ticks = iter(range(0, 1000, 7))
    result = run_check(check(lambda c: []), make_context=World(), clock=lambda: next(ticks))
    assert result.seconds >= 7
