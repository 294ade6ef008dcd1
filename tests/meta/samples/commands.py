import json

import click

from supamig import hookimpl


@hookimpl
def supamig_commands(cli):
    @cli.command(help="Print the verdict of a saved report.")
    @click.argument("report", type=click.File())
    def verdict(report):
        click.echo(json.load(report)["verdict"])
