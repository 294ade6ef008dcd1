"""`supamig deployment`: a self-hosted Supabase as files, for those who do not use Pulumi."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from supamig.cli import options
from supamig.cli.deployment_from_cloud import from_cloud

if TYPE_CHECKING:
    from supamig.cli.invocation import Invocation
    from supamig.cli.output import Output
    from supamig.deployment import DeploymentSettings
    from supamig.secret import Secret


@click.group(short_help="Write a self-hosted Supabase as files for Compose.")
def command() -> None:
    """Show or write the deployment that the table `[deployment]` of supamig.toml describes."""


command.add_command(from_cloud)


@command.command(short_help="Write the compose file and all that it mounts.")
@click.option(
    "--compose",
    "directory",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Directory to write into.",
)
@click.option(
    "--secrets",
    "secrets_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="What `supamig keys new` made.  [default: .env.deployment, else the directory's .env]",
)
@click.option("--dry-run", is_flag=True, help="List the files and write none.")
@options.common
@click.pass_obj
def render(
    invocation: Invocation, /, *, directory: Path, secrets_file: Path | None, dry_run: bool
) -> None:
    """Write docker-compose.yml, the files that services mount, and .env with mode 0600.

    The paths go to stdout.  Rendering again replaces the files and keeps the secrets.
    """
    from supamig.cli.output import Output
    from supamig.deployment import describe
    from supamig.deployment import render as rendering

    deployment = describe(settings_of(invocation))
    if dry_run:
        names = [*rendering.files(deployment), rendering.ENVIRONMENT]
        _show(Output(invocation), [directory / name for name in names])
        return
    secrets = _secrets(secrets_file, directory / rendering.ENVIRONMENT)
    invocation.secrets += secrets.values()
    paths = rendering.render(deployment, secrets, directory)
    output = Output(invocation)
    _show(output, paths)
    output.hint(f"start it with: docker compose --project-directory {directory} up -d --wait")


@command.command(short_help="List the services.")
@options.common
@click.pass_obj
def services(invocation: Invocation, /) -> None:
    """List each service with its image, its ports of this host and its memory limit."""
    from supamig.cli.output import Output
    from supamig.deployment import describe

    output = Output(invocation)
    names = ("name", "container", "image", "ports", "memory_mib")
    rows = [
        (
            one.name,
            one.container_name,
            one.image.reference,
            " ".join(f"{port.address}:{port.host}/{port.protocol}" for port in one.ports),
            str(one.memory_mib),
        )
        for one in describe(settings_of(invocation)).services
    ]
    if output.is_text:
        output.table(("Service", "Container", "Image", "Ports of the host", "MiB"), rows)
    else:
        output.values([dict(zip(names, row, strict=True)) for row in rows])


def settings_of(invocation: Invocation, *, with_cloud: bool = True) -> DeploymentSettings:
    """Return the deployment that supamig.toml describes, or the usual one without such a file.

    ``with_cloud`` takes along what `from_cloud` names; without it the file need not be there yet.
    """
    from supamig.deployment import DeploymentSettings
    from supamig.deployment.reading import read_settings

    path = invocation.config or Path("supamig.toml")
    if invocation.config is None and not path.exists():
        return DeploymentSettings()
    return read_settings(path, with_cloud=with_cloud)


def _secrets(given: Path | None, rendered: Path) -> dict[str, Secret]:
    """Read the secrets that are named, else those that are usual, else those of an earlier run."""
    from supamig.deployment import secret_file

    if given is None and not secret_file.USUAL.exists() and rendered.exists():
        return secret_file.read(rendered)
    return secret_file.read(given or secret_file.USUAL)


def _show(output: Output, paths: list[Path]) -> None:
    if not output.is_text:
        output.values([str(path) for path in paths])
        return
    for path in paths:
        output.data(str(path))
