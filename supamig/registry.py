"""Which plugin implements which hook: what a plugin offers, whether it fits, and how it is called.

pluggy keeps the specifications and the marks that `@hookimpl` leaves; the calls are made here.
"""

from __future__ import annotations

import difflib
import inspect
import math
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pluggy

from supamig import hookspecs
from supamig.models import Stage
from supamig.protocols import Validator
from supamig.wording import explain


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What is wrong with a plugin: the end of the id `plugin.KIND` and of "the plugin `x` ..."."""

    kind: str
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """The hooks a plugin implements, the faults that refuse it, and oddities that do not."""

    hooks: tuple[str, ...]
    faults: tuple[Fault, ...]
    oddities: tuple[Fault, ...]


class NotIterable(Exception):  # noqa: N818 - half a sentence for a finding
    """An implementation returned something that holds no objects."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Implementation:
    """One hook of one plugin, callable by itself."""

    hook: str
    plugin: str
    is_builtin: bool
    function: Callable[..., object]
    arguments: tuple[str, ...]

    def __str__(self) -> str:
        return f"`{self.hook}` of the plugin `{self.plugin}`"

    @property
    def label(self) -> str:
        """Plugin and hook, as the subject of a finding."""
        return f"{self.plugin}:{self.hook}"

    def call(self, **given: object) -> object:
        """Call it with those of the hook's arguments that it takes."""
        return self.function(**{name: given[name] for name in self.arguments})

    def items(self, **given: object) -> Iterator[object]:
        """Call it and iterate over what it returns; None is nothing, text is no list of objects."""
        returned = self.call(**given)
        if returned is None:
            return iter(())
        if inspect.iscoroutine(returned):
            returned.close()
        if not isinstance(returned, Iterable) or isinstance(returned, str | bytes):
            what = type(returned).__name__
            raise NotIterable(f"returned a {what}, which is no iterable")
        return iter(returned)


class Registry:
    """The plugins that are registered, in the order in which they were."""

    def __init__(self) -> None:
        self._manager = pluggy.PluginManager("supamig")
        self._manager.add_hookspecs(hookspecs)
        self._parameters = {
            name: frozenset(inspect.signature(specification).parameters)
            for name, specification in vars(hookspecs).items()
            if hasattr(specification, "supamig_spec")
        }
        self._implementations: dict[str, list[Implementation]] = {n: [] for n in self._parameters}

    def implementations(self, hook: str) -> list[Implementation]:
        """Return the implementations of one hook, in the order of loading."""
        return list(self._implementations[hook])

    def examine(self, plugin: object) -> Offer:
        """Say what a plugin offers and what is wrong with it, without registering it."""
        if plugin is None or inspect.isclass(plugin):
            fault = Fault(
                kind="wrong-type",
                message=f"is {'nothing' if plugin is None else 'a class'}, not a module or object",
                hint="Let the entry point name a module",
            )
            return Offer(hooks=(), faults=(fault,), oddities=())
        try:
            marked = self._marked(plugin)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - objects with a __dir__ of their own
            fault = Fault(kind="wrong-type", message=f"cannot be looked at: {explain(error)}")
            return Offer(hooks=(), faults=(fault,), oddities=())
        faults = [f for name, options in marked for f in self._faults(plugin, name, options)]
        hooks = tuple(sorted(_hook(name, options) for name, options in marked))
        return Offer(
            hooks=hooks,
            faults=tuple(faults),
            oddities=tuple(self._oddities(plugin, {name for name, _ in marked})),
        )

    def _marked(self, plugin: object) -> list[tuple[str, Any]]:
        found = [(name, self._manager.parse_hookimpl_opts(plugin, name)) for name in dir(plugin)]
        return [(name, options) for name, options in found if options is not None]

    def _faults(self, plugin: object, name: str, options: Any) -> Iterator[Fault]:  # noqa: ANN401
        hook = _hook(name, options)
        if hook not in self._parameters:
            near = difflib.get_close_matches(hook, self._parameters, n=1)
            yield Fault(
                kind="unknown-hook",
                message=f"implements `{hook}`, which is no hook of supamig",
                hint=f"Did you mean `{near[0]}`?" if near else "See the list of hooks",
            )
            return
        if options.get("wrapper") or options.get("hookwrapper"):
            yield Fault(
                kind="wrong-type",
                message=f"wraps `{hook}`; each implementation is called by itself",
                hint="Write a plain hook without `wrapper`",
            )
        try:
            taken = inspect.signature(getattr(plugin, name)).parameters.values()
        except (TypeError, ValueError) as error:
            yield Fault(kind="wrong-argument", message=f"has no signature: {explain(error)}")
            return
        for parameter in taken:
            yield from self._argument_faults(hook, parameter)

    def _argument_faults(self, hook: str, parameter: inspect.Parameter) -> Iterator[Fault]:
        known = self._parameters[hook]
        names = ", ".join(f"`{name}`" for name in sorted(known))
        takes = f"`{hook}` takes {names or 'no argument'}"
        if parameter.kind in {parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD}:
            return
        if parameter.kind is parameter.POSITIONAL_ONLY and parameter.name in known:
            message = f"takes `{parameter.name}` of `{hook}` by position only"
            yield Fault(kind="wrong-argument", message=message, hint="Remove the `/`")
        elif parameter.name not in known and parameter.default is parameter.empty:
            near = difflib.get_close_matches(parameter.name, known, n=1)
            hint = f"Did you mean `{near[0]}`?" if near else f"{takes}"
            message = f"has `{parameter.name}` among the arguments of `{hook}`; {takes}"
            yield Fault(kind="wrong-argument", message=message, hint=hint)

    def _oddities(self, plugin: object, marked: set[str]) -> Iterator[Fault]:
        unmarked = []
        for name in self._parameters.keys() - marked:
            function = inspect.getattr_static(plugin, name, None)
            if inspect.isroutine(function) and not hasattr(function, "supamig_spec"):
                unmarked.append(name)
        for name in sorted(unmarked):
            yield Fault(
                kind="no-hooks",
                message=f"has a function `{name}` without `@hookimpl`, which is never called",
                hint="Put `@supamig.hookimpl` above it",
            )
        if not marked and not unmarked:
            yield Fault(
                kind="no-hooks",
                message="implements no hook",
                hint="Put `@supamig.hookimpl` above its hooks; begin a helper file's name with `_`",
            )

    def add(self, plugin: object, name: str, *, is_builtin: bool) -> None:
        """Register a plugin that has no faults; raise ``ValueError`` if it or its name is there."""
        self._manager.register(plugin, name)
        for attribute, options in self._marked(plugin):
            hook = _hook(attribute, options)
            function = getattr(plugin, attribute)
            parameters = inspect.signature(function).parameters.values()
            takes_all = any(p.kind is p.VAR_KEYWORD for p in parameters)
            known = self._parameters[hook]
            named = known if takes_all else known & {p.name for p in parameters}
            implementation = Implementation(
                hook=hook,
                plugin=name,
                is_builtin=is_builtin,
                function=function,
                arguments=tuple(sorted(named)),
            )
            self._implementations[hook].append(implementation)


def check_fault(item: object) -> str:
    """Say why an object cannot be run as a check; empty when it can."""
    if not isinstance(item, Validator):
        return f"a {type(item).__name__}, not a Validator"
    fault = next((what for is_right, what in _CHECK_FIELDS if not is_right(item)), "")
    return fault and f"the check `{item.id}`, which {fault}"


def piece_fault(item: object, kind: type[Any]) -> str:
    """Say why an object is not the exporter or importer that was asked for; empty when it is."""
    if not isinstance(item, kind):
        return f"a {type(item).__name__}, not an {kind.__name__}"
    name, after = getattr(item, "kind", None), getattr(item, "after", None)
    if not isinstance(name, str) or not isinstance(getattr(item, "replaces", ""), str):
        return f"an {kind.__name__} whose kind is not text"
    if not _is_texts(after):
        return f"the {kind.__name__} `{name}`, whose `after` is no tuple of text"
    return ""


def reporter_fault(item: object, known: Collection[str]) -> str:
    """Say why an object cannot write reports; empty when it can."""
    name, suffix = getattr(item, "name", None), getattr(item, "suffix", None)
    is_reporter = _is_texts((name, suffix)) and callable(getattr(item, "render", None))
    if isinstance(item, type) or not is_reporter:
        return f"a {type(item).__name__}, not a Reporter"
    return f"a second reporter `{name}`" if name in known else ""


def _is_texts(value: object) -> bool:
    return isinstance(value, tuple) and all(isinstance(part, str) for part in value)


def _is_seconds(value: object) -> bool:
    return isinstance(value, int | float) and 0 < value < math.inf


# A dataclass takes whatever it is given; a check of somebody else may hold anything.
_CHECK_FIELDS: tuple[tuple[Callable[[Validator], bool], str], ...] = (
    (lambda v: callable(v.run), "has no function to run"),
    (lambda v: _is_texts((v.title, v.docs)), "has a title or docs that are not text"),
    (lambda v: type(v.stage) is Stage, "has a stage that is no Stage"),
    (lambda v: _is_seconds(v.timeout), "has a timeout that is no positive number of seconds"),
    (lambda v: _is_texts(v.needs), "has needs that are no tuple of text"),
)


def _hook(name: str, options: Any) -> str:  # noqa: ANN401 - pluggy's options, a typed dict
    return str(options.get("specname") or name)
