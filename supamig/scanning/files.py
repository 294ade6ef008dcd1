"""Which files of an application are looked at: not what others wrote or a program made."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from supamig.errors import UsageError
from supamig.scanning.environment import is_environment
from supamig.scanning.model import Problem

LARGEST = 1024 * 1024
#: Directories of libraries, of builds and of tools.
IGNORED = frozenset(
    {
        *(".git", ".hg", ".svn", ".jj", ".idea", ".vscode", ".cache", ".turbo", ".parcel-cache"),
        *("node_modules", "bower_components", "jspm_packages", ".yarn", ".pnpm-store"),
        *(
            "dist",
            "build",
            "out",
            ".next",
            ".nuxt",
            ".output",
            ".svelte-kit",
            ".vercel",
            "coverage",
        ),
        *("__pycache__", "site-packages", ".tox", ".nox", ".mypy_cache", ".pytest_cache"),
        *(".venv", "venv", ".ruff_cache", ".eggs", ".dart_tool", "Pods", ".gradle", ".terraform"),
    }
)
LANGUAGES = {
    **dict.fromkeys((".py", ".pyw"), "python"),
    **dict.fromkeys((".js", ".jsx", ".mjs", ".cjs"), "javascript"),
    **dict.fromkeys((".ts", ".mts", ".cts"), "typescript"),
    ".tsx": "tsx",
    ".dart": "dart",
    ".sql": "sql",
    **dict.fromkeys((".vue", ".svelte", ".html", ".htm", ".astro"), "markup"),
    **dict.fromkeys(
        (
            *(".json", ".yaml", ".yml", ".toml", ".ini", ".cfg", ".conf", ".properties", ".xml"),
            *(".plist", ".prisma", ".sh", ".tf", ".tfvars", ".gradle", ".ipynb", ".graphql"),
            *(".kt", ".swift", ".go", ".rb", ".php", ".java", ".cs", ".rs", ".ex", ".exs"),
        ),
        "text",
    ),
}
_NAMES = {"Dockerfile": "text", "Caddyfile": "text", "Procfile": "text"}


@dataclass(slots=True)
class Listing:
    """The files to look at by the name that people read, with their language."""

    languages: dict[str, str] = field(default_factory=dict)
    ignored: int = 0
    problems: list[Problem] = field(default_factory=list)


def list_files(paths: tuple[str, ...]) -> Listing:
    """List the files under some paths; raise `UsageError` for one that is not there."""
    listing = Listing()
    seen: set[tuple[int, int]] = set()
    for path in paths:
        try:
            is_directory = stat.S_ISDIR(os.stat(path).st_mode)  # noqa: PTH116 - paths are texts here
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            message = f"`{path}` cannot be scanned: {reason}"
            hint = "Name the directory of an application, or one of its files"
            raise UsageError(message, hint=hint) from error
        if is_directory:
            _walk(path, listing, seen)
        else:
            listing.languages[_shown(path)] = _language(path) or "text"
    return listing


def _walk(root: str, listing: Listing, seen: set[tuple[int, int]]) -> None:
    stack = [root]
    while stack:
        folder = stack.pop()
        try:
            here = os.stat(folder)  # noqa: PTH116 - ten thousand times
            # a link that leads back to a directory above it would never end
            if (here.st_dev, here.st_ino) in seen:
                continue
            seen.add((here.st_dev, here.st_ino))
            with os.scandir(folder) as scanned:
                entries = sorted(scanned, key=lambda entry: entry.name, reverse=True)
        except OSError as error:
            listing.problems.append(_problem(folder, error))
            continue
        if folder != root and any(entry.name == "pyvenv.cfg" for entry in entries):
            listing.ignored += 1
            continue
        for entry in entries:
            _entry(entry, stack, listing)


def _entry(entry: os.DirEntry[str], stack: list[str], listing: Listing) -> None:
    try:
        if entry.is_dir():
            if entry.name in IGNORED:
                listing.ignored += 1
            else:
                stack.append(entry.path)
            return
        language = _language(entry.path)
        if not language:
            return
        if not entry.is_file():
            if entry.is_symlink():
                listing.problems.append(
                    Problem(path=_shown(entry.path), line=0, reason="leads nowhere: a broken link")
                )
            return  # a pipe or a socket would never end
        if entry.stat().st_size > LARGEST or ".min." in entry.name:
            listing.ignored += 1
            return
    except OSError as error:
        listing.problems.append(_problem(entry.path, error))
        return
    listing.languages[_shown(entry.path)] = language


def _language(path: str) -> str:
    if is_environment(path):
        return "environment"
    pure = PurePosixPath(path)
    return _NAMES.get(pure.name) or LANGUAGES.get(pure.suffix.lower(), "")


def _shown(path: str) -> str:
    return path.removeprefix("./")


def _problem(path: str, error: OSError) -> Problem:
    reason = f"cannot be read: {(error.strerror or str(error)).lower()}"
    return Problem(path=_shown(path), line=0, reason=reason)
