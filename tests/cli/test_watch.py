"""`supamig watch` as a process: lines, NDJSON, Ctrl-C, exit codes."""

from __future__ import annotations

import json
import signal
import time

import pytest

DEADLINE = 60.0


@pytest.fixture
def log(working_directory):
    (working_directory / "auth.log").touch()
    (working_directory / "supamig.toml").write_text(
        '[watch]\nlog_files = ["auth.log"]\nerrors_per_minute = 0\nerror_pattern = "ERROR"\n'
    )
    return working_directory / "auth.log"


def test_ndjson_is_a_line_a_round_and_a_summary(start, log):
    process = start("watch", "--every", "1s", "--for", "2s", "--output", "ndjson")
    out, err = process.communicate(timeout=DEADLINE)
    told = [json.loads(line) for line in out.splitlines()]
    assert process.returncode == 0, err
    assert [one["kind"] for one in told][-1] == "summary"
    assert {one["kind"] for one in told[:-1]} == {"round"}
    assert told[0]["readings"] == {"log auth.log_errors": 0}
    assert told[-1]["is_whole"] is True
    assert {one["probe"] for one in told[-1]["unwatched"]} >= {"database", "services", "disk"}


def test_ctrl_c_shows_the_summary(start, log):
    process = start("watch", "--every", "1s")
    line = process.stdout.readline()
    assert "well: log auth.log errors 0" in line
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=DEADLINE)
    assert process.returncode == 130
    assert "stopped before its end" in out
    assert "not watched: database: no target is given" in out
    assert err.endswith("interrupted\n")


def test_an_error_in_a_log_is_told_and_fails_where_that_is_asked(start, log):
    process = start("watch", "--every", "1s", "--for", "30s")
    process.stdout.readline()
    deadline = time.monotonic() + DEADLINE
    seen = ""
    while "began: warning: `log auth.log` has" not in seen and time.monotonic() < deadline:
        with log.open("a") as file:
            file.write("ERROR no\n")
        seen += process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=DEADLINE)
    assert process.returncode == 143
    assert "warning: `log auth.log` has" in out


def test_findings_give_exit_code_1(start, log, working_directory):
    with log.parent.joinpath("supamig.toml").open("a") as file:
        file.write('disk_path = "."\ndisk_free = 100\n')
    process = start("watch", "--every", "1s", "--for", "1s")
    out, _ = process.communicate(timeout=DEADLINE)
    assert process.returncode == 1
    assert "began: error: " in out
    assert "% of the disk is free" in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--every", "soon"), "`--every` must be a time such as"),
        (("--every", "2d"), "`watch.every` is 2d, and `watch.for` 24h"),
        ((), "there is nothing to watch"),
    ],
)
def test_what_cannot_be_watched_is_a_mistake(arguments, words, run):
    ended = run("watch", *arguments, sides=False)
    assert ended.code == 2
    assert words in ended.err
