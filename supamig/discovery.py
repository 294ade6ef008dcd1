"""Where plugins come from: supamig's own modules, installed packages, and single files.

Nothing is imported while looking; each find knows how to load itself.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.metadata
import importlib.util
import pkgutil
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from supamig.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from importlib.metadata import EntryPoint
    from pathlib import Path
    from types import ModuleType

GROUP = "supamig"
BUILT_IN = "built-in"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A plugin that was found and not loaded yet; ``origin`` says to people where it is."""

    name: str
    version: str
    origin: str
    load: Callable[[], object]

    @property
    def is_builtin(self) -> bool:
        """Whether it is a part of supamig."""
        return self.origin == BUILT_IN


def builtins(names: Sequence[str], version: str) -> Iterator[Found]:
    """Find the modules of supamig's own packages, by name."""
    for name in names:
        spec = importlib.util.find_spec(name)
        if spec is None or spec.submodule_search_locations is None:
            yield _builtin(name, version)  # a single module, or one whose import says what is wrong
            continue
        yield _builtin(name, version)
        for module in sorted(
            info.name for info in pkgutil.iter_modules(spec.submodule_search_locations, f"{name}.")
        ):
            yield _builtin(module, version)


def _builtin(name: str, version: str) -> Found:
    return Found(
        name=name, version=version, origin=BUILT_IN, load=lambda: importlib.import_module(name)
    )


def installed(only: Collection[str] | None) -> Iterator[Found]:
    """Find entry points of the group `supamig`, sorted by name; ``only`` limits them to names."""
    points = sorted(importlib.metadata.entry_points(group=GROUP), key=lambda p: (p.name, p.value))
    for point in points:
        if only is None or point.name in only:
            yield _installed(point)


def _installed(point: EntryPoint) -> Found:
    distribution = point.dist
    version = distribution.version if distribution else ""
    origin = distribution.name if distribution else point.value
    return Found(name=point.name, version=version, origin=origin, load=point.load)


def files(directories: Sequence[Path]) -> Iterator[Found]:
    """Find the `.py` files of the directories, sorted by name; `_` in front hides a file.

    Raise `ConfigError` for a directory that is not there.
    """
    for directory in directories:
        try:
            paths = sorted(path for path in directory.iterdir() if path.suffix == ".py")
        except OSError as error:
            raise ConfigError(
                f"the plugin directory `{directory}` cannot be read: {error.strerror}",
                hint="Name a directory of .py files with --plugins-dir",
            ) from error
        for path in paths:
            if not path.name.startswith("_"):
                yield _file(path)


def _file(path: Path) -> Found:
    return Found(name=path.stem, version="", origin=str(path), load=lambda: _import_file(path))


def _import_file(path: Path) -> ModuleType:
    """Import a file under a name of its own, without `sys.path` and without a `.pyc` beside it.

    A cached `.pyc` is told from a newer source by seconds and size, so a file that was just
    edited could run as it was before.
    """
    place = hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:8]
    name = f"supamig_plugin_{path.stem}_{place}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None:
        raise ImportError(f"`{path.name}` is not a Python file")
    code = compile(path.read_bytes(), str(path), "exec", dont_inherit=True)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look for their module here
    try:
        exec(code, vars(module))  # noqa: S102 - importing a module is running it
    except BaseException:
        del sys.modules[name]
        raise
    return module
