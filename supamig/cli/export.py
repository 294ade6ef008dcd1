"""`supamig export`: the project into a directory."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from supamig.cli import options

if TYPE_CHECKING:
    from supamig.cli.invocation import Invocation


@click.command(short_help="Write the project into a bundle, a directory that works offline.")
@options.sides("source")
@options.reading
@click.option(
    "--output-dir",
    "--dir",
    type=click.Path(path_type=Path),
    help="The bundle's directory.  [default: backups/supabase_export_TIME]",
)
@options.plugins
@options.reports
@options.writing
@options.common
@click.pass_obj
def command(
    invocation: Invocation,
    /,
    *,
    yes: bool,  # noqa: ARG001 - a new directory needs no consent; the flag is for scripts
    dry_run: bool,
    **given: Any,  # noqa: ANN401 - click's
) -> int:
    """Write roles, schema, data and an inventory into a new directory, whole or not at all.

    The source is only read.  The directory's path goes to stdout.
    """
    from supamig import api
    from supamig.cli.output import Output

    settings, files = invocation.reporting(given, sides=["source"])
    settings.require("source")
    output = Output(invocation)
    if dry_run:
        return output.plan(api.plan(settings))
    with output.progress() as observer:
        bundle, report = api.export(settings, observer=observer)
    return output.report(report, files, bundle=bundle)
