"""Moving: look at both sides, plan, export, import, migrate, compare; the report of each."""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

from supamig import inventory, migration, pgtools, rehearsal
from supamig.api.backups import backup_now, wants_backup
from supamig.bundle import MANIFEST, Bundle
from supamig.checking import chosen, gathered, said
from supamig.engine import run_steps
from supamig.errors import CannotResume, PlanRefused, SupamigError
from supamig.journal import Hold, RunStatus, runs_of
from supamig.journal import status as status_of
from supamig.models import Finding, Outcome, Plan, Severity, Stage
from supamig.plan import export_plan, guard_servers, kept, make_plan
from supamig.reporting import Account, saved
from supamig.session import Session, tool_version
from supamig.target import Target

if TYPE_CHECKING:
    from pathlib import Path

    from supamig.config import Method, Settings
    from supamig.migration import Run
    from supamig.models import CheckResult, Inventory, Observer, Report, ServerFacts
    from supamig.plugins import PluginRecord
    from supamig.protocols import Exporter, Validator


def doctor(settings: Settings, *, observer: Observer | None = None) -> Report:
    """Run the preflight checks on whichever sides answer; never stops at the first problem."""
    with Session(settings, observer) as session:
        account = Account(session, "doctor")
        results = [_reach(session, "source"), _reach(session, "target")]
        there = [result.outcome is Outcome.PASSED for result in results]
        account.source = session.source.facts if there[0] else None
        account.target = session.reader.facts if there[1] else None
        if there[0]:
            results.append(_tools(session))
        if all(there):
            results += session.check(session.sides(session.source), Stage.PREFLIGHT)
        return account.report(checks=results)


def _reach(session: Session, side: str) -> CheckResult:
    check, title = f"preflight.{side}-reachable", f"The {side} answers"
    try:
        _ = session.source.facts if side == "source" else session.reader.facts
    except SupamigError as error:
        if not error.exit_code.is_about_connecting:
            raise
        finding = Finding(
            check=check,
            severity=Severity.ERROR,
            subject=side,
            message=session.redact(error.message),
            hint=error.hint,
        )
        return said(check, title, [finding])
    return said(check, title, [])


def _tools(session: Session) -> CheckResult:
    check, title = "preflight.pg-dump", "pg_dump is there and new enough"
    try:
        pgtools.choose(session.source.facts.major, pg_bin=session.settings.pg_bin)
    except SupamigError as error:
        finding = Finding(
            check=check, severity=Severity.ERROR, message=error.message, hint=error.hint
        )
        return said(check, title, [finding])
    return said(check, title, [])


def export(settings: Settings, *, observer: Observer | None = None) -> tuple[Path, Report]:
    """Export the source into a bundle and return its directory; it is whole or not there at all."""
    with Session(settings, observer) as session:
        account = Account(session, "export")
        path = settings.output_dir or settings.backups_dir / f"supabase_export_{_timestamp()}"
        account.source = session.source.facts
        exporters = session.plugins.exporters(settings)
        session.source.open()
        bundle = Bundle.create(path, method=settings.method)
        try:
            works = migration.export_steps(exporters, session.source, bundle)
            done = run_steps(works, journal=None, observer=session.tell)
            bundle.notes += done.notes
            bundle.seal(tool_version=tool_version())
        except BaseException:
            bundle.discard()
            raise
        account.add(done, tuple(bundle.tables.values()))
        account.listed = bundle.inventory.catalogs["tables"]
        return path, account.report(checks=())


def _timestamp() -> str:
    return f"{datetime.now(tz=UTC):%Y%m%d_%H%M%S}"


def plan(settings: Settings, *, bundle: Path | None = None, fresh: bool = False) -> Plan:
    """Say what is left to do, and what stands in its way; nothing is written anywhere.

    It is the plan of `import` with a ``bundle``, of `export` without a target, else of `migrate`;
    what an unfinished run has done already is left out, unless the move would start ``fresh``.
    """
    if bundle is None and settings.target is None:
        with Session(settings) as session:
            found = inventory.take_source(session.source)
            exporters = session.plugins.exporters(settings)
            return export_plan(found, exporters=exporters, settings=settings)
    origin = None if bundle is None else _stored(bundle)
    with Session(settings if origin is None else _as_exported(settings, origin)) as session:
        origin = origin or _live(session)
        guard_servers(origin.facts, session.reader.facts)
        run = _earlier(session, origin, fresh=fresh)
        source = origin.bundle.inventory if origin.bundle else inventory.take_source(session.source)
        is_begun = run is not None and run.is_prepared
        before = run.before() if run and is_begun else inventory.take_target(session.reader)
        made = _plan(session, origin, source, before)
        done = run.journal.steps_done if run and is_begun and not fresh else {}
        return replace(made, steps=tuple(step for step in made.steps if step.id not in done))


def _exporters(session: Session) -> list[Exporter]:
    """Return the exporters of a move: with `stream`, rows pass from server to server."""
    exporters = session.plugins.exporters(session.settings)
    if session.settings.method != "stream":
        return exporters
    return [exporter for exporter in exporters if exporter.kind != "rows"]


def migrate(settings: Settings, *, fresh: bool = False, observer: Observer | None = None) -> Report:
    """Move the source into the target and prove it; after a crash the same call goes on.

    ``fresh`` first removes exactly what the earlier run into this target made.  Raise `Refused`
    when the target holds data or the plan has problems, `StepFailed` when a step fails.
    """
    with Session(settings, observer) as session:
        origin = _live(session)
        guard_servers(origin.facts, session.reader.facts)
        pgtools.choose(origin.facts.major, pg_bin=settings.pg_bin)
        return _move(session, origin, fresh=fresh)


def import_bundle(settings: Settings, bundle: Path, *, observer: Observer | None = None) -> Report:
    """Import a bundle into the target and prove it against the bundle's inventory and digests."""
    origin = _stored(bundle)
    with Session(_as_exported(settings, origin), observer) as session:
        guard_servers(origin.facts, session.reader.facts)
        return _move(session, origin, fresh=False)


@dataclass(frozen=True, slots=True)
class Origin:
    """What is moved: a live source, or a bundle of one."""

    command: str
    facts: ServerFacts
    source_id: str
    label: str
    bundle: Bundle | None = None


def _live(session: Session) -> Origin:
    facts = session.source.facts
    label = f"{facts.host}/{facts.database}"
    return Origin("migrate", facts=facts, source_id=facts.identity, label=label)


def _stored(path: Path) -> Origin:
    bundle = Bundle.open(path)
    digest = hashlib.sha256((path / MANIFEST).read_bytes()).hexdigest()
    facts, source_id = bundle.inventory.server, f"bundle:{digest[:32]}"
    return Origin("import", facts=facts, source_id=source_id, label=str(path), bundle=bundle)


def _as_exported(settings: Settings, origin: Origin) -> Settings:
    method = origin.bundle.method if origin.bundle else settings.method
    return replace(settings, method=cast("Method", method))


def _move(session: Session, origin: Origin, *, fresh: bool) -> Report:
    """Begin a run or go on with the earlier one, up to the proven target."""
    settings, target = session.settings, session.reader.facts
    account = Account(session, origin.command)
    account.source, account.target = origin.facts, target
    hold = Hold(settings.state_dir, target.identity)
    try:
        run = _earlier(session, origin, fresh=fresh)
        if run is not None and not run.is_prepared:
            run.discard()
            run = None
        if run is not None and fresh:
            rehearsal.remove(session, run)
            run = None
        if run is not None and run.journal.is_finished:
            _tidy(session, run)
            return saved(run)
        if run is None:
            account.checks += _preflight(session, origin)
        if origin.bundle is None:
            session.source.open()
        if run is None:
            run = _begin(session, origin, account)
        return _import(session, run, origin, account)
    finally:
        hold.release()


def _earlier(session: Session, origin: Origin, *, fresh: bool) -> Run | None:
    """Return the run into this target that is gone on with, or with ``fresh`` to be removed.

    Raise `CannotResume` when it is unfinished and about something else.
    """
    journal = migration.latest_run(session.settings, session.reader.facts.identity)
    if journal is None:
        return None
    run = migration.Run(journal)
    if journal.is_being_removed and not fresh:
        raise CannotResume(
            "the removal of an earlier run was interrupted",
            hint="`supamig migrate --fresh` goes on with it and then moves everything again",
        )
    if run.is_prepared and not fresh:
        if not journal.is_finished:
            method = session.settings.method
            migration.check_same(journal, source_id=origin.source_id, method=method)
        elif journal.started["source_id"] != origin.source_id:
            return None  # another move that is over: what it brought is the target's own by now
    return run


def _preflight(session: Session, origin: Origin) -> tuple[CheckResult, ...]:
    """Run the preflight checks; raise `PlanRefused` with what they found."""
    checks = session.check(session.sides(origin.bundle or session.source), Stage.PREFLIGHT)
    findings = [finding for check in checks for finding in check.findings]
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    if errors:
        raise PlanRefused(
            f"the preflight found {len(errors)} problem{'s' if len(errors) > 1 else ''}: "
            + "; ".join(finding.message for finding in errors[:5]),
            hint=errors[0].hint or "`supamig doctor` shows all of them",
            findings=errors,
        )
    return checks


def _begin(session: Session, origin: Origin, account: Account) -> Run:
    """Begin a run: look at both sides, make the plan, and only then let anything be written."""
    run = migration.begin(
        session.settings,
        command=origin.command,
        source=origin.label,
        source_id=origin.source_id,
        target=session.reader.facts,
    )
    try:
        before = inventory.take_target(session.reader)
        run.keep_before(before)
        bundle = origin.bundle
        if bundle is None:
            bundle = Bundle.create(run.bundle_path, method=session.settings.method)
            works = migration.export_steps(_exporters(session), session.source, bundle)
            bundle.notes += run_steps(works, journal=run.journal, observer=session.tell).notes
            bundle.seal(tool_version=tool_version())
        else:
            run.adopt(bundle)
        plan = _plan(session, origin, bundle.inventory, before)
        migration.guard_plan(plan)
        if wants_backup(session.settings, before):
            taken = backup_now(session.settings, observer=session.tell)
            account.notes.append(f"The target was backed up first, as {taken.backup.name}")
        run.accept(plan)
    except BaseException:
        run.discard()
        raise
    return run


def _plan(session: Session, origin: Origin, source: Inventory, before: Inventory) -> Plan:
    return make_plan(
        source,
        before,
        exporters=() if origin.bundle else _exporters(session),
        importers=session.plugins.importers(session.settings),
        settings=session.settings,
    )


def _import(session: Session, run: Run, origin: Origin, account: Account) -> Report:
    """Do what of the plan is not done yet, prove the target, and close the run."""
    settings, before = session.settings, run.before()
    bundle = origin.bundle or Bundle.open(run.bundle_path)
    live = None if origin.bundle else session.source
    plan = _plan(session, origin, bundle.inventory, before)
    run.check_plan(plan)
    bundle.rows = migration.rows_of(bundle, live, settings.pg_bin)
    bundle.snapshot = live.snapshot if live else bundle.inventory.snapshot
    bundle.cancel = live.cancel if live else lambda: None
    target = Target(
        settings.require("target"), run_id=run.journal.run_id, timeout=settings.connect_timeout
    )
    try:
        target.open()
        target.before = before
        importers = session.plugins.importers(settings)
        works = migration.import_steps(importers, plan, bundle, target)
        done, tables = migration.carry_out(works, run, bundle, target, session.tell)
        account.add(done, tables, earlier=run.journal)
        account.listed = bundle.inventory.catalogs["tables"]
        account.checks += (said("plan.findings", "The plan", plan.findings),)
        sides = session.sides(live or bundle, hidden=kept(bundle.inventory, before))
        sides.know_source(bundle.inventory)
        account.checks += session.check(sides, Stage.VERIFY)
        account.take_digests(sides.source_digests())
        report = account.report(run_id=run.journal.run_id)
        # the ledger goes last: until the journal says that the run is over, it is needed
        account.save(report, run)
        target.forget()
    finally:
        target.close()
    return report


def _tidy(session: Session, run: Run) -> None:
    """Remove what a run that is over has left: it was killed just before its very end."""
    run.tidy()
    with session.reader.session() as connection:
        left = connection.execute("select pg_catalog.to_regnamespace('_supamig')").fetchone()
    if left != (None,):
        dsn, timeout = session.settings.require("target"), session.settings.connect_timeout
        with contextlib.closing(Target(dsn, run_id=run.journal.run_id, timeout=timeout)) as target:
            target.open()
            target.forget()


def validate(settings: Settings, *, observer: Observer | None = None) -> Report:
    """Compare source and target, or a bundle and the target; nothing is written anywhere."""
    with Session(settings, observer) as session:
        account = Account(session, "validate")
        if settings.source_bundle is not None:
            bundle = Bundle.open(settings.source_bundle)
            account.source = bundle.inventory.server
            sides = session.sides(bundle)
        else:
            account.source = session.source.facts
            sides = session.sides(session.source)
        account.target = session.reader.facts
        results = session.check(sides, Stage.VERIFY)
        account.listed = sides.source_tables()
        account.take_compared(sides.source_digests())
        return account.report(checks=results)


def checks(settings: Settings) -> list[Validator]:
    """List the checks that these settings choose, by stage and id."""
    with Session(settings) as session:
        return [check.validator for check in chosen(gathered(session.plugins, settings), settings)]


def plugins(settings: Settings) -> list[PluginRecord]:
    """List the plugins that were found."""
    with Session(settings) as session:
        return session.plugins.records


def status(settings: Settings) -> list[RunStatus]:
    """Say where the runs of the state directory stand, oldest first."""
    return [status_of(journal, settings.state_dir) for journal in runs_of(settings.state_dir)]
