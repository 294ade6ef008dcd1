"""Stands in for a resource provider: keeps what it is told to make in memory.

What it knows of the real ones is in its kinds: what replaces a resource, what is computed, which
names and arguments there are (the SDK's own classes say that).
"""

from __future__ import annotations

import importlib
import inspect
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn, cast

import grpc
from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi import _types
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc, status_pb2

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

#: What the engine takes for a value that is not known before `up`.
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_ADD, _DELETE, _UPDATE = 0, 2, 4
Properties = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One type of resource.

    ``in_place`` lists what can change without a replacement; None says everything can.
    """

    arguments: str
    in_place: frozenset[str] | None = None
    delete_first: bool = False
    computed: Callable[[Properties, str], Properties] = field(default=lambda _inputs, _id: {})
    identify: Callable[[Properties, int], str] = field(
        default=lambda inputs, number: str(inputs.get("name") or number)
    )


class CannotError(Exception):
    """What was asked for cannot be done, in the provider's words."""


class NotReadyError(CannotError):
    """The resource ``id`` was made, and does not work: it stays in the state, to be mended."""

    def __init__(self, message: str, *, id: str, outputs: Properties) -> None:  # noqa: A002 - gRPC's
        super().__init__(message)
        self.id = id
        self.outputs = outputs


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    """Serves the resources of one package; ``made`` holds them by type and id.

    ``refuse`` maps a resource's name to the message with which its creation fails.
    """

    package = ""
    version = ""
    kinds: Mapping[str, Kind] = {}

    def __init__(self) -> None:
        self.made: dict[tuple[str, str], Properties] = {}
        self.calls: list[tuple[str, str, str]] = []
        self.refuse: dict[str, str] = {}
        self._number = 1000
        self._lock = threading.Lock()

    def invoke(self, token: str, arguments: Properties) -> Properties:
        """Answer a function of the package; raise `LookupError` with the provider's message."""
        raise LookupError(f"no function {token} with {sorted(arguments)}")

    def problem(self, kind: str, inputs: Properties) -> str:
        """Say why a resource cannot be made, in the provider's words; empty where it can."""
        return ""

    def names(self, kind: str) -> list[str]:
        """Name what of a kind there is now."""
        return sorted(one for made, one in self.made if made == kind)

    # What a provider of real things does elsewhere; here it is kept in memory.

    def make(self, kind: str, inputs: Properties) -> tuple[str, Properties]:
        """Make a resource and return its id and outputs; raise `CannotError`."""
        if problem := self.problem(kind, inputs):
            raise CannotError(problem)
        with self._lock:
            self._number += 1
            number = self.kinds[kind].identify(inputs, self._number)
            made = inputs | self.kinds[kind].computed(inputs, number)
            self.made[kind, number] = made
        return number, made

    def change(self, kind: str, number: str, inputs: Properties) -> Properties:
        """Change what can be changed in place; what was computed stays."""
        self.made[kind, number] = inputs | self.kinds[kind].computed(inputs, number)
        return self.made[kind, number]

    def remove(self, kind: str, number: str, state: Properties) -> None:
        """Remove a resource, also one that is gone already."""
        self.made.pop((kind, number), None)

    def look(self, kind: str, number: str, state: Properties) -> Properties | None:
        """Return what a resource is now, None where it is gone; ``state`` is what it was."""
        return self.made.get((kind, number))

    # What follows are the calls of the engine.

    def Handshake(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Ask for plain values: the engine marks secret outputs itself."""
        return provider_pb2.ProviderHandshakeResponse()

    def Attach(self, request: Any, context: grpc.ServicerContext) -> empty_pb2.Empty:
        """Accept the engine."""
        return empty_pb2.Empty()

    def Cancel(self, request: Any, context: grpc.ServicerContext) -> empty_pb2.Empty:
        """Have nothing to cancel; not to answer would look like a crash."""
        return empty_pb2.Empty()

    def GetPluginInfo(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Say the version."""
        return plugin_pb2.PluginInfo(version=self.version)

    def CheckConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Take any configuration."""
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Say whether the configuration changed; never replace because of it."""
        kinds = provider_pb2.DiffResponse
        same = _plain(request.old_inputs) == _plain(request.news)
        return kinds(changes=kinds.DIFF_NONE if same else kinds.DIFF_SOME)

    def Configure(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Support previews."""
        return provider_pb2.ConfigureResponse(supportsPreview=True)

    def Invoke(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Call a function of the package."""
        self._note("invoke", request.tok)
        try:
            found = self.invoke(request.tok, _plain(request.args))
        except LookupError as error:
            context.abort(grpc.StatusCode.UNKNOWN, str(error.args[0]))
        return provider_pb2.InvokeResponse(**{"return": _struct(found)})

    def Check(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Refuse arguments that the SDK does not know, or that lack."""
        news = _plain(request.news)
        arguments = getattr(
            importlib.import_module(f"pulumi_{self.package}"), self._kind(request.urn).arguments
        )
        known = set(_types.input_type_py_to_pulumi_names(arguments).values())
        failures = [
            provider_pb2.CheckFailure(property=name, reason=f"unknown argument {name}")
            for name in sorted(set(news) - known)
        ]
        failures += [
            provider_pb2.CheckFailure(property=name, reason=f"missing argument {name}")
            for name in _required(arguments)
            if name not in news
        ]
        if "name" in known and "name" not in news:
            old = _plain(request.olds).get("name")
            name = request.urn.split("::")[-1]
            news["name"] = old or f"{name}-{request.randomSeed.hex()[:7]}"
        return provider_pb2.CheckResponse(inputs=_struct(news), failures=failures)

    def Diff(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Say what changed and what of it replaces the resource."""
        old, new = _plain(request.old_inputs), _plain(request.news)
        kind = self._kind(request.urn)
        changed = sorted(
            name
            for name in {*old, *new}
            if old.get(name) != new.get(name) and name not in request.ignoreChanges
        )
        if kind.in_place is None:
            replaces = []
        else:
            replaces = [name for name in changed if name not in kind.in_place]
        detailed = {}
        for name in changed:
            step = _ADD if name not in old else _DELETE if name not in new else _UPDATE
            detailed[name] = provider_pb2.PropertyDiff(
                kind=cast("provider_pb2.PropertyDiff.Kind.ValueType", step + (name in replaces)),
                inputDiff=True,
            )
        some = provider_pb2.DiffResponse.DIFF_SOME
        return provider_pb2.DiffResponse(
            changes=some if changed else provider_pb2.DiffResponse.DIFF_NONE,
            diffs=changed,
            replaces=replaces,
            deleteBeforeReplace=kind.delete_first,
            detailedDiff=detailed,
            hasDetailedDiff=True,
        )

    def Create(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Make a resource, or in a preview say what it would be."""
        inputs, kind = _plain(request.properties), self._kind(request.urn)
        if request.preview:
            computed = dict.fromkeys(kind.computed(inputs, UNKNOWN), UNKNOWN)
            return provider_pb2.CreateResponse(properties=_struct(inputs | computed))
        name = request.urn.split("::")[-1]
        self._note("create", _type(request.urn), name)
        try:
            number, made = self._made(name, _type(request.urn), inputs)
        except CannotError as error:
            _abort(context, error)
        return provider_pb2.CreateResponse(id=number, properties=_struct(made))

    def Update(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Change a resource, or in a preview say what it would be."""
        kind, news = _type(request.urn), _plain(request.news)
        if request.preview:
            kept = self._kind(request.urn).computed(news, request.id)
            return provider_pb2.UpdateResponse(properties=_struct(news | kept))
        self._note("update", kind, request.urn.split("::")[-1])
        try:
            made = self.change(kind, request.id, news)
        except CannotError as error:
            _abort(context, error)
        return provider_pb2.UpdateResponse(properties=_struct(made))

    def Delete(self, request: Any, context: grpc.ServicerContext) -> empty_pb2.Empty:
        """Delete a resource, also one that is gone already."""
        self._note("delete", _type(request.urn), request.urn.split("::")[-1])
        try:
            self.remove(_type(request.urn), request.id, _plain(request.properties))
        except CannotError as error:
            _abort(context, error)
        return empty_pb2.Empty()

    def Read(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Say what a resource is now; no id where it is gone."""
        found = self.look(_type(request.urn), request.id, _plain(request.properties))
        if found is None:
            return provider_pb2.ReadResponse()
        properties = _struct(found)
        inputs = request.inputs if request.inputs.fields else properties
        return provider_pb2.ReadResponse(id=request.id, properties=properties, inputs=inputs)

    def _made(self, name: str, kind: str, inputs: Properties) -> tuple[str, Properties]:
        if problem := self.refuse.get(name):
            raise CannotError(problem)
        return self.make(kind, inputs)

    def _kind(self, urn: str) -> Kind:
        return self.kinds[_type(urn)]

    def _note(self, verb: str, kind: str, name: str = "") -> None:
        with self._lock:
            self.calls.append((verb, kind, name))


def _abort(context: grpc.ServicerContext, error: CannotError) -> NoReturn:
    """End a call with an error; one about a resource that was made has its id and outputs along."""
    code = grpc.StatusCode.UNKNOWN
    if isinstance(error, NotReadyError):
        status = status_pb2.Status(code=code.value[0], message=str(error))
        status.details.add().Pack(
            provider_pb2.ErrorResourceInitFailed(
                id=error.id, properties=_struct(error.outputs), reasons=[str(error)]
            )
        )
        context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    context.abort(code, str(error))
    raise AssertionError("abort raises")


def _type(urn: str) -> str:
    return urn.split("::")[2].rsplit("$", maxsplit=1)[-1]


def _required(arguments: type) -> list[str]:
    """Name what has no default in the SDK's class of arguments."""
    names = _types.input_type_py_to_pulumi_names(arguments)
    parameters = inspect.signature(arguments).parameters.values()
    return [
        names[one.name]
        for one in parameters
        if one.default is inspect.Parameter.empty and one.name in names
    ]


def _plain(struct: struct_pb2.Struct) -> Properties:
    found: Properties = _whole(json_format.MessageToDict(struct))
    return found


def _whole(value: Any) -> Any:
    """Turn whole numbers back into integers: a struct has only doubles."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: _whole(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_whole(one) for one in value]
    return value


def _struct(values: Properties) -> struct_pb2.Struct:
    made = struct_pb2.Struct()
    json_format.ParseDict(values, made)
    return made
