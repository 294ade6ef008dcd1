"""Numbers, sizes, times and foreign text as people read them; every format shares these words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from supamig.amounts import count, duration, plural, size
from supamig.models import Outcome, Severity, Stage, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from supamig.models import Value

__all__ = [
    "MARKS",
    "OUTCOMES",
    "OUTCOME_WORDS",
    "SEVERITIES",
    "SEVERITY_MARKS",
    "SEVERITY_WORDS",
    "STAGE_TITLES",
    "VERDICT_MARKS",
    "count",
    "duration",
    "plural",
    "printable",
    "size",
    "value",
]

#: Worst first: the order in which a reader wants to see them.
OUTCOMES: Final = (
    Outcome.FAILED,
    Outcome.ERRORED,
    Outcome.TIMED_OUT,
    Outcome.SKIPPED,
    Outcome.PASSED,
)
SEVERITIES: Final = (Severity.ERROR, Severity.WARNING, Severity.INFO)

#: By :class:`Outcome`, and one more for checks that only warn (see signs).
MARKS: Final[Mapping[str, str]] = {
    Outcome.PASSED: "✓",
    Outcome.FAILED: "✗",
    Outcome.ERRORED: "!",
    Outcome.TIMED_OUT: "!",
    Outcome.SKIPPED: "\N{EN DASH}",
    "warned": "!",
}
OUTCOME_WORDS: Final[Mapping[str, str]] = {
    Outcome.PASSED: "passed",
    Outcome.FAILED: "failed",
    Outcome.ERRORED: "errored",
    Outcome.TIMED_OUT: "timed out",
    Outcome.SKIPPED: "skipped",
    "warned": "warned",
}
SEVERITY_MARKS: Final[Mapping[Severity, str]] = {
    Severity.ERROR: "✗",
    Severity.WARNING: "!",
    Severity.INFO: "\N{EN DASH}",
}
#: The noun that counts findings of a severity.
SEVERITY_WORDS: Final[Mapping[Severity, str]] = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.INFO: "remark",
}
VERDICT_MARKS: Final[Mapping[Verdict, str]] = {
    Verdict.PASSED: "✓",
    Verdict.FAILED: "✗",
    Verdict.INCOMPLETE: "!",
}
STAGE_TITLES: Final[Mapping[Stage, str]] = {
    Stage.PREFLIGHT: "Preflight",
    Stage.EXPORT: "Export",
    Stage.IMPORT: "Import",
    Stage.VERIFY: "Verify",
    Stage.CUTOVER: "Cutover",
}

# Control characters, direction overrides that reorder what is read, halves of surrogate pairs and
# the two code points that XML lacks: none may reach a terminal, a page or an XML file as itself.
_UNPRINTABLE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2028\u2029\u2066-\u2069"
    "\ud800-\udfff\ufeff\ufffe\uffff]"
)
_PICTURES: Final = 0x2400
_SPACE: Final = 0x20
_DELETE: Final = 0x7F
_LATIN: Final = 0xFF


def printable(text: str, *, lines: bool = False) -> str:
    r"""Show every character that could act instead of being read: ESC as `␛`, others as `\u202e`.

    With ``lines``, line feeds and tabs stay as they are.
    """

    def show(match: re.Match[str]) -> str:
        character = match[0]
        code = ord(character)
        if lines and character in "\n\t":
            return character
        if code < _SPACE:
            return chr(_PICTURES + code)
        if code == _DELETE:
            return "␡"
        return f"\\x{code:02x}" if code <= _LATIN else f"\\u{code:04x}"

    return _UNPRINTABLE.sub(show, text)


def value(fact: Value) -> str:
    """Write one value of a finding's evidence; nothing and empty are told apart."""
    match fact:
        case None:
            return "nothing"
        case bool():
            return "yes" if fact else "no"
        case int():
            return count(fact)
        case list():
            return ", ".join(fact) if fact else "none"
        case "":
            return "(empty)"
        case _:
            return str(fact)
