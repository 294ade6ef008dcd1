"""From the summaries of all files to what each reference really is: a client, or nothing.

A reference is followed through imports, functions, classes and parameters of the whole project.
Everything that may be is followed, so a value can end in several places.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from supamig.scanning.libraries import (
    AUTH,
    CLIENT,
    CLIENT_NAME,
    FACTORY,
    FLUTTER,
    Sdk,
    is_library,
    thing,
)
from supamig.scanning.summary import Called, Free, Given, Import, Local, Ref

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from supamig.scanning.imports import Modules
    from supamig.scanning.summary import Chain, Step, Summary

_LONGEST = 64
_DEEPEST = 4
#: References in references that are followed; nobody hands a client on so often.
_DEEP = 80
_ROUNDS = 4
_CONSTRUCTORS = ("constructor", "__init__")
#: What frameworks make visible without an import.
_GLOBALS = {
    "useSupabaseClient": FACTORY,
    "useSupabaseUser": AUTH,
    "useSupabaseSession": AUTH,
    "Supabase": FLUTTER,
}


class End(NamedTuple):
    """Where a reference ends: a thing of a library with the path behind it, or one of the project.

    ``inferred`` is a guess by a name.
    """

    sdk: Sdk | None
    path: tuple[Step, ...] = ()
    file: str = ""
    local: Local | None = None
    inferred: bool = False


class _Names(NamedTuple):
    """Names with the files that export them; libraries and files that may have others."""

    names: Mapping[str, str]
    libraries: tuple[str, ...]
    unparsed: frozenset[str]


Ends = tuple[End, ...]
#: Something of the project that is no client, whatever it is called.
_KNOWN = End(None)


class Links:
    """Follows references through all files that were parsed."""

    def __init__(self, summaries: Mapping[str, Summary], modules: Modules) -> None:
        self._summaries = summaries
        self._modules = modules
        self._memory: dict[tuple[str, Ref], Ends] = {}
        self._passed: dict[tuple[str, int], dict[int | str, list[tuple[str, Ref]]]] = {}
        self._exports: dict[str, _Names] = {}
        self._seen: dict[str, _Names] = {}
        self._depth = 0
        self._hand_over()

    def ends(self, file: str, refs: Iterable[Ref]) -> Ends:
        """Return where references end; guesses only where nothing is known."""
        found = dict.fromkeys(end for ref in refs for end in self._follow(file, ref))
        certain = tuple(end for end in found if not end.inferred)
        return certain or tuple(found)

    def becomes(self, file: str, chain: Chain, end: End) -> tuple[int, int]:
        """Tell where in a chain the end comes to be what it is.

        Return how many of the chain's own steps lead there, and how much of the end's path was
        there before: what the project does elsewhere (`q = client.from('x')`, then `q.select()`).
        """
        own = len(chain.lines)
        for taken in range(own):
            refs = [Ref(r.root, r.path[: len(r.path) - own + taken]) for r in chain.refs]
            for one in self.ends(file, refs):
                rest = len(end.path) - len(one.path)
                if one.sdk == end.sdk and rest == own - taken and end.path[:-rest] == one.path:
                    return taken, len(one.path)
        return own, len(end.path)

    def clients_of(self, file: str) -> list[str]:
        """Return the names that a file exports and that lead to a client."""
        exports = self._summaries[file].exports
        return [name for name, refs in exports.items() if self._leads(file, refs, _DEEPEST)]

    def _leads(self, file: str, refs: Iterable[Ref], depth: int) -> bool:
        if depth == 0:
            return False
        for end in self.ends(file, refs):
            if end.sdk is not None:
                if end.sdk.what in {"client", "factory", "flutter"}:
                    return True
            elif end.local is not None:
                summary, number = self._summaries[end.file], end.local.number
                inside = [*summary.returns.get(number, [])]
                inside += [r for some in summary.attributes.get(number, {}).values() for r in some]
                if self._leads(end.file, inside, depth - 1):
                    return True
        return False

    def wanted(self) -> set[str]:
        """Return files that were not parsed although somebody hands a client to one of theirs."""
        found: set[str] = set()
        for file, summary in self._summaries.items():
            for one in summary.passed:
                roots = [ref.root for ref in one.callees if isinstance(ref.root, Import)]
                if not roots or not self._leads(file, one.values, 2):
                    continue
                found.update(*(self._unparsed(file, root, _DEEPEST) for root in roots))
        return found

    def _unparsed(self, file: str, root: Import, depth: int) -> set[str]:
        """Return the files that may define what is imported, as far as they were not parsed."""
        found: set[str] = set()
        language = self._summaries[file].language
        for target, name in self._modules.find(file, language, root.module, root.name):
            if target not in self._summaries:
                found.add(target)
                continue
            shown = self._shown(target)
            if name not in shown.names:
                found |= shown.unparsed
            for ref in self._summaries[target].exports.get(name, []) if depth else []:
                if isinstance(ref.root, Import):
                    found |= self._unparsed(target, ref.root, depth - 1)
        return found

    # parameters: what callers pass

    def _hand_over(self) -> None:
        """Note what every function of the project is called with, until nothing is new."""
        for _ in range(_ROUNDS):
            before = _size(self._passed)
            found: dict[tuple[str, int], dict[int | str, list[tuple[str, Ref]]]] = {}
            for file, summary in self._summaries.items():
                for one in summary.passed:
                    for end in self.ends(file, one.callees):
                        self._note(found, end, one.place, [(file, ref) for ref in one.values])
            self._passed = found
            self._memory.clear()
            if _size(found) == before:
                return

    def _note(
        self,
        found: dict[tuple[str, int], dict[int | str, list[tuple[str, Ref]]]],
        end: End,
        place: int | str,
        values: list[tuple[str, Ref]],
    ) -> None:
        if end.local is None:
            return
        functions = [(end.file, end.local.number)]
        if end.local.kind == "class":
            attributes = self._summaries[end.file].attributes.get(end.local.number, {})
            made = [ref for name in _CONSTRUCTORS for ref in attributes.get(name, [])]
            functions = [
                (one.file, one.local.number) for one in self.ends(end.file, made) if one.local
            ]
        for function in functions:
            found.setdefault(function, {}).setdefault(place, []).extend(values)

    # one reference

    def _follow(self, file: str, ref: Ref) -> Ends:
        key = (file, ref)
        if key not in self._memory:
            self._memory[key] = ()  # a value that is made of itself adds nothing
            if len(ref.path) <= _LONGEST and self._depth < _DEEP:
                self._depth += 1
                self._memory[key] = tuple(dict.fromkeys(self._step(file, ref)))
                self._depth -= 1
        return self._memory[key]

    def _all(self, file: str, refs: Iterable[Ref], path: tuple[Step, ...]) -> list[End]:
        return [end for r in refs for end in self._follow(file, Ref(r.root, (*r.path, *path)))]

    def _step(self, file: str, ref: Ref) -> list[End]:
        match ref.root:
            case Import():
                return self._imported(file, ref.root, ref.path)
            case Local():
                return self._local(file, ref.root, ref.path)
            case Given():
                return self._given(file, ref.root, ref.path)
            case Free():
                return self._free(file, ref.root.name, ref.path)

    def _local(self, file: str, root: Local, path: tuple[Step, ...]) -> list[End]:
        summary = self._summaries[file]
        if not path:
            return [End(None, file=file, local=root)]
        first, rest = path[0], path[1:]
        if not isinstance(first, Called):
            return self._attribute(file, root, first, path)
        if root.kind == "class":
            return self._local(file, Local("instance", root.number), rest)
        returned = summary.returns.get(root.number, []) if root.kind == "function" else []
        return self._all(file, returned, rest) or [_KNOWN]

    def _attribute(self, file: str, root: Local, name: str, path: tuple[Step, ...]) -> list[End]:
        for where, attributes in self._attributes(file, root.number):
            if name in attributes:
                return self._all(where, attributes[name], path[1:]) or [_KNOWN]
        return (_guess("", path) if root.kind == "instance" else []) or [_KNOWN]

    def _attributes(
        self, file: str, number: int, depth: int = _DEEPEST
    ) -> list[tuple[str, Mapping[str, list[Ref]]]]:
        """Return the attributes of a class and of what it inherits, the nearest first."""
        summary = self._summaries[file]
        found: list[tuple[str, Mapping[str, list[Ref]]]] = [
            (file, summary.attributes.get(number, {}))
        ]
        for end in self.ends(file, summary.bases.get(number, [])) if depth else ():
            if end.local is not None:
                found += self._attributes(end.file, end.local.number, depth - 1)
        return found

    def _given(self, file: str, root: Given, path: tuple[Step, ...]) -> list[End]:
        places = self._passed.get((file, root.function), {})
        values = [*places.get(root.place, []), *places.get(root.name, [])]
        found = [
            end
            for where, ref in values
            for end in self._follow(where, Ref(ref.root, (*ref.path, *path)))
        ]
        return [end for end in found if end != _KNOWN] or found or _guess(root.name, path)

    def _free(self, file: str, name: str, path: tuple[Step, ...]) -> list[End]:
        if name == "supabase" and path[:1] == ("createClient",):
            return _thing(FACTORY, path[1:])
        visible = self._visible(file)
        found = [end for m in visible.libraries for end in self._of_library(Import(m, name), path)]
        if not found and name in visible.names:
            where = visible.names[name]
            found = self._all(where, self._summaries[where].exports[name], path) or [_KNOWN]
        if found:
            return found
        return _thing(_GLOBALS[name], path) if name in _GLOBALS else _guess(name, path)

    def _imported(self, file: str, root: Import, path: tuple[Step, ...]) -> list[End]:
        found = self._of_library(root, path)
        if found:
            return found
        language = self._summaries[file].language
        targets = self._modules.find(file, language, root.module, root.name)
        known = [(target, name) for target, name in targets if target in self._summaries]
        found = [end for target, name in known for end in self._exported(target, name, path)]
        first = path[0] if path else None
        if not found and language == "python" and root.name == "*" and isinstance(first, str):
            return self._imported(file, Import(f"{root.module}.{first}", "*"), path[1:])
        return found or ([_KNOWN] if known else _guess(root.name, path))

    def _of_library(self, root: Import, path: tuple[Step, ...]) -> list[End]:
        names = [(root.name, path)]
        if root.name in {"*", "default"} or is_library(root.module):
            # `supabase.create_client`, and `supabase.client.Client`
            for number, step in enumerate(path[:2]):
                if isinstance(step, str):
                    names.append((step, path[number + 1 :]))
        for name, rest in names:
            sdk = thing(root.module, name)
            if sdk is not None:
                return _thing(sdk, rest)
        return []

    def _exported(self, target: str, name: str, path: tuple[Step, ...]) -> list[End]:
        shown = self._shown(target)
        names, first = shown.names, path[0] if path else None
        if name == "*" or (name == "default" and name not in names):
            # of a module that is asked for as a whole the first step is a name
            if isinstance(first, str) and first in names:
                name, path = first, path[1:]
            else:
                name = "default"
        if name in names:
            where = names[name]
            return self._all(where, self._summaries[where].exports[name], path)
        return [end for m in shown.libraries for end in self._of_library(Import(m, name), path)]

    def _shown(self, target: str) -> _Names:
        """Return what a file exports, with what it exports of others."""
        if target not in self._exports:
            self._exports[target] = self._gathered([target])
        return self._exports[target]

    def _visible(self, file: str) -> _Names:
        """Return what a file sees of imports that bring in every name."""
        if file not in self._seen:
            summary = self._summaries[file]
            targets = self._targets(file, summary.open_imports)
            found = self._gathered([one for one in targets if one in self._summaries])
            libraries = [m for m in summary.open_imports if is_library(m)]
            self._seen[file] = found._replace(libraries=(*libraries, *found.libraries))
        return self._seen[file]

    def _gathered(self, targets: list[str]) -> _Names:
        """Follow `export *` from file to file; the nearest file that has a name is the one."""
        names: dict[str, str] = {}
        libraries: list[str] = []
        unparsed: set[str] = set()
        waiting, done = deque(targets), set(targets)
        while waiting:
            target = waiting.popleft()
            summary = self._summaries[target]
            for name in summary.exports:
                names.setdefault(name, target)
            # Python hands on what it sees; Dart shows others only what it says that it exports
            opened = summary.open_imports if summary.language == "python" else []
            modules = [*summary.reexports, *opened]
            libraries += [module for module in modules if is_library(module)]
            others = [one for one in self._targets(target, modules) if one not in done]
            done.update(others)
            waiting += [one for one in others if one in self._summaries]
            unparsed.update(one for one in others if one not in self._summaries)
        return _Names(names, tuple(libraries), frozenset(unparsed))

    def _targets(self, file: str, modules: Iterable[str]) -> list[str]:
        language = self._summaries[file].language
        return [
            target
            for module in modules
            for target, _ in self._modules.find(file, language, module, "*")
        ]


def _thing(sdk: Sdk, path: tuple[Step, ...]) -> list[End]:
    """Return what a path behind a thing of a library leads to."""
    first = path[0] if path else None
    if sdk.what == "factory":
        if isinstance(first, Called):
            return [End(CLIENT, (*sdk.prefix, *path[1:]))]
        if first in {"create", "connect"} and isinstance(path[1] if path[1:] else None, Called):
            return [End(CLIENT, (*sdk.prefix, *path[2:]))]
        return [End(sdk)] if first is None else []
    if sdk.what == "flutter":
        if path[:2] == ("instance", "client"):
            return [End(CLIENT, path[2:])]
        if first == "initialize" and "client" in path[2:3]:
            return [End(CLIENT, path[3:])]
    return [End(sdk, path)]


def _guess(name: str, path: tuple[Step, ...]) -> list[End]:
    """Take for a client what is called one: `request.supabase`, a parameter `supabase`."""
    for number, step in enumerate((name, *path)):
        if isinstance(step, str) and CLIENT_NAME.fullmatch(step):
            rest = path[number:]
            # `getSupabase()` and the like are no names of a client, but `supabase()` may be one
            rest = rest[1:] if rest and isinstance(rest[0], Called) else rest
            return [End(CLIENT, rest, inferred=True)]
    return []


def _size(passed: Mapping[tuple[str, int], Mapping[int | str, list[tuple[str, Ref]]]]) -> int:
    return sum(len(values) for places in passed.values() for values in places.values())
