"""Options that several commands share.  Their names are those of `Settings`; None is not given."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from supamig.cli.invocation import Invocation

if TYPE_CHECKING:
    from supamig.config import SideName

Decorated = TypeVar("Decorated", bound=Callable[..., Any])
Decorator = Callable[[Decorated], Decorated]

_FILE = click.Path(path_type=Path, dir_okay=False)
_DIRECTORY = click.Path(path_type=Path, file_okay=False)


def together(*decorators: Decorator[Any]) -> Decorator[Any]:
    """Make one decorator of several; the help lists them in this order."""

    def apply(function: Decorated) -> Decorated:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return apply


def _keep(ctx: click.Context, parameter: click.Parameter, value: object) -> None:
    """Note a global option, which may stand before the command's name or after it."""
    if value is not None and parameter.name is not None:
        setattr(ctx.ensure_object(Invocation), parameter.name, value)


def _global(*names: str, **attributes: Any) -> Decorator[Any]:  # noqa: ANN401 - click's
    return click.option(*names, default=None, expose_value=False, callback=_keep, **attributes)


common = together(
    _global("--config", type=_FILE, help="Settings file.  [default: supamig.toml]"),
    _global(
        "--output",
        "format",
        type=click.Choice(["text", "json", "ndjson"]),
        help="Form of what goes to stdout; ndjson shows progress too.  [default: text]",
    ),
    _global("--quiet", "-q", is_flag=True, help="Show no progress."),
    _global("--debug", is_flag=True, help="Show tracebacks."),
)

_SIDE_HELP = {
    "source": "DSN without its password, or env:NAME, file:PATH, cmd:COMMAND."
    "  [SUPAMIG_SOURCE_DSN]",
    "target": "DSN without its password, or env:NAME, file:PATH, cmd:COMMAND."
    "  [SUPAMIG_TARGET_DSN]",
    "scratch": "Try the backup on this server.  [default: that of the target]"
    "  [SUPAMIG_SCRATCH_DSN]",
}


def sides(*names: SideName, or_bundle: bool = False) -> Decorator[Any]:
    """Take the servers that a command works with; the source may be a bundle where it says so."""
    also = {"source": "  Or bundle:PATH, when the source is gone."} if or_bundle else {}
    return together(
        *(
            click.option(f"--{name}", metavar="DSN", help=_SIDE_HELP[name] + also.get(name, ""))
            for name in names
        ),
        click.option("--connect-timeout", metavar="SECONDS", help="Wait so long for a server."),
    )


jobs = click.option("--jobs", "-j", metavar="N", help="How many connections work at once.")

reading = together(
    click.option(
        "--method",
        type=click.Choice(["stream", "pg_dump", "cli"]),
        help="How the source is read.  [default: stream]",
    ),
    jobs,
)

loading = together(
    click.option(
        "--into-nonempty",
        is_flag=True,
        default=None,
        help="Go on although the target holds user data.",
    ),
    click.option(
        "--accept-missing",
        multiple=True,
        metavar="SCHEMA.TABLE.COLUMN",
        help="Leave behind what this column holds; the target lacks it.",
    ),
)

backup_first = click.option(
    "--backup-first/--no-backup-first",
    default=None,
    help="Take a backup of the target before it is written.  [default: where it holds user data]",
)

plugins = click.option(
    "--plugins-dir",
    "plugins_dirs",
    multiple=True,
    type=_DIRECTORY,
    help="Directory whose .py files are plugins.",
)

checking = together(
    click.option("--select", multiple=True, metavar="ID", help="Run only checks of this prefix."),
    click.option("--ignore", multiple=True, metavar="ID", help="Leave out checks of this prefix."),
    click.option(
        "--fail-on",
        type=click.Choice(["info", "warning", "error"]),
        help="Least severity that fails the verdict.  [default: error]",
    ),
    click.option("--baseline", type=_FILE, help="Report whose findings are known and accepted."),
    click.option("--check-timeout", metavar="SECONDS", help="Stop each check after this time."),
    plugins,
)

reports = together(
    click.option("--report", "-o", "json_file", type=_FILE, help="Write the report as JSON."),
    click.option("--junit", "junit_file", type=_FILE, help="Write the report as JUnit XML."),
    click.option("--html", "html_file", type=_FILE, help="Write the report as one HTML page."),
    click.option(
        "--reporter",
        "reporters",
        multiple=True,
        metavar="NAME=FILE",
        help="Write the report in a plugin's format, or as `text`.",
    ),
)

writing = together(
    click.option("--yes", "-y", is_flag=True, help="Do not ask."),
    click.option("--dry-run", is_flag=True, help="Show the plan and change nothing."),
)
