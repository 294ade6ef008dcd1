"""`supamig demo` with real servers: it ends with a proven move, and leaves no server behind."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import tempfile
import time
from pathlib import Path

import pytest

pytestmark = [pytest.mark.pg, pytest.mark.timeout(300)]


def descendants(pid):
    """Return the processes below one, each with the time at which it began."""
    found = {}
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in path.read_text().split():
            found[int(child)] = began(int(child))
            found |= descendants(int(child))
    return found


def began(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except FileNotFoundError:
        return None


def applications(place):
    """Return the processes that were started to serve what is in a directory."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            if str(place).encode() in path.read_bytes():
                found[int(path.parent.name)] = began(int(path.parent.name))
    return found


def still_there(processes, *, within):
    deadline = time.monotonic() + within
    while left := [pid for pid, begin in processes.items() if begin and began(pid) == begin]:
        if time.monotonic() > deadline:
            return left
        time.sleep(0.1)
    return []


def test_a_move_is_proven_and_reported(start, working_directory):
    process = start("demo", "--scale", "0.02", "--report", "made")
    out, err = process.communicate(timeout=200)
    assert process.returncode == 0, err
    assert "PASSED" in out
    report = json.loads((working_directory / "made/validation_report.json").read_text())
    assert report["verdict"] == "passed"
    assert report["summary"]["auth_users"] == 6
    assert "<html" in (working_directory / "made/report.html").read_text()
    assert "report: made/report.html" in err
    record = (working_directory / "made/migration_record.md").read_text()
    assert "| 4. Switch the applications | done |" in record
    assert "- [x] A session from before the move goes on after it" in record
    assert "eyJ" not in record + err
    verdicts = [line.split()[1] for line in out.splitlines()[-3:]]
    assert verdicts == ["passed"] * 3, out
    assert "both on the source again; the target took writes in" in out.splitlines()[-1]


@pytest.fixture
def place():
    """A directory for temporary files: its path is short, as that of a socket must be."""
    with tempfile.TemporaryDirectory(prefix="supamig-test-", dir="/tmp") as name:
        path = Path(name)
        path.chmod(0o755)  # servers of another user pass through
        yield path


@pytest.mark.skipif(not Path("/proc").exists(), reason="looks for processes in /proc")
@pytest.mark.parametrize(
    ("line", "number", "code"),
    [
        ("starting two", signal.SIGINT, 130),
        ("filling the source", signal.SIGTERM, 143),
        ("[import] Rows", signal.SIGINT, 130),
        ("[cutover] Restart backend", signal.SIGTERM, 143),
        ("[cutover] Health of backend", signal.SIGINT, 130),
    ],
)
def test_a_signal_leaves_no_process_and_no_file(
    start, line, number, code, working_directory, place
):
    process = start("demo", "--scale", "0.02", "--report", "made", environ={"TMPDIR": str(place)})
    for shown in process.stderr:
        if shown.startswith(line):
            break
    time.sleep(0.3)
    below = descendants(process.pid)
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == code, err
    assert "Traceback" not in err
    assert still_there(below | applications(place), within=30) == []
    assert list(place.iterdir()) == []
    assert (working_directory / "made").exists() == line.startswith("[cutover]")


def test_servers_are_kept_until_they_are_no_longer_wanted(start, working_directory):
    process = start("demo", "--scale", "0.02", "--report", "made", "--keep")
    for shown in process.stderr:
        if "the servers run" in shown:
            break
    addresses = working_directory / "made/servers.env"
    assert addresses.stat().st_mode & 0o777 == 0o600
    lines = dict(line.split("=", 1) for line in addresses.read_text().splitlines())
    import psycopg

    with psycopg.connect(lines["SUPAMIG_TARGET_DSN"].strip("'")) as session:
        assert session.execute("select count(*) from auth.users").fetchone() == (6,)
    os.kill(process.pid, signal.SIGINT)
    assert process.wait(timeout=60) == 130
    assert not addresses.exists()
