"""Records as catalogs hold them: mappings like any other, but small."""

from __future__ import annotations

import io
import json

import pytest

from supamig.models import Inventory, ServerFacts
from supamig.records import Maker, alike, inventory_text, read_inventory


def test_a_record_is_a_mapping():
    record = Maker().make(["name", "labels", "size"], ["public.orders", ["a", "b"], None])
    assert dict(record) == {"name": "public.orders", "labels": ["a", "b"], "size": None}
    assert {**record, "size": 1}["size"] == 1
    assert record.get("missing", "nothing") == "nothing"


def test_records_are_equal_by_what_they_say():
    names, values = ["name", "size"], ["a", 1]
    record = Maker().make(names, values)
    assert record == Maker().make(names, values)
    assert record == {"name": "a", "size": 1}
    assert record == Maker().make(names[::-1], values[::-1])
    assert record != Maker().make(names, ["a", 2])
    assert record != Maker().make(["name"], ["a"])


def test_equal_texts_and_lists_are_one_object():
    maker = Maker()
    first, second = (maker.make(["name", "acl"], [str(number), ["x"]]) for number in (1000, 1000))
    assert first["name"] is second["name"]
    assert first["acl"] is second["acl"]


def test_what_both_sides_have_is_held_once():
    ours, theirs = ([Maker().make(["name", "size"], ["a", 1])] for _ in range(2))
    other = Maker().make(["name", "size"], ["b", 2])
    kept = alike([*theirs, other], ours)
    assert kept == (theirs[0], other)
    assert kept[0] is ours[0]
    assert alike([other], [{**other, "size": 3}]) == (other,)


def test_an_inventory_that_is_cut_off_is_not_taken_for_whole():
    server = ServerFacts(
        host="h",
        database="d",
        user="u",
        version="17.6",
        version_num=170006,
        system_id="1",
        database_oid=5,
        size=0,
        superuser=True,
    )
    catalogs = {"tables": ({"name": "a"}, {"name": "b"}), "views": ()}
    text = b"".join(inventory_text(Inventory(server=server, catalogs=catalogs)))
    assert json.loads(text)["catalogs"]["tables"] == [{"name": "a"}, {"name": "b"}]
    assert read_inventory(io.BytesIO(text)).catalogs == catalogs
    for end in range(len(text) - 1):
        with pytest.raises(ValueError):  # noqa: PT011 - json's own, or ours
            read_inventory(io.BytesIO(text[:end]))
