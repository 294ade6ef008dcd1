"""`supamig rollback`: applications, put back on the source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from supamig.cli import options

if TYPE_CHECKING:
    from supamig.cli.invocation import Invocation


@click.command(short_help="Put applications back on the source, as they were.")
@click.option("--discard-edits", is_flag=True, help="Also put back files that were edited since.")
@options.reports
@options.writing
@options.common
@click.pass_obj
def command(
    invocation: Invocation,
    /,
    *,
    discard_edits: bool,
    yes: bool,
    dry_run: bool,
    **given: Any,  # noqa: ANN401 - click's
) -> int:
    """Put every file of the last `supamig configure` back, restart, and wait for health.

    It works when the target is down.  When it answers, the report says which rows it took since:
    they stay there.
    """
    from supamig import api
    from supamig.cli.output import Output
    from supamig.errors import ExitCode, FilesEdited

    settings, files = invocation.reporting(given, sides=["target"])
    output = Output(invocation)
    undone = api.rollback_changes(settings)
    if undone.edits and output.is_text:
        output.hint(undone.edits.rstrip("\n"))
    if undone.edited and not discard_edits:
        names = ", ".join(f"`{path}`" for path in undone.edited)
        hint = "`--discard-edits` puts the files back all the same, without these edits"
        raise FilesEdited(f"edited since the switch: {names}", hint=hint)
    if dry_run:
        if output.is_text:
            output.data("\n".join(undone.files))
        else:
            output.values(undone)
        return ExitCode.OK
    names = ", ".join(undone.files)
    output.confirm(f"This puts back {names}, and restarts", yes=yes)
    with output.progress() as observer:
        report = api.rollback(settings, discard_edits=discard_edits, observer=observer)
    return output.report(report, files)
