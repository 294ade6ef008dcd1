"""The six phases as one: each noted before and after, so that the next call goes on."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from supamig.amounts import plural, size
from supamig.api import moving
from supamig.api.cutover import validate_cutover
from supamig.api.switching import configure
from supamig.errors import SupamigError, UsageError
from supamig.journal import Hold
from supamig.models import Verdict
from supamig.phase_run import PhaseRun
from supamig.phases import Phase
from supamig.secret import Redactor
from supamig.switching import commands, health

if TYPE_CHECKING:
    from supamig.config import Settings
    from supamig.models import Observer, Report
    from supamig.phases import Record

#: Asks whether a phase may begin; returns who said yes, raises `Cancelled` for no.
Confirm = Callable[[Phase, str], str]


@dataclass(slots=True)
class _Told:
    """What a phase came to: a line for people, its reports, and facts for later phases."""

    detail: str
    reports: dict[str, Report] = field(default_factory=dict)
    facts: dict[str, str] = field(default_factory=dict)

    @property
    def verdict(self) -> Verdict:
        """The worst verdict of the reports; passed where there are none."""
        found = {report.verdict for report in self.reports.values()}
        worst = (Verdict.FAILED, Verdict.INCOMPLETE)
        return next((verdict for verdict in worst if verdict in found), Verdict.PASSED)


def phases(settings: Settings) -> Record | None:
    """Return how far the newest run through the phases is; None where there is none."""
    run = PhaseRun.latest(settings)
    return run.record() if run else None


def question(settings: Settings, phase: Phase) -> str:
    """Say what a phase is about to do that cannot simply be undone; empty where it does nothing."""
    names = ", ".join(f"`{one.name}`" for one in settings.applications)
    told = {
        Phase.SETUP: "This runs the command of `[run] setup`" if settings.setup else "",
        Phase.IMPORT: "This writes the bundle to the target",
        Phase.CONFIGURE: f"This edits the files of {names} and restarts them" if names else "",
        Phase.CUTOVER: "From here on the target is the one that counts",
    }
    return told.get(phase, "")


def run_phases(
    settings: Settings,
    *,
    confirm: Confirm,
    start: Phase | None = None,
    observer: Observer | None = None,
    began: Callable[[Phase], None] = lambda _: None,
) -> Record:
    """Go through the phases that are not done, and stop at the first that does not pass.

    ``start`` begins with that phase again.  ``confirm`` is asked before a phase that cannot simply
    be undone, ``began`` is told of each.  Raise what a phase raises; the next call goes on with it.
    """
    hold = Hold(settings.state_dir, "phases", what="the phases")
    try:
        run = _run_of(settings, start)
        for result in run.record().phases:
            if result.state == "done":
                continue
            asked = question(settings, result.phase)
            who = confirm(result.phase, asked) if asked else ""
            began(result.phase)
            if not _carry_out(run, result.phase, settings, who, observer):
                break
        return run.record()
    finally:
        hold.release()


def _run_of(settings: Settings, start: Phase | None) -> PhaseRun:
    run = PhaseRun.latest(settings)
    if run is None and start not in {None, Phase.EXPORT}:
        message = f"`--from {start}` would leave out `{Phase.EXPORT}`, which is not done"
        raise UsageError(message, hint="Leave it out")
    if run is None or start is Phase.EXPORT:
        return PhaseRun.begin(settings)
    if start is not None:
        run.back_to(start)
    return run


def _carry_out(
    run: PhaseRun, phase: Phase, settings: Settings, who: str, observer: Observer | None
) -> bool:
    """Do one phase between two lines of the journal; tell whether it passed."""
    now = datetime.now(tz=UTC).isoformat(timespec="seconds")
    run.journal.append("phase-started", phase=phase, started_at=now, confirmed_by=who)
    start = time.monotonic()
    ended: dict[str, Any]
    try:
        told = _DO[phase](run, settings, observer)
    except SupamigError as error:
        detail = Redactor(settings.secrets()).redact(error.message)
        ended = {"verdict": "failed", "detail": detail, "reports": []}
        _note(run, "phase-failed", phase, start, ended)
        raise
    for name, report in told.reports.items():
        run.keep(name, report)
    passed = told.verdict is Verdict.PASSED
    ended = {"verdict": told.verdict, "detail": told.detail, "reports": list(told.reports)}
    _note(run, "phase-finished" if passed else "phase-failed", phase, start, ended | told.facts)
    return passed


def _note(run: PhaseRun, event: str, phase: Phase, start: float, ended: dict[str, Any]) -> None:
    seconds = round(time.monotonic() - start, 3)
    run.journal.append(event, phase=phase, seconds=seconds, **ended)


def _export(run: PhaseRun, settings: Settings, observer: Observer | None) -> _Told:
    del run
    path, report = moving.export(settings, observer=observer)
    numbers = report.summary
    detail = f"{plural(numbers.rows, 'row')}, {size(numbers.bytes)}, in `{path}`"
    return _Told(detail, {"export": report}, {"bundle": str(path.resolve())})


def _setup(run: PhaseRun, settings: Settings, observer: Observer | None) -> _Told:
    del run
    done = []
    if settings.setup:
        commands.run(
            settings.setup,
            cwd=Path(),
            timeout=settings.setup_timeout,
            redact=Redactor(settings.secrets()).redact,
        )
        done.append("the command ran")
    if settings.target_api is not None:
        health.answering(settings.target_api.url, timeout=settings.setup_timeout)
        done.append("the services answer")
    report = moving.doctor(settings, observer=observer)
    done.append("both databases were looked at")
    return _Told(", ".join(done), {"setup": report})


def _import(run: PhaseRun, settings: Settings, observer: Observer | None) -> _Told:
    report = moving.import_bundle(settings, Path(run.fact("bundle")), observer=observer)
    numbers = report.summary
    tables = plural(numbers.tables + numbers.other_tables + numbers.auth_tables, "table")
    return _Told(f"{plural(numbers.rows, 'row')} of {tables}", {"import": report})


def _configure(run: PhaseRun, settings: Settings, observer: Observer | None) -> _Told:
    del run
    if not settings.applications:
        return _Told("no application is in the settings")
    report = configure(settings, observer=observer)
    names = ", ".join(application.name for application in settings.applications)
    return _Told(f"{names} run on the target", {"configure": report})


def _validate(run: PhaseRun, settings: Settings, observer: Observer | None) -> _Told:
    del run
    detail = "the databases"
    compared = settings
    if settings.applications:
        # rows were compared by the import; since then the applications write to the target
        compared = replace(settings, ignore=(*settings.ignore, "rows.", "sequences."))
        detail += ", but for rows, which the applications write since the import compared them"
    reports = {"validate": moving.validate(compared, observer=observer)}
    if settings.target_api is not None:
        reports["services"] = validate_cutover(settings, observer=observer)
        detail += "; the services"
    return _Told(detail, reports)


def _cutover(run: PhaseRun, settings: Settings, observer: Observer | None) -> _Told:
    del run, observer
    for application in settings.applications:
        health.wait(application.health, timeout=application.timeout, name=application.name)
    asked = [application for application in settings.applications if application.health]
    if not asked:
        return _Told("confirmed; no application has a health URL")
    return _Told(f"{plural(len(asked), 'application')} healthy on the target")


_DO: dict[Phase, Callable[[PhaseRun, Settings, Observer | None], _Told]] = {
    Phase.EXPORT: _export,
    Phase.SETUP: _setup,
    Phase.IMPORT: _import,
    Phase.CONFIGURE: _configure,
    Phase.VALIDATE: _validate,
    Phase.CUTOVER: _cutover,
}
