"""`supamig plugins`: which plugins were found, and what is wrong with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from supamig.cli import options

if TYPE_CHECKING:
    from supamig.cli.invocation import Invocation


@click.command(short_help="List the plugins that were found.")
@options.plugins
@options.common
@click.pass_obj
def command(invocation: Invocation, /, **given: Any) -> None:  # noqa: ANN401 - click's
    """List the plugins that were found: built-in, installed and those of `--plugins-dir`."""
    from supamig import api
    from supamig.cli.output import Output

    records = api.plugins(invocation.settings(given))
    output = Output(invocation)
    if not output.is_text:
        output.values(records)
        return
    rows = [
        (one.name, one.version or "-", one.status, one.origin, ", ".join(one.hooks))
        for one in records
    ]
    output.table(("Plugin", "Version", "Status", "From", "Hooks"), rows)
