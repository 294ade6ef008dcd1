"""What a check hands over, taken one by one: good findings are kept, everything else is a fault."""

from __future__ import annotations

import inspect
import json
import math
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from supamig.models import Finding, Outcome, Severity
from supamig.wording import clean

if TYPE_CHECKING:
    from supamig.models import Value

#: What is longer is refused before anything looks at it.
_LONGEST_TEXT = 100_000
_LARGEST_EVIDENCE = 100_000


class Harvest:
    """The findings of one check so far.  Filled by the check's thread, read by any other."""

    def __init__(
        self,
        check: str,
        *,
        redact: Callable[[str], str],
        limit: int,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> None:
        self._cancelled = cancelled
        self._check = check
        self._redact = redact
        self._limit = limit
        self._findings: list[Finding] = []
        self._faults: list[str] = []
        self._overflow = False

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The good findings, rebuilt: nothing of the plugin's own classes is left in them."""
        return tuple(self._findings)

    @property
    def has_problems(self) -> bool:
        """Whether something worse than information was found."""
        return any(finding.severity is not Severity.INFO for finding in self.findings)

    def outcome(self) -> tuple[Outcome, str]:
        """Judge a check that came to its end, with the reason when it is not a clean one."""
        if self._faults:
            more = len(self._faults) - 1
            return Outcome.ERRORED, self._faults[0] + (f" (and {more:,} more)" if more else "")
        if self._overflow:
            # Nobody looked at the rest, so information alone does not pass either.
            reason = f"more than {self._limit:,} findings; stopped"
            return (Outcome.FAILED if self.has_problems else Outcome.ERRORED), reason
        return (Outcome.FAILED if self.has_problems else Outcome.PASSED), ""

    def take(self, returned: object) -> None:
        """Take what the check's function returned, up to the limit; raise what the check raises."""
        if returned is None:
            return
        if isinstance(returned, Finding):
            self._faults.append("returned one Finding instead of an iterable of findings")
            self._add(returned)
            return
        if inspect.iscoroutine(returned) or not hasattr(type(returned), "__iter__"):
            self._faults.append(f"returned a {_name(returned)}, which is no iterable of findings")
            if inspect.iscoroutine(returned):
                returned.close()
            return
        items = iter(returned)  # type: ignore[call-overload]
        try:
            self._take_all(items)
        finally:
            if inspect.isgenerator(items):
                items.close()

    def _take_all(self, items: Iterator[object]) -> None:
        for count, item in enumerate(items):
            if self._cancelled():
                return
            if count == self._limit:
                self._overflow = True
                return
            self._add(item)

    def _add(self, item: object) -> None:
        try:
            self._findings.append(self._rebuilt(item))
        except _Garbage as fault:
            self._faults.append(str(fault))

    def _rebuilt(self, item: object) -> Finding:
        if not isinstance(item, Finding):
            raise _Garbage(f"yielded a {_name(item)} instead of a Finding")
        if item.check != self._check:
            shown = self._text("check", item.check)[:100]
            raise _Garbage(f"yielded a finding of the check `{shown}`, which is not its own")
        if not isinstance(item.severity, Severity):
            raise _Garbage(f"yielded a finding whose severity is a {_name(item.severity)}")
        return Finding(
            check=self._check,
            severity=item.severity,
            message=self._text("message", item.message),
            subject=self._text("subject", item.subject),
            hint=self._text("hint", item.hint),
            docs=self._text("docs", item.docs),
            evidence=self._evidence(item.evidence),
        )

    def _text(self, field: str, value: object) -> str:
        if not isinstance(value, str):
            raise _Garbage(f"yielded a finding whose {field} is a {_name(value)}, not text")
        if len(value) > _LONGEST_TEXT:
            raise _Garbage(f"yielded a finding whose {field} has {len(value):,} characters")
        return clean(value, self._redact)

    def _evidence(self, evidence: object) -> dict[str, Value]:
        if not isinstance(evidence, Mapping):
            raise _Garbage(f"yielded a finding whose evidence is a {_name(evidence)}")
        kept = {self._text("evidence", key): self._value(value) for key, value in evidence.items()}
        try:
            size = len(json.dumps(kept))
        except ValueError as error:  # an integer of more digits than Python writes
            raise _Garbage("yielded evidence that is not JSON") from error
        if size > _LARGEST_EVIDENCE:
            raise _Garbage(f"yielded evidence of {size:,} bytes")
        return kept

    def _value(self, value: object) -> Value:
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, str):
            return self._text("evidence", value)
        if isinstance(value, int):
            return int(value)
        if isinstance(value, float) and math.isfinite(value):
            return float(value)
        if isinstance(value, list | tuple):
            return [self._text("evidence", part) for part in value]
        raise _Garbage(f"yielded evidence with a {_name(value)}, which is not JSON")


class _Garbage(Exception):  # noqa: N818 - a sentence on its way to the reason of the check
    """What was wrong with one item."""


def _name(value: object) -> str:
    return type(value).__name__
