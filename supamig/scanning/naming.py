"""From scopes to references: what each name of one file may stand for, and every chain of calls.

It follows no order of statements: a name stands for whatever is assigned to it anywhere in its
scope.  A reassigned variable is therefore taken for both, which errs on the side of evidence.
"""

from __future__ import annotations

from supamig.scanning.libraries import CLIENT_NAME
from supamig.scanning.summary import (
    Called,
    Chain,
    Free,
    Given,
    Import,
    Local,
    Passed,
    Ref,
    Step,
    Summary,
    Words,
)
from supamig.scanning.tree import (
    Expr,
    Imported,
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

#: More values than that for one expression, or longer paths, are no program that a person wrote.
_MOST = 8
_LONGEST = 64

Refs = tuple[Ref, ...]


def summarize(file: Scope, language: str) -> Summary:
    """Return what a file says to others, and what it does with values it does not know."""
    return _Naming(file, language).summary


class _Naming:
    def __init__(self, file: Scope, language: str) -> None:
        self._numbers = {id(scope): number for number, scope in enumerate([file, *file.inner])}
        self._records: dict[int, int] = {}
        self._known: dict[tuple[int, str], Refs] = {}
        self._file = file
        self.summary = Summary(language=language)
        self.summary.open_imports = file.open_imports
        self._exports()
        for scope in (file, *file.inner):
            self._scope(scope)

    def _exports(self) -> None:
        for name, values in self._file.exports.items():
            found = self._all(values, self._file)
            if name == "*":
                self.summary.reexports += [
                    ref.root.module for ref in found if isinstance(ref.root, Import)
                ]
            elif found:
                self.summary.exports[name] = list(found)

    def _scope(self, scope: Scope) -> None:
        number = self._numbers[id(scope)]
        if scope.kind == "function":
            self.summary.parameters[number] = scope.parameters
            self.summary.returns[number] = self._everywhere(scope.returns)
        if scope.kind == "class":
            self.summary.bases[number] = list(self._all(scope.bases, scope.parent or scope))
            self.summary.attributes[number] = {
                name: self._everywhere(values) for name, values in scope.attributes.items()
            }
        for statement in scope.statements:
            self._look(statement, scope)

    # what an expression may stand for

    def _all(self, values: list[Expr], scope: Scope) -> Refs:
        found = dict.fromkeys(ref for value in values for ref in self._refs(value, scope))
        return tuple(found)[:_MOST]

    def _everywhere(self, values: list[tuple[Scope, Expr]]) -> list[Ref]:
        found = (ref for scope, value in values for ref in self._refs(value, scope))
        return list(dict.fromkeys(found))[:_MOST]

    def _refs(  # noqa: PLR0911 - one for each kind of expression
        self, value: Expr, scope: Scope
    ) -> Refs:
        match value:
            case Name():
                return self._name(value.name, scope)
            case Member():
                return self._behind(self._refs(value.of, scope), value.name)
            case Invoke():
                return self._behind(self._refs(value.callee, scope), _called(value))
            case Several():
                return self._all(value.parts, scope)
            case Imported():
                return (Ref(value.which),)
            case Made():
                return (Ref(self._made(value)),)
            case Parameter():
                number = self._numbers[id(value.scope)]
                return (Ref(Given(number, value.index, value.name)),)
            case Record():
                return (Ref(Local("record", self._record(value, scope))),)
            case _:
                return ()

    def _made(self, value: Made) -> Local:
        number = self._numbers[id(value.scope)]
        if value.is_instance:
            return Local("instance", number)
        return Local("function" if value.scope.kind == "function" else "class", number)

    def _behind(self, refs: Refs, step: Step) -> Refs:
        return tuple(Ref(r.root, (*r.path, step)) for r in refs if len(r.path) < _LONGEST)

    def _record(self, record: Record, scope: Scope) -> int:
        if id(record) not in self._records:
            number = len(self._numbers) + len(self._records)
            self._records[id(record)] = number
            self.summary.attributes[number] = {}
            self.summary.attributes[number] |= {
                name: list(self._refs(value, scope)) for name, value in record.entries.items()
            }
        return self._records[id(record)]

    def _name(self, name: str, scope: Scope | None) -> Refs:
        while scope is not None:
            if name in scope.names:
                return self._bound(name, scope)
            scope = scope.parent
        return (Ref(Free(name)),)

    def _bound(self, name: str, scope: Scope) -> Refs:
        key = (id(scope), name)
        if key not in self._known:
            self._known[key] = ()  # a name that is made of itself adds nothing
            found = self._all(scope.names[name], scope)
            if CLIENT_NAME.fullmatch(name) and not any(isinstance(r.root, Local) for r in found):
                found = (*found, Ref(Free(name)))  # when nothing better is known
            self._known[key] = found
        return self._known[key]

    # every chain, and what is handed to functions

    def _look(self, value: Expr, scope: Scope) -> None:
        match value:
            case Member() | Invoke():
                self._chain(value, scope)
            case Text():
                self._text(value, scope)
            case Several() | Rest():
                for part in value.parts:
                    self._look(part, scope)
            case Record():
                for part in (*value.entries.values(), *value.others):
                    self._look(part, scope)
            case _:
                return

    def _text(self, value: Text, scope: Scope) -> None:
        if value.value:
            self.summary.texts.append(Words(value.value, value.line))
        for part in value.parts:
            self._look(part, scope)

    def _chain(self, whole: Member | Invoke, scope: Scope) -> None:
        lines: list[int] = []
        value: Expr = whole
        while isinstance(value, Member | Invoke):
            lines.append(value.line)
            if isinstance(value, Invoke):
                self._arguments(value, scope)
                value = value.callee
            else:
                value = value.of
        if not isinstance(value, Name):
            self._look(value, scope)
        refs = self._refs(whole, scope)
        if refs:
            self.summary.chains.append(Chain(refs, tuple(reversed(lines))))

    def _arguments(self, call: Invoke, scope: Scope) -> None:
        places: list[tuple[int | str, Expr]] = [*enumerate(call.arguments), *call.named.items()]
        callees = self._refs(call.callee, scope)
        for place, value in places:
            self._look(value, scope)
            if not isinstance(value, Text | Rest):
                refs = self._refs(value, scope)
                if refs and callees:
                    self.summary.passed.append(Passed(callees, place, refs))


def _called(call: Invoke) -> Called:
    """Keep of a call what is constant; the entries of an object count as named arguments."""
    named = dict(call.named)
    for value in call.arguments:
        if isinstance(value, Record):
            named |= value.entries
    return Called(
        tuple(value.value if isinstance(value, Text) else None for value in call.arguments),
        tuple(
            (name, value.value if isinstance(value, Text) else None)
            for name, value in named.items()
        ),
    )
