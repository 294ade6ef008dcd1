"""From how checks and steps ended to one answer; errored or skipped is never passed."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from supamig.errors import UsageError
from supamig.models import CheckResult, Finding, Outcome, Severity, Stage, Verdict
from supamig.report.wording import OUTCOME_WORDS, SEVERITIES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from pathlib import Path

    from supamig.models import StepResult

_UNFINISHED: Final = frozenset({Outcome.ERRORED, Outcome.TIMED_OUT})
_PLUGINS: Final = "plugin.load"
#: Worst first, so that a smaller index is a worse severity.
_RANK: Final = {severity: rank for rank, severity in enumerate(SEVERITIES)}


def verdict(
    checks: Sequence[CheckResult],
    fail_on: Severity = Severity.ERROR,
    plugin_findings: Sequence[Finding] = (),
    steps: Sequence[StepResult] = (),
) -> Verdict:
    """Judge a run: failed before incomplete before passed.

    Failed: a step did not pass, or a check found something of ``fail_on`` or worse.  Incomplete: a
    check errored, ran out of time or stopped early, a plugin is faulty, or no check came to its
    end, so that nobody has looked.  Skipped checks are neither: :func:`not_checked` names them.
    """
    if any(step.outcome not in (Outcome.PASSED, Outcome.SKIPPED) for step in steps):
        return Verdict.FAILED
    if any(_fails(check, fail_on) for check in checks):
        return Verdict.FAILED
    findings = [*plugin_findings, *(finding for check in checks for finding in check.findings)]
    unfinished = any(check.outcome in _UNFINISHED or _is_partial(check) for check in checks)
    looked = any(check.outcome in (Outcome.PASSED, Outcome.FAILED) for check in checks)
    if unfinished or not looked or any(map(_is_about_a_plugin, findings)):
        return Verdict.INCOMPLETE
    return Verdict.PASSED


def not_checked(
    checks: Sequence[CheckResult], plugin_findings: Sequence[Finding] = ()
) -> tuple[str, ...]:
    """Name what nobody looked at, one line each with the reason."""
    lines = [
        f"{check.title} ({check.id}): {_reason(check)}"
        for check in checks
        if check.outcome is Outcome.SKIPPED or check.outcome in _UNFINISHED or _is_partial(check)
        if not (plugin_findings and check.id == _PLUGINS)
    ]
    lines += [
        f"Plugin {finding.subject or 'of unknown name'} ({finding.check}): {finding.message}"
        for finding in plugin_findings
    ]
    if not checks:
        lines.insert(0, "Everything: no check was run")
    return tuple(lines)


def plugin_check(findings: Sequence[Finding]) -> CheckResult:
    """Put the findings on faulty plugins into a check of their own, so that reports show them."""
    return CheckResult(
        id=_PLUGINS,
        title="Plugins load and answer",
        stage=Stage.PREFLIGHT,
        outcome=Outcome.ERRORED if findings else Outcome.PASSED,
        findings=tuple(findings),
        reason="what a faulty plugin would have checked was not checked" if findings else "",
    )


def without(
    checks: Iterable[CheckResult], baseline: Collection[str]
) -> tuple[tuple[CheckResult, ...], int]:
    """Take the findings that ``baseline`` accepts out of the checks, and say how many those were.

    A check that failed only through accepted findings has passed, unless it stopped early.
    Findings on plugins stay: that nobody looked cannot be accepted once and for all.
    """
    kept: list[CheckResult] = []
    accepted = 0
    for check in checks:
        findings = tuple(
            finding
            for finding in check.findings
            if finding.fingerprint not in baseline or _is_about_a_plugin(finding)
        )
        dropped = len(check.findings) - len(findings)
        accepted += dropped
        outcome = check.outcome
        if dropped and outcome is Outcome.FAILED and not _at_least(findings, Severity.WARNING):
            outcome = Outcome.ERRORED if _is_partial(check) else Outcome.PASSED
        kept.append(replace(check, findings=findings, outcome=outcome))
    return tuple(kept), accepted


def baseline_of(findings: Iterable[Finding]) -> str:
    """Write the file that accepts these findings from now on: a JSON list of fingerprints."""
    return json.dumps(sorted({finding.fingerprint for finding in findings}), indent=2) + "\n"


def read_baseline(path: Path) -> frozenset[str]:
    """Read the fingerprints of accepted findings.

    Raise `UsageError` if the file is missing or is not a JSON list of strings.
    """
    hint = "A baseline is a JSON list of fingerprints: `supamig validate -o` shows them"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"baseline `{path}` cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise UsageError(f"baseline `{path}` is not JSON: {error}", hint=hint) from error
    if not isinstance(content, list) or not all(isinstance(entry, str) for entry in content):
        raise UsageError(f"baseline `{path}` is not a list of strings", hint=hint)
    return frozenset(content)


def _fails(check: CheckResult, fail_on: Severity) -> bool:
    about_data = [finding for finding in check.findings if not _is_about_a_plugin(finding)]
    if _at_least(about_data, fail_on):
        return True
    # a check may say "failed" without a finding; it is believed
    return check.outcome is Outcome.FAILED and not check.findings


def _at_least(findings: Iterable[Finding], severity: Severity) -> bool:
    return any(_RANK[finding.severity] <= _RANK[severity] for finding in findings)


def _is_about_a_plugin(finding: Finding) -> bool:
    return finding.check.startswith("plugin.")


def _is_partial(check: CheckResult) -> bool:
    """Tell whether a check found something and then could not go on, or had found too much."""
    return check.outcome is Outcome.FAILED and bool(check.reason)


def _reason(check: CheckResult) -> str:
    word = "only in part" if _is_partial(check) else OUTCOME_WORDS[check.outcome]
    return f"{word}, {check.reason}" if check.reason else f"{word}, no reason given"
