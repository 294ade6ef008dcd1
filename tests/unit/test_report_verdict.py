from __future__ import annotations

import json
import os
import stat

import pytest

from supamig import report
from supamig.errors import UsageError
from supamig.models import (
    CheckResult,
    Finding,
    Outcome,
    Severity,
    Stage,
    StepResult,
    TableCopy,
    TableRef,
    Verdict,
)


def check(outcome, *severities, id="rows.count", reason=""):  # noqa: A002 - the field's name
    findings = tuple(
        Finding(check=id, severity=severity, message="differs", subject=f"public.t{number}")
        for number, severity in enumerate(severities)
    )
    return CheckResult(
        id=id,
        title="Row counts",
        stage=Stage.VERIFY,
        outcome=outcome,
        findings=findings,
        reason=reason,
    )


def step(outcome):
    return StepResult(id="rows", title="Rows", stage=Stage.IMPORT, outcome=outcome, seconds=1)


PLUGIN = Finding(
    check="plugin.hook-failed", severity=Severity.WARNING, message="it raised", subject="acme"
)
PASSED = check(Outcome.PASSED)


@pytest.mark.parametrize(
    ("checks", "expected"),
    [
        ([PASSED], Verdict.PASSED),
        ([check(Outcome.PASSED, Severity.INFO, Severity.WARNING)], Verdict.PASSED),
        ([PASSED, check(Outcome.FAILED, Severity.ERROR)], Verdict.FAILED),
        # a check that says "failed" and nothing else is believed
        ([PASSED, check(Outcome.FAILED)], Verdict.FAILED),
        ([PASSED, check(Outcome.ERRORED)], Verdict.INCOMPLETE),
        ([PASSED, check(Outcome.TIMED_OUT)], Verdict.INCOMPLETE),
        ([check(Outcome.ERRORED), check(Outcome.FAILED, Severity.ERROR)], Verdict.FAILED),
        ([PASSED, check(Outcome.SKIPPED)], Verdict.PASSED),
        # nobody looked
        ([check(Outcome.SKIPPED)], Verdict.INCOMPLETE),
        ([], Verdict.INCOMPLETE),
    ],
)
def test_verdict(checks, expected):
    assert report.verdict(checks) is expected


def test_fail_on_moves_the_line():
    checks = [check(Outcome.PASSED, Severity.WARNING)]
    assert report.verdict(checks, Severity.ERROR) is Verdict.PASSED
    assert report.verdict(checks, Severity.WARNING) is Verdict.FAILED
    assert report.verdict(checks, Severity.INFO) is Verdict.FAILED


def test_a_faulty_plugin_keeps_a_run_from_passing():
    assert report.verdict([PASSED], plugin_findings=[PLUGIN]) is Verdict.INCOMPLETE
    assert report.verdict([PASSED, report.plugin_check([PLUGIN])]) is Verdict.INCOMPLETE
    assert report.verdict([PASSED, report.plugin_check([])]) is Verdict.PASSED


def test_a_step_that_did_not_pass_fails_the_run():
    assert report.verdict([PASSED], steps=[step(Outcome.ERRORED)]) is Verdict.FAILED
    assert report.verdict([PASSED], steps=[step(Outcome.SKIPPED)]) is Verdict.PASSED


def test_not_checked_names_each_with_its_reason():
    checks = [
        PASSED,
        check(Outcome.FAILED, Severity.ERROR),
        check(Outcome.SKIPPED, id="rows.digest", reason="the source is gone"),
        check(Outcome.TIMED_OUT, id="acme.slow", reason="no answer within 5 s"),
        check(Outcome.ERRORED, id="acme.bad"),
    ]
    assert report.not_checked(checks, [PLUGIN]) == (
        "Row counts (rows.digest): skipped, the source is gone",
        "Row counts (acme.slow): timed out, no answer within 5 s",
        "Row counts (acme.bad): errored, no reason given",
        "Plugin acme (plugin.hook-failed): it raised",
    )
    assert report.not_checked([]) == ("Everything: no check was run",)


def test_a_baseline_takes_accepted_findings_out():
    failed = check(Outcome.FAILED, Severity.ERROR, Severity.ERROR)
    first, second = failed.findings
    (left,), accepted = report.without([failed], {first.fingerprint})
    assert (left.findings, left.outcome, accepted) == ((second,), Outcome.FAILED, 1)
    both = {first.fingerprint, second.fingerprint}
    (left,), accepted = report.without([failed], both)
    assert (left.findings, left.outcome, accepted) == ((), Outcome.PASSED, 2)


def test_a_baseline_makes_nothing_pass_that_was_not_looked_at():
    errored = check(Outcome.ERRORED, Severity.ERROR)
    faulty = report.plugin_check([PLUGIN])
    accepted = {errored.findings[0].fingerprint, PLUGIN.fingerprint}
    left, _ = report.without([errored, faulty], accepted)
    assert [result.outcome for result in left] == [Outcome.ERRORED, Outcome.ERRORED]
    assert left[1].findings == (PLUGIN,)


def test_a_check_that_stopped_early_has_not_looked_at_everything():
    stopped = check(Outcome.FAILED, Severity.WARNING, reason="more than 1 findings; stopped")
    assert report.verdict([PASSED, stopped]) is Verdict.INCOMPLETE
    assert report.verdict([PASSED, stopped], Severity.WARNING) is Verdict.FAILED
    assert report.not_checked([stopped]) == (
        "Row counts (rows.count): only in part, more than 1 findings; stopped",
    )
    (left,), _ = report.without([stopped], {stopped.findings[0].fingerprint})
    assert left.outcome is Outcome.ERRORED


def test_a_warning_that_stays_keeps_its_check_failed():
    failed = check(Outcome.FAILED, Severity.ERROR, Severity.WARNING)
    (left,), _ = report.without([failed], {failed.findings[0].fingerprint})
    assert left.outcome is Outcome.FAILED


def test_a_faulty_plugin_is_named_once():
    checks = [PASSED, report.plugin_check([PLUGIN])]
    assert report.not_checked(checks, [PLUGIN]) == ("Plugin acme (plugin.hook-failed): it raised",)
    assert len(report.not_checked(checks)) == 1


def test_a_failed_check_without_findings_stays_failed():
    (left,), accepted = report.without([check(Outcome.FAILED)], {"0" * 16})
    assert (left.outcome, accepted) == (Outcome.FAILED, 0)


def test_a_baseline_is_written_and_read_back(tmp_path):
    findings = check(Outcome.FAILED, Severity.ERROR, Severity.INFO).findings
    path = tmp_path / "baseline.json"
    path.write_text(report.baseline_of([*findings, *findings]), encoding="utf-8")
    assert report.read_baseline(path) == {finding.fingerprint for finding in findings}
    assert len(json.loads(path.read_text(encoding="utf-8"))) == 2


@pytest.mark.parametrize("content", ["{", '{"a": 1}', "[1]", "\udcff"])
def test_a_bad_baseline_is_refused(tmp_path, content):
    path = tmp_path / "baseline.json"
    path.write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(UsageError, match=r"baseline\.json"):
        report.read_baseline(path)
    with pytest.raises(UsageError, match="cannot be read"):
        report.read_baseline(tmp_path / "none.json")


def test_summary_counts_tables_auth_and_users():
    def copy(schema, name, rows):
        return TableCopy(
            table=TableRef(schema, name), columns=("id",), rows=rows, bytes=rows * 10, seconds=1
        )

    copies = [
        copy("public", "a", 5),
        copy("public", "users", 7),
        copy("auth", "users", 6),
        copy("auth", "sessions", 2),
        copy("storage", "buckets", 1),
    ]
    counted = report.summary(copies, seconds=3.5)
    assert (counted.tables, counted.auth_tables, counted.auth_users) == (2, 2, 6)
    assert (counted.rows, counted.bytes, counted.seconds) == (21, 210, 3.5)


def test_write_replaces_the_whole_file_or_nothing(tmp_path, monkeypatch):
    path = tmp_path / "deep" / "report.json"
    report.write(path, "one\n")
    report.write(path, "two \udc80\n")
    assert path.read_bytes() == b"two \\udc80\n"

    def no_room(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_room)
    with pytest.raises(report.files.DiskFull):
        report.write(path, "three\n")
    assert path.read_bytes() == b"two \\udc80\n"
    assert [entry.name for entry in path.parent.iterdir()] == ["report.json"]


def test_write_keeps_private_reports_private_and_follows_links(tmp_path):
    path, link = tmp_path / "report.json", tmp_path / "latest.json"
    link.symlink_to(path)
    report.write(link, "x", private=True)
    assert link.is_symlink()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    report.write(path, "y")
    assert stat.S_IMODE(path.stat().st_mode) & 0o400


def test_write_to_a_pipe_or_a_folder(tmp_path):
    reading, writing = os.pipe()
    report.write(type(tmp_path)(f"/dev/fd/{writing}"), "through\n")
    assert os.read(reading, 100) == b"through\n"
    os.close(reading)
    os.close(writing)
    with pytest.raises(UsageError, match="cannot be written"):
        report.write(tmp_path, "x")
