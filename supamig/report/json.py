"""``validation_report.json``: the whole report, readable by programs and by :func:`from_json`.

Top-level keys, in this order (schema version 1)::

    schema_version  1; a reader refuses a greater one
    verdict         "passed" | "failed" | "incomplete"
    summary         tables, auth_tables, auth_users, rows, bytes (of COPY text), seconds
    counts          derived: checks by outcome, findings by severity
    not_checked     lines: what nobody looked at, and why
    notes           lines for people
    earlier         true: an earlier call moved this, the last one changed nothing
    run_id, command, tool_version, method, started_at
    source, target  host, database, user, version, ... or null
    steps           id, title, stage, outcome, seconds, detail, rows, bytes
    checks          id, title, stage, outcome, seconds, findings, reason, plugin, docs
                    findings: check, severity, message, subject, hint, docs, evidence, and the
                    derived fingerprint, which a baseline lists
    tables          table {schema, name}, name (derived, quoted), rows, bytes, seconds, digest, ...
"""

from __future__ import annotations

import json
import math
from collections import Counter
from functools import cache
from typing import TYPE_CHECKING, Final

from pydantic import TypeAdapter, ValidationError

from supamig.errors import UsageError
from supamig.models import JsonObject, Report
from supamig.report.wording import OUTCOMES, SEVERITIES

if TYPE_CHECKING:
    from supamig.models import CheckResult, Finding, Value

SCHEMA_VERSION: Final = 1

_FIRST: Final = (
    *("schema_version", "verdict", "summary", "counts", "not_checked", "notes", "earlier"),
)
_LAST: Final = ("source", "target", "steps", "checks", "tables")


class Json:
    """The reporter that writes the machine-readable report."""

    name = "json"
    suffix = ".json"

    def render(self, report: Report) -> str:
        """Return the JSON text of ``report``."""
        return to_json(report)


def to_json(report: Report) -> str:
    """Write a report as JSON, keys always in the same order, with a line feed at the end."""
    content: JsonObject = _adapter().dump_python(report, mode="json")
    content["counts"] = {
        "checks": _counts(OUTCOMES, Counter(check.outcome for check in report.checks)),
        "findings": _counts(SEVERITIES, Counter(finding.severity for finding in report.findings)),
    }
    content["checks"] = [
        {**dumped, "findings": _findings(check, dumped)}
        for check, dumped in zip(report.checks, content["checks"], strict=True)
    ]
    content["tables"] = [
        {"name": str(copy.table), **dumped}
        for copy, dumped in zip(report.tables, content["tables"], strict=True)
    ]
    first = {key: content.pop(key) for key in _FIRST}
    last = {key: content.pop(key) for key in _LAST}
    return json.dumps(first | content | last, ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def from_json(text: str) -> Report:
    """Read a report back; derived fields are computed anew.

    Raise `UsageError` if it is not a report, or one of a newer supamig.
    """
    try:
        content = json.loads(text)
    except ValueError as error:
        raise UsageError(f"the report is not JSON: {error}") from error
    version = content.get("schema_version") if isinstance(content, dict) else None
    if not isinstance(version, int):
        raise UsageError(
            "the file is not a report of supamig: it has no `schema_version`",
            hint="Give the file that `supamig migrate -o` or `supamig validate -o` wrote",
        )
    if version > SCHEMA_VERSION:
        raise UsageError(
            f"the report has schema version {version}, this supamig reads up to {SCHEMA_VERSION}",
            hint="Upgrade supamig: `pip install --upgrade supamig`",
        )
    try:
        return _adapter().validate_python(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise UsageError(f"the report is damaged at `{place}`: {first['msg']}") from error


@cache
def _adapter() -> TypeAdapter[Report]:
    # building it costs 50 ms, which `supamig --help` need not pay
    return TypeAdapter(Report)


def _findings(check: CheckResult, dumped: JsonObject) -> list[JsonObject]:
    return [
        {**fields, "fingerprint": finding.fingerprint, "evidence": _evidence(finding)}
        for finding, fields in zip(check.findings, dumped["findings"], strict=True)
    ]


def _evidence(finding: Finding) -> dict[str, Value]:
    # JSON has no infinity and no NaN, and a lost one would be a lost difference
    return {
        name: str(fact) if isinstance(fact, float) and not math.isfinite(fact) else fact
        for name, fact in finding.evidence.items()
    }


def _counts(kinds: tuple[str, ...], counted: Counter[str]) -> dict[str, int]:
    return {str(kind): counted[kind] for kind in kinds}
