"""Switching applications over to the target, and back."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg

from supamig import disk
from supamig.checking import said
from supamig.errors import PlanRefused, Refused, SupamigError, SwitchFailed
from supamig.journal import Hold
from supamig.models import CheckResult, Finding, Outcome, Severity, Stage
from supamig.reporting import Account
from supamig.session import Session
from supamig.sides import Live, Memory
from supamig.switching import changes, record, writes
from supamig.switching.carrying import Carrier

if TYPE_CHECKING:
    from collections.abc import Iterator

    from supamig.config import Settings
    from supamig.models import Observer, Report
    from supamig.switching.changes import Changes
    from supamig.switching.record import Switch

_TARGET = "target.json"


def configure_changes(settings: Settings) -> Changes:
    """Say which values of the applications' files would change; nothing is written."""
    with _hold(settings):
        unfinished = record.latest(settings)
        found = changes.find(settings)
        if unfinished is not None and unfinished.state == "switching":
            message = "an earlier switch was interrupted; the same command goes on with it"
            note = Finding(check="configure.unfinished", severity=Severity.INFO, message=message)
            return changes.Changes(files=found.files, findings=(note, *found.findings))
        return found


def configure(settings: Settings, *, observer: Observer | None = None) -> Report:
    """Switch the applications to the target: files, builds, restarts, and wait for their health.

    When any of it fails everything is put back, and `SwitchFailed` raised.  Raise `PlanRefused`
    when a value is not understood, `Refused` when there is nothing to change.
    """
    with _hold(settings), Session(settings, observer) as session:
        account = Account(session, "configure")
        switch = record.latest(settings)
        if switch is not None and switch.state == "putting-back":
            Carrier(settings, switch, session.tell).back(reason="interrupted")
            account.notes.append("An earlier switch that had failed was put back first")
            switch = None
        if switch is not None and switch.state == "switching":
            account.notes.append(f"Went on with the switch {switch.journal.run_id}")
            results = [said("configure.values", "Values of the source", (), stage=Stage.CUTOVER)]
        else:
            found = changes.find(settings)
            results = [_accepted(found)]
            if not found.files:
                return _nothing_to_do(account, switch, results)
            switch = record.Switch.begin(settings, found.files)
            results.append(_remember(session, switch))
        with contextlib.suppress(SupamigError):
            account.target = session.reader.facts
        _carry(session, switch, account)
        return account.report(run_id=switch.journal.run_id, checks=results)


def _accepted(found: Changes) -> CheckResult:
    errors = [finding for finding in found.findings if finding.severity is Severity.ERROR]
    if errors:
        raise PlanRefused(
            f"{len(errors)} value{'s are' if len(errors) > 1 else ' is'} not understood: "
            + "; ".join(finding.message for finding in errors[:5]),
            hint=errors[0].hint,
            findings=errors,
        )
    return said("configure.values", "Values of the source", found.findings, stage=Stage.CUTOVER)


def _nothing_to_do(account: Account, switch: Switch | None, results: list[CheckResult]) -> Report:
    """Report a switch that is done already; raise `Refused` where none was ever made."""
    if switch is None or switch.edited():
        hint = "Are `[source.api]` and `env_files` right? `--dry-run` shows what was looked for"
        raise Refused("no file of any application holds a value of the source", hint=hint)
    account.notes.append(f"Nothing was changed: switched already in {switch.journal.run_id}")
    return account.report(run_id=switch.journal.run_id, checks=results)


def _remember(session: Session, switch: Switch) -> CheckResult:
    """Keep what the target holds now, so that a rollback can tell what it took since."""
    check, title = "configure.target-state", "What the target holds is noted"
    try:
        kept = writes.take(_target(session))
    except (SupamigError, psycopg.Error) as error:
        why = session.redact(" ".join(str(error).split()))
        return _skipped(check, title, f"{why}; a rollback could not tell what the target took")
    place = switch.journal.path / _TARGET
    with disk.disk_errors(place):
        disk.replace(place, json.dumps(kept).encode(), mode=0o600)
    return said(check, title, (), stage=Stage.CUTOVER)


def _carry(session: Session, switch: Switch, account: Account) -> None:
    """Switch over, or put all back and say why."""
    carrier = Carrier(session.settings, switch, session.tell)
    try:
        account.add(carrier.forward(), ())
    except SupamigError as error:
        reason = session.redact(error.message)
        try:
            carrier.back(reason=reason)
        except SupamigError as second:
            message = f"{reason}\nPutting back failed too: {session.redact(second.message)}"
            hint = "Mend that, then `supamig rollback` goes on with putting back"
            raise SwitchFailed(message, hint=hint) from error
        message = f"{reason}\nEvery file is as it was, and the applications run on them again"
        raise SwitchFailed(message, hint=error.hint) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Undone:
    """What a rollback would put back; ``edits`` are those of others, without any value."""

    files: tuple[str, ...]
    edited: tuple[str, ...]
    edits: str


def rollback_changes(settings: Settings) -> Undone:
    """Say which files a rollback would put back; nothing is written.

    Raise `Refused` when there is no switch to put back.
    """
    with _hold(settings):
        switch = _last(settings)
        return Undone(
            files=tuple(file.path for file in switch.files),
            edited=tuple(file.path for file in switch.edited()),
            edits=Carrier(settings, switch, lambda _: None).edits(),
        )


def rollback(
    settings: Settings, *, discard_edits: bool = False, observer: Observer | None = None
) -> Report:
    """Put the applications back on the source, as they were before the last switch.

    The target need not answer; when it does, the report says what it took since.  Raise
    `FilesEdited` for files that somebody changed meanwhile, unless ``discard_edits``.
    """
    with _hold(settings), Session(settings, observer) as session:
        account = Account(session, "rollback")
        switch = _last(settings)
        carrier = Carrier(settings, switch, session.tell)
        account.add(carrier.back(reason="rollback", discard=discard_edits), ())
        wrong = [file for file in switch.files if switch.where(file) != "before"]
        results = [
            said("rollback.files", "Every file is as it was", [
                Finding(check="rollback.files", severity=Severity.ERROR, subject=file.path,
                        message=f"`{file.path}` is not as it was")
                for file in wrong
            ], stage=Stage.CUTOVER),
            _target_writes(session, switch),
        ]  # fmt: skip
        with contextlib.suppress(SupamigError):
            account.target = session.reader.facts
        account.notes.append("What the target took since the switch stays there")
        if earlier := record.latest(settings):
            names = ", ".join(f"`{file.path}`" for file in earlier.files)
            account.notes.append(f"An earlier switch stands: `supamig rollback` again for {names}")
        return account.report(run_id=switch.journal.run_id, checks=results)


def _last(settings: Settings) -> Switch:
    switch = record.latest(settings)
    if switch is None:
        message = f"no switch is noted in `{settings.state_dir}`"
        raise Refused(message, hint="`supamig configure` makes one; is `state_dir` the same?")
    return switch


def _target_writes(session: Session, switch: Switch) -> CheckResult:
    title = "What the target took since the switch"
    kept = writes.read(switch.journal.path / _TARGET)
    if kept is None:
        return _skipped(writes.CHECK, title, "what it held at the switch was not noted")
    try:
        found = list(writes.compare(kept, _target(session)))
    except (SupamigError, psycopg.Error) as error:
        # the applications are back already, whatever the target says
        return _skipped(writes.CHECK, title, session.redact(" ".join(str(error).split())))
    return said(writes.CHECK, title, found, stage=Stage.CUTOVER)


def _target(session: Session) -> Live:
    return Live(session.reader, Memory(), sessions=session.settings.jobs)


def _skipped(check: str, title: str, reason: str) -> CheckResult:
    return CheckResult(
        id=check, title=title, stage=Stage.CUTOVER, outcome=Outcome.SKIPPED, reason=reason
    )


@contextlib.contextmanager
def _hold(settings: Settings) -> Iterator[None]:
    hold = Hold(settings.state_dir, "applications", what="the applications")
    try:
        yield
    finally:
        hold.release()
