"""One call of the command line: what was asked of all commands, and which secrets it has met."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from supamig.cli.files import Files
    from supamig.config import Settings, SideName
    from supamig.secret import Redactor, Secret

Format = Literal["text", "json", "ndjson"]


@dataclass(slots=True)
class Invocation:
    """The global options; ``secrets`` grows as settings are read, so that errors hide them too."""

    config: Path | None = None
    format: Format = "text"
    quiet: bool = False
    debug: bool = False
    secrets: list[Secret] = field(default_factory=list)

    def settings(self, given: Mapping[str, Any], *, sides: Collection[SideName] = ()) -> Settings:
        """Read the settings under what the command line gave; an empty option was not given."""
        from supamig.config import load

        overrides = {name: None if value == () else value for name, value in given.items()}
        settings = load(file=self.config, overrides=overrides, sides=sides, elsewhere=_ask_plugins)
        self.secrets += settings.secrets()
        return settings

    def reporting(
        self, given: dict[str, Any], *, sides: Collection[SideName] = ()
    ) -> tuple[Settings, Files]:
        """Read the settings, and where the report goes beside the terminal."""
        from supamig.cli.files import Files, paths_of

        paths = paths_of(given)
        settings = self.settings(given, sides=sides)
        return settings, Files.find(paths, settings)

    def redactor(self) -> Redactor:
        """Return what hides every secret met so far, and those of the environment."""
        from supamig.config import environment_secrets
        from supamig.secret import Redactor

        return Redactor([*self.secrets, *environment_secrets()])


def _ask_plugins(reference: str, settings: Settings) -> Secret | None:
    """Let plugins resolve a reference such as `vault:prod/db` (the hook `supamig_secret`)."""
    from supamig.plugins import Plugins

    plugins = Plugins.load(
        plugins_dirs=settings.plugins_dirs, only=settings.load_plugins, builtins=()
    )
    return plugins.secret(reference)
