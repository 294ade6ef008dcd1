"""The journal: cut at every byte it tells what was whole, or says that it cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from supamig.errors import CannotResume, RunInProgress
from supamig.journal import JOURNAL, Hold, Journal, read_entries, runs_of, status

if TYPE_CHECKING:
    from pathlib import Path

FACTS = {
    "command": "migrate",
    "method": "stream",
    "source_id": "1/5",
    "target_id": "2/5",
    "source": "a/postgres",
    "target": "b/postgres",
}


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    begun = Journal.begin(tmp_path / "runs", **FACTS)
    begun.append("step-started", step="import.rows")
    begun.append("step-finished", step="import.rows", rows=3, detail="drei Zeilen — 🧵")
    begun.append("run-finished", verdict="passed")
    return begun


def test_what_was_appended_is_read_again(journal: Journal) -> None:
    again = Journal(journal.path)
    assert again.entries == journal.entries
    assert list(again.steps_done) == ["import.rows"]
    assert again.started["target_id"] == "2/5"
    assert again.is_finished
    assert not again.is_removed


def test_cut_at_every_byte_only_whole_lines_count(journal: Journal, tmp_path: Path) -> None:
    data = (journal.path / JOURNAL).read_bytes()
    ends = [place + 1 for place, byte in enumerate(data) if byte == ord("\n")]
    for cut in range(len(data) + 1):
        place = tmp_path / "cut.jsonl"
        place.write_bytes(data[:cut])
        whole = sum(end <= cut for end in ends)
        assert read_entries(place) == journal.entries[:whole]


def test_a_line_after_a_torn_one_stands_alone(journal: Journal) -> None:
    path = journal.path / JOURNAL
    path.write_bytes(path.read_bytes()[:-7])
    again = Journal(journal.path)
    assert not again.is_finished
    again.append("run-finished", verdict="failed")
    assert [entry["event"] for entry in read_entries(path)][-1] == "run-finished"
    assert len(read_entries(path)) == len(journal.entries)


@pytest.mark.parametrize("damage", [b"garbage\n", b"[]\n", b'{"no": "event"}\n', b"\xff\n"])
def test_damage_in_the_middle_is_not_taken_for_a_crash(journal: Journal, damage: bytes) -> None:
    path = journal.path / JOURNAL
    first, rest = path.read_bytes().split(b"\n", 1)
    path.write_bytes(first + b"\n" + damage + rest)
    with pytest.raises(CannotResume, match="line 2") as caught:
        read_entries(path)
    assert caught.value.hint


def test_a_failed_verdict_does_not_end_a_run(tmp_path: Path) -> None:
    journal = Journal.begin(tmp_path / "runs", **FACTS)
    journal.append("run-finished", verdict="failed")
    assert not journal.is_finished


def test_runs_are_listed_oldest_first_and_those_without_a_beginning_left_out(
    tmp_path: Path,
) -> None:
    runs = tmp_path / "runs"
    one = Journal.begin(runs, **FACTS)
    (runs / "20990101T000000Z-empty").mkdir()
    (runs / "20990101T000000Z-torn").mkdir()
    (runs / "20990101T000000Z-torn" / JOURNAL).write_bytes(b'{"event": "run-star')
    assert [journal.run_id for journal in runs_of(tmp_path)] == [one.run_id]


def test_status_tells_running_from_unfinished(tmp_path: Path) -> None:
    journal = Journal.begin(tmp_path / "runs", **FACTS)
    assert status(journal, tmp_path).state == "unfinished"
    hold = Hold(tmp_path, "2/5")
    assert status(journal, tmp_path).state == "running"
    with pytest.raises(RunInProgress):
        Hold(tmp_path, "2/5")
    hold.release()
    journal.append("run-finished", verdict="passed")
    assert status(journal, tmp_path).state == "finished"
    journal.append("run-removed")
    assert status(journal, tmp_path).state == "removed"
