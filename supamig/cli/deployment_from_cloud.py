"""`supamig deployment from-cloud`: the project's configuration as settings of a deployment."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from supamig.cli import cloud_options, options
from supamig.errors import ExitCode, UsageError
from supamig.models import Severity

if TYPE_CHECKING:
    from supamig.cli.invocation import Invocation


@click.command("from-cloud", short_help="Write the project's configuration as settings.")
@cloud_options.bundle
@click.option(
    "--dir",
    "directory",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("deployment.cloud"),
    help="Directory to write into.  [default: deployment.cloud]",
)
@click.option("--dry-run", is_flag=True, help="List the files and write none.")
@options.common
@click.pass_obj
def from_cloud(
    invocation: Invocation, /, *, bundle: Path | None, directory: Path, dry_run: bool
) -> int:
    """Write what the project's Auth, PostgREST, Realtime and Storage are set to.

    No file holds a secret.  `from_cloud` in the table `[deployment]` of supamig.toml names the
    first of them, and what stands in that table wins.
    """
    from supamig import api
    from supamig.cli.deployment import settings_of
    from supamig.cli.output import Output
    from supamig.deployment.cloud.carried import SETTINGS

    deployment = settings_of(invocation, with_cloud=False)
    found = api.cloud_plan(cloud_options.snapshot(invocation, bundle), deployment=deployment)
    files = found.carried.files()
    if not dry_run:
        _write(directory, files)
    output = Output(invocation)
    if output.is_text:
        for name in files:
            output.data(str(directory / name))
    else:
        output.values([str(directory / name) for name in files])
    for one in found.carried.findings:
        output.hint(f"{one.severity}: {one.message}")
    output.hint(f'name it in supamig.toml: [deployment] from_cloud = "{directory / SETTINGS}"')
    failing = any(one.severity is Severity.ERROR for one in found.carried.findings)
    return ExitCode.FINDINGS if failing else ExitCode.OK


def _write(directory: Path, files: dict[str, str]) -> None:
    try:
        for name, content in files.items():
            path = directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8", newline="\n")
    except OSError as error:
        raise UsageError(f"`{error.filename}` cannot be written: {error.strerror}") from error
