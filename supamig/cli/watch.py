"""`supamig watch`: the hours after the switch."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from supamig.cli import options

if TYPE_CHECKING:
    from collections.abc import Mapping

    from supamig.cli.invocation import Invocation
    from supamig.cli.output import Output
    from supamig.watching.model import Number, Round, Watched

_HOUR = 3600


@click.command(short_help="Watch the target for a day after the switch.")
@options.sides("source", "target")
@click.option("--every", metavar="TIME", help="Time between looks.  [default: 60s]")
@click.option("--for", metavar="TIME", help="How long to watch.  [default: 24h]")
@options.common
@click.pass_obj
def command(invocation: Invocation, /, **given: Any) -> int:  # noqa: ANN401 - click's
    """Look again and again: services, database, disk, backups, logs, rows written on both sides.

    What begins and what ends is told once, also to the webhook of the table `[watch]`.  Ctrl-C
    shows the summary.  Exit code 1 means that there was an error.
    """
    from supamig import api
    from supamig.cli.output import Output
    from supamig.errors import ExitCode
    from supamig.models import Severity
    from supamig.watching.model import Watched

    settings = invocation.settings(given, sides=("source", "target", "watch"))
    output = Output(invocation)

    def observe(seen: Round | Watched) -> None:
        if isinstance(seen, Watched):
            _summary(output, seen, invocation.format)
        elif invocation.format == "ndjson":
            output.values({"kind": "round", **asdict(seen)})
        elif output.is_text:
            _round(output, seen)

    done = api.watch(settings, observer=observe)
    failing = list(Severity)[list(Severity).index(settings.fail_on) :]
    is_bad = any(one.severity in failing for one in done.troubles)
    return ExitCode.FINDINGS if is_bad else ExitCode.OK


def _round(output: Output, seen: Round) -> None:
    for change in seen.changes:
        lasted = f" after {change.seconds:.0f} s" if change.kind == "ended" else ""
        trouble = change.trouble
        output.data(
            f"{change.at:%Y-%m-%d %H:%M:%S} {change.kind}{lasted}: {trouble.severity}:"
            f" {trouble.message}"
        )
        if change.kind == "began" and trouble.hint:
            output.data(f"  hint: {trouble.hint}")
    state = f"{len(seen.open)} open" if seen.open else "well"
    output.data(f"{seen.at:%Y-%m-%d %H:%M:%S} {state}: {_numbers(seen.readings)}")


def _numbers(readings: Mapping[str, Number]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {value:,}" for name, value in readings.items())


def _summary(output: Output, seen: Watched, form: str) -> None:
    if form != "text":
        output.values({"kind": "summary", **asdict(seen)})
        return
    whole = "" if seen.is_whole else ", stopped before its end"
    output.data("")
    output.data(f"Watched for {seen.seconds / _HOUR:.1f} hours, {seen.rounds} rounds{whole}")
    rows = [
        (name.replace("_", " "), f"{seen.least[name]:,}", f"{most:,}")
        for name, most in seen.most.items()
    ]
    output.table(("What", "Least", "Most"), rows)
    for one in seen.troubles:
        lasts = ", which lasts" if one.name in {still.name for still in seen.open} else ""
        output.data(f"{one.severity}: {one.message}{lasts}")
    for unwatched in seen.unwatched:
        output.data(f"not watched: {unwatched.probe}: {unwatched.reason}")
    if seen.missed:
        output.data(f"{seen.missed} rounds were left out: the ones before took too long")
    if seen.lost_alerts:
        output.data(f"{seen.lost_alerts} alerts were not taken by the webhook")
