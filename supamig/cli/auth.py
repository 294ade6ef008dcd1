"""`supamig auth`: Auth of the source project and of the deployment; each subcommand is a file."""

from __future__ import annotations

import click

from supamig.cli.auth_plan import plan


@click.group(short_help="Carry Auth over: settings, secrets, sessions.")
def command() -> None:
    """Say what becomes of a project's Auth at a deployment."""


command.add_command(plan)
