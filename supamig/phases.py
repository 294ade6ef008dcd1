"""The six phases of a migration, and how far a run through them is: values alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from supamig.models import Report

#: How long the source stays as it is after the cutover, to fall back on.
KEPT: Final = timedelta(hours=48)


class Phase(StrEnum):
    """The phases in their order."""

    EXPORT = "export"
    SETUP = "setup"
    IMPORT = "import"
    CONFIGURE = "configure"
    VALIDATE = "validate"
    CUTOVER = "cutover"


TITLES: Final = {
    Phase.EXPORT: "Write the source into a bundle",
    Phase.SETUP: "The deployment stands and answers",
    Phase.IMPORT: "Write the bundle to the target, and compare every row",
    Phase.CONFIGURE: "Switch the applications",
    Phase.VALIDATE: "Compare again, sign in, try every route",
    Phase.CUTOVER: "Confirm that the new side is the one",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseResult:
    """How far one phase is: ``state`` is done, failed, interrupted or open.

    Times are ISO 8601; ``confirmed_by`` is empty where nobody had to be asked.
    """

    phase: Phase
    state: str = "open"
    started_at: str = ""
    seconds: float = 0.0
    verdict: str = ""
    detail: str = ""
    confirmed_by: str = ""
    reports: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One run through the phases, whole or not, with the reports that its phases made."""

    run_id: str
    started_at: str
    phases: tuple[PhaseResult, ...]
    reports: tuple[tuple[Phase, Report], ...] = field(default=(), repr=False)
    notes: tuple[str, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Whether all phases are done."""
        return all(phase.state == "done" for phase in self.phases)

    @property
    def next(self) -> Phase | None:
        """The first phase that is not done."""
        return next((one.phase for one in self.phases if one.state != "done"), None)

    @property
    def source_kept_until(self) -> str:
        """When the source may go at the earliest; empty before the cutover."""
        cutover = self.phases[-1]
        if cutover.state != "done":
            return ""
        until = datetime.fromisoformat(cutover.started_at) + KEPT
        return until.isoformat(timespec="minutes")
