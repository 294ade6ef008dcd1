"""The files that a report is written to: which format goes where, known before the work begins."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from supamig.errors import SupamigError, UsageError
from supamig.wording import explain

if TYPE_CHECKING:
    from supamig.config import Settings
    from supamig.models import Report
    from supamig.report import Reporter

_BUILT_IN = "supamig.report.formats"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Files:
    """Reporters, each with the file that it fills."""

    wanted: tuple[tuple[Reporter, Path], ...] = ()

    @classmethod
    def find(cls, paths: list[tuple[str, Path]], settings: Settings) -> Files:
        """Find the reporter of each format by its name.

        Raise `UsageError` now for a format that nobody knows, or for a file that could not be
        written in an hour.
        """
        for _, path in paths:
            if path.is_dir():
                raise UsageError(f"`{path}` is a directory, and a report is one file")
        known = _reporters(settings, plugins=False)
        if any(name not in known for name, _ in paths):
            known = _reporters(settings, plugins=True)
        for name, _ in paths:
            if name not in known:
                names = ", ".join(f"`{name}`" for name in sorted(known))
                message = f"no reporter writes the format `{name}`"
                raise UsageError(message, hint=f"Known here: {names}; `supamig plugins` lists more")
        return cls(tuple((known[name], path) for name, path in paths))

    def write(self, report: Report) -> bool:
        """Write them all; tell whether each could, as a faulty reporter costs only its file."""
        from supamig.report import write

        done = True
        for reporter, path in self.wanted:
            try:
                text = _rendered(reporter, report)
            except (Exception, SystemExit) as error:  # noqa: BLE001 - it may be anybody's
                reason = error.message if isinstance(error, SupamigError) else explain(error)
                _log.error("the reporter `%s` failed: %s", reporter.name, reason)
                done = False
            else:
                write(path, text)
        return done


def paths_of(given: dict[str, Any]) -> list[tuple[str, Path]]:
    """Take out of what the command line gave which format goes where."""
    paths = [(name, given.pop(f"{name}_file")) for name in ("json", "junit", "html")]
    for text in given.pop("reporters"):
        name, mark, path = text.partition("=")
        if not (name and mark and path):
            message = f"`--reporter {text}` names no format and file"
            raise UsageError(message, hint="Pass `--reporter NAME=FILE`, such as `text=report.txt`")
        paths.append((name, Path(path)))
    return [(name, path) for name, path in paths if path is not None]


def _rendered(reporter: Reporter, report: Report) -> str:
    text: object = reporter.render(report)
    if not isinstance(text, str):
        raise TypeError(f"it returned a {type(text).__name__}, not text")
    return text


def _reporters(settings: Settings, *, plugins: bool) -> dict[str, Reporter]:
    from supamig.plugins import Plugins

    loaded = Plugins.load(
        builtins=[_BUILT_IN],
        entry_points=plugins,
        only=settings.load_plugins,
        plugins_dirs=settings.plugins_dirs if plugins else (),
    )
    return {reporter.name: reporter for reporter in loaded.reporters()}
