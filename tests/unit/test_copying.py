"""COPY text on its way: blocks, picked columns, a script's blocks, threads that stop together."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supamig.copying import parallel
from supamig.copying.blocks import BLOCK, Blocks
from supamig.copying.files import pick
from supamig.copying.script import ScriptRows
from supamig.models import TableRef

if TYPE_CHECKING:
    from pathlib import Path

ORDERS = TableRef("public", "orders")
ODD = TableRef('my "odd', "Größe, (x).y")

SCRIPT = (
    b"SET session_replication_role = replica;\n\n"
    b'COPY "public"."orders" ("id", "note") FROM stdin;\n'
    b"1\tCOPY public.fake (id) FROM stdin;\n"
    b"2\t\\\\.\n"
    b"\\.\n\n"
    b"COPY public.empty (id) FROM stdin;\n"
    b"\\.\n"
    + 'COPY "my ""odd"."Größe, (x).y" ("a,b", "c ""d") FROM stdin;\n'.encode()
    + b"x\t\\N\n"
    b"\\.\n"
    b"SELECT pg_catalog.setval('public.orders_id_seq', 2, true);\n"
)


@pytest.fixture
def script(tmp_path: Path) -> ScriptRows:
    path = tmp_path / "data.sql"
    path.write_bytes(SCRIPT)
    return ScriptRows(path)


def rows(script: ScriptRows, table: TableRef, columns: list[str]) -> bytes:
    with script.read(table, columns) as blocks:
        return b"".join(blocks)


def test_a_script_is_read_by_its_copy_blocks(script: ScriptRows) -> None:
    assert list(script.blocks) == [ORDERS, TableRef("public", "empty"), ODD]
    assert script.blocks[ORDERS].rows == 2
    assert script.blocks[ODD].columns == ("a,b", 'c "d')
    assert rows(script, ORDERS, ["id", "note"]) == (
        b"1\tCOPY public.fake (id) FROM stdin;\n2\t\\\\.\n"
    )
    assert rows(script, ODD, ['c "d']) == b"\\N\n"
    assert rows(script, TableRef("public", "not there"), ["id"]) == b""


def test_names_may_hold_newlines_and_tables_no_columns(tmp_path: Path) -> None:
    path = tmp_path / "data.sql"
    path.write_bytes(
        b'COPY public."new\nline" ("a\nb", "it ("") FROM stdin;\nx") FROM stdin;\n1\t2\n\\.\n\n'
        b"COPY public.bare  FROM stdin;\n\n\n\\.\n"
    )
    script = ScriptRows(path)
    odd, bare = TableRef("public", "new\nline"), TableRef("public", "bare")
    assert script.blocks[odd].columns == ("a\nb", 'it (") FROM stdin;\nx')
    assert rows(script, odd, ["a\nb"]) == b"1\n"
    assert script.blocks[bare].rows == 2
    assert rows(script, bare, []) == b"\n\n"


def test_rows_and_bytes_are_counted(script: ScriptRows) -> None:
    heard: list[tuple[int, int]] = []
    with script.read(ORDERS, ["note", "id"]) as blocks:
        blocks.notify = lambda rows, size: heard.append((rows, size))
        text = b"".join(blocks)
    assert text.startswith(b"COPY public.fake (id) FROM stdin;\t1\n")
    assert (blocks.rows, blocks.bytes) == (2, len(text))
    assert heard == [(2, len(text))]


@given(st.lists(st.binary(max_size=BLOCK), max_size=12))
def test_blocks_hold_the_same_bytes_and_count_the_newlines(content: list[bytes]) -> None:
    blocks = Blocks(iter(content))
    joined = list(blocks)
    assert b"".join(joined) == b"".join(content)
    assert blocks.rows == b"".join(content).count(b"\n")
    assert all(len(block) >= BLOCK for block in joined[:-1])


cells = st.binary(max_size=8).map(lambda b: b.translate(None, b"\t\n\\"))


@given(st.lists(st.tuples(cells, cells, cells), max_size=5))
def test_picked_columns_come_in_the_wanted_order(table: list[tuple[bytes, ...]]) -> None:
    text = [b"\t".join(row) + b"\n" for row in table]
    picked = list(pick(iter(text), ["a", "b", "c"], ["c", "a"]))
    assert picked == [row[2] + b"\t" + row[0] + b"\n" for row in table]
    assert list(pick(iter(text), ["a", "b", "c"], ["a", "b", "c"])) == text


def test_the_first_failure_stops_all_and_is_raised() -> None:
    done: list[int] = []
    released = threading.Event()

    def work(number: int) -> None:
        if number == 1:
            raise ValueError(number)
        released.wait(5)
        done.append(number)

    with pytest.raises(ValueError, match="1"):
        parallel.each(range(100), work, jobs=2, cancel=released.set)
    assert len(done) <= 1


def test_every_item_is_done_once() -> None:
    done: list[int] = []
    parallel.each(range(50), done.append, jobs=4, cancel=lambda: None)
    assert sorted(done) == list(range(50))
