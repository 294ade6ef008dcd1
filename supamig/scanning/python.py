"""Python as scopes and calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from supamig.scanning.grammars import below, line_of, text_of
from supamig.scanning.reading import Reader, imported, instance_of
from supamig.scanning.tree import (
    Expr,
    Invoke,
    Made,
    Member,
    Name,
    Parameter,
    Record,
    Rest,
    Scope,
    Several,
    Text,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tree_sitter import Node

    from supamig.scanning.reading import Handler

_NAMES = frozenset({"identifier", "attribute", "string"})
#: FastAPI calls what it is given and passes the result on.
_INJECTING = {"Depends", "Security"}


class Python(Reader):
    """Reads Python."""

    def make_handlers(self) -> Mapping[str, Handler]:
        """Return what reads which kind of node."""
        return {
            "identifier": self.name,
            "attribute": lambda n, s: self.member(n, "object", "attribute", s),
            "call": self._call,
            "await": self.only_child,
            "parenthesized_expression": self.only_child,
            "conditional_expression": self.either,
            "boolean_operator": self.either,
            "not_operator": lambda n, s: Rest(self.inside(n, s)),
            "string": self._string,
            "concatenated_string": lambda n, s: Rest(self.inside(n, s)),
            "dictionary": self._dictionary,
            "subscript": self._subscript,
            "assignment": self._assignment,
            "named_expression": self._walrus,
            "function_definition": self._function,
            "lambda": self._lambda,
            "class_definition": self._class,
            "decorated_definition": self._decorated,
            "with_item": self._with,
            "return_statement": self._return,
            "yield": self._return,
            "global_statement": self._outer,
            "nonlocal_statement": self._outer,
            "import_statement": self._import,
            "import_from_statement": self._import_from,
            "future_import_statement": self.ignore,
            "comment": self.ignore,
            "type": self.ignore,
        }

    # values

    def _call(self, node: Node, scope: Scope) -> Expr:
        callee = node.child_by_field_name("function")
        listed = node.child_by_field_name("arguments")
        arguments: list[Expr] = []
        named: dict[str, Expr] = {}
        for child in listed.named_children if listed is not None else []:
            if child.type == "keyword_argument":
                name = child.child_by_field_name("name")
                value = self.value(child.child_by_field_name("value"), scope)
                named[text_of(name) if name is not None else ""] = value
            elif child.type != "comment":
                arguments.append(self.value(child, scope))
        word = text_of(callee).rpartition(".")[2] if callee is not None else ""
        if word in _INJECTING and arguments:
            return Invoke(arguments[0], [], line_of(node))
        line = line_of(callee) if callee is not None else line_of(node)
        return Invoke(self.value(callee, scope), arguments, line, named)

    def _string(self, node: Node, scope: Scope) -> Expr:
        prefix = text_of(node.children[0]).lower() if node.children else ""
        parts = [child for child in node.children if child.type == "interpolation"]
        contents = [text_of(child) for child in node.children if child.type == "string_content"]
        if "b" in prefix.strip("\"'"):
            return Rest([])
        if not parts:
            return Text("".join(contents), line_of(node))
        inside: list[Expr] = [Rest(self.inside(one, scope)) for one in parts]
        return Text(None, line_of(node), [*inside, *(Text(t, line_of(node)) for t in contents)])

    def _dictionary(self, node: Node, scope: Scope) -> Expr:
        made = Record({})
        for child in node.named_children:
            key, value = child.child_by_field_name("key"), child.child_by_field_name("value")
            name = self.value(key, scope)
            if isinstance(name, Text) and name.value is not None:
                made.entries[name.value] = self.value(value, scope)
            else:
                made.others += [name, self.value(value or child, scope)]
        return made

    def _subscript(self, node: Node, scope: Scope) -> Expr:
        of = self.value(node.child_by_field_name("value"), scope)
        index = self.value(node.child_by_field_name("subscript"), scope)
        if isinstance(index, Text) and index.value:
            return Member(of, index.value, line_of(node))
        return Rest([of, index])

    # names

    def _assignment(self, node: Node, scope: Scope) -> Expr:
        left = node.child_by_field_name("left")
        value = self.value(node.child_by_field_name("right"), scope)
        types = self._types(node.child_by_field_name("type"))
        self._bind(left, Several([value, *types]) if types else value, scope)
        return value

    def _bind(self, target: Node | None, value: Expr, scope: Scope) -> None:
        if target is None:
            return
        match target.type:
            case "identifier" if scope.kind == "class":
                scope.set_attribute(text_of(target), value)
            case "identifier":
                self._declare(text_of(target), value, scope)
            case "attribute":
                self._bind_attribute(target, value, scope)
            case "pattern_list" | "tuple_pattern":
                for child in target.named_children[:1]:
                    self._bind(child, value, scope)
            case "as_pattern_target":
                for child in target.named_children:
                    self._bind(child, value, scope)
            case _:
                scope.statements.append(self.value(target, scope))

    def _bind_attribute(self, target: Node, value: Expr, scope: Scope) -> None:
        """Note `self.name = value`, and the same of a class."""
        of, name = (target.child_by_field_name(field) for field in ("object", "attribute"))
        if of is not None and name is not None and self._own(text_of(of), scope) is not None:
            scope.set_attribute(text_of(name), value)

    def _declare(self, name: str, value: Expr, scope: Scope) -> None:
        """Bind in the function, unless that says `global` or `nonlocal`."""
        if any(isinstance(one, Rest) for one in scope.names.get(f"outer {name}", ())):
            parent = scope.parent
            while parent is not None and parent.kind != "file" and name not in parent.names:
                parent = parent.parent
            (parent or scope).bind(name, value)
        else:
            scope.bind(name, value)

    def _own(self, name: str, scope: Scope) -> Expr | None:
        """Return the instance or class that `self` or `cls` is."""
        function = scope.function
        while function is not None:
            for value in function.names.get(name, ()):
                if isinstance(value, Made) and value.scope.kind == "class":
                    return value
            function = function.parent.function if function.parent else None
        return None

    def _walrus(self, node: Node, scope: Scope) -> Expr:
        value = self.value(node.child_by_field_name("value"), scope)
        self._bind(node.child_by_field_name("name"), value, scope)
        return value

    def _with(self, node: Node, scope: Scope) -> Expr:
        pattern = node.child_by_field_name("value")
        if pattern is None or pattern.type != "as_pattern":
            return self.value(pattern, scope)
        value = self.value(pattern.named_children[0], scope)
        self._bind(pattern.child_by_field_name("alias"), value, scope)
        return value

    def _outer(self, node: Node, scope: Scope) -> Expr:
        for child in node.named_children:
            scope.bind(f"outer {text_of(child)}", Rest([]))
        return Rest([])

    # functions and classes

    def _function(self, node: Node, scope: Scope) -> Expr:
        return self._make(node, scope, decorators=[])

    def _make(self, node: Node, scope: Scope, *, decorators: list[str]) -> Expr:
        inner = scope.child("function")
        made: Expr = Made(inner)
        name = node.child_by_field_name("name")
        parameters = node.child_by_field_name("parameters")
        is_method = scope.kind == "class" and "staticmethod" not in decorators
        listed = parameters.named_children if parameters is not None else []
        self._parameters(listed, inner, owner=scope if is_method else None)
        inner_returned = self._types(node.child_by_field_name("return_type"))
        for type_ in inner_returned:
            inner.give_back(type_)
        body = node.child_by_field_name("body")
        if body is not None:
            self.statements(body, inner)
        if any(word in {"property", "cached_property"} for word in decorators):
            made = Invoke(made, [], line_of(node))
        word = text_of(name) if name is not None else ""
        if scope.kind == "class":
            scope.set_attribute(word, made)
        else:
            scope.bind(word, made)
        return Made(inner)

    def _parameters(self, nodes: list[Node], inner: Scope, *, owner: Scope | None) -> None:
        index = 0
        for node in nodes:
            if node.type in {"comment", "keyword_separator", "positional_separator"}:
                continue
            names = [node] if node.type == "identifier" else node.named_children[:1]
            name = text_of(node.child_by_field_name("name") or names[0]) if names else ""
            if owner is not None and not inner.names:
                inner.bind(name, Made(owner, is_instance=True))
                continue
            parts: list[Expr] = [Parameter(inner, index, name)]
            parts += self._types(node.child_by_field_name("type"))
            default = node.child_by_field_name("value")
            if default is not None:
                parts.append(self.value(default, inner))
            inner.parameters.append(name)
            inner.bind(name, Several(parts))
            index += 1

    def _types(self, node: Node | None) -> list[Expr]:
        if node is None:
            return []
        found: list[Expr] = []
        for one in below(node, frozenset({*_NAMES, "call"})):
            if one.type == "string":
                found.append(_dotted(text_of(one).strip("'\""), line_of(one)))
            elif one.type == "call":  # `Annotated[Client, Depends(get_client)]`
                found.append(self.value(one, Scope(kind="file")))
            else:
                found.append(_dotted(text_of(one), line_of(one)))
        injected = [one for one in found if isinstance(one, Invoke)]
        types = [one for one in found if not isinstance(one, Invoke)]
        return [*injected, instance_of(types, line_of(node))]

    def _lambda(self, node: Node, scope: Scope) -> Expr:
        inner = scope.child("function")
        parameters = node.child_by_field_name("parameters")
        listed = parameters.named_children if parameters is not None else []
        self._parameters(listed, inner, owner=None)
        value = self.value(node.child_by_field_name("body"), inner)
        inner.statements.append(value)
        inner.give_back(value)
        return Made(inner)

    def _class(self, node: Node, scope: Scope) -> Expr:
        inner = scope.child("class")
        name = node.child_by_field_name("name")
        if name is not None:
            scope.bind(text_of(name), Made(inner))
        bases = node.child_by_field_name("superclasses")
        if bases is not None:
            inner.bases += [self.value(one, scope) for one in bases.named_children]
        body = node.child_by_field_name("body")
        if body is not None:
            self.statements(body, inner)
        return Made(inner)

    def _decorated(self, node: Node, scope: Scope) -> Expr:
        decorators = [child for child in node.named_children if child.type == "decorator"]
        scope.statements += [Rest(self.inside(one, scope)) for one in decorators]
        words = [text_of(one).lstrip("@").partition("(")[0] for one in decorators]
        definition = node.child_by_field_name("definition")
        if definition is None or definition.type != "function_definition":
            return self.value(definition, scope)
        names = [word.rpartition(".")[2] for word in words]
        return self._make(definition, scope, decorators=names)

    def _return(self, node: Node, scope: Scope) -> Expr:
        value = self.only_child(node, scope)
        scope.give_back(value)
        return value

    # modules

    def _import(self, node: Node, scope: Scope) -> Expr:
        for child in node.named_children:
            name, alias = child.child_by_field_name("name"), child.child_by_field_name("alias")
            if name is not None and alias is not None:
                scope.bind(text_of(alias), imported(text_of(name), "*"))
            else:
                first = text_of(child).partition(".")[0]
                scope.bind(first, imported(first, "*"))
        return Rest([])

    def _import_from(self, node: Node, scope: Scope) -> Expr:
        source = node.child_by_field_name("module_name")
        module = text_of(source) if source is not None else ""
        for child in node.children_by_field_name("name"):
            name, alias = child.child_by_field_name("name"), child.child_by_field_name("alias")
            called = text_of(name if name is not None else child)
            scope.bind(text_of(alias) if alias is not None else called, imported(module, called))
        if any(child.type == "wildcard_import" for child in node.children):
            scope.file.open_imports.append(module)
        return Rest([])


def _dotted(text: str, line: int) -> Expr:
    words = text.split(".")
    found: Expr = Name(words[0], line)
    for word in words[1:]:
        found = Member(found, word, line)
    return found
