"""`supamig import`: a bundle into the target."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from supamig.cli import options

if TYPE_CHECKING:
    from supamig.cli.invocation import Invocation


@click.command("import", short_help="Write a bundle to the target and compare.")
@click.argument("bundle", type=click.Path(path_type=Path))
@options.sides("target")
@options.jobs
@options.loading
@options.backup_first
@options.checking
@options.reports
@options.writing
@options.common
@click.pass_obj
def command(
    invocation: Invocation,
    /,
    *,
    bundle: Path,
    yes: bool,
    dry_run: bool,
    **given: Any,  # noqa: ANN401 - click's
) -> int:
    """Write what `supamig export` made to the target, then compare it with the bundle's inventory.

    It is safe to run again after a crash.
    """
    from supamig import api
    from supamig.cli.output import Output
    from supamig.cli.places import place
    from supamig.config import bundle_directory

    settings, files = invocation.reporting(given, sides=["target"])
    settings = replace(settings, source=None, source_bundle=bundle_directory(bundle))
    target = settings.require("target")
    output = Output(invocation)
    if dry_run:
        return output.plan(api.plan(settings, bundle=bundle))
    output.confirm(f"This writes the bundle `{bundle}` to `{place(target)}`", yes=yes)
    with output.progress() as observer:
        report = api.import_bundle(settings, bundle, observer=observer)
    return output.report(report, files)
