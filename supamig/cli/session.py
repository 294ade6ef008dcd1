"""`supamig session`: a session of the source, to see after the move whether it goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from supamig.cli import options

if TYPE_CHECKING:
    from supamig.cli.invocation import Invocation


@click.command(short_help="Begin a session on the source, to be prolonged on the target.")
@click.option(
    "--throwaway-users",
    is_flag=True,
    default=None,
    help="Make a user on the source for it, where nobody's password is given.",
)
@click.option("--end", is_flag=True, help="Remove that user from the source, and the token.")
@options.common
@click.pass_obj
def command(invocation: Invocation, /, *, end: bool, **given: Any) -> None:  # noqa: ANN401 - click's
    """Sign in on the source before the move and keep the refresh token.

    After the move `supamig validate --stage cutover` exchanges it on the target.
    """
    from supamig import api

    settings = invocation.settings(given, sides=("source", "target"))
    if end:
        gone = api.end_session(settings)
        click.echo(f"Removed from the source: {', '.join(gone) or 'nobody'}")
    else:
        click.echo(f"The token is in {api.begin_session(settings)}")
