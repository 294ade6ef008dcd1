"""`supamig report`: a saved report again, in any of its forms."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from supamig.cli import options

if TYPE_CHECKING:
    from supamig.cli.invocation import Invocation


@click.command(short_help="Show a saved report again, or write it as HTML or JUnit XML.")
@click.argument("saved", metavar="FILE", type=click.Path(path_type=Path))
@options.reports
@options.plugins
@options.common
@click.pass_obj
def command(invocation: Invocation, /, *, saved: Path, **given: Any) -> int:  # noqa: ANN401 - click's
    """Read a report that `-o FILE` wrote, show it, and write the forms that are asked for.

    The exit code is that of the report's verdict: 1 when it is not passed.
    """
    from supamig.cli.output import Output
    from supamig.errors import UsageError
    from supamig.report.json import from_json

    _, files = invocation.reporting(given)
    try:
        text = saved.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", "") or "it is not UTF-8"
        message = f"the report `{saved}` cannot be read: {reason}"
        raise UsageError(message, hint="Name a file that `-o FILE` wrote") from error
    return Output(invocation).report(from_json(text), files)
