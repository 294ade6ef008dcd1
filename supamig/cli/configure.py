"""`supamig configure`: applications, switched to the target."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from supamig.amounts import plural
from supamig.cli import options

if TYPE_CHECKING:
    from supamig.cli.invocation import Invocation


@click.command(short_help="Switch applications to the target, or put all back.")
@options.reports
@options.writing
@options.common
@click.pass_obj
def command(
    invocation: Invocation,
    /,
    *,
    yes: bool,
    dry_run: bool,
    **given: Any,  # noqa: ANN401 - click's
) -> int:
    """Edit the `.env` files of `[[applications]]`, build, restart, and wait until all are healthy.

    A variable changes when its value is the source's, whatever its name.  When a command fails or
    an application stays unhealthy, every file is put back as it was and restarted again.
    """
    from supamig import api
    from supamig.cli.output import Output

    settings, files = invocation.reporting(given, sides=("source", "target"))
    output = Output(invocation)
    changes = api.configure_changes(settings)
    if dry_run:
        return output.changes(changes)
    if output.is_text and changes.diff and not yes:
        output.hint(changes.diff.rstrip("\n"))
    names = [one.name for one in settings.applications]
    values = sum(len(file.changes) for file in changes.files)
    what = f"{plural(values, 'value')} in {plural(len(changes.files), 'file')}"
    output.confirm(f"This changes {what} and restarts {', '.join(names)}", yes=yes)
    with output.progress() as observer:
        report = api.configure(settings, observer=observer)
    return output.report(report, files)
