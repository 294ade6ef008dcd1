"""The SQL files of the sample project, in the order in which they run."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.resources.abc import Traversable

Flavour = Literal["cloud", "self-hosted"]

#: The seven areas of the reference application, each a folder of migration files.
AREAS = ("core", "memory", "chat", "ml", "causal", "audit", "rag")


@dataclass(frozen=True, slots=True)
class SqlFile:
    """One file: where it stands in the package, and its text."""

    path: str
    text: str

    @property
    def name(self) -> str:
        """The file's name without folder and suffix, such as ``001_profiles``."""
        return self.path.rpartition("/")[2].removesuffix(".sql")

    @property
    def version(self) -> str:
        """The version under which `supabase migration up` would have recorded a migration file."""
        return f"20250601{int(self.name.partition('_')[0]):06}"


def skeleton_files(flavour: Flavour) -> tuple[SqlFile, ...]:
    """Return what makes an empty project; self-hosted is the cloud flavour and what differs."""
    common = tuple(_folder("skeleton"))
    return common if flavour == "cloud" else (*common, *_folder("skeleton/self_hosted"))


def extensions_file() -> SqlFile:
    """Return what switches the application's extensions on, which takes a superuser."""
    return _read(_root().joinpath("extensions.sql"), "extensions.sql")


def history_file() -> SqlFile:
    """Return what makes the list of applied migrations."""
    return _read(_root().joinpath("history.sql"), "history.sql")


def migration_files() -> tuple[SqlFile, ...]:
    """Return the application's migration files: seven folders, numbered through."""
    folders = (f"migrations/{number:02}_{area}" for number, area in enumerate(AREAS, 1))
    return tuple(file for folder in folders for file in _folder(folder))


def dashboard_files() -> tuple[SqlFile, ...]:
    """Return what the owner set in the dashboard: policies on managed tables, settings."""
    return tuple(_folder("dashboard"))


def row_files() -> tuple[SqlFile, ...]:
    """Return the generator of the rows, one file an area; the auth users come first."""
    return tuple(_folder("rows"))


def _folder(folder: str) -> Iterator[SqlFile]:
    for entry in sorted(_root().joinpath(folder).iterdir(), key=lambda entry: entry.name):
        if entry.name.endswith(".sql"):
            yield _read(entry, f"{folder}/{entry.name}")


def _read(entry: Traversable, path: str) -> SqlFile:
    return SqlFile(path, entry.read_text(encoding="utf-8"))


def _root() -> Traversable:
    return files(__package__)
