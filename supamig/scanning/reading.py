"""What the readers of all languages share: how they go through a tree, and what they note."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from supamig.scanning.grammars import line_of, text_of
from supamig.scanning.summary import Import
from supamig.scanning.tree import Expr, Imported, Invoke, Member, Name, Rest, Scope, Several

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from tree_sitter import Node

    Handler = Callable[[Node, Scope], Expr]


class Reader(ABC):
    """Turns the syntax tree of one language into scopes and expressions."""

    def __init__(self) -> None:
        self.handlers: Mapping[str, Handler] = self.make_handlers()

    @abstractmethod
    def make_handlers(self) -> Mapping[str, Handler]:
        """Return what reads which kind of node; all other kinds are only looked into."""

    def read(self, root: Node) -> Scope:
        """Return the file's scope."""
        file = Scope(kind="file")
        self.statements(root, file)
        self.export(file)
        return file

    def export(self, file: Scope) -> None:
        """Say which names other files see: all of them, unless the language has a word for it."""
        file.exports |= file.names

    def statements(self, node: Node, scope: Scope) -> None:
        """Read everything under a node for its bindings and its calls."""
        for child in node.named_children:
            scope.statements.append(self.value(child, scope))

    def value(self, node: Node | None, scope: Scope) -> Expr:
        """Read one node."""
        if node is None:
            return Rest([])
        handler = self.handlers.get(node.type)
        if handler is not None:
            return handler(node, scope)
        return Rest(self.inside(node, scope))

    def inside(self, node: Node, scope: Scope) -> list[Expr]:
        """Read the nearest nodes below that have a handler.

        It does not recurse: generated files nest deeper than Python's stack.
        """
        found: list[Expr] = []
        stack = node.named_children[::-1]
        while stack:
            one = stack.pop()
            handler = self.handlers.get(one.type)
            if handler is not None:
                found.append(handler(one, scope))
            else:
                stack += one.named_children[::-1]
        return found

    # handlers that several languages have

    def name(self, node: Node, _scope: Scope) -> Expr:
        """Read an identifier."""
        return Name(text_of(node), line_of(node))

    def ignore(self, _node: Node, _scope: Scope) -> Expr:
        """Read a node that holds nothing to look at."""
        return Rest([])

    def only_child(self, node: Node, scope: Scope) -> Expr:
        """Read what stands in parentheses, behind `await`, before `!`."""
        children = [child for child in node.named_children if child.type != "comment"]
        if len(children) == 1:
            return self.value(children[0], scope)
        return Rest(self.inside(node, scope))

    def either(self, node: Node, scope: Scope) -> Expr:
        """Read a node whose value is that of one of its parts."""
        return Several([self.value(child, scope) for child in node.named_children])

    def either_of(self, *fields: str) -> Handler:
        """Return a handler for a node whose value is one of the fields; the others are read too."""

        def read(node: Node, scope: Scope) -> Expr:
            chosen = [child for name in fields for child in node.children_by_field_name(name)]
            scope.statements += [
                self.value(child, scope) for child in node.named_children if child not in chosen
            ]
            return Several([self.value(child, scope) for child in chosen])

        return read

    def member(self, node: Node, of: str, name: str, scope: Scope) -> Expr:
        """Read `of.name`, whose parts are in these fields."""
        inner = node.child_by_field_name(name)
        what = text_of(inner) if inner is not None else ""
        line = line_of(inner) if inner is not None else line_of(node)
        return Member(self.value(node.child_by_field_name(of), scope), what, line)


def instance_of(types: Iterable[Expr], line: int) -> Expr:
    """Return the value that has one of the types: calling a class makes one."""
    return Several([Invoke(one, [], line) for one in types])


def imported(module: str, name: str) -> Imported:
    """Return what an import brings in."""
    return Imported(Import(module, name))
