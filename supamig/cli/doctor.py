"""`supamig doctor`: look at both servers before anything moves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from supamig.cli import options

if TYPE_CHECKING:
    from supamig.cli.invocation import Invocation


@click.command(short_help="Look at both servers before anything moves.")
@options.sides("source", "target")
@options.reading
@options.loading
@options.checking
@options.reports
@options.common
@click.pass_obj
def command(invocation: Invocation, /, **given: Any) -> int:  # noqa: ANN401 - click's
    """Run the preflight checks: versions, rights, extensions, disk, programs, settings.

    It changes nothing on either server.  Exit code 1 means that there are findings.
    """
    from supamig import api
    from supamig.cli.output import Output

    settings, files = invocation.reporting(given, sides=("source", "target"))
    output = Output(invocation)
    with output.progress() as observer:
        report = api.doctor(settings, observer=observer)
    return output.report(report, files)
