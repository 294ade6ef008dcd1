"""The command line: it reads options, calls one verb of `supamig.api`, and shows the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from supamig.cli.exit_codes import ending
from supamig.cli.group import make_commands
from supamig.cli.invocation import Invocation

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    invocation = Invocation()

    def command() -> object:
        # not standalone: click would choose the exit codes and write the messages itself
        given = None if arguments is None else list(arguments)
        return make_commands().main(
            given, prog_name="supamig", standalone_mode=False, obj=invocation
        )

    return ending(command, invocation)
