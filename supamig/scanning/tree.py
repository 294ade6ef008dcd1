"""What every language has in common: names, members, calls and scopes, as the readers hand over.

A reader turns one file's syntax tree into these; from there on no language matters.  What passes a
value on (`await`, parentheses, casts) is left out, what is no value at all becomes `Rest`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from supamig.scanning.summary import Import


@dataclass(slots=True)
class Name:
    """An identifier."""

    name: str
    line: int


@dataclass(slots=True)
class Member:
    """`of.name`; also a destructured name."""

    of: Expr
    name: str
    line: int


@dataclass(slots=True)
class Invoke:
    """A call or `new`: its arguments by position and by name."""

    callee: Expr
    arguments: list[Expr]
    line: int
    named: dict[str, Expr] = field(default_factory=dict)


@dataclass(slots=True)
class Text:
    """A string; ``value`` is None where it is only known at run time."""

    value: str | None
    line: int
    parts: list[Expr] = field(default_factory=list)


@dataclass(slots=True)
class Record:
    """An object or a dictionary."""

    entries: dict[str, Expr]
    others: list[Expr] = field(default_factory=list)


@dataclass(slots=True)
class Several:
    """One of these: the branches of a condition, `a or b`, the parts of a type."""

    parts: list[Expr]


@dataclass(slots=True)
class Rest:
    """No value that matters, but with parts that may hold calls."""

    parts: list[Expr]


@dataclass(slots=True)
class Imported:
    """What an import brings in."""

    which: Import


@dataclass(slots=True)
class Made:
    """A function, a class, or the first instance of it (``this``, ``self``)."""

    scope: Scope
    is_instance: bool = False


@dataclass(slots=True)
class Parameter:
    """The value of a function's parameter, whatever its callers pass."""

    scope: Scope
    index: int
    name: str


Expr = Name | Member | Invoke | Text | Record | Several | Rest | Imported | Made | Parameter
Kind = Literal["file", "function", "class", "block"]


@dataclass(slots=True, eq=False)
class Scope:
    """Where names mean something; ``statements`` are looked through for calls."""

    kind: Kind
    parent: Scope | None = None
    names: dict[str, list[Expr]] = field(default_factory=dict)
    statements: list[Expr] = field(default_factory=list)
    #: Of a function: its parameters in order, and what it may return.
    parameters: list[str] = field(default_factory=list)
    returns: list[tuple[Scope, Expr]] = field(default_factory=list)
    #: Of a class: what it inherits, and what its methods are and `self.NAME` is set to.
    bases: list[Expr] = field(default_factory=list)
    attributes: dict[str, list[tuple[Scope, Expr]]] = field(default_factory=dict)
    #: Of a file: what other files see; names of imports whose every name is visible here.
    exports: dict[str, list[Expr]] = field(default_factory=dict)
    open_imports: list[str] = field(default_factory=list)
    #: Every scope inside a file, in the file's own scope.
    inner: list[Scope] = field(default_factory=list)

    def child(self, kind: Kind) -> Scope:
        """Return a new scope inside this one."""
        made = Scope(kind=kind, parent=self)
        self.file.inner.append(made)
        return made

    def bind(self, name: str, value: Expr) -> None:
        """Note that a name of this scope may have a value."""
        self.names.setdefault(name, []).append(value)

    def assign(self, name: str, value: Expr) -> None:
        """Note a value for a name wherever it is declared, else in the file."""
        scope: Scope | None = self
        while scope is not None and (name not in scope.names or scope.kind == "class"):
            scope = scope.parent
        (scope or self.file).bind(name, value)

    @property
    def file(self) -> Scope:
        """The scope of the whole file."""
        scope = self
        while scope.parent is not None:
            scope = scope.parent
        return scope

    @property
    def function(self) -> Scope | None:
        """The function that this is in, if any."""
        return self._nearest("function")

    @property
    def owner(self) -> Scope | None:
        """The class that this is in, if any."""
        return self._nearest("class")

    def _nearest(self, kind: Kind) -> Scope | None:
        scope: Scope | None = self
        while scope is not None and scope.kind != kind:
            scope = scope.parent
        return scope

    def give_back(self, value: Expr) -> None:
        """Note what the function that this is in may return."""
        function = self.function
        if function is not None:
            function.returns.append((self, value))

    def set_attribute(self, name: str, value: Expr) -> None:
        """Note `self.NAME = value`, said in this scope."""
        owner = self.owner
        if owner is not None:
            owner.attributes.setdefault(name, []).append((self, value))
