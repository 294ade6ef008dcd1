"""Backups of the target: take one, list them, prove one on a scratch database, restore one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from psycopg.conninfo import conninfo_to_dict

from supamig import inventory, pgtools
from supamig.backup import copies, files, restoring, store, taking
from supamig.backup.manifest import FILES, SECRETS, VAULT_KEY, open_backup
from supamig.backup.scratch import at, scratch_database
from supamig.engine import Work, run_steps
from supamig.errors import Refused, TargetNotEmpty
from supamig.models import Event, EventKind, Stage, Step, Verdict
from supamig.moves import is_ours
from supamig.session import Session
from supamig.trial import damaged, tried

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from supamig.backup.manifest import Backup
    from supamig.backup.scratch import Scratch
    from supamig.backup.store import BackupStatus
    from supamig.config import Settings
    from supamig.engine import StepProgress
    from supamig.models import Inventory, Observer, Report
    from supamig.pgtools import Tools
    from supamig.protocols import Progress

#: The database of every server that is nobody's target.
_OUTSIDE = "template1"
_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A backup that was taken, the older ones that went, and what is to be known of it."""

    backup: BackupStatus
    removed: tuple[str, ...]
    notes: tuple[str, ...]


def backup_now(settings: Settings, *, observer: Observer | None = None) -> Taken:
    """Take a backup of the target; it is whole, read back, and has its name, or is not there."""
    directory = settings.backups_dir
    with Session(settings, observer) as session, store.writing(directory):
        original = taking.Original(settings.require("target"), timeout=settings.connect_timeout)
        try:
            taking.guard_rights(original)
            tools = pgtools.choose(original.facts.major, pg_bin=settings.pg_bin)
            before = store.names(directory)
            name, place = store.begin(directory, now=_now())
            draft = taking.Draft(name, place, original, tools, settings)
            try:
                works = [
                    _work(f"backup.{kind}", title, Stage.EXPORT, partial(do, draft))
                    for kind, title, do in taking.STEPS
                ]
                notes = list(run_steps(works, journal=None, observer=session.tell).notes)
                made = taking.finish(draft, directory)
            except BaseException:
                taking.discard(draft)
                raise
        finally:
            original.close()
        if before and before[-1] > name:
            notes.append(
                f"the clock stands before the newest backup, `{before[-1]}`: none is removed"
            )
            session.tell(
                Event(kind=EventKind.NOTE, stage=Stage.EXPORT, subject="clock", message=notes[-1])
            )
        if settings.backup.copy_to is not None:
            send = partial(copies.copy, made, settings.backup.copy_to)
            work = _work("backup.copy", "Copy in the object store", Stage.EXPORT, send)
            run_steps([work], journal=None, observer=session.tell)
        removed = store.prune(directory, keep_days=settings.backup.keep_days, now=_now())
        status = replace(store.status(made, now=_now(), hashes=False), state="good")
        return Taken(backup=status, removed=tuple(removed), notes=tuple(notes))


def wants_backup(settings: Settings, target: Inventory) -> bool:
    """Tell whether a move takes a backup of the target first: as it is told, else for its data."""
    if settings.backup.first is not None:
        return settings.backup.first
    return bool(settings.into_nonempty and target.catalogs["filled"])


def _work(name: str, title: str, stage: Stage, do: Callable[[StepProgress], str]) -> Work:
    return Work(step=Step(id=name, kind=name, stage=stage, title=title), do=do)


def _now() -> datetime:
    return datetime.now(tz=UTC)


def backup_list(settings: Settings, *, hashes: bool = False) -> list[BackupStatus]:
    """List the backups, oldest first; with ``hashes`` every byte of them is read."""
    directory = store.existing(settings.backups_dir)
    return [
        store.status(directory / name, now=_now(), hashes=hashes) for name in store.names(directory)
    ]


def backup_verify(
    settings: Settings, name: str = store.LATEST, *, observer: Observer | None = None
) -> Report:
    """Restore a backup into a scratch database and compare what is there with its manifest.

    Raise `BackupTooNew`, or `UsageError` for a name that is none.
    """
    path = store.find(settings.backups_dir, name)
    report = damaged(settings, path, observer)
    if report is not None:
        return report
    backup = open_backup(path)
    tools = restoring.tools_for(backup, pg_bin=settings.pg_bin)
    label = "scratch server" if settings.backup.scratch else "target"
    with scratch_database(
        settings.require("scratch"), backup, label=label, timeout=settings.connect_timeout
    ) as scratch:
        return tried(settings, backup, scratch, tools, observer)


@dataclass(frozen=True, slots=True, kw_only=True)
class RestorePlan:
    """What a restore would do: ``replaces`` says what the target holds now, if anything."""

    backup: BackupStatus
    target: str
    replaces: tuple[str, ...]
    files_to: str


def restore_plan(settings: Settings, name: str) -> RestorePlan:
    """Say what a restore would do; raise what it would be refused with.  Nothing is written."""
    path = store.find(settings.backups_dir, name)
    backup = store.whole(path)
    restoring.tools_for(backup, pg_bin=settings.pg_bin)
    directory = _files_to(settings, backup)
    with Session(settings) as session:
        facts = session.reader.facts
        if facts.database == _OUTSIDE:
            raise Refused(
                f"`{_OUTSIDE}` is what every new database is made of, and is not restored over",
                hint="Name another database in the target's connection string",
            )
        filled = _guard_empty(inventory.take_target(session.reader), settings)
        target = f"{facts.host}/{facts.database}"
    return RestorePlan(
        backup=store.status(path, now=_now(), hashes=False),
        target=target,
        replaces=tuple(filled),
        files_to=str(directory or ""),
    )


def _files_to(settings: Settings, backup: Backup) -> Path | None:
    """Return where storage's files go, if anywhere; raise `Refused` when others are there."""
    directory = settings.backup.files
    if directory is not None and FILES in backup.files:
        files.guard_unpacking(directory)
        return directory
    return None


def _guard_empty(target: Inventory, settings: Settings) -> list[str]:
    """Name what the target holds of the user's; raise `TargetNotEmpty` unless that may be."""
    held = _held(target)
    if held and not settings.into_nonempty:
        some = ", ".join(f"`{name}`" for name in sorted(held)[:_SHOWN])
        more = f" and {len(held) - _SHOWN} more" if len(held) > _SHOWN else ""
        raise TargetNotEmpty(
            f"the target holds {some}{more}",
            hint="`--into-nonempty` restores beside it and keeps what is there under another name",
        )
    return sorted(held)


def _held(target: Inventory) -> set[str]:
    held = {str(record["name"]) for record in target.catalogs["filled"]}
    for kind in ("tables", "views", "functions", "types"):
        records = target.catalogs[kind]
        held |= {str(r["name"]) for r in records if is_ours(str(r["schema"]), target)}
    return held


def backup_restore(settings: Settings, name: str, *, observer: Observer | None = None) -> Report:
    """Restore a backup in the place of the target's database, once it is proven whole.

    It is restored beside the target and compared with the manifest first; then the two databases
    change names in one transaction.  Raise `BackupDamaged` or `TargetNotEmpty` before anything is
    written; when the comparison finds something, the target stays as it is.
    """
    plan = restore_plan(settings, name)
    backup = open_backup(store.find(settings.backups_dir, name))
    tools = restoring.tools_for(backup, pg_bin=settings.pg_bin)
    dsn = settings.require("target")
    with scratch_database(
        at(dsn, _OUTSIDE), backup, label="target", timeout=settings.connect_timeout
    ) as scratch:
        report = tried(settings, backup, scratch, tools, observer)
        report = replace(report, command="backup restore")
        if report.verdict is not Verdict.PASSED:
            note = "The target was not changed, as what was restored is not what was backed up"
            return replace(report, notes=(*report.notes, note))
        with Session(settings, observer) as session:
            # of a connection string without a database's name the server says where it led
            named = replace(settings, target=at(dsn, session.reader.facts.database))
            place = _Place(named, backup, scratch, tools, kept=bool(plan.replaces))
            done = run_steps(place.works(), journal=None, observer=session.tell)
        with Session(named) as session:
            target = session.reader.facts
        return replace(
            report,
            target=target,
            steps=(*report.steps, *done.results),
            notes=(*report.notes, *done.notes),
        )


class _Place:
    """Puts a restored and proven database in the target's place, with what belongs to it."""

    def __init__(
        self, settings: Settings, backup: Backup, scratch: Scratch, tools: Tools, *, kept: bool
    ) -> None:
        self._settings = settings
        self._backup = backup
        self._scratch = scratch
        self._tools = tools
        self._kept = kept
        self._dsn = settings.require("target")
        self._target = str(conninfo_to_dict(self._dsn.reveal())["dbname"])
        self._put: Path | None = None

    def works(self) -> list[Work]:
        """Return the steps, those first that can be repeated."""
        steps = {
            "roles": ("Roles", self._roles),
            "files": ("Storage's files", self._files),
            "names": ("The restored database takes the target's place", self._names),
            "rest": ("What only this database can have", self._rest),
        }
        return [
            _work(f"restore.{kind}", title, Stage.IMPORT, do) for kind, (title, do) in steps.items()
        ]

    def _roles(self, progress: Progress) -> str:
        del progress
        outside = at(self._dsn, _OUTSIDE)
        restoring.restore_roles(outside, self._backup, self._scratch, tools=self._tools)
        return "passwords of roles that were there stay"

    def _files(self, progress: Progress) -> str:
        if SECRETS in self._backup.files:
            progress.note(f"the deployment's secrets are in `{self._backup.path / SECRETS}`")
        if VAULT_KEY in self._backup.files:
            progress.note(
                f"secrets of Vault need `{VAULT_KEY}` of the backup in /etc/postgresql-custom, then"
                " a restart of the database, where that is not the same server"
            )
        directory = _files_to(self._settings, self._backup)
        if directory is None:
            if FILES in self._backup.files:
                progress.note(f"storage's files stay in `{FILES}`: `--files DIRECTORY` unpacks it")
            return "none"
        files.put(files.unpack(self._backup.path / FILES, directory), directory)
        self._put = directory
        return str(directory)

    def _names(self, progress: Progress) -> str:
        parked = restoring.parked_name(self._target, store.stamp(_now()).lower())
        try:
            whole = restoring.swap(
                self._scratch, self._backup, target=self._target, parked=parked, tools=self._tools
            )
        except BaseException:
            if self._put is not None:
                files.take_back(self._put)
            raise
        if not whole:
            progress.note(
                f"settings and rights of the database as a whole were left out: another one of"
                f" this server is called `{self._backup.database}`"
            )
        gone = not self._kept and not self._filled(parked)
        gone = gone and restoring.drop_parked(self._scratch.outside, parked)
        if not gone:
            progress.note(f"what the target held is in the database `{parked}`")
        return self._target

    def _filled(self, parked: str) -> bool:
        """Tell whether the target was written to since it was found empty, maybe hours ago."""
        with Session(replace(self._settings, target=at(self._dsn, parked))) as session:
            return bool(_held(inventory.take_target(session.reader)))

    def _rest(self, progress: Progress) -> str:
        del progress
        restoring.complete(
            self._dsn, self._backup, tools=self._tools, timeout=self._settings.connect_timeout
        )
        return "statistics gathered"
