"""Records of catalogs, many and alike: kept small in memory, written to files one by one."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import IO, TYPE_CHECKING

from supamig.models import Inventory, Record, ServerFacts, Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# what parts the lines of an inventory; no record begins or ends like these
_CATALOGS = b', "catalogs": {\n'
_OPEN = b": ["
_CLOSE = b"]"
_END = b"}}"


class Row(Mapping[str, Value]):
    """A record that shares the names of its attributes with the others of its catalog."""

    __slots__ = ("_places", "_values")

    def __init__(self, places: Mapping[str, int], values: tuple[Value, ...]) -> None:
        self._places = places
        self._values = values

    def __getitem__(self, key: str) -> Value:
        return self._values[self._places[key]]

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Row) and self._places == other._places:
            return self._values == other._values
        return isinstance(other, Mapping) and dict(self) == dict(other)

    __hash__ = None  # type: ignore[assignment]  # a value may be a list

    def __repr__(self) -> str:
        return f"Row({dict(self)})"


class Maker:
    """Makes records in which equal names, values and lists are one object: they repeat a lot."""

    def __init__(self) -> None:
        self._places: dict[tuple[str, ...], Mapping[str, int]] = {}
        self._known: dict[object, Value] = {}

    def make(self, names: Sequence[str], values: Sequence[Value]) -> Row:
        """Make one record."""
        key = tuple(names)
        places = self._places.get(key)
        if places is None:
            places = self._places[key] = {name: place for place, name in enumerate(key)}
        return Row(places, tuple(map(self._shared, values)))

    def _shared(self, value: Value) -> Value:
        if isinstance(value, str):
            return self._known.setdefault(value, value)
        if isinstance(value, list):
            return self._known.setdefault(tuple(value), value)
        return value


def alike(records: Iterable[Record], others: Iterable[Record]) -> tuple[Record, ...]:
    """Return the records, each equal one of ``others`` in its place, so that it is held once."""
    known = {record["name"]: record for record in others}
    return tuple(
        known[record["name"]] if known.get(record["name"]) == record else record
        for record in records
    )


def inventory_text(inventory: Inventory) -> Iterator[bytes]:
    """Yield an inventory as JSON, a record a line."""
    head = {
        "server": asdict(inventory.server),
        "snapshot": inventory.snapshot,
        "lsn": inventory.lsn,
        "taken_at": inventory.taken_at,
    }
    yield _json(head)[:-1] + _CATALOGS
    for number, (kind, records) in enumerate(inventory.catalogs.items()):
        yield (b",\n" if number else b"") + _json(kind) + _OPEN
        for place, record in enumerate(records):
            yield (b",\n" if place else b"\n") + _json(dict(record))
        yield b"\n" + _CLOSE
    yield b"\n" + _END + b"\n"


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def read_inventory(stream: IO[bytes]) -> Inventory:
    """Build an inventory from its JSON, line by line; raise `ValueError` when it is cut off."""
    head = json.loads(stream.readline().removesuffix(_CATALOGS) + b"}")
    maker = Maker()
    catalogs: dict[str, tuple[Record, ...]] = {}
    kind, records, text = "", list[Record](), b""
    for line in stream:
        text = line.rstrip(b",\n")
        if not line.endswith(b"\n"):
            break  # half a line may look whole
        if text.endswith(_OPEN):
            kind, records = json.loads(text.removesuffix(_OPEN)), []
        elif text == _CLOSE:
            catalogs[kind] = tuple(records)
        elif text not in (b"", _END):
            fields = json.loads(text)
            records.append(maker.make(list(fields), list(fields.values())))
    if text != _END:
        message = "the inventory is cut off"
        raise ValueError(message)
    return Inventory(**{**head, "server": ServerFacts(**head["server"]), "catalogs": catalogs})
