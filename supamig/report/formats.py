"""The built-in report formats, handed over by the same hook as those of plugins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from supamig.hookspecs import hookimpl

if TYPE_CHECKING:
    from supamig.report import Reporter


@hookimpl
def supamig_reporters() -> list[Reporter]:
    """Hand over `text`, `json`, `junit` and `html`."""
    # imported when they are asked for: templates take longer than most commands
    from supamig.report.html import Html
    from supamig.report.json import Json
    from supamig.report.junit import JUnit
    from supamig.report.text import PlainText

    return [PlainText(), Json(), JUnit(), Html()]
