"""What an application uses of Supabase."""

from __future__ import annotations

from typing import TYPE_CHECKING

from supamig.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from supamig.config import Settings
    from supamig.scanning import Scan


def scan(settings: Settings, paths: Sequence[Path] = ()) -> Scan:
    """Read the source of applications and say which features they use, and where.

    Without ``paths`` it is those of the settings, or where the applications are.  Nothing is run
    and no server is asked.  Raise `UsageError` for a path that is not there, `ToolMissing` without
    the extra `scan`.
    """
    from supamig.scanning.scanner import scan as scan_files

    chosen = tuple(paths) or settings.application_paths
    chosen = chosen or tuple(one.path for one in settings.applications)
    if not chosen:
        hint = "`supamig scan PATH`, or `paths = [...]` in the table `[application]`"
        raise UsageError("no application is given", hint=hint)
    return scan_files(chosen, jobs=settings.jobs)
