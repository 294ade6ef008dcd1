"""`supamig validate`: compare both servers as they are now, or try the target's services."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from supamig.cli import options

if TYPE_CHECKING:
    from supamig.cli.invocation import Invocation


@click.command(short_help="Compare source and target, down to every row.")
@options.sides("source", "target", or_bundle=True)
@options.jobs
@options.loading
@click.option(
    "--stage",
    type=click.Choice(["verify", "cutover"]),
    default="verify",
    show_default=True,
    help="Compare the databases, or see whether people can sign in and applications move.",
)
@click.option(
    "--throwaway-users",
    is_flag=True,
    default=None,
    help="cutover: make users on the target to try with, and remove them again.",
)
@options.checking
@options.reports
@options.common
@click.pass_obj
def command(invocation: Invocation, /, *, stage: str, **given: Any) -> int:  # noqa: ANN401 - click's
    """Compare what the two servers say of themselves, and every row of every table.

    When the source is gone, `--source bundle:PATH` compares with what a bundle says of it.

    With `--stage cutover` the target's services are tried by HTTP: signing in, tokens, sessions,
    keys, every route, and the same rows by REST as by SQL.
    """
    from supamig import api
    from supamig.cli.output import Output

    settings, files = invocation.reporting(given, sides=("source", "target"))
    output = Output(invocation)
    with output.progress() as observer:
        verb = api.validate_cutover if stage == "cutover" else api.validate
        report = verb(settings, observer=observer)
    return output.report(report, files)
