"""What one file says to the others, small enough to come from another process.

A `Ref` names a value that nobody knows yet: a root (an import, a parameter, a function, a library)
and the members and calls behind it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple


class Import(NamedTuple):
    """A name of another module; `*` is the module itself, `default` its default export."""

    module: str
    name: str


class Local(NamedTuple):
    """A function, a class or an object literal of a file, by its number there."""

    kind: Literal["function", "class", "instance", "record"]
    number: int


class Given(NamedTuple):
    """A parameter of a function of a file."""

    function: int
    place: int
    name: str


class Free(NamedTuple):
    """A name that the file does not define."""

    name: str


Root = Import | Local | Given | Free


class Called(NamedTuple):
    """A call: its arguments that are constant texts, by position and by name; others are None."""

    arguments: tuple[str | None, ...] = ()
    named: tuple[tuple[str, str | None], ...] = ()

    @property
    def first(self) -> str:
        """The first argument, if that is a constant text."""
        return self.arguments[0] or "" if self.arguments else ""

    def get(self, name: str) -> str:
        """Return a named argument, if that is a constant text."""
        return dict(self.named).get(name) or ""


Step = str | Called


class Ref(NamedTuple):
    """A value: where it comes from, and the members and calls behind that."""

    root: Root
    path: tuple[Step, ...] = ()


class Chain(NamedTuple):
    """A whole expression of members and calls, and what it may be.

    ``lines`` are those of its own steps, which are the last ones of each path.
    """

    refs: tuple[Ref, ...]
    lines: tuple[int, ...]


class Passed(NamedTuple):
    """An argument that is handed to a function: by position, or by name."""

    callees: tuple[Ref, ...]
    place: int | str
    values: tuple[Ref, ...]


class Words(NamedTuple):
    """A string of the program."""

    text: str
    line: int


@dataclass(slots=True)
class Summary:
    """One parsed file."""

    language: str = ""
    exports: dict[str, list[Ref]] = field(default_factory=dict)
    #: Modules whose every export this file exports too, or sees.
    reexports: list[str] = field(default_factory=list)
    open_imports: list[str] = field(default_factory=list)
    parameters: dict[int, list[str]] = field(default_factory=dict)
    returns: dict[int, list[Ref]] = field(default_factory=dict)
    attributes: dict[int, dict[str, list[Ref]]] = field(default_factory=dict)
    bases: dict[int, list[Ref]] = field(default_factory=dict)
    chains: list[Chain] = field(default_factory=list)
    passed: list[Passed] = field(default_factory=list)
    texts: list[Words] = field(default_factory=list)
    error_line: int = 0
