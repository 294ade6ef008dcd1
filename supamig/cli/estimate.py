"""`supamig estimate`: the droplet that a deployment needs, and its price."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from supamig.cli import options

if TYPE_CHECKING:
    from supamig.cli.invocation import Invocation

_GB = 1_000_000_000


@click.command(short_help="Estimate the droplet that a deployment needs, and its price.")
@options.sides("source")
@click.option(
    "--database-size",
    type=click.FloatRange(min=0),
    metavar="GB",
    help="Size of the database, where the source is not asked for it.",
)
@click.option(
    "--files-size",
    type=click.FloatRange(min=0),
    metavar="GB",
    default=0.0,
    help="Size of storage's files that stay on the droplet.  [default: 0]",
)
@click.option(
    "--users",
    type=click.IntRange(min=0),
    metavar="N",
    help="How many people have an account, where the source is not asked for it.",
)
@click.option(
    "--keep-days",
    type=click.IntRange(min=1),
    metavar="N",
    default=7,
    help="Days that backups are kept.  [default: 7]",
)
@options.common
@click.pass_obj
def command(invocation: Invocation, /, **given: Any) -> None:  # noqa: ANN401 - click's
    """Choose droplet and backup volume for the deployment of supamig.toml, with the arithmetic.

    Prices are DigitalOcean's list prices in US dollars a month.
    """
    from supamig.cli.deployment import settings_of
    from supamig.cli.output import Output
    from supamig.deployment import describe
    from supamig.estimate import estimate

    gigabytes, files = given.pop("database_size"), given.pop("files_size")
    users, keep_days = given.pop("users"), given.pop("keep_days")
    database = round((gigabytes or 0) * _GB)
    if gigabytes is None:
        database, people = _source(invocation, given)
        users = people if users is None else users
    found = estimate(
        describe(settings_of(invocation)),
        database=database,
        files=round(files * _GB),
        users=users or 0,
        keep_days=keep_days,
    )
    output = Output(invocation)
    if not output.is_text:
        output.values(found)
        return
    rows = [(one.what, one.amount, one.because) for one in found.amounts]
    output.table(("For", "Amount", "Because"), rows)


def _source(invocation: Invocation, given: dict[str, Any]) -> tuple[int, int]:
    """Ask the source for the bytes of its database, and how many users it has."""
    from supamig import api

    return api.measure(invocation.settings(given, sides=["source"]))
