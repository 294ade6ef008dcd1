"""No output and no file of any command ever shows a password, however it goes wrong."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import quote

import pytest

from supamig.errors import StepFailed
from supamig.models import Event, EventKind, Finding, Outcome, Severity, Stage, StepResult, Verdict

CANARY = "c4n4ry-p@ss/w0rd"
TOKEN = "sbp_c4n4rytoken"
ENCODED = quote(CANARY, safe="")
SPOILED = f"postgres://u:{ENCODED}@h failed: password={CANARY} and {CANARY} and {TOKEN}"
ENVIRONS = {
    "uri": {"SUPAMIG_SOURCE_DSN": f"postgresql://u:{ENCODED}@s/d",
            "SUPAMIG_TARGET_DSN": f"postgres://u@t/d?password={ENCODED}"},
    "conninfo": {"SUPABASE_DB_URL": f"host=s password='{CANARY}'",
                 "SUPAMIG_TARGET_DSN": f"host=t password='{CANARY}'"},
    "separate": {"SUPAMIG_SOURCE_DSN": "host=s", "SUPAMIG_SOURCE_PASSWORD": CANARY,
                 "SUPAMIG_TARGET_DSN": "host=t", "SUPAMIG_TARGET_PASSWORD": CANARY},
    "derived": {"SUPABASE_PROJECT_REF": "abcdefghijklmnopqrst", "SUPABASE_DB_PASSWORD": CANARY,
                "SUPAMIG_TARGET_DSN": "env:MINE", "MINE": f"host=t password='{CANARY}'"},
}  # fmt: skip
FORMS = ([], ["--output", "json"], ["--output", "ndjson"], ["--debug"])
COMMANDS = (["migrate", "--yes"], ["migrate"], ["migrate", "--dry-run"], ["doctor"], ["export"])
FILES = ["-o", "v.json", "--junit", "v.xml", "--html", "v.html"]


@pytest.fixture
def talkative(api, report_of, monkeypatch):
    """A library whose events, report and plan talk of passwords, as a server's message might."""
    notes = (Event(kind=EventKind.NOTE, stage=Stage.EXPORT, subject=SPOILED, message=SPOILED),)
    monkeypatch.setitem(type(api)._verb.__globals__, "EVENTS", notes)
    finding = Finding(check="a.b", severity=Severity.INFO, message=SPOILED, evidence={"x": SPOILED})
    step = StepResult(id="s", title="S", stage=Stage.EXPORT, outcome=Outcome.ERRORED, seconds=1,
                      detail=SPOILED)  # fmt: skip
    report = report_of(verdict=Verdict.FAILED, message=SPOILED)
    api.report = replace(report, notes=(SPOILED,), not_checked=(SPOILED,), steps=(step,))
    api.findings = (finding,)
    return api


@pytest.fixture
def assert_clean(working_directory):
    def check(ended):
        files = [path.read_text() for path in working_directory.rglob("*") if path.is_file()]
        for text in (ended.out, ended.err, *files):
            assert "c4n4ry" not in text

    return check


@pytest.mark.parametrize("form", FORMS, ids=lambda form: "".join(form) or "text")
@pytest.mark.parametrize("environ", ENVIRONS.values(), ids=ENVIRONS.keys())
@pytest.mark.parametrize("command", COMMANDS, ids="".join)
def test_what_is_shown_and_written(run, talkative, assert_clean, *, command, environ, form):
    files = FILES if "--dry-run" not in command else []
    assert_clean(run(*command, *form, *files, environ=environ, sides=False))


@pytest.mark.parametrize("environ", ENVIRONS.values(), ids=ENVIRONS.keys())
@pytest.mark.parametrize("form", FORMS, ids=lambda form: "".join(form) or "text")
@pytest.mark.parametrize("error", [StepFailed(SPOILED, hint=SPOILED), ValueError(SPOILED)],
                         ids=["known", "bug"])  # fmt: skip
def test_what_is_said_of_an_error(run, talkative, assert_clean, *, error, form, environ):
    error.__cause__ = RuntimeError(SPOILED)
    talkative.raises = error
    ended = run("migrate", "--yes", *form, environ=environ, sides=False)
    assert ended.code in {5, 70}
    assert_clean(ended)


@pytest.mark.parametrize(
    "arguments",
    [
        ["migrate", "--source", f"postgresql://u:{ENCODED}@h/d"],
        ["migrate", "--target", f"host=h password='{CANARY}'"],
        ["migrate", "--source", f"postgres://u:%zz{CANARY}@h/d"],
        ["migrate", f"postgresql://u:{ENCODED}@h/d"],
        ["validate", "--source", f"host=h {CANARY}"],
        ["migrate", "--output", f"postgresql://u:{ENCODED}@h/d"],
        ["doctor", "--debug", "--source", f"postgres://u@h/d?password={ENCODED}"],
    ],
)
def test_a_password_on_the_command_line_is_refused_and_not_repeated(
    run, api, assert_clean, arguments
):
    ended = run(*arguments)
    assert ended.code == 2
    assert ended.err.startswith("error: ")
    assert api.calls == []
    assert_clean(ended)


def test_a_log_line_is_redacted_too(run, api, assert_clean, monkeypatch):
    import logging

    def doctor(settings, *, observer=None):
        logging.getLogger("supamig.postgres").warning("lost %s", SPOILED)
        return api.report

    monkeypatch.setattr(api, "doctor", doctor, raising=False)
    ended = run("doctor", "-q", environ=ENVIRONS["uri"], sides=False)
    assert "warning: lost " in ended.err
    assert_clean(ended)
