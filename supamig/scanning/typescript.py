"""Types of TypeScript, as far as they say that a value is a client or holds one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from supamig.scanning.grammars import below, line_of, text_of
from supamig.scanning.reading import instance_of
from supamig.scanning.tree import Expr, Made, Member, Name, Record, Rest, Scope, Several

if TYPE_CHECKING:
    from tree_sitter import Node

_TYPE_NAMES = frozenset({"type_identifier", "nested_type_identifier", "type_query"})
_OBJECTS = frozenset({"object_type", "interface_body"})


def types(node: Node | None) -> Several:
    """Return what a value of an annotated type is: an instance, or an object of its fields."""
    if node is None:
        return Several([])
    types = _type_names(node)
    fields = _fields(node)
    found: list[Expr] = [instance_of(types, line_of(node))] if types else []
    return Several([*found, Record(fields)] if fields else found)


def _type_names(node: Node) -> list[Expr]:
    found: list[Expr] = []
    for one in below(node, _TYPE_NAMES | _OBJECTS):
        if one.type in _OBJECTS:
            continue
        line, words = line_of(one), text_of(one).removeprefix("typeof").strip().split(".")
        type_: Expr = Name(words[0], line)
        for word in words[1:]:
            type_ = Member(type_, word, line)
        found.append(type_)
    return found


def _fields(node: Node) -> dict[str, Expr]:
    """Return the fields of the object types in an annotation."""
    fields: dict[str, Expr] = {}
    objects = [node] if node.type in _OBJECTS else below(node, _OBJECTS)
    for one in objects:
        for field in one.named_children:
            name, type_ = (field.child_by_field_name(key) for key in ("name", "type"))
            if name is not None and type_ is not None:
                fields[text_of(name)] = types(type_)
    return fields


def interface(node: Node, scope: Scope) -> Expr:
    """Note an interface as a class whose fields are those that it declares."""
    name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
    inner = scope.child("class")
    for field, value in (_fields(body) if body is not None else {}).items():
        inner.set_attribute(field, value)
    scope.bind(text_of(name) if name is not None else "", Made(inner))
    return Rest([])


def alias(node: Node, scope: Scope) -> Expr:
    """Note a name for a type."""
    name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
    if name is None or value is None:
        return Rest([])
    inner = scope.child("class")
    for field, type_ in _fields(node).items():
        inner.set_attribute(field, type_)
    names: list[Expr] = (
        [Name(text_of(value), line_of(value))]
        if value.type == "type_identifier"
        else _type_names(value)
    )
    scope.bind(text_of(name), Several([*names, Made(inner)] if inner.attributes else names))
    return Rest([])
