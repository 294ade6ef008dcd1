"""JUnit XML, which every CI shows: a check is a test case, a stage is a test suite.

The file holds to the two schemas in use at once, Jenkins' and Ant's, so it has only what both
allow: one failure or error a case, and what does not fail goes to the suite's ``system-out``.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as ET

from supamig.models import CheckResult, Outcome, Stage
from supamig.report.signs import Sign, signs
from supamig.report.wording import OUTCOME_WORDS, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from supamig.models import Finding, Report

_NO_DATE: Final = "1970-01-01T00:00:00"


class JUnit:
    """The reporter for CI systems."""

    name = "junit"
    suffix = ".xml"

    def render(self, report: Report) -> str:
        """Return the XML text of ``report``."""
        return to_junit(report)


def to_junit(report: Report) -> str:
    """Write a report as JUnit XML; a step that did not pass is an errored case of its stage."""
    root = ET.Element("testsuites")
    for stage in Stage:
        checks = [check for check in _judged(report) if check.stage is stage]
        cases = [*_failed_steps(report, stage), *checks]
        if cases:
            root.append(_suite(report, stage, len(root), cases))
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, "unicode") + "\n"


def _judged(report: Report) -> Iterator[CheckResult]:
    """Let a check that only warned pass: a CI is not to be red over a run that passed."""
    for check, sign in zip(report.checks, signs(report), strict=True):
        yield replace(check, outcome=Outcome.PASSED) if sign is Sign.WARNED else check


def _failed_steps(report: Report, stage: Stage) -> Iterable[CheckResult]:
    for step in report.steps:
        if step.stage is stage and step.outcome is not Outcome.PASSED:
            yield CheckResult(
                id=f"step.{step.id}",
                title=step.title,
                stage=stage,
                outcome=Outcome.SKIPPED if step.outcome is Outcome.SKIPPED else Outcome.ERRORED,
                seconds=step.seconds,
                reason=step.detail,
            )


def _suite(report: Report, stage: Stage, number: int, cases: list[CheckResult]) -> ET.Element:
    outcomes = [case.outcome for case in cases]
    suite = _element(
        "testsuite",
        name=f"supamig.{stage}",
        package="supamig",
        id=str(number),
        timestamp=_timestamp(report.started_at),
        hostname=(report.target.host if report.target else "") or "localhost",
        tests=str(len(cases)),
        failures=str(outcomes.count(Outcome.FAILED)),
        errors=str(outcomes.count(Outcome.ERRORED) + outcomes.count(Outcome.TIMED_OUT)),
        skipped=str(outcomes.count(Outcome.SKIPPED)),
        time=_time(sum(case.seconds for case in cases)),
    )
    properties = ET.SubElement(suite, "properties")
    for name, value in (
        ("run_id", report.run_id),
        ("command", report.command),
        ("method", report.method),
        ("verdict", report.verdict),
        ("tool_version", report.tool_version),
    ):
        properties.append(_element("property", name=name, value=value or "-"))
    suite.extend([_case(case) for case in cases])
    quiet = [f for case in cases if case.outcome is Outcome.PASSED for f in case.findings]
    ET.SubElement(suite, "system-out").text = _lines(quiet)
    ET.SubElement(suite, "system-err").text = ""
    return suite


def _case(check: CheckResult) -> ET.Element:
    case = _element(
        "testcase",
        name=f"{check.title} ({check.id})",
        classname=f"supamig.{check.id}",
        time=_time(check.seconds),
    )
    match check.outcome:
        case Outcome.PASSED:
            return case
        case Outcome.SKIPPED:
            case.append(_element("skipped", message=check.reason or "no reason given"))
        case outcome:
            tag = "failure" if outcome is Outcome.FAILED else "error"
            word = OUTCOME_WORDS[outcome]
            first = check.findings[0].message if check.findings else word
            problem = _element(tag, message=check.reason or first, type=check.id)
            problem.text = _lines(check.findings) or printable(check.reason or word, lines=True)
            case.append(problem)
    return case


def _lines(findings: Iterable[Finding]) -> str:
    return "\n".join(printable(_line(finding), lines=True) for finding in findings)


def _line(finding: Finding) -> str:
    subject = f" {finding.subject}:" if finding.subject else ""
    hint = f"\n  hint: {finding.hint}" if finding.hint else ""
    return f"{finding.severity}:{subject} {finding.message} [{finding.fingerprint}]{hint}"


def _element(tag: str, /, **attributes: str) -> ET.Element:
    return ET.Element(tag, {name: printable(value) for name, value in attributes.items()})


def _time(seconds: float) -> str:
    return f"{seconds:.3f}"


def _timestamp(started_at: str) -> str:
    # the schema's pattern has no fraction and no zone
    try:
        moment = datetime.fromisoformat(started_at).replace(tzinfo=None)
    except ValueError:
        return _NO_DATE
    return moment.isoformat(timespec="seconds")
