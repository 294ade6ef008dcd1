"""The parsers: tree-sitter's, one grammar a language, loaded when a file first needs it."""

from __future__ import annotations

import functools
import importlib
from typing import TYPE_CHECKING

from supamig.errors import ToolMissing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node, Parser

#: By language: the module that holds its grammar, and the function that returns it.
_GRAMMARS = {
    "python": ("tree_sitter_python", "language"),
    "javascript": ("tree_sitter_javascript", "language"),
    "typescript": ("tree_sitter_typescript", "language_typescript"),
    "tsx": ("tree_sitter_typescript", "language_tsx"),
    "dart": ("tree_sitter_dart_orchard", "language"),
    "html": ("tree_sitter_html", "language"),
}


@functools.cache
def parser(language: str) -> Parser:
    """Return the parser of a language; raise `ToolMissing` where it is not installed."""
    module, function = _GRAMMARS[language]
    try:
        from tree_sitter import Language, Parser

        grammar = importlib.import_module(module)
    except ImportError as error:
        message = f"the parser for {language} is not installed: {error.name or module} is missing"
        raise ToolMissing(message, hint="Install it with `pip install 'supamig[scan]'`") from error
    return Parser(Language(getattr(grammar, function)()))


def require() -> None:
    """Raise `ToolMissing` now, in place of in the middle of a scan."""
    for language in _GRAMMARS:
        parser(language)


def parse(language: str, content: bytes) -> Node:
    """Return the root of a file's syntax tree; what is no program of the language has errors."""
    return parser(language).parse(content).root_node


def line_of(node: Node) -> int:
    """Return the line that a node starts on, from 1."""
    return node.start_point[0] + 1


def text_of(node: Node) -> str:
    """Return the text of a node."""
    return (node.text or b"").decode("utf-8", "replace")


def first_error(root: Node) -> int:
    """Return the line of the first syntax error, or 0."""
    node = root
    while node.has_error and not (node.is_error or node.is_missing):
        inside = [child for child in node.children if child.has_error or child.is_missing]
        if not inside:
            break
        node = inside[0]
    return line_of(node) if root.has_error else 0


def below(node: Node, kinds: frozenset[str]) -> Iterator[Node]:
    """Find the nearest nodes of some kinds under a node, in the order of the text.

    It does not recurse: generated files nest deeper than Python's stack.
    """
    stack = list(reversed(node.children))
    while stack:
        one = stack.pop()
        if one.type in kinds:
            yield one
        else:
            stack += reversed(one.children)
