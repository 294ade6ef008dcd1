"""`supamig preview-summary`: a preview of Pulumi as a comment for people."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from supamig.cli import options
from supamig.errors import ExitCode

if TYPE_CHECKING:
    from typing import BinaryIO

    from supamig.cli.invocation import Invocation


@click.command(short_help="Turn a preview of Pulumi into a comment for people.")
@click.argument("preview", type=click.File("rb"), default="-")
@options.common
@click.pass_obj
def command(invocation: Invocation, /, *, preview: BinaryIO) -> ExitCode:
    """Read what `pulumi preview --json` printed and write Markdown.

    Exit code 1 means that the preview failed, or holds what it may not: a droplet or a volume with
    data that goes away, or a secret in plain text.
    """
    from supamig.cli.output import Output
    from supamig.preview import markdown, read_preview

    given = preview.read()
    # some shells write what is piped into a file as UTF-16
    found = read_preview(given.decode(json.detect_encoding(given), errors="replace"))
    output = Output(invocation)
    if output.is_text:
        output.data(markdown(found).rstrip())
    else:
        output.values(found)
    return ExitCode.OK if found.is_fine else ExitCode.FINDINGS
