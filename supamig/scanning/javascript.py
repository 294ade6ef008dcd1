"""JavaScript and TypeScript, JSX and modules of both kinds, as scopes and calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from supamig.scanning.grammars import below, line_of, text_of
from supamig.scanning.reading import Reader, imported
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
from supamig.scanning.typescript import alias, interface, types

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tree_sitter import Node

    from supamig.scanning.reading import Handler

#: React's functions that return what a function makes, or what they are given.
_TRANSPARENT = {"useMemo", "useState", "cache", "useCallback", "memo", "lazy", "once"}


class JavaScript(Reader):
    """Reads JavaScript; TypeScript has the same nodes and some more."""

    def make_handlers(self) -> Mapping[str, Handler]:
        """Return what reads which kind of node."""
        function, class_ = self._function, self._class
        return {
            "identifier": self.name,
            "shorthand_property_identifier": self.name,
            "this": self._this,
            "member_expression": lambda n, s: self.member(n, "object", "property", s),
            "subscript_expression": self._subscript,
            "call_expression": self._call,
            "new_expression": self._call,
            "await_expression": self.only_child,
            "parenthesized_expression": self.only_child,
            "non_null_expression": self.only_child,
            "as_expression": self._first,
            "satisfies_expression": self._first,
            "ternary_expression": self.either_of("consequence", "alternative"),
            "binary_expression": self._binary,
            "assignment_expression": self._assignment,
            "augmented_assignment_expression": self._assignment,
            "object": self._object,
            "string": self._string,
            "template_string": self._template,
            "variable_declarator": self._declarator,
            "function_declaration": function,
            "generator_function_declaration": function,
            "function_expression": function,
            "generator_function": function,
            "arrow_function": function,
            "method_definition": function,
            "class_declaration": class_,
            "abstract_class_declaration": class_,
            "class": class_,
            "statement_block": self._block,
            "return_statement": self._return,
            "import_statement": self._import,
            "export_statement": self._export,
            "interface_declaration": interface,
            "type_alias_declaration": alias,
            "type_annotation": self.ignore,
            "comment": self.ignore,
        }

    def export(self, file: Scope) -> None:
        """Leave it at what the file says that it exports."""

    # values

    def _this(self, _node: Node, scope: Scope) -> Expr:
        owner = scope.owner
        return Made(owner, is_instance=True) if owner else Rest([])

    def _first(self, node: Node, scope: Scope) -> Expr:
        return self.value(node.named_children[0] if node.named_children else None, scope)

    def _subscript(self, node: Node, scope: Scope) -> Expr:
        index = self.value(node.child_by_field_name("index"), scope)
        of = self.value(node.child_by_field_name("object"), scope)
        if isinstance(index, Text) and index.value:
            return Member(of, index.value, line_of(node))
        scope.statements.append(index)
        return of if isinstance(index, Rest) else Rest([of])

    def _binary(self, node: Node, scope: Scope) -> Expr:
        parts: list[Expr] = []
        is_choice = True
        one: Node | None = node
        while one is not None and one.type == "binary_expression":
            operator = one.child_by_field_name("operator")
            is_choice &= operator is not None and operator.type in {"||", "??", "&&"}
            parts.append(self.value(one.child_by_field_name("right"), scope))
            one = one.child_by_field_name("left")
        parts.append(self.value(one, scope))
        return Several(parts) if is_choice else Rest(parts)

    def _call(self, node: Node, scope: Scope) -> Expr:
        callee = node.child_by_field_name("function") or node.child_by_field_name("constructor")
        given = node.child_by_field_name("arguments")
        nodes = given.named_children if given is not None else []
        if given is not None and given.type == "template_string":
            nodes = [given]
        arguments = [self.value(one, scope) for one in nodes if one.type != "comment"]
        if callee is None or not arguments:
            return Invoke(self.value(callee, scope), arguments, line_of(node))
        word = text_of(callee).rpartition(".")[2]
        module = arguments[0].value if isinstance(arguments[0], Text) else None
        if callee.type in {"identifier", "import"} and word in {"require", "import"} and module:
            return imported(module, "*")
        made = Invoke(self.value(callee, scope), arguments, line_of(callee))
        if word in _TRANSPARENT:
            return Several([made, Invoke(arguments[0], [], line_of(node)), arguments[0]])
        if word == "useRef":
            return Several([made, Record({"current": arguments[0]})])
        return made

    def _object(self, node: Node, scope: Scope) -> Expr:
        made = Record({})
        for child in node.named_children:
            key, value = child.child_by_field_name("key"), child.child_by_field_name("value")
            if child.type == "pair" and key is not None:
                made.entries[text_of(key).strip("'\"`")] = self.value(value, scope)
            elif child.type == "shorthand_property_identifier":
                made.entries[text_of(child)] = self.value(child, scope)
            elif child.type == "method_definition":
                name = child.child_by_field_name("name")
                made.entries[text_of(name) if name else ""] = self._function(child, scope)
            else:
                made.others.append(self.value(child, scope))
        return made

    def _string(self, node: Node, _scope: Scope) -> Expr:
        return Text(text_of(node)[1:-1], line_of(node))

    def _template(self, node: Node, scope: Scope) -> Expr:
        parts = [one for one in node.named_children if one.type == "template_substitution"]
        if not parts:
            return Text(text_of(node)[1:-1], line_of(node))
        constant = [text_of(one) for one in node.named_children if one.type == "string_fragment"]
        inside: list[Expr] = [Rest(self.inside(one, scope)) for one in parts]
        inside += [Text(one, line_of(node)) for one in constant]
        return Text(None, line_of(node), inside)

    # names

    def _declarator(self, node: Node, scope: Scope) -> Expr:
        value = self.value(node.child_by_field_name("value"), scope)
        typed = types(node.child_by_field_name("type"))
        made = Several([value, typed]) if typed.parts else value
        self._bind(node.child_by_field_name("name"), made, scope)
        return value

    def _bind(self, pattern: Node | None, value: Expr, scope: Scope) -> None:
        """Note what the names of a pattern are of the value."""
        if pattern is None:
            return
        match pattern.type:
            case "identifier" | "shorthand_property_identifier_pattern":
                scope.bind(text_of(pattern), value)
            case "object_pattern":
                for child in pattern.named_children:
                    self._bind_part(child, value, scope)
            case "array_pattern":
                # `const [client] = useState(...)`: the first is what it is all about
                for child in pattern.named_children[:1]:
                    self._bind(child, value, scope)
            case "assignment_pattern" | "object_assignment_pattern":
                default = self.value(pattern.child_by_field_name("right"), scope)
                left = pattern.child_by_field_name("left")
                self._bind(left, Several([value, default]), scope)
            case _:
                return

    def _bind_part(self, child: Node, value: Expr, scope: Scope) -> None:
        if child.type == "pair_pattern":
            key = child.child_by_field_name("key")
            name = text_of(key).strip("'\"") if key else ""
            part = Member(value, name, line_of(child))
            self._bind(child.child_by_field_name("value"), part, scope)
        elif child.type == "rest_pattern":
            for inner in child.named_children:
                self._bind(inner, value, scope)
        else:
            left = child.child_by_field_name("left") or child
            self._bind(child, Member(value, text_of(left), line_of(child)), scope)

    def _assignment(self, node: Node, scope: Scope) -> Expr:
        left = node.child_by_field_name("left")
        value = self.value(node.child_by_field_name("right"), scope)
        if left is None:
            return value
        if left.type == "identifier":
            scope.assign(text_of(left), value)
        elif left.type in {"object_pattern", "array_pattern"}:
            self._bind(left, value, scope)
        elif left.type == "member_expression":
            self._assign_member(left, value, scope)
        return value

    def _assign_member(self, left: Node, value: Expr, scope: Scope) -> None:
        of, name = left.child_by_field_name("object"), left.child_by_field_name("property")
        if of is None or name is None:
            return
        if of.type == "this":
            scope.set_attribute(text_of(name), value)
        elif text_of(left) == "module.exports":
            self._export_value(value, scope)
        elif text_of(of) in {"exports", "module.exports"}:
            scope.file.exports.setdefault(text_of(name), []).append(value)
        else:
            scope.statements.append(self.value(of, scope))

    # functions and classes

    def _function(self, node: Node, scope: Scope) -> Expr:
        inner = scope.child("function")
        name = node.child_by_field_name("name")
        if name is not None and node.type.endswith("declaration"):
            scope.bind(text_of(name), Made(inner))
        alone = node.child_by_field_name("parameter")
        listed = node.child_by_field_name("parameters")
        nodes = [alone] if alone is not None else listed.named_children if listed else []
        for index, parameter in enumerate(one for one in nodes if one.type != "comment"):
            self._parameter(parameter, index, inner)
        returned = node.child_by_field_name("return_type")
        for type_ in types(returned).parts:
            inner.give_back(type_)
        body = node.child_by_field_name("body")
        if body is not None and body.type == "statement_block":
            self.statements(body, inner)
        elif body is not None:
            value = self.value(body, inner)
            inner.statements.append(value)
            inner.give_back(value)
        return Made(inner)

    def _parameter(self, node: Node, index: int, inner: Scope) -> None:
        pattern = node.child_by_field_name("pattern") or node
        left = pattern.child_by_field_name("left") or pattern
        name = text_of(left) if left.type == "identifier" else ""
        inner.parameters.append(name)
        typed = types(node.child_by_field_name("type"))
        default = node.child_by_field_name("value")
        parts: list[Expr] = [Parameter(inner, index, name), *typed.parts]
        if default is not None:
            parts.append(self.value(default, inner))
        self._bind(pattern, Several(parts), inner)
        # `constructor(private readonly client: SupabaseClient)` declares a field as well
        if any(one.type in {"accessibility_modifier", "readonly"} for one in node.children):
            inner.set_attribute(name, Several(parts))

    def _class(self, node: Node, scope: Scope) -> Expr:
        inner = scope.child("class")
        name = node.child_by_field_name("name")
        if name is not None:
            scope.bind(text_of(name), Made(inner))
        for child in node.named_children:
            if child.type == "class_heritage":
                inner.bases += [
                    Name(text_of(one), line_of(one))
                    for one in below(child, frozenset({"identifier", "type_identifier"}))
                ]
        body = node.child_by_field_name("body")
        for child in body.named_children if body is not None else []:
            self._part_of_class(child, inner)
        return Made(inner)

    def _part_of_class(self, node: Node, inner: Scope) -> None:
        name = node.child_by_field_name("name") or node.child_by_field_name("property")
        word = text_of(name) if name is not None else ""
        if node.type == "method_definition":
            made = self._function(node, inner)
            if any(child.type == "get" for child in node.children):
                made = Invoke(made, [], line_of(node))
            inner.set_attribute(word, made)
        elif node.type in {"field_definition", "public_field_definition"}:
            value = self.value(node.child_by_field_name("value"), inner)
            inner.statements.append(value)
            typed = types(node.child_by_field_name("type"))
            inner.set_attribute(word, Several([value, *typed.parts]))
        else:
            inner.statements.append(self.value(node, inner))

    def _block(self, node: Node, scope: Scope) -> Expr:
        self.statements(node, scope.child("block"))
        return Rest([])

    def _return(self, node: Node, scope: Scope) -> Expr:
        value = self.only_child(node, scope)
        scope.give_back(value)
        return value

    # modules

    def _import(self, node: Node, scope: Scope) -> Expr:
        source = node.child_by_field_name("source")
        module = text_of(source)[1:-1] if source is not None else ""
        clauses = [child for child in node.named_children if child.type == "import_clause"]
        for child in clauses[0].named_children if clauses else []:
            if child.type == "identifier":
                scope.bind(text_of(child), imported(module, "default"))
            elif child.type == "namespace_import":
                scope.bind(text_of(child.named_children[0]), imported(module, "*"))
            else:
                for one in child.named_children:
                    name, alias = one.child_by_field_name("name"), one.child_by_field_name("alias")
                    if name is not None:
                        local = text_of(alias or name)
                        scope.bind(local, imported(module, text_of(name)))
        return Text(module, line_of(node))

    def _export(self, node: Node, scope: Scope) -> Expr:
        source = node.child_by_field_name("source")
        module = text_of(source)[1:-1] if source is not None else ""
        declared = node.child_by_field_name("declaration")
        value = node.child_by_field_name("value")
        is_default = any(child.type == "default" for child in node.children)
        exports = scope.file.exports
        for child in node.named_children:
            if child.type == "export_clause":
                self._export_names(child, module, scope)
        if module and any(child.type == "*" for child in node.children):
            exports.setdefault("*", []).append(imported(module, "*"))
        if value is not None:
            read = self.value(value, scope)
            exports.setdefault("default", []).append(read)
            return read
        if declared is None:
            return Rest([])
        before = set(scope.names)
        read = self.value(declared, scope)
        if is_default:
            exports.setdefault("default", []).append(read)
            return read
        for name in scope.names.keys() - before or _declared(declared):
            exports.setdefault(name, []).append(Name(name, 0))
        return read

    def _export_names(self, node: Node, module: str, scope: Scope) -> None:
        for one in node.named_children:
            name, alias = one.child_by_field_name("name"), one.child_by_field_name("alias")
            if name is None:
                continue
            value = imported(module, text_of(name)) if module else Name(text_of(name), 0)
            scope.file.exports.setdefault(text_of(alias or name), []).append(value)

    def _export_value(self, value: Expr, scope: Scope) -> None:
        """Note `module.exports = value`: its entries are names, and it is the default as well."""
        exports = scope.file.exports
        exports.setdefault("default", []).append(value)
        if isinstance(value, Record):
            for name, entry in value.entries.items():
                exports.setdefault(name, []).append(entry)


def _declared(node: Node) -> list[str]:
    name = node.child_by_field_name("name")
    return [text_of(name)] if name is not None else []
