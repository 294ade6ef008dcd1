"""`supamig status`: where the runs of this directory stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from supamig.cli import options

if TYPE_CHECKING:
    from supamig.cli.invocation import Invocation


@click.command(short_help="Show where the runs of this directory stand.")
@options.common
@click.pass_obj
def command(invocation: Invocation, /) -> None:
    """List the runs that the journal knows: when, what, how far, and with which verdict."""
    from supamig import api
    from supamig.cli.output import Output

    settings = invocation.settings({})
    runs = api.status(settings)
    output = Output(invocation)
    if not output.is_text:
        output.values(runs)
        return
    if not runs:
        output.hint(f"no run is noted in `{settings.state_dir}`")
        return
    rows = [
        (
            run.run_id,
            run.command,
            run.state,
            f"{len(run.steps_done)}/{run.steps}" if run.steps else str(len(run.steps_done)),
            run.verdict or "-",
            run.source,
            run.target,
        )
        for run in runs
    ]
    output.table(("Run", "Command", "State", "Steps", "Verdict", "Source", "Target"), rows)
