from __future__ import annotations

import io
import json
import re
import runpy
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from supamig.errors import UsageError
from supamig.models import (
    CheckResult,
    Digest,
    Finding,
    Outcome,
    Report,
    ServerFacts,
    Severity,
    Stage,
    StepResult,
    Summary,
    TableCopy,
    TableRef,
    Verdict,
)
from supamig.report import Reporter, wording
from supamig.report.json import Json, from_json, to_json
from supamig.report.junit import JUnit, to_junit
from supamig.report.summaries import sentence
from supamig.report.text import PlainText, show

SAMPLES = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("report_samples.py"))))

WORDS = st.text(max_size=12)
NUMBERS = st.integers(0, 2**62)
SECONDS = st.floats(0, 1e7)
VALUES = st.one_of(
    WORDS,
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.none(),
    st.lists(WORDS, max_size=3),
)
FINDINGS = st.builds(
    Finding,
    check=WORDS,
    severity=st.sampled_from(Severity),
    message=WORDS,
    subject=WORDS,
    hint=WORDS,
    docs=WORDS,
    evidence=st.dictionaries(WORDS, VALUES, max_size=3),
)
CHECKS = st.builds(
    CheckResult,
    id=WORDS,
    title=WORDS,
    stage=st.sampled_from(Stage),
    outcome=st.sampled_from(Outcome),
    seconds=SECONDS,
    findings=st.lists(FINDINGS, max_size=3).map(tuple),
    reason=WORDS,
    plugin=WORDS,
    docs=WORDS,
)
STEPS = st.builds(
    StepResult,
    id=WORDS,
    title=WORDS,
    stage=st.sampled_from(Stage),
    outcome=st.sampled_from(Outcome),
    seconds=SECONDS,
    detail=WORDS,
    rows=NUMBERS,
    bytes=NUMBERS,
)
DIGESTS = st.builds(
    Digest, rows=NUMBERS, total=WORDS, xor=NUMBERS, columns=st.lists(WORDS).map(tuple)
)
COPIES = st.builds(
    TableCopy,
    table=st.builds(TableRef, WORDS, WORDS),
    columns=st.lists(WORDS, max_size=3).map(tuple),
    rows=NUMBERS,
    bytes=NUMBERS,
    seconds=SECONDS,
    digest=st.none() | DIGESTS,
    snapshot=WORDS,
)
FACTS = st.builds(
    ServerFacts,
    host=WORDS,
    database=WORDS,
    user=WORDS,
    version=WORDS,
    version_num=NUMBERS,
    system_id=WORDS,
    database_oid=NUMBERS,
    size=NUMBERS,
    superuser=st.booleans(),
)
REPORTS = st.builds(
    Report,
    schema_version=st.just(1),
    run_id=WORDS,
    command=WORDS,
    tool_version=WORDS,
    method=WORDS,
    started_at=WORDS,
    source=st.none() | FACTS,
    target=st.none() | FACTS,
    summary=st.builds(Summary, rows=NUMBERS, bytes=NUMBERS, seconds=SECONDS),
    steps=st.lists(STEPS, max_size=3).map(tuple),
    checks=st.lists(CHECKS, max_size=3).map(tuple),
    tables=st.lists(COPIES, max_size=3).map(tuple),
    verdict=st.sampled_from(Verdict),
    not_checked=st.lists(WORDS, max_size=3).map(tuple),
    notes=st.lists(WORDS, max_size=3).map(tuple),
)


def text_of(report, width=100, **options):
    console = Console(file=io.StringIO(), width=width, color_system=None)
    show(report, console, **options)
    return console.file.getvalue()


@given(REPORTS)
@settings(max_examples=60, deadline=None)
def test_every_report_survives_json_and_fits_every_format(report):
    assert from_json(to_json(report)) == report
    ET.fromstring(to_junit(report).encode())
    assert report.verdict.upper() in text_of(report)


@pytest.mark.parametrize("reporter", [Json(), JUnit(), PlainText()])
def test_built_in_reporters_hold_to_the_protocol(reporter):
    assert isinstance(reporter, Reporter)
    assert reporter.suffix.startswith(".")
    text = reporter.render(SAMPLES.perfect())
    assert text.endswith("\n")
    assert "passed" in text.lower()


def test_json_has_the_documented_keys_in_their_order():
    report = SAMPLES.troubled()
    content = json.loads(to_json(report))
    assert list(content) == [
        *("schema_version", "verdict", "summary", "counts", "not_checked", "notes", "earlier"),
        *("run_id", "command", "tool_version", "method", "started_at"),
        *("source", "target", "steps", "checks", "tables"),
    ]
    assert content["verdict"] == "failed"
    assert content["counts"]["findings"] == {"error": 4, "warning": 1, "info": 1}
    assert content["counts"]["checks"]["timed-out"] == 1
    assert content["counts"]["checks"]["failed"] == 3
    found = [finding for check in content["checks"] for finding in check["findings"]]
    assert [f["fingerprint"] for f in found] == [f.fingerprint for f in report.findings]
    assert content["tables"][0]["name"] == str(report.tables[0].table)


def test_json_keeps_an_infinity_that_was_found():
    finding = Finding(
        check="a.b", severity=Severity.ERROR, message="m", evidence={"source": float("inf")}
    )
    check = CheckResult(
        id="a.b", title="t", stage=Stage.VERIFY, outcome=Outcome.FAILED, findings=(finding,)
    )
    read = from_json(to_json(SAMPLES.build((check,))))
    assert read.findings[0].evidence == {"source": "inf"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not JSON"),
        ("[]", "not a report"),
        ("{}", "not a report"),
        ('{"schema_version": 2}', "schema version 2"),
        ('{"schema_version": 1, "verdict": "fine"}', "damaged at `"),
    ],
)
def test_what_is_not_a_report_is_refused(text, message):
    with pytest.raises(UsageError, match=message):
        from_json(text)


def test_junit_counts_agree_with_its_cases():
    report = SAMPLES.troubled()
    root = ET.fromstring(to_junit(report).encode())
    assert root.tag == "testsuites"
    assert not root.attrib
    assert [suite.get("id") for suite in root] == ["0", "1"]
    for suite in root:
        assert suite[0].tag == "properties"
        assert [child.tag for child in suite[-2:]] == ["system-out", "system-err"]
        cases = suite.findall("testcase")
        assert int(suite.get("tests")) == len(cases)
        for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped",) * 2):
            assert int(suite.get(attribute)) == len(suite.findall(f"testcase/{tag}"))
        assert all(len(case) <= 1 for case in cases)
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", suite.get("timestamp"))
    assert len(root.findall(".//testcase")) == len(report.checks)
    assert len(root.findall(".//failure")) == 2
    assert "anon" in root.find("testsuite[@name='supamig.verify']/system-out").text


def test_junit_is_red_over_a_warning_only_where_the_run_is():
    warned = [c for c in SAMPLES.troubled().checks if c.id == "security.rights"]
    report = replace(SAMPLES.perfect(), checks=(*SAMPLES.checks()[:2], *warned))
    assert ET.fromstring(to_junit(report).encode()).findall(".//failure") == []
    failed = replace(report, verdict=Verdict.FAILED)
    assert len(ET.fromstring(to_junit(failed).encode()).findall(".//failure")) == 1


def test_junit_fills_what_the_schema_requires():
    report = replace(SAMPLES.perfect(), started_at="long ago", target=None, method="")
    suite = ET.fromstring(to_junit(report).encode())[0]
    assert (suite.get("hostname"), suite.get("timestamp")) == ("localhost", "1970-01-01T00:00:00")
    assert suite.find("properties/property[@name='method']").get("value") == "-"


def test_junit_shows_a_step_that_failed():
    report = SAMPLES.perfect()
    lost = replace(report.steps[4], outcome=Outcome.FAILED, detail="server closed the connection")
    root = ET.fromstring(to_junit(replace(report, steps=(*report.steps[:4], lost))).encode())
    (error,) = root.findall(".//error")
    assert error.get("message") == "server closed the connection"


@pytest.mark.parametrize(
    ("outcomes", "verdict", "text"),
    [
        ("", Verdict.INCOMPLETE, "No check was run."),
        ("P", Verdict.PASSED, "1 check passed."),
        ("PPP", Verdict.PASSED, "All 3 checks passed."),
        ("PW", Verdict.PASSED, "1 of 2 checks passed. 1 only warned."),
        ("PW", Verdict.FAILED, "1 of 2 checks failed."),
        ("PWF", Verdict.FAILED, "1 of 3 checks failed. 1 only warned."),
        ("PR", Verdict.INCOMPLETE, "1 of 2 checks passed. 1 failed."),
        ("PS", Verdict.PASSED, "1 of 2 checks passed. 1 was skipped."),
        ("PFE", Verdict.FAILED, "1 of 3 checks failed. 1 could not finish."),
        ("PPP", Verdict.FAILED, "None of 3 checks failed."),
    ],
)  # fmt: skip
def test_the_sentence_under_the_verdict(outcomes, verdict, text):
    warning = Finding(check="a.b", severity=Severity.WARNING, message="m")
    kinds = {
        "P": {"outcome": Outcome.PASSED},
        "F": {"outcome": Outcome.FAILED},
        "W": {"outcome": Outcome.FAILED, "findings": (warning,)},
        "R": {"outcome": Outcome.FAILED, "findings": (warning,), "reason": "too many; stopped"},
        "E": {"outcome": Outcome.ERRORED},
        "S": {"outcome": Outcome.SKIPPED},
    }
    checks = tuple(
        CheckResult(id="a.b", title="t", stage=Stage.VERIFY, **kinds[letter]) for letter in outcomes
    )
    report = replace(SAMPLES.perfect(), checks=checks, verdict=verdict)
    assert sentence(report) == text


def test_the_sentence_names_lost_steps():
    report = SAMPLES.perfect()
    lost = tuple(replace(step, outcome=Outcome.FAILED) for step in report.steps[:5])
    text = sentence(replace(report, steps=lost, verdict=Verdict.FAILED))
    assert text.startswith("The step `Read both catalogs` did not pass.")
    assert "Nor did 2 more steps." in text


NASTY = [
    *("[/x]", "[bold red]x[/]", ":smile:", "<script>alert(1)</script>", "\"'&]]>"),
    *("\x1b[2J\x07", "\x9b2J", "a\nb\rc\td", "\u202egnp.exe", "\x00", "\ud800", "\ufffe"),
    *("日本語", "😀"),
]


@pytest.mark.parametrize("nasty", NASTY)
def test_foreign_text_is_shown_and_never_acts(nasty):
    report = SAMPLES.everywhere(nasty)
    text = text_of(report)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", text)
    root = ET.fromstring(to_junit(report).encode("utf-8"))
    shown = wording.printable(nasty)
    assert root.find(".//property[@name='run_id']").get("value") == shown
    assert shown in root.find(".//testcase").get("name")
    if "\ud800" not in nasty:
        assert from_json(to_json(report)) == report


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (9960, "10 kB"), (999_499, "999 kB"),
     (999_600, "1.0 MB"), (1_234_567, "1.2 MB"), (38 * 10**9, "38 GB"), (2 * 10**18, "2,000 PB")],
)  # fmt: skip
def test_sizes(number, text):
    assert wording.size(number) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 ms"), (0.04, "40 ms"), (0.9996, "1.0 s"), (3.21, "3.2 s"), (9.97, "10 s"),
     (59.6, "1 min"), (125, "2 min 5 s"), (3599.7, "1 h"), (4800, "1 h 20 min"),
     (360_000, "100 h")],
)  # fmt: skip
def test_durations(seconds, text):
    assert wording.duration(seconds) == text


def test_values_of_evidence_tell_nothing_from_empty():
    shown = [wording.value(v) for v in (None, "", True, 1204, 1.5, [], ["a", "b"])]
    assert shown == ["nothing", "(empty)", "yes", "1,204", "1.5", "none", "a, b"]
