"""The commands by name: a command's module is imported when it is called or listed."""

from __future__ import annotations

import contextlib
import difflib
import importlib
import importlib.metadata
from pathlib import Path

import click

from supamig.cli import options
from supamig.cli.invocation import Invocation
from supamig.errors import SupamigError, UsageError

#: In the order in which a newcomer needs them; the module is named as the command.
_COMMANDS = {
    "demo": "demo",
    "init": "init",
    "scan": "scan",
    "doctor": "doctor",
    "migrate": "migrate",
    "export": "export",
    "import": "import_",
    "session": "session",
    "validate": "validate",
    "configure": "configure",
    "rollback": "rollback",
    "run": "run",
    "report": "report",
    "status": "status",
    "watch": "watch",
    "checks": "checks",
    "plugins": "plugins",
    "keys": "keys",
    "deployment": "deployment",
    "auth": "auth",
    "preview-summary": "preview_summary",
    "estimate": "estimate",
    "backup": "backup",
}
_CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class Commands(click.Group):
    """Built-in commands first; plugins are loaded only where they could matter."""

    built_in = tuple(_COMMANDS)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the built-in commands, then those of plugins.

        Plugins are asked when some are installed or there is a settings file that may name some:
        the help need not wait for the settings to be read.
        """
        may_have_plugins = ctx.ensure_object(Invocation).config or Path("supamig.toml").exists()
        if may_have_plugins or importlib.metadata.entry_points(group="supamig"):
            # a damaged supamig.toml must not take the help away
            with contextlib.suppress(SupamigError):
                self._add_commands_of_plugins(ctx)
        return [*_COMMANDS, *sorted(set(self.commands) - set(_COMMANDS))]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command, or look for one among the plugins."""
        if cmd_name in _COMMANDS:
            module = importlib.import_module(f"supamig.cli.{_COMMANDS[cmd_name]}")
            found: click.Command = module.command
            return found
        if cmd_name not in self.commands:
            self._add_commands_of_plugins(ctx)
        return self.commands.get(cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that is asked for; raise `UsageError` that names the nearest."""
        if self.get_command(ctx, args[0]) is None:
            near = difflib.get_close_matches(args[0], self.list_commands(ctx), n=1)
            hint = f"Did you mean `supamig {near[0]}`?" if near else "`supamig --help` lists them"
            raise UsageError(f"there is no command `{args[0]}`", hint=hint)
        return super().resolve_command(ctx, args)

    def _add_commands_of_plugins(self, ctx: click.Context) -> None:
        from supamig.plugins import Plugins

        invocation = ctx.ensure_object(Invocation)
        settings = invocation.settings({})
        plugins = Plugins.load(
            plugins_dirs=settings.plugins_dirs,
            only=settings.load_plugins,
            builtins=(),
            redact=invocation.redactor().redact,
        )
        own = click.Group()
        plugins.commands(own)
        self.commands.update(
            {name: made for name, made in own.commands.items() if name not in _COMMANDS}
        )


def _show_version(ctx: click.Context, _: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click's
    if value:
        from supamig.session import tool_version

        click.echo(f"supamig {tool_version()}")
        ctx.exit()


def make_commands() -> Commands:
    """Return a group of its own for one call: plugins add to it, and another call has others."""

    @click.command(cls=Commands, context_settings=_CONTEXT)
    @options.common
    @click.option(
        "--version",
        is_flag=True,
        expose_value=False,
        is_eager=True,
        callback=_show_version,
        help="Show the version and exit.",
    )
    def supamig() -> None:
        """Move a Supabase project to a self-hosted deployment and prove that everything arrived.

        Settings come from supamig.toml, .env, the environment and options, each over the one
        before.
        """

    return supamig
