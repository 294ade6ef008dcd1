"""The runner: how one check ends, and that it costs only itself."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from supamig.models import Finding, Outcome, Severity
from supamig.protocols import Unavailable, Validator
from supamig.runner import Opened, run_check
from supamig.secret import Redactor, Secret
from supamig.testing.fakes import FakeSide, fake_context

WORLD = runpy.run_path(Path(__file__).with_name("runner_world.py"))
check, find, World, judge = (WORLD[name] for name in ("check", "find", "World", "judge"))


@pytest.mark.parametrize(
    ("found", "outcome"),
    [
        ([], Outcome.PASSED),
        ([find(Severity.INFO)], Outcome.PASSED),
        ([find(Severity.WARNING)], Outcome.FAILED),
        ([find(Severity.INFO), find(Severity.ERROR)], Outcome.FAILED),
    ],
)
@pytest.mark.parametrize("wrap", [list, tuple, iter, lambda found: (f for f in found)])
def test_the_worst_finding_makes_the_outcome(wrap, found, outcome):
    world = World()
    result = judge(lambda context: wrap(found), world)
    assert result.outcome is outcome
    assert result.findings == tuple(found)
    assert (result.id, result.title, result.plugin) == (
        "acme.check",
        "The check acme.check",
        "acme",
    )
    assert result.reason == ""
    assert (world.source.closed, world.target.closed) == (1, 1)


def test_none_is_no_finding():
    assert judge(lambda context: None).outcome is Outcome.PASSED


def test_the_context_is_the_one_of_this_check():
    seen = []
    judge(lambda context: seen.append(context.options["of"]))
    assert seen == ["acme.check"]


class SilentError(Exception):
    def __str__(self):
        raise ValueError


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError("two\n  lines"), "ValueError: two lines (test_runner.py:"),
        (SystemExit(0), "SystemExit: 0 (test_runner.py:"),
        (KeyboardInterrupt(), "KeyboardInterrupt (test_runner.py:"),
        (MemoryError(), "MemoryError (test_runner.py:"),
        (GeneratorExit(), "GeneratorExit (test_runner.py:"),
        (StopIteration(), "StopIteration (test_runner.py:"),
        (SilentError(), "SilentError (test_runner.py:"),
        (BaseExceptionGroup("g", [SystemExit()]), "BaseExceptionGroup: g (1 sub-exception)"),
        (ValueError("at postgres://u:hunter2@h"), "ValueError: at postgres://***@h"),
        (ValueError("\x1b[2J\ud800"), r"ValueError: \x1b[2J\ud800"),
    ],
)
def test_whatever_is_raised_is_errored(error, said):
    world = World()

    def run(context):
        raise error

    result = judge(run, world)
    assert result.outcome is Outcome.ERRORED
    assert result.reason.startswith(said)
    assert "\n" not in result.reason
    assert world.source.closed == 1


def test_findings_before_an_error_are_kept():
    def run(context):
        yield find()
        raise SystemExit(3)

    result = judge(run)
    assert (result.outcome, result.findings) == (Outcome.ERRORED, (find(),))


def test_endless_recursion_is_errored():
    def run(context):
        return run(context)

    assert judge(run).reason.startswith("RecursionError: ")


def test_a_function_of_another_signature_is_errored():
    result = judge(lambda: None)
    assert result.outcome is Outcome.ERRORED
    assert "takes 0 positional arguments" in result.reason


async def coroutine(context):
    return []


async def async_generator(context):
    yield find()


@pytest.mark.parametrize(
    ("run", "said"),
    [
        (lambda context: 7, "returned a int, which is no iterable"),
        (coroutine, "returned a coroutine"),
        (async_generator, "returned a async_generator"),
        (lambda context: "ab", "yielded a str instead of a Finding (and 1 more)"),
        (lambda context: {"a": 1}, "yielded a str instead"),
        (lambda context: [None], "yielded a NoneType instead"),
        (lambda context: [find(severity="error")], "severity is a str"),
        (lambda context: [find(message=7)], "message is a int, not text"),
        (lambda context: [find(subject=None)], "subject is a NoneType"),
        (lambda context: [find(hint=b"")], "hint is a bytes"),
        (lambda context: [find(message="x" * 100_001)], "message has 100,001 characters"),
        (lambda context: [find(evidence=[1])], "evidence is a list"),
        (lambda context: [find(evidence={1: 1})], "evidence is a int, not text"),
        (lambda context: [find(evidence={"a": {1}})], "evidence with a set"),
        (lambda context: [find(evidence={"a": float("nan")})], "evidence with a float"),
        (lambda context: [find(evidence={"a": [1]})], "evidence is a int"),
        (lambda context: [find(evidence={"a": 10**5000})], "not JSON"),
        (lambda context: [find(evidence={"a": ["x" * 99_000] * 20})], "evidence of "),
        (
            lambda context: [Finding(check="rows.count", severity=Severity.ERROR, message="m")],
            "a finding of the check `rows.count`, which is not its own",
        ),
        (
            lambda context: [Finding(check=None, severity=Severity.ERROR, message="m")],
            "check is a NoneType",
        ),
    ],
)
def test_garbage_is_errored_and_costs_no_good_finding(run, said):
    result = judge(run)
    assert (result.outcome, result.findings) == (Outcome.ERRORED, ())
    assert said in result.reason

    def mixed(context):
        yield find(subject="before")
        returned = run(context)
        yield from returned if isinstance(returned, list) else ["garbage"]
        yield find(subject="after")

    if run not in {coroutine, async_generator}:
        result = judge(mixed)
        assert result.outcome is Outcome.ERRORED
        assert [finding.subject for finding in result.findings] == ["before", "after"]


def test_one_finding_is_no_iterable_but_is_kept():
    result = judge(lambda context: find())
    assert (result.outcome, result.findings) == (Outcome.ERRORED, (find(),))


def test_findings_are_rebuilt_without_classes_of_the_plugin():
    class Mine(Finding):
        pass

    class Text(str):
        __slots__ = ()

    mine = Mine(check="acme.check", severity=Severity.INFO, message=Text("m"), evidence={"n": True})
    [kept] = judge(lambda context: [mine]).findings
    assert type(kept) is Finding
    assert kept.evidence == {"n": True}


def test_every_string_is_redacted_and_made_visible():
    secret = "swordfish"
    finding = find(
        message="m swordfish", subject="s swordfish", hint="h swordfish", docs="d swordfish",
        evidence={"k swordfish": "v swordfish", "list": ["l swordfish", "\x07\u202e"]},
    )  # fmt: skip
    result = run_check(
        Validator(id="acme.check", title="t swordfish", docs="swordfish", run=lambda c: [finding]),
        make_context=World(),
        redact=Redactor([Secret(secret)]).redact,
    )
    assert secret not in repr(result)
    assert result.findings[0].evidence == {"k ***": "v ***", "list": ["l ***", r"\x07\u202e"]}


def test_long_text_is_cut():
    [finding] = judge(lambda context: [find(message="x" * 20_000)]).findings
    assert len(finding.message) == 10_000
    assert finding.message.endswith("…")


@pytest.mark.parametrize(
    ("severity", "outcome"),
    [(Severity.ERROR, Outcome.FAILED), (Severity.WARNING, Outcome.FAILED),
     (Severity.INFO, Outcome.ERRORED)],
)  # fmt: skip
def test_findings_without_end_stop_at_the_limit(severity, outcome):
    closed = []

    def run(context):
        try:
            while True:
                yield find(severity)
        finally:
            closed.append(True)

    result = judge(run)
    assert (result.outcome, len(result.findings)) == (outcome, 1000)
    assert result.reason == "more than 1,000 findings; stopped"
    assert closed == [True]


def test_garbage_without_end_stops_at_the_limit():
    result = judge(lambda context: iter(int, 1))
    assert result.outcome is Outcome.ERRORED
    assert result.reason == "yielded a int instead of a Finding (and 999 more)"


def test_exactly_the_limit_is_not_too_much():
    result = judge(lambda context: [find()] * 1000)
    assert (result.outcome, len(result.findings), result.reason) == (Outcome.FAILED, 1000, "")


@pytest.mark.parametrize(
    ("needs", "sides", "reason"),
    [
        (("source",), {"source": FakeSide(is_live=False)}, "it needs a live source"),
        (("target",), {"target": FakeSide(is_live=False)}, "it needs a live target"),
        (("extension:pg_cron",), {}, "the source has no extension `pg_cron`"),
    ],
)
def test_a_check_without_what_it_needs_is_skipped(needs, sides, reason):
    result = judge(lambda context: [find()], World(**sides), needs=needs)
    assert (result.outcome, result.findings) == (Outcome.SKIPPED, ())
    assert reason in result.reason


def test_a_check_with_what_it_needs_runs():
    source = FakeSide(catalogs={"extensions": [{"name": "pg_cron", "version": "1.6"}]})
    needs = ("source", "target", "extension:pg_cron")
    assert judge(lambda context: [find()], World(source=source), needs=needs).findings == (find(),)


@pytest.mark.parametrize("need", ["extension:", "docker", ""])
def test_an_unknown_need_is_errored(need):
    result = judge(lambda context: None, needs=(need,))
    assert result.outcome is Outcome.ERRORED
    assert "is not a need" in result.reason


def test_unavailable_is_skipped_with_its_reason():
    def run(context):
        context.source.rows("select 1")

    result = judge(run, World(source=FakeSide(is_live=False)))
    assert result.outcome is Outcome.SKIPPED
    assert "a bundle, which answers no queries" in result.reason


def test_unavailable_after_a_problem_hides_no_problem():
    def run(context):
        yield find()
        raise Unavailable("the rest")

    result = judge(run)
    assert (result.outcome, result.reason) == (Outcome.FAILED, "the rest")


def test_sessions_that_cannot_be_opened_are_errored_or_skipped():
    def failing(error):
        def make_context(validator, cancelled):
            raise error

        return run_check(check(lambda c: []), make_context=make_context)

    assert failing(OSError("no route")).outcome is Outcome.ERRORED
    assert failing(Unavailable("no target")).outcome is Outcome.SKIPPED


def test_closing_that_fails_does_not_change_the_result():
    def make_context(validator, cancelled):
        return Opened(fake_context(), lambda: 1 / 0, lambda: 1 / 0)

    assert run_check(check(lambda c: []), make_context=make_context).outcome is Outcome.PASSED


def test_what_a_check_prints_is_left_alone(capsys):
    judge(lambda context: print("\x00 garbage"))
    assert capsys.readouterr().out == "\x00 garbage\n"
