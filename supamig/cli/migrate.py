"""`supamig migrate`: the whole move, straight from one server to the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from supamig.cli import options

if TYPE_CHECKING:
    from supamig.cli.invocation import Invocation

_FRESH = "Without `--fresh` nothing is removed from the target: leave it out"


@click.command(short_help="Move the project and prove that everything arrived.")
@options.sides("source", "target")
@options.reading
@options.loading
@options.backup_first
@click.option("--fresh", is_flag=True, help="First remove what an earlier run made.")
@click.option(
    "--discard-changes",
    is_flag=True,
    default=None,
    help="With --fresh: also remove what was written to the moved tables since.",
)
@options.checking
@options.reports
@options.writing
@options.common
@click.pass_obj
def command(
    invocation: Invocation,
    /,
    *,
    fresh: bool,
    yes: bool,
    dry_run: bool,
    **given: Any,  # noqa: ANN401 - click's
) -> int:
    """Move the source project to the target without touching the disk, then compare every row.

    The source is only read.  The same command goes on where an earlier one was stopped.
    """
    from supamig import api
    from supamig.cli.output import Output
    from supamig.cli.places import place
    from supamig.errors import UsageError

    if given["discard_changes"] and not fresh:
        raise UsageError("`--discard-changes` goes with `--fresh`", hint=_FRESH)
    settings, files = invocation.reporting(given, sides=("source", "target"))
    source, target = settings.require("source"), settings.require("target")
    output = Output(invocation)
    if dry_run:
        return output.plan(api.plan(settings, fresh=fresh))
    first = "first removes what an earlier run made there, and then " if fresh else ""
    output.confirm(f"This {first}writes `{place(source)}` to `{place(target)}`", yes=yes)
    with output.progress() as observer:
        report = api.migrate(settings, fresh=fresh, observer=observer)
    return output.report(report, files)
