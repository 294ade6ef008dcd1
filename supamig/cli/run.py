"""`supamig run`: the six phases of a migration, one after the other."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from supamig.cli import options
from supamig.phases import TITLES, Phase, PhaseResult

if TYPE_CHECKING:
    from supamig.cli.invocation import Invocation
    from supamig.cli.output import Output
    from supamig.config import Settings
    from supamig.phases import Record


@click.command(short_help="Go through all six phases, with a pause before what cannot be undone.")
@options.sides("source", "target")
@options.reading
@options.loading
@click.option(
    "--from",
    "start",
    type=click.Choice([str(phase) for phase in Phase]),
    help="Begin with this phase again.",
)
@click.option(
    "--record",
    "record_file",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("migration_record.md"),
    show_default=True,
    help="Where the record of completion goes.",
)
@options.checking
@options.writing
@options.common
@click.pass_obj
def command(
    invocation: Invocation,
    /,
    *,
    start: str | None,
    record_file: Path,
    yes: bool,
    dry_run: bool,
    **given: Any,  # noqa: ANN401 - click's
) -> int:
    """Export, set up, import, configure, validate, cut over: what is done already is not repeated.

    A phase that fails stops the run; the same command goes on with it.  `--yes` confirms all.
    """
    from supamig import api
    from supamig.cli.output import Output
    from supamig.cli.scrub import scrub
    from supamig.errors import ExitCode
    from supamig.report import write
    from supamig.report.record import markdown

    settings = invocation.settings(given, sides=("source", "target"))
    output = Output(invocation)
    if dry_run:
        _show_plan(output, settings, api.phases(settings), Phase(start) if start else None)
        return ExitCode.OK

    def confirm(phase: Phase, question: str) -> str:
        output.confirm(f"Phase `{phase}`: {question[:1].lower()}{question[1:]}", yes=yes)
        return f"{getpass.getuser()}, {'--yes' if yes else 'when asked'}"

    def began(phase: Phase) -> None:
        number = list(Phase).index(phase) + 1
        output.hint(f"phase {number} of {len(Phase)}, {phase}: {TITLES[phase].lower()}")

    try:
        with output.progress() as observer:
            record = api.run_phases(
                settings,
                confirm=confirm,
                start=Phase(start) if start else None,
                observer=observer,
                began=began,
            )
    finally:
        reached = api.phases(settings)
        if reached is not None:
            write(record_file, invocation.redactor().redact(markdown(reached)), private=True)
    record = scrub(record, invocation.redactor().redact)
    if output.is_text:
        _show(output, record.phases)
    else:
        output.values({"kind": "record", "complete": record.is_complete, "record": record})
    output.hint(f"record: {record_file}")
    if record.is_complete:
        output.hint("`supamig watch` looks after the first 24 hours")
        output.hint(
            f"the source stays until {record.source_kept_until}: `supamig rollback` returns"
        )
    return ExitCode.OK if record.is_complete else ExitCode.FINDINGS


def _show(output: Output, phases: tuple[PhaseResult, ...]) -> None:
    from supamig.report.wording import duration

    rows = [
        (str(one.phase), one.state, duration(one.seconds) if one.seconds else "", one.detail)
        for one in phases
    ]
    output.table(("Phase", "State", "Time", "What"), rows)


def _show_plan(
    output: Output, settings: Settings, record: Record | None, start: Phase | None
) -> None:
    """Show which phases are done, and of the others what each would do and ask."""
    from supamig import api

    states = {one.phase: one.state for one in record.phases} if record else {}
    order = list(Phase)
    rows = []
    for phase in order:
        again = start is not None and order.index(phase) >= order.index(start)
        state = "open" if again else states.get(phase, "open")
        asks = api.question(settings, phase) if state != "done" else ""
        rows.append((str(phase), state, TITLES[phase], asks))
    if output.is_text:
        output.table(("Phase", "State", "What", "Asks first"), rows)
    else:
        names = ("phase", "state", "what", "asks")
        output.values([dict(zip(names, row, strict=True)) for row in rows])
