"""What the gate and the migration ask of supamig, with the command line's own settings."""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from psycopg.conninfo import conninfo_to_dict

from supamig import api
from supamig.config import load
from supamig.config.settings import SECRET_OPTIONS
from supamig.errors import SupamigError
from supamig.estimate import disk_needed
from supamig.models import EventKind, Outcome, Severity
from supamig.secret import Redactor, Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from infra.settings import MigrationSettings, StackSettings
    from supamig.config import Settings
    from supamig.models import Event, Report

_NO_TARGET_YET = "preflight.target-reachable"


class PreflightFailed(Exception):  # noqa: N818 - says what happened, and is read as such
    """What keeps the deployment from being made, for people; Pulumi shows only this text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One move as both edges know it; ``makes_target``: the stack itself brings the target up."""

    settings: Settings
    makes_target: bool

    @property
    def has_source(self) -> bool:
        """Whether there is anything to look at."""
        return self.settings.source is not None or self.settings.source_bundle is not None

    def digest(self) -> dict[str, str]:
        """Say which move it is, without a secret: the gate looks again when it changes."""
        settings = self.settings
        sides = (_place(settings.source), str(settings.source_bundle), _place(settings.target))
        choices = (settings.method, settings.select, settings.ignore, settings.fail_on)
        text = repr((sides, choices, settings.accept_missing, settings.into_nonempty))
        return {"move": hashlib.sha256(text.encode()).hexdigest()[:16]}

    def preflight(self, *, disk_gb: int = 0) -> None:
        """Raise `PreflightFailed` with all findings and hints unless the preflight passes.

        ``disk_gb`` is the disk that everything goes onto; 0 where it is not known.
        """
        try:
            report = api.doctor(self.settings)
        except SupamigError as error:
            raise self._failed("the preflight could not run", [_told(error)]) from None
        problems = list(_problems(report, expected=_NO_TARGET_YET if self.makes_target else ""))
        if disk_gb and self.makes_target and report.source:
            problems += _disk_problem(disk_gb, report.source.size)
        if problems:
            raise self._failed("the preflight does not pass", problems)

    def source_size(self) -> int:
        """Return the bytes of the database that is moved; 0 where no server can be asked."""
        if self.settings.source is None:
            return 0
        return api.measure(self.settings)[0]

    def migrate(self, say: Callable[[str], None]) -> Mapping[str, int]:
        """Move and prove; return what was moved, as numbers.  Raise with what went wrong."""

        def observe(event: Event) -> None:
            if event.kind in {EventKind.STEP_FINISHED, EventKind.NOTE}:
                say(self._clean(f"migration: {event.subject} {event.message}".rstrip()))

        try:
            report = api.migrate(self.settings, observer=observe)
        except SupamigError as error:
            raise self._failed("the migration stopped", [_told(error)]) from None
        problems = list(_problems(report))
        if problems:
            raise self._failed("the migration is not proven", problems)
        counted = report.summary
        return {
            "tables": counted.tables + counted.other_tables,
            "auth_users": counted.auth_users,
            "rows": counted.rows,
            "bytes": counted.bytes,
            "checks": len(report.checks),
        }

    def drill(self, fetch: Callable[[Path], None]) -> None:
        """Restore a backup of the target into a scratch database; raise unless it is proven.

        ``fetch`` puts the backup into a directory.
        """
        with tempfile.TemporaryDirectory(prefix="supamig-drill-") as place:
            fetch(Path(place))
            try:
                report = api.backup_verify(replace(self.settings, backups_dir=Path(place)))
            except SupamigError as error:
                raise self._failed("the backup could not be restored", [_told(error)]) from None
        problems = list(_problems(report))
        if problems:
            raise self._failed("the backup does not restore to what it was taken of", problems)

    def _failed(self, what: str, lines: list[str]) -> PreflightFailed:
        return PreflightFailed(self._clean("\n".join([f"{what}:", *lines])))

    def _clean(self, text: str) -> str:
        return Redactor(self.settings.secrets()).redact(text)


def read_move(settings: StackSettings, root: Path, secrets: Mapping[str, str]) -> Move:
    """Read supamig's own settings; without a target it is the database that this stack makes."""
    file = root / settings.settings_file if settings.settings_file else None
    found = load(file=file)
    if found.target is None and settings.migration:
        # a preview without secrets: nobody is let in, as there is nobody to be let in to yet
        password = secrets.get("POSTGRES_PASSWORD", "not-given")
        found = replace(found, target=_own_target(settings, settings.migration, password))
    return Move(settings=found, makes_target=settings.migration is not None)


def _own_target(settings: StackSettings, migration: MigrationSettings, password: str) -> Secret:
    host = urlsplit(settings.docker.host).hostname or "127.0.0.1"
    port = settings.deployment.ports.database
    user = quote(migration.target_user, safe="")
    return Secret(f"postgresql://{user}:{quote(password, safe='')}@{host}:{port}/postgres")


def _disk_problem(disk_gb: int, database: int) -> list[str]:
    needed, because = disk_needed(database=database)
    if needed <= disk_gb:
        return []
    message = f"the droplet's disk has {disk_gb} GB, and {needed} GB are needed: {because}"
    hint = (
        "resize the droplet (`supamig estimate` names a size), or mount a volume and name a"
        " directory of it, below /mnt, in `supamig:directory`"
    )
    return [f"  {message}\n    hint: {hint}"]


def _place(dsn: Secret | None) -> str:
    if dsn is None:
        return ""
    parts = conninfo_to_dict(dsn.reveal())
    return repr(sorted((name, str(v)) for name, v in parts.items() if name not in SECRET_OPTIONS))


def _told(error: SupamigError) -> str:
    lines = [f"  {error.message}"]
    if error.hint:
        lines.append(f"    hint: {error.hint}")
    return "\n".join(lines)


def _problems(report: Report, *, expected: str = "") -> Iterator[str]:
    """Yield what is wrong, one text each; a check that nobody could run is a problem too."""
    for check in report.checks:
        if check.id == expected:
            continue
        for finding in check.findings:
            if finding.severity is Severity.ERROR:
                subject = f" ({finding.subject})" if finding.subject else ""
                hint = f"\n    hint: {finding.hint}" if finding.hint else ""
                yield f"  {check.id}{subject}: {finding.message}{hint}"
        if check.outcome in {Outcome.ERRORED, Outcome.TIMED_OUT}:
            yield f"  {check.id}: {check.outcome}, {check.reason}"
