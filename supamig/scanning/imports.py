"""Which files of the project an import means, in the manner of each language.

Aliases (`@/lib/db`, `~/db`, `$lib/db`, a path of tsconfig.json) and packages of a workspace are
found by the end of the path: of several files that fit, the one nearest to the importer.
"""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_SCRIPTS = (
    *(".ts", ".tsx", ".js", ".jsx", ".mjs", ".cjs", ".mts", ".cts", ".vue", ".svelte"),
    *("/index.ts", "/index.tsx", "/index.js", "/index.jsx", "/index.mjs", "/src/index.ts"),
)
_ALIAS = re.compile(r"^(?:@/|~/|~~/|@@/|#/?|\$(?=lib/)|@[^/]+/|src/)")


class Modules:
    """The files of a project by the ends of their paths."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._paths = set(paths)
        self._by_name: dict[str, list[str]] = defaultdict(list)
        for path in sorted(self._paths):
            self._by_name[posixpath.basename(path)].append(path)

    def find(self, importer: str, language: str, module: str, name: str) -> list[tuple[str, str]]:
        """Return the files that an import may mean, and the name that it asks each for.

        The likeliest is first; most often there is one or none.  A name may be a file itself.
        """
        if language == "python":
            inner = [] if name == "*" else self._python(importer, _inside(module, name))
            outer = self._python(importer, module)
            return [*((path, "*") for path in inner), *((path, name) for path in outer)]
        found = self._dart if language == "dart" else self._script
        return [(path, name) for path in found(importer, module)]

    def _python(self, importer: str, module: str) -> list[str]:
        words = [word for word in module.split(".") if word]
        path = "/".join(words)
        dots = len(module) - len(module.lstrip("."))
        if not dots:
            return self._ending(importer, f"{path}.py", f"{path}/__init__.py") if path else []
        folder = importer
        for _ in range(dots):
            folder = posixpath.dirname(folder)
        path = posixpath.normpath(posixpath.join(folder, path)) if path else folder
        spelled = [f"{path}.py", posixpath.join(path, "__init__.py")]
        return [one for one in spelled if one in self._paths]

    def _dart(self, importer: str, module: str) -> list[str]:
        if module.startswith("dart:"):
            return []
        if module.startswith("package:"):
            _, _, tail = module.partition("/")
            return self._ending(importer, f"lib/{tail}")
        path = posixpath.normpath(posixpath.join(posixpath.dirname(importer), module))
        return [path] if path in self._paths else []

    def _script(self, importer: str, module: str) -> list[str]:
        if module.startswith("."):
            path = posixpath.normpath(posixpath.join(posixpath.dirname(importer), module))
            return [one for one in _spellings(path) if one in self._paths][:1]
        tail = _ALIAS.sub("", module)
        if tail == module and "/" not in module:
            return []  # a package
        if not tail:
            return []
        return self._ending(importer, *_spellings(tail))

    def _ending(self, importer: str, *tails: str) -> list[str]:
        fitting = [
            one
            for tail in tails
            for one in self._by_name.get(posixpath.basename(tail), [])
            if one == tail or one.endswith(f"/{tail}")
        ]
        return [max(fitting, key=lambda path: _shared(path, importer))] if fitting else []


def _inside(module: str, name: str) -> str:
    """Return the module that `from module import name` may mean: `.` and `db` are `.db`."""
    return f"{module}{name}" if module.endswith(".") else f"{module}.{name}"


def _spellings(path: str) -> list[str]:
    stem, extension = posixpath.splitext(path)
    # TypeScript's modules import what the compiler will make of them: `./db.js` is `db.ts`
    others = [f"{stem}.ts", f"{stem}.tsx"] if extension in {".js", ".jsx", ".mjs"} else []
    return [path, *others, *(path + ending for ending in _SCRIPTS)]


def _shared(path: str, other: str) -> tuple[int, int]:
    ours, theirs = path.split("/"), other.split("/")
    same = 0
    for one, another in zip(ours, theirs, strict=False):
        if one != another:
            break
        same += 1
    return same, -len(ours)
