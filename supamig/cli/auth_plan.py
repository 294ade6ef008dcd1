"""`supamig auth plan`: what of Auth is carried over, what must be given, which sessions live."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from supamig.cli import cloud_options, options
from supamig.errors import ExitCode
from supamig.models import Severity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from supamig.api import CloudPlan
    from supamig.cli.invocation import Invocation
    from supamig.cli.output import Output
    from supamig.secret import Secret


@click.command(short_help="Say what of Auth is carried over, and what lives on.")
@cloud_options.bundle
@cloud_options.leave
@click.option(
    "--file",
    "path",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The file of secrets that there is already.  [default: .env.deployment]",
)
@click.option("--all", "everything", is_flag=True, help="List every field, also what is carried.")
@options.common
@click.pass_obj
def plan(
    invocation: Invocation,
    /,
    *,
    bundle: Path | None,
    leave: Sequence[str],
    path: Path | None,
    everything: bool,
) -> int:
    """Say what a deployment takes over of the project's Auth; nothing is changed anywhere."""
    from supamig import api
    from supamig.cli.deployment import settings_of
    from supamig.cli.output import Output

    found = api.cloud_plan(
        cloud_options.snapshot(invocation, bundle),
        deployment=settings_of(invocation, with_cloud=False),
        taken=cloud_options.taken(leave),
        secrets=_secrets(invocation, path),
    )
    output = Output(invocation)
    if output.is_text:
        _show(output, found, everything=everything)
    else:
        output.values(_values(found))
    failing = any(one.severity is Severity.ERROR for one in found.carried.findings)
    return ExitCode.FINDINGS if failing else ExitCode.OK


def _secrets(invocation: Invocation, path: Path | None) -> dict[str, Secret]:
    from supamig.deployment import secret_file

    if path is None and not secret_file.USUAL.exists():
        return {}
    found = secret_file.read(path or secret_file.USUAL)
    invocation.secrets += found.values()
    return found


def _show(output: Output, found: CloudPlan, *, everything: bool) -> None:
    fields = [one for one in found.carried.fields if everything or one.fate != "carried"]
    fates = [(one.name, str(one.fate), one.goes_to or one.reason) for one in fields]
    output.table(("Field", "Is", "To, or why"), fates)
    carried = sum(one.fate == "carried" for one in found.carried.fields)
    output.data(f"{carried} of {len(found.carried.fields)} fields that are set are carried over")
    if found.secrets:
        output.data("")
        output.table(("Secret to give", "Is"), sorted(found.secrets.items()))
        output.hint("each is given by: supamig keys new --set NAME=REFERENCE")
    output.data("")
    rows = [(one.what, "yes" if one.lives else "no", one.because) for one in found.survival]
    output.table(("In people's hands", "Lives on", "Because"), rows)
    output.data("")
    for one in found.carried.findings:
        if one.check != "cloud.secret-needed":
            output.data(f"{one.severity}: {one.message}")
            if one.hint:
                output.data(f"  hint: {one.hint}")


def _values(found: CloudPlan) -> dict[str, object]:
    return {
        "project_ref": found.project_ref,
        "fields": found.carried.fields,
        "secrets": found.secrets,
        "survival": found.survival,
        "providers": found.carried.providers,
        "callback": found.carried.callback,
        "findings": found.carried.findings,
    }
