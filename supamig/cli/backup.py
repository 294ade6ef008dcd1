"""`supamig backup`: backups of the target, taken, listed, proven and restored."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from supamig.cli import options

if TYPE_CHECKING:
    from supamig.cli.invocation import Invocation

_DIRECTORY = click.option(
    "--dir",
    "backups_dir",
    type=click.Path(path_type=Path, file_okay=False),
    help="Directory of backups.  [default: backups]  [SUPAMIG_BACKUPS_DIR]",
)
_FILES = click.option(
    "--files",
    type=click.Path(path_type=Path, file_okay=False),
    help="Directory of storage's files.",
)


@click.group(short_help="Take, list, prove and restore backups of the target.")
def command() -> None:
    """Keep backups of the deployment's database in a directory, each whole and proven."""


@command.command(short_help="Take a backup of the target.")
@options.sides("target")
@_DIRECTORY
@_FILES
@click.option(
    "--secrets-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The deployment's .env, kept with the backup as it is, for its owner only.",
)
@click.option("--keep-days", metavar="N", help="Remove older backups.  [default: 7]")
@options.jobs
@options.common
@click.pass_obj
def now(invocation: Invocation, /, **given: Any) -> None:  # noqa: ANN401 - click's
    """Dump database and roles, count and digest every row, read it all back.

    The backup's directory goes to stdout.  The last good backup is never removed.
    """
    from supamig import api
    from supamig.cli.output import Output

    settings = invocation.settings(given, sides=["target"])
    output = Output(invocation)
    with output.progress() as observer:
        taken = api.backup_now(settings, observer=observer)
    if not output.is_text:
        output.values(taken)
        return
    for name in taken.removed:
        output.hint(f"removed {name}: older than {settings.backup.keep_days} days")
    output.data(str(settings.backups_dir / taken.backup.name))


@command.command("list", short_help="List the backups.")
@_DIRECTORY
@click.option("--check", "hashes", is_flag=True, help="Read every byte of them.")
@options.common
@click.pass_obj
def list_(invocation: Invocation, /, *, hashes: bool, **given: Any) -> None:  # noqa: ANN401 - click's
    """List the backups, oldest first: how old and large each is, and whether it is damaged.

    Without `--check` only the sizes of files are compared, and `unchecked` is all that can be said.
    """
    from supamig import api
    from supamig.cli.output import Output
    from supamig.report.wording import count, duration, size

    settings = invocation.settings(given)
    found = api.backup_list(settings, hashes=hashes)
    output = Output(invocation)
    if not output.is_text:
        output.values(found)
        return
    if not found:
        output.hint(f"there is no backup in `{settings.backups_dir}`")
        return
    rows = [
        (
            one.name,
            duration(max(0.0, one.age)),
            size(one.size),
            one.state,
            one.reason or f"`{one.database}`, {count(one.rows)} rows, {' '.join(one.files)}",
        )
        for one in found
    ]
    output.table(("Backup", "Age", "Size", "State", "What is in it"), rows)


@command.command(short_help="Restore a backup on trial and compare it with its manifest.")
@click.argument("name", default="latest")
@options.sides("target", "scratch")
@_DIRECTORY
@options.jobs
@options.checking
@options.reports
@options.common
@click.pass_obj
def verify(invocation: Invocation, /, *, name: str, **given: Any) -> int:  # noqa: ANN401 - click's
    """Restore a backup (the latest) into a scratch database, compare every row, drop it again.

    The scratch database is made on the target's server, or on that of `--scratch`.
    """
    from supamig import api
    from supamig.cli.output import Output

    settings, files = invocation.reporting(given, sides=("target", "scratch"))
    output = Output(invocation)
    with output.progress() as observer:
        report = api.backup_verify(settings, name, observer=observer)
    return output.report(report, files)


@command.command(short_help="Put a backup in the place of the target.")
@click.argument("name")
@options.sides("target")
@_DIRECTORY
@_FILES
@click.option(
    "--into-nonempty",
    is_flag=True,
    default=None,
    help="Go on although the target holds data; it is kept under another name.",
)
@options.jobs
@options.reports
@options.writing
@options.common
@click.pass_obj
def restore(
    invocation: Invocation,
    /,
    *,
    name: str,
    yes: bool,
    dry_run: bool,
    **given: Any,  # noqa: ANN401 - click's
) -> int:
    """Restore a backup by name, or the `latest`, beside the target, then let the two change names.

    Sessions of the target end.  A restore that is interrupted leaves the target as it was.
    """
    from supamig import api
    from supamig.cli.output import Output
    from supamig.errors import ExitCode

    settings, reports = invocation.reporting(given, sides=["target"])
    output = Output(invocation)
    plan = api.restore_plan(settings, name)
    held = f", which holds {len(plan.replaces)} tables and other objects" * bool(plan.replaces)
    question = f"This puts the backup {plan.backup.name} in the place of `{plan.target}`{held}"
    if dry_run:
        if output.is_text:
            output.data(question)
        else:
            output.values(plan)
        return ExitCode.OK
    output.confirm(question, yes=yes)
    with output.progress() as observer:
        report = api.backup_restore(settings, name, observer=observer)
    return output.report(report, reports)


@command.command(short_help="Write units of systemd that take a backup every night.")
@click.option(
    "--output-dir",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Directory to write into, such as /etc/systemd/system.",
)
@click.option("--hour", type=click.IntRange(0, 23), default=2, show_default=True, help="In UTC.")
@options.common
@click.pass_obj
def units(invocation: Invocation, /, *, output_dir: Path, hour: int) -> None:
    """Write a service that calls `supamig backup now`, and its timer; the paths go to stdout.

    The service reads /etc/supamig/supamig.toml, takes connection string and keys from
    /etc/supamig/backup.env, and starts only where /mnt/supabase-backups is mounted.
    """
    from supamig.backup.timer import TIMER
    from supamig.backup.timer import units as written
    from supamig.cli.output import Output
    from supamig.disk import disk_errors
    from supamig.errors import UsageError

    output = Output(invocation)
    try:
        with disk_errors(output_dir / TIMER):
            output_dir.mkdir(parents=True, exist_ok=True)
            for name, text in written(hour).items():
                (output_dir / name).write_text(text, encoding="utf-8")
                output.data(str(output_dir / name))
    except OSError as error:
        message = f"`{output_dir}` cannot be written: {error.strerror}"
        raise UsageError(message, hint="Name another directory with `--output-dir`") from error
    output.hint(f"start it with: systemctl enable --now {TIMER}")
