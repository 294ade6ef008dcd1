"""A bundle is whole or not there; every change of a file after the export is noticed."""

from __future__ import annotations

import errno
import hashlib
import io
import json
import stat
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from supamig.bundle import MANIFEST, SUMS, Bundle
from supamig.copying.files import data_path
from supamig.disk import disk_errors
from supamig.errors import BundleDamaged, BundleTooNew, DiskFull, UsageError
from supamig.models import Digest, Inventory, ServerFacts, TableCopy, TableRef
from supamig.records import inventory_text, read_inventory

if TYPE_CHECKING:
    from pathlib import Path

SERVER = ServerFacts(
    host="db:5432",
    database="postgres",
    user="postgres",
    version="17.6",
    version_num=170006,
    system_id="7",
    database_oid=5,
    size=1,
    superuser=False,
)
ORDERS = TableRef("public", "orders")


def make(path: Path) -> Bundle:
    bundle = Bundle.create(path, method="stream")
    bundle.write("roles.sql", b"create role a;\n", kind="roles", producer="test")
    bundle.write_inventory(
        Inventory(server=SERVER, catalogs={"tables": ({"name": "t"},)}, lsn="0/1")
    )
    copy = TableCopy(
        table=ORDERS,
        columns=("id",),
        rows=2,
        bytes=4,
        seconds=0.1,
        digest=Digest(rows=2, total="5", xor=1, columns=("id",)),
    )
    with bundle.writer("data/x", kind="rows", producer="copy", table=copy) as out:
        out.write(b"1\n2\n")
        out.rows = 2
    bundle.tables[ORDERS] = copy
    bundle.seal(tool_version="1")
    return bundle


def test_a_sealed_bundle_is_read_as_it_was_written(tmp_path: Path) -> None:
    made = make(tmp_path / "b")
    read = Bundle.open(tmp_path / "b")
    assert read.artifacts == made.artifacts
    assert read.tables == made.tables
    assert read.inventory == made.inventory
    assert read.artifacts["data/x"].rows == 2
    assert not (tmp_path / "b.partial").exists()


def test_only_its_owner_may_look_inside(tmp_path: Path) -> None:
    make(tmp_path / "b")
    for path in [tmp_path / "b", *(tmp_path / "b").rglob("*")]:
        wanted = 0o700 if path.is_dir() else 0o600
        assert stat.S_IMODE(path.stat().st_mode) == wanted, path


def test_it_has_its_name_only_when_whole(tmp_path: Path) -> None:
    bundle = Bundle.create(tmp_path / "b", method="stream")
    bundle.write("roles.sql", b"x", kind="roles", producer="test")
    assert not (tmp_path / "b").exists()
    with pytest.raises(BundleDamaged, match="not a whole bundle"):
        Bundle.open(tmp_path / "b.partial")
    bundle.discard()
    assert list(tmp_path.iterdir()) == []


def test_it_is_never_overwritten(tmp_path: Path) -> None:
    make(tmp_path / "b")
    with pytest.raises(UsageError, match="exists already"):
        Bundle.create(tmp_path / "b", method="stream")


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda p: p.write_bytes(b"1\n3\n"), "was changed"),
        (lambda p: p.write_bytes(b"1\n"), "has 2 bytes"),
        (lambda p: p.unlink(), "is missing"),
    ],
)
def test_a_file_that_was_touched_is_named(tmp_path: Path, damage, words: str) -> None:
    make(tmp_path / "b")
    damage(tmp_path / "b" / "data" / "x")
    with pytest.raises(BundleDamaged, match=words) as caught:
        Bundle.open(tmp_path / "b")
    assert "data/x" in caught.value.message
    assert caught.value.hint


def edit(path: Path, **changes: object) -> None:
    manifest = json.loads((path / MANIFEST).read_text())
    text = json.dumps({**manifest, **changes})
    sums = (path / SUMS).read_text().replace(sha256(path / MANIFEST), sha256(text))
    (path / MANIFEST).write_text(text)
    (path / SUMS).write_text(sums)


def sha256(what: Path | str) -> str:
    data = what.encode() if isinstance(what, str) else what.read_bytes()
    return hashlib.sha256(data).hexdigest()


def test_a_newer_format_is_refused_before_anything_else(tmp_path: Path) -> None:
    make(tmp_path / "b")
    edit(tmp_path / "b", format=999, artifacts="whatever a later version writes")
    with pytest.raises(BundleTooNew, match="format 999"):
        Bundle.open(tmp_path / "b")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": "x"}', '{"format": 1}'])
def test_a_manifest_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    make(tmp_path / "b")
    (tmp_path / "b" / MANIFEST).write_text(text)
    with pytest.raises(BundleDamaged):
        Bundle.open(tmp_path / "b")


@pytest.mark.parametrize("path", ["../outside", "/etc/passwd", "data/../../x"])
def test_a_manifest_cannot_point_outside(tmp_path: Path, path: str) -> None:
    make(tmp_path / "b")
    manifest = json.loads((tmp_path / "b" / MANIFEST).read_text())
    manifest["artifacts"][0]["path"] = path
    edit(tmp_path / "b", artifacts=manifest["artifacts"])
    with pytest.raises(BundleDamaged, match="outside the bundle"):
        Bundle.open(tmp_path / "b")


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_full_disk_is_called_so(tmp_path: Path, number: int) -> None:
    with pytest.raises(DiskFull, match="no room left"), disk_errors(tmp_path / "x"):
        raise OSError(number, "full")


values = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(), st.lists(st.text(), max_size=3)
)
records = st.dictionaries(st.text(min_size=1), values, max_size=4)


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=50)
@given(st.dictionaries(st.text(min_size=1), st.lists(records, max_size=3).map(tuple), max_size=3))
def test_any_inventory_survives_json(catalogs: dict) -> None:
    inventory = Inventory(server=SERVER, catalogs=catalogs)
    assert read_inventory(io.BytesIO(b"".join(inventory_text(inventory)))) == inventory


names = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=63
)


@given(st.lists(st.builds(TableRef, names, names), min_size=2, max_size=2, unique=True))
def test_two_tables_never_share_a_file(tables: list[TableRef]) -> None:
    first, second = map(data_path, tables)
    assert first != second
    for path in (first, second):
        assert path.count("/") == 1
        assert len(path.encode()) < 255
