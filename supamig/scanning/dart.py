"""Dart, as Flutter applications are written in it, as scopes and calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from supamig.scanning.grammars import line_of, text_of
from supamig.scanning.reading import Reader, imported, instance_of
from supamig.scanning.tree import (
    Expr,
    Invoke,
    Made,
    Member,
    Name,
    Parameter,
    Rest,
    Scope,
    Several,
    Text,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tree_sitter import Node

    from supamig.scanning.reading import Handler

_STATIC = "static_final_declaration"


class Dart(Reader):
    """Reads Dart.  All names of an imported library are visible, so imports stay open."""

    def make_handlers(self) -> Mapping[str, Handler]:
        """Return what reads which kind of node."""
        variable = self._variable
        return {
            "identifier": self.name,
            "type_identifier": self.ignore,
            "this": self._this,
            "unconditional_assignable_selector": self._selector,
            "conditional_assignable_selector": self._selector,
            "method_invocation": self._invocation,
            "constructor_invocation": self._invocation,
            "new_expression": self._new,
            "const_object_expression": self._new,
            "cascade_expression": self._cascade,
            "await_expression": self._last,
            "unary_expression": self._last,
            "parenthesized_expression": self.only_child,
            "null_assertion_expression": self._first,
            "type_cast_expression": self._first,
            "if_null_expression": self.either,
            "conditional_expression": self.either_of("consequence", "alternative"),
            "string_literal": self._string,
            "assignment_expression": self._assignment,
            "initialized_variable_definition": variable,
            "initialized_identifier": variable,
            _STATIC: variable,
            "declaration": self._declaration,
            "function_declaration": self._function,
            "method_declaration": self._function,
            "local_function_declaration": self._function,
            "function_expression": self._closure,
            "class_definition": self._class,
            "return_statement": self._return,
            "import_or_export": self._import,
            "comment": self.ignore,
            "documentation_comment": self.ignore,
        }

    # values

    def _this(self, _node: Node, scope: Scope) -> Expr:
        owner = scope.owner
        return Made(owner, is_instance=True) if owner else Rest([])

    def _first(self, node: Node, scope: Scope) -> Expr:
        return self.value(node.named_children[0] if node.named_children else None, scope)

    def _last(self, node: Node, scope: Scope) -> Expr:
        return self.value(node.named_children[-1] if node.named_children else None, scope)

    def _selector(self, node: Node, scope: Scope) -> Expr:
        children = [one for one in node.named_children if one.type != "assignable_operator"]
        if len(children) < 2:  # noqa: PLR2004 - `of.name`
            return Rest(self.inside(node, scope))
        return Member(self.value(children[0], scope), text_of(children[-1]), line_of(children[-1]))

    def _invocation(self, node: Node, scope: Scope) -> Expr:
        callee = node.child_by_field_name("function") or node.named_children[0]
        line = line_of(callee)
        return self._call(self.value(callee, scope), node, scope, line)

    def _new(self, node: Node, scope: Scope) -> Expr:
        names = [one for one in node.named_children if one.type == "type_identifier"]
        line = line_of(node)
        callee: Expr = Name(text_of(names[0]), line) if names else Rest([])
        return self._call(callee, node, scope, line)

    def _call(self, callee: Expr, node: Node, scope: Scope, line: int) -> Expr:
        arguments: list[Expr] = []
        named: dict[str, Expr] = {}
        for one in _arguments(node):
            if one.type == "named_argument":
                label = text_of(one.named_children[0]).rstrip(": ")
                named[label] = self.value(one.named_children[-1], scope)
            else:
                arguments.append(self.only_child(one, scope))
        return Invoke(callee, arguments, line, named)

    def _cascade(self, node: Node, scope: Scope) -> Expr:
        """Read `target..a()..b()` as if each were called on the one before: builders are."""
        made = self.value(node.child_by_field_name("target"), scope)
        for section in node.named_children[1:]:
            for call in section.named_children:
                function = call.child_by_field_name("function")
                if call.type == "method_invocation" and function is not None:
                    line = line_of(call)
                    made = self._call(Member(made, text_of(function), line), call, scope, line)
                else:
                    scope.statements += self.inside(call, scope)
        return made

    def _string(self, node: Node, scope: Scope) -> Expr:
        if any(one.type == "template_substitution" for one in node.named_children):
            texts = text_of(node).strip("'\"").split("$")
            inside: list[Expr] = [Text(one, line_of(node)) for one in texts]
            return Text(None, line_of(node), [*inside, *self.inside(node, scope)])
        return Text(text_of(node).lstrip("r").strip("'\""), line_of(node))

    # names

    def _variable(self, node: Node, scope: Scope) -> Expr:
        name = node.child_by_field_name("name") or next(
            (one for one in node.named_children if one.type == "identifier"), None
        )
        value = node.child_by_field_name("value")
        if value is None and node.type != "initialized_variable_definition":
            behind = [one for one in node.named_children if one != name]
            value = behind[-1] if behind else None
        read = self.value(value, scope)
        types = _types(node) or _types(_declaration_of(node))
        self._bind(text_of(name) if name is not None else "", Several([read, *types]), scope)
        return read

    def _bind(self, name: str, value: Expr, scope: Scope) -> None:
        if scope.kind == "class":
            scope.set_attribute(name, value)
            if name not in scope.names:
                scope.bind(name, Member(Made(scope, is_instance=True), name, 0))
        else:
            scope.bind(name, value)

    def _assignment(self, node: Node, scope: Scope) -> Expr:
        left = node.child_by_field_name("left")
        value = self.value(node.child_by_field_name("right"), scope)
        if left is None:
            return value
        name = text_of(left).removeprefix("this.")
        owner = scope.owner
        if owner is not None and (name != text_of(left) or name in owner.names):
            owner.attributes.setdefault(name, []).append((scope, value))
        elif name.isidentifier():
            scope.assign(name, value)
        else:
            scope.statements.append(self.value(left, scope))
        return value

    def _declaration(self, node: Node, scope: Scope) -> Expr:
        """Read a field, or a constructor without a body."""
        for child in node.named_children:
            if child.type == "constructor_signature":
                self._constructor(child, scope)
            else:
                scope.statements.append(self.value(child, scope))
        return Rest([])

    # functions and classes

    def _constructor(self, node: Node, scope: Scope) -> None:
        inner = scope.child("function")
        listed = [one for one in node.named_children if one.type == "formal_parameter_list"]
        self._parameters(listed[0] if listed else None, inner)
        for index, name in enumerate(inner.parameters):
            scope.set_attribute("constructor", Made(inner))
            self._bind(name, Parameter(inner, index, name), scope)

    def _function(self, node: Node, scope: Scope) -> Expr:
        signature = node.child_by_field_name("signature") or node
        while signature.named_children and signature.type == "method_signature":
            signature = signature.named_children[-1]
        if signature.type == "constructor_signature":
            self._constructor(signature, scope)
        inner = scope.child("function")
        name = signature.child_by_field_name("name")
        listed = [one for one in signature.named_children if one.type == "formal_parameter_list"]
        self._parameters(listed[0] if listed else None, inner)
        for type_ in _types(signature):
            inner.give_back(type_)
        self._body(node.child_by_field_name("body"), inner)
        made: Expr = Made(inner)
        if signature.type == "getter_signature":
            made = Invoke(made, [], line_of(node))
        self._bind(text_of(name) if name is not None else "", made, scope)
        return Made(inner)

    def _body(self, body: Node | None, inner: Scope) -> None:
        if body is None:
            return
        blocks = [one for one in body.named_children if one.type == "block"]
        if blocks:
            self.statements(blocks[0], inner)
        else:  # `=> expression`
            value = self._last(body, inner)
            inner.statements.append(value)
            inner.give_back(value)

    def _closure(self, node: Node, scope: Scope) -> Expr:
        inner = scope.child("function")
        listed = [one for one in node.named_children if one.type == "formal_parameter_list"]
        self._parameters(listed[0] if listed else None, inner)
        body = node.child_by_field_name("body")
        self._body(body if body is not None else node.named_children[-1], inner)
        return Made(inner)

    def _parameters(self, listed: Node | None, inner: Scope) -> None:
        nodes = [] if listed is None else list(listed.named_children)
        flat: list[Node] = []
        for node in nodes:
            flat += node.named_children if node.type == "optional_formal_parameters" else [node]
        for index, node in enumerate(one for one in flat if one.type == "formal_parameter"):
            given = node.child_by_field_name("name") or next(
                (one for one in _leaves(node) if one.type == "identifier"), None
            )
            name = text_of(given) if given is not None else ""
            inner.parameters.append(name)
            inner.bind(name, Several([Parameter(inner, index, name), *_types(node)]))

    def _class(self, node: Node, scope: Scope) -> Expr:
        inner = scope.child("class")
        name = node.child_by_field_name("name")
        if name is not None:
            scope.bind(text_of(name), Made(inner))
        above = node.child_by_field_name("superclass")
        inner.bases += [
            Name(text_of(one), line_of(one))
            for one in (_leaves(above) if above is not None else [])
            if one.type == "type_identifier"
        ]
        body = node.child_by_field_name("body")
        if body is not None:
            self.statements(body, inner)
        return Made(inner)

    def _return(self, node: Node, scope: Scope) -> Expr:
        value = self.only_child(node, scope)
        scope.give_back(value)
        return value

    # modules

    def _import(self, node: Node, scope: Scope) -> Expr:
        leaves = list(_leaves(node))
        uris = [one for one in leaves if one.type == "string_literal"]
        module = text_of(uris[0]).strip("'\"") if uris else ""
        names = [one for one in leaves if one.type == "identifier"]
        is_prefixed = any(one.type == "as" for one in leaves)
        if is_prefixed and names:
            scope.bind(text_of(names[0]), imported(module, "*"))
        elif any(one.type == "library_export" for one in node.named_children):
            scope.file.exports.setdefault("*", []).append(imported(module, "*"))
        else:
            scope.file.open_imports.append(module)
        return Rest([])


def _leaves(node: Node) -> list[Node]:
    """Return the leaves under a node; a string counts as one."""
    found, stack = [], [node]
    while stack:
        one = stack.pop()
        if not one.children or one.type == "string_literal":
            found.append(one)
        else:
            stack += reversed(one.children)
    return found


def _arguments(node: Node) -> list[Node]:
    """Return the arguments of a call, which stand one or two nodes below it."""
    for child in node.named_children:
        if child.type in {"argument_part", "arguments"}:
            inner = [one for one in child.named_children if one.type == "arguments"]
            return list((inner[0] if inner else child).named_children)
    return []


def _types(node: Node | None) -> list[Expr]:
    if node is None:
        return []
    names = [one for one in node.named_children if one.type == "type_identifier"]
    found: list[Expr] = [Name(text_of(one), line_of(one)) for one in names]
    return [instance_of(found, line_of(node))] if found else []


def _declaration_of(node: Node) -> Node | None:
    """Return the declaration that says the type of a field."""
    if node.type != "initialized_identifier" or node.parent is None:
        return None
    return node.parent.parent
