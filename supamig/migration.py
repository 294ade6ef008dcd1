"""One move into one target: begun, resumed or known to be over, always through its journal.

The files of a run are in ``<state>/runs/<run id>``: the journal, ``before.json`` (what the target
held), ``bundle/`` (the source's inventory and schema) and at the end ``report.json``.
"""

from __future__ import annotations

import os
import shutil
from functools import partial
from typing import TYPE_CHECKING

from supamig.copying.files import FileRows
from supamig.copying.live import LiveRows
from supamig.copying.script import ScriptRows
from supamig.disk import disk_errors
from supamig.engine import Work, run_steps
from supamig.errors import CannotResume, PlanRefused
from supamig.journal import Journal, runs_of
from supamig.management.calls import CALLS, PROJECT
from supamig.models import Severity, Stage, Step, TableCopy
from supamig.moves import moves
from supamig.records import inventory_text, read_inventory

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from supamig.bundle import Bundle
    from supamig.config import Settings
    from supamig.engine import Done, StepProgress
    from supamig.models import Inventory, Observer, Plan, ServerFacts
    from supamig.moves import Move
    from supamig.postgres import Source
    from supamig.protocols import Exporter, Importer
    from supamig.target import Target

#: What a finished run keeps of its bundle: enough to remove what it made, nothing secret.
_KEPT = frozenset({"manifest.json", "inventory.json"})
#: And what the source project was set to, which a deployment may be asked about for long.
_PROJECT = frozenset({"functions", *(f"{call.name}.json" for call in (PROJECT, *CALLS))})


def latest_run(settings: Settings, target_id: str) -> Journal | None:
    """Return the newest run into this target that was not removed, if any."""
    for journal in reversed(runs_of(settings.state_dir)):
        if journal.started["target_id"] == target_id and not journal.is_removed:
            return journal
    return None


def check_same(journal: Journal, *, source_id: str, method: str) -> None:
    """Raise `CannotResume` when an unfinished run was about another source or method."""
    started = journal.started
    if started["source_id"] != source_id:
        raise CannotResume(
            f"an unfinished run into this target is from another source ({started['source']})",
            hint="Finish it with its own source, or start over with `--fresh`",
        )
    if started["method"] != method:
        raise CannotResume(
            f"the unfinished run into this target uses --method {started['method']}",
            hint=f"Pass `--method {started['method']}`, or start over with `--fresh`",
        )


def export_steps(
    exporters: Sequence[Exporter],
    source: Source,
    bundle: Bundle,
    *,
    weight: Inventory | None = None,
) -> list[Work]:
    """Return the steps that fill a bundle."""

    def work(exporter: Exporter) -> Work:
        step = Step(
            id=f"export.{exporter.kind}",
            kind=exporter.kind,
            stage=Stage.EXPORT,
            title=exporter.title,
            after=tuple(f"export.{kind}" for kind in exporter.after),
            estimate=exporter.estimate(weight) if weight else 0,
        )
        return Work(step=step, do=partial(_export, exporter, source, bundle))

    return [work(exporter) for exporter in exporters]


def _export(exporter: Exporter, source: Source, bundle: Bundle, progress: StepProgress) -> str:
    return exporter.export(source, bundle, progress)


def import_steps(
    importers: Sequence[Importer], plan: Plan, bundle: Bundle, target: Target
) -> list[Work]:
    """Return the steps of a plan that change the target."""
    by_id = {f"import.{importer.kind}": importer for importer in importers}

    def work(step: Step) -> Work:
        return Work(step=step, do=partial(_apply, by_id[step.id], bundle, target))

    return [work(step) for step in plan.steps if step.id in by_id]


def _apply(importer: Importer, bundle: Bundle, target: Target, progress: StepProgress) -> str:
    said = importer.apply(bundle, target, progress)
    # the journal is about to say that the step is done
    target.settle()
    return said


def guard_plan(plan: Plan) -> None:
    """Raise `PlanRefused` when the plan found errors."""
    errors = [f for f in plan.findings if f.severity is Severity.ERROR]
    if errors:
        raise PlanRefused(
            f"the plan has {len(errors)} problem{'s' if len(errors) > 1 else ''}: "
            + "; ".join(finding.message for finding in errors[:5]),
            hint=errors[0].hint,
            findings=errors,
        )


class Run:
    """One run of ``migrate`` or ``import``: its journal and the files beside it."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.bundle_path = journal.path / "bundle"
        self.report_path = journal.path / "report.json"

    @property
    def is_prepared(self) -> bool:
        """Whether the source was read and the plan accepted, so that importing may go on."""
        return self.journal.last("plan-accepted") is not None

    def keep_before(self, before: Inventory) -> None:
        """Keep what the target held; every decision of a resumed run goes by it."""
        place = self.journal.path / "before.json"
        with disk_errors(place), place.open("wb") as stream:
            stream.writelines(inventory_text(before))
            stream.flush()
            os.fsync(stream.fileno())

    def before(self) -> Inventory:
        """Return what the target held before this run."""
        return read_before(self.journal)

    def discard(self) -> None:
        """Remove a run that changed nothing."""
        shutil.rmtree(self.journal.path)

    def accept(self, plan: Plan) -> None:
        """Note the plan."""
        self.journal.append("plan-accepted", digest=plan.digest, steps=len(plan.steps))

    def check_plan(self, plan: Plan) -> None:
        """Raise `CannotResume` when the plan is not the one that this run began with."""
        accepted = self.journal.last("plan-accepted")
        if accepted is not None and accepted["digest"] != plan.digest:
            raise CannotResume(
                "the plan is not the one that the unfinished run began with",
                hint="Use the plugins and settings it began with, or start over with `--fresh`",
            )

    def adopt(self, bundle: Bundle) -> None:
        """Keep of somebody's bundle what removing this run would need."""
        with disk_errors(self.bundle_path):
            self.bundle_path.mkdir(mode=0o700)
            for name in _KEPT:
                shutil.copyfile(bundle.file(name), self.bundle_path / name)

    def tidy(self) -> None:
        """Keep only the manifest, the inventory and the project's configuration."""
        for path in self.bundle_path.iterdir() if self.bundle_path.is_dir() else ():
            if path.name not in _KEPT | _PROJECT:
                shutil.rmtree(path) if path.is_dir() else path.unlink()


def read_before(journal: Journal) -> Inventory:
    """Return what the target held before a run."""
    path = journal.path / "before.json"
    try:
        with path.open("rb") as stream:
            return read_inventory(stream)
    except (OSError, ValueError) as error:
        raise CannotResume(
            f"{path} is missing or damaged", hint="Start over with an empty target"
        ) from error


def begin(
    settings: Settings, *, command: str, source: str, source_id: str, target: ServerFacts
) -> Run:
    """Begin a run in a directory of its own."""
    journal = Journal.begin(
        settings.state_dir / "runs",
        command=command,
        method=settings.method,
        source=source,
        source_id=source_id,
        target=f"{target.host}/{target.database}",
        target_id=target.identity,
    )
    return Run(journal)


def rows_of(
    bundle: Bundle, source: Source | None, pg_bin: Path | None
) -> LiveRows | FileRows | ScriptRows:
    """Return where the rows come from: the bundle's files, else the source itself."""
    script = bundle.find("rows-script")
    if script is not None:
        return ScriptRows(bundle.file(script.path))
    if source is not None and bundle.find("rows") is None:
        return LiveRows(source, bundle.inventory, pg_bin=pg_bin)
    return FileRows(bundle)


def carry_out(
    works: Sequence[Work], run: Run, bundle: Bundle, target: Target, observer: Observer
) -> tuple[Done, tuple[TableCopy, ...]]:
    """Do the import's steps and return with them the tables that were loaded."""
    done = run_steps(works, journal=run.journal, observer=observer)
    noted = run.journal.last("tables")
    if noted is None:
        details = target.done("rows")
        run.journal.append("tables", tables=details)
    else:
        details = noted["tables"]
    return done, tuple(_copies(moves(bundle.inventory, target.before), details))


def _copies(moved: Iterable[Move], details: dict[str, dict[str, object]]) -> Iterator[TableCopy]:
    for move in moved:
        detail = details.get(str(move.table))
        if detail:
            yield TableCopy(
                table=move.table,
                columns=move.columns,
                rows=int(str(detail["rows"])),
                bytes=int(str(detail["bytes"])),
                seconds=float(str(detail["seconds"])),
                snapshot=str(detail["snapshot"]),
            )
