"""`supamig checks`: which checks there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from supamig.cli import options

if TYPE_CHECKING:
    from supamig.cli.invocation import Invocation


@click.command(short_help="List the checks that a validation runs.")
@options.checking
@options.common
@click.pass_obj
def command(invocation: Invocation, /, **given: Any) -> None:  # noqa: ANN401 - click's
    """List the checks that these settings choose, in the order in which they run."""
    from supamig import api
    from supamig.cli.output import Output

    validators = api.checks(invocation.settings(given))
    output = Output(invocation)
    if not output.is_text:
        output.values(
            [
                {
                    "id": one.id,
                    "title": one.title,
                    "stage": one.stage,
                    "timeout": one.timeout,
                    "needs": list(one.needs),
                    "docs": one.docs,
                }
                for one in validators
            ]
        )
        return
    rows = [(one.id, one.stage, one.title) for one in validators]
    output.table(("Check", "Stage", "Title"), rows)
