"""A backup tried: restored into a scratch database and compared with what it says of itself."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from supamig.backup import restoring
from supamig.backup.manifest import DUMP, MANIFEST, open_backup, problems
from supamig.backup.taking import columns_of, contents
from supamig.catalog import is_managed
from supamig.checking import said
from supamig.engine import Work, run_steps
from supamig.errors import BackupDamaged, ToolFailed
from supamig.models import Finding, Inventory, Severity, Stage, Step
from supamig.moves import HISTORIES, MOVED
from supamig.reporting import Account
from supamig.session import Session
from supamig.sides import Live, Memory

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from supamig.backup.manifest import Backup
    from supamig.backup.scratch import Scratch
    from supamig.config import Settings
    from supamig.models import CheckResult, Observer, Report, TableCopy, TableRef
    from supamig.pgtools import Tools
    from supamig.protocols import Progress

_COMMAND = "backup verify"
#: What a scratch database shares with its server, and so does not have from the backup.
_OF_THE_SERVER = ("security.roles", "security.memberships", "security.role-settings", "server.")
_OTHER = "Use another backup: `supamig backup list --check` says which are good"


@dataclass(frozen=True, slots=True)
class _Known:
    """What the backup says, without what a scratch database cannot have."""

    inventory: Inventory
    tables: Mapping[TableRef, TableCopy]


def damaged(settings: Settings, path: Path, observer: Observer | None) -> Report | None:
    """Return a report of what is wrong with the files of a backup, or None where nothing is."""
    try:
        found = list(problems(open_backup(path), hashes=True))
    except BackupDamaged as error:
        found = [(MANIFEST, error.message)]
    if not found:
        return None
    findings = [
        Finding(
            check="backup.files",
            severity=Severity.ERROR,
            subject=f"{path.name}/{name}",
            message=f"`{name}` is damaged: {what}",
            hint=_OTHER,
        )
        for name, what in found
    ]
    with Session(settings, observer) as session:
        return Account(session, _COMMAND).report(checks=[_files(findings)])


def _files(findings: list[Finding]) -> CheckResult:
    return said("backup.files", "Every file is as it was written", findings, stage=Stage.VERIFY)


def tried(
    settings: Settings,
    backup: Backup,
    scratch: Scratch,
    tools: Tools,
    observer: Observer | None,
) -> Report:
    """Restore into the scratch database and run the checks; what goes wrong is a finding."""
    settings = replace(
        settings, target=scratch.dsn, source=None, ignore=(*settings.ignore, *_OF_THE_SERVER)
    )
    with Session(settings, observer) as session:
        account = Account(session, _COMMAND)
        account.source = backup.inventory.server
        account.notes += [
            f"Backup {backup.taken_at} of `{backup.database}`, made by {backup.made_by}",
            "Roles and the server's settings are not compared: a scratch database has none",
        ]
        checks = [_files([])]
        anywhere, bound = restoring.parted(contents(tools, backup.path / DUMP))

        def restore(progress: Progress) -> str:
            progress.started(backup.database, expected=backup.files[DUMP].bytes)
            jobs = settings.jobs
            restoring.fill(scratch.dsn, backup, anywhere, tools=tools, jobs=jobs)
            progress.finished(backup.database, rows=backup.rows, bytes=backup.files[DUMP].bytes)
            return f"{len(anywhere)} entries"

        step = Step(
            id="restore.database", kind="restore", stage=Stage.IMPORT, title="Scratch database"
        )
        try:
            done = run_steps([Work(step=step, do=restore)], journal=None, observer=session.tell)
        except ToolFailed as error:
            finding = Finding(
                check="backup.restore",
                severity=Severity.ERROR,
                subject=backup.taken_at,
                message=session.redact(error.message),
                hint=_OTHER,
            )
            return account.report(checks=[*checks, _restored([finding])])
        account.add(done, tuple(backup.tables.values()))
        account.target = session.reader.facts
        known = _Known(_without(backup.inventory, bound), backup.tables)
        account.listed = known.inventory.catalogs["tables"]
        services = [*_undigested(backup), *_differing(backup, session, settings)]
        checks += [_restored([]), _rows(services)]
        checks += session.check(session.sides(known), Stage.VERIFY)
        return account.report(checks=checks)


def _restored(findings: list[Finding]) -> CheckResult:
    return said("backup.restore", "pg_restore takes the whole dump", findings, stage=Stage.VERIFY)


def _rows(findings: list[Finding]) -> CheckResult:
    title = "Every row of the services' own tables is the same"
    return said("backup.service-rows", title, findings, stage=Stage.VERIFY)


def _without(inventory: Inventory, bound: list[str]) -> Inventory:
    """Leave out the extensions that only another database of the server can have."""
    if not bound:
        return inventory
    extensions = tuple(
        record
        for record in inventory.catalogs["extensions"]
        if record["name"] not in restoring.BOUND
    )
    return replace(inventory, catalogs={**inventory.catalogs, "extensions": extensions})


def _undigested(backup: Backup) -> Iterator[Finding]:
    """Find tables of which the manifest does not say which rows they have."""
    for table, columns in columns_of(backup.inventory).items():
        if table not in backup.tables or set(backup.tables[table].columns) != set(columns):
            yield Finding(
                check="backup.service-rows",
                severity=Severity.ERROR,
                subject=str(table),
                message=f"the manifest does not say which rows `{table}` has",
                hint=_OTHER,
            )


def _differing(backup: Backup, session: Session, settings: Settings) -> Iterator[Finding]:
    """Find tables that the checks of a move do not look at, as they belong to services."""
    copies = {t: copy for t, copy in backup.tables.items() if _is_of_services(t)}
    side = Live(session.reader, Memory(), sessions=settings.jobs)
    there = {record["name"] for record in side.catalog("tables")}
    found = side.digests({t: copy.columns for t, copy in copies.items() if str(t) in there})
    for table, copy in copies.items():
        if found.get(table) != copy.digest:
            rows = found[table].rows if table in found else 0
            yield Finding(
                check="backup.service-rows",
                severity=Severity.ERROR,
                subject=str(table),
                message=f"`{table}` has other rows than were backed up: {rows:,} instead of"
                f" {copy.rows:,}"
                if rows != copy.rows
                else f"`{table}` does not hold the rows that were backed up",
                hint=_OTHER,
            )


def _is_of_services(table: TableRef) -> bool:
    return table in HISTORIES or (is_managed(table.schema) and table.schema not in MOVED)
