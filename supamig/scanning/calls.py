"""What a chain of calls on a client uses: one table of methods for all languages and versions."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from supamig.scanning.model import Feature, Subject
from supamig.scanning.summary import Called

if TYPE_CHECKING:
    from supamig.scanning.summary import Step

_FROM = {"from", "from_", "table"}
_OPERATIONS = {"select", "insert", "update", "upsert", "delete", "count"}
#: Version 1 of the clients listens on a table; Dart still does.
_LISTENING = {"on", "stream", "subscribe"}
_CHANNELS = {
    *("getChannels", "removeChannel", "removeAllChannels"),
    *("get_channels", "remove_channel", "remove_all_channels"),
    *("getSubscriptions", "removeSubscription", "removeAllSubscriptions", "removeSubscriptions"),
}
_BUCKET_METHODS = {
    *("createBucket", "getBucket", "updateBucket", "deleteBucket", "emptyBucket"),
    *("create_bucket", "get_bucket", "update_bucket", "delete_bucket", "empty_bucket"),
}
_TRANSFORM = "transform"
_SHOWN = 60


class Meaning(NamedTuple):
    """What a chain uses; ``step`` is the number of the step that says so."""

    feature: Feature
    call: str
    step: int
    subject: Subject = Subject.NONE
    name: str = ""
    schema: str = ""
    transforms: bool = False


def meaning(path: tuple[Step, ...]) -> Meaning | None:
    """Return what a chain on a client uses; None for one that names no method of it."""
    schema, start = "", 0
    if len(path) > 1 and path[0] == "schema" and isinstance(path[1], Called):
        schema, start = path[1].first, 2
    if path[start : start + 1] in {("postgrest",), ("rest",)}:
        start += 1
    first = path[start] if start < len(path) else None
    called = path[start + 1] if start + 1 < len(path) else None
    if not isinstance(first, str):
        return None
    if isinstance(called, Called):
        return _called(path, start, schema, called)
    return _member(first, path, start)


def _called(path: tuple[Step, ...], start: int, schema: str, called: Called) -> Meaning | None:
    """Read `client.from('x')…`: a method of the client itself."""
    first = path[start]
    if first in _FROM:
        return _rows(path, start, called, schema)
    if first == "rpc":
        call = _show("rpc", called)
        return Meaning(Feature.REST, call, start, Subject.FUNCTION, called.first, schema)
    if first == "channel":
        return _channel(path, start, called)
    if first in _CHANNELS:
        return Meaning(Feature.REALTIME, _dotted(path[start:]), start)
    return None


def _member(first: str, path: tuple[Step, ...], start: int) -> Meaning | None:
    """Read `client.auth.…`: a part of the client, and what is asked of it."""
    following = [step for step in path[start + 1 :] if isinstance(step, str)]
    calls = [step for step in path[start + 1 :] if isinstance(step, Called)]
    if not following:
        return None
    if first == "auth":
        return Meaning(Feature.AUTH, _dotted(path[start:]), start + 1)
    if first == "realtime":
        return Meaning(Feature.REALTIME, _dotted(path[start:]), start)
    if first == "storage" and calls:
        return _storage(path, start, calls)
    if first == "functions" and calls:
        call = f"functions.{_show(following[0], calls[0])}"
        return Meaning(Feature.FUNCTIONS, call, start + 1, Subject.EDGE_FUNCTION, calls[0].first)
    return None


def _rows(path: tuple[Step, ...], start: int, called: Called, schema: str) -> Meaning:
    call = _show(str(path[start]), called)
    following = [step for step in path[start + 1 :] if isinstance(step, str)]
    operation = next((one for one in following if one in _OPERATIONS), "")
    is_listening = not _LISTENING.isdisjoint(following)
    for word in ([operation] if operation else []) + [w for w in following if w in _LISTENING]:
        call += f".{word}()"
    feature = Feature.REALTIME if is_listening and not operation else Feature.REST
    return Meaning(feature, call, start, Subject.TABLE, called.first, schema)


def _storage(path: tuple[Step, ...], start: int, calls: list[Called]) -> Meaning:
    names = [step for step in path[start:] if isinstance(step, str)]
    if names[1] in _FROM:
        call = f"storage.{_show(names[1], calls[0])}" + "".join(f".{n}()" for n in names[2:3])
        bucket = calls[0].first
    else:
        call = f"storage.{_show(names[1], calls[0])}"
        bucket = calls[0].first if names[1] in _BUCKET_METHODS else ""
    transforms = any(name == _TRANSFORM for one in calls for name, _ in one.named)
    return Meaning(Feature.STORAGE, call, start + 1, Subject.BUCKET, bucket, transforms=transforms)


def _channel(path: tuple[Step, ...], start: int, called: Called) -> Meaning:
    call = _show("channel", called)
    names = [step for step in path[start + 1 :] if isinstance(step, str)]
    call += "".join(f".{name}()" for name in names[:2])
    return Meaning(Feature.REALTIME, call, start, Subject.CHANNEL, called.first)


def listened(path: tuple[Step, ...]) -> list[tuple[int, str, str]]:
    """Return the tables whose changes a chain listens to: number of the step, schema, name."""
    if not path or path[0] != "channel":
        return []
    calls = [(n, step) for n, step in enumerate(path) if isinstance(step, Called)]
    return [(n, one.get("schema"), one.get("table")) for n, one in calls if one.get("table")]


def _show(name: str, called: Called) -> str:
    return f"{name}('{called.first[:_SHOWN]}')" if called.first else f"{name}()"


def _dotted(path: tuple[Step, ...]) -> str:
    """Write the members up to the first call."""
    names: list[str] = []
    for step in path:
        if isinstance(step, Called):
            return ".".join(names) + "()"
        names.append(step)
    return ".".join(names)
