"""How a process ends: signals, a closed pipe, a question, and how soon it begins."""

from __future__ import annotations

import json
import os
import pty
import signal
import socket
import statistics
import subprocess
import sys
import time

import pytest

SIDES = {"SUPAMIG_SOURCE_DSN": "host=s", "SUPAMIG_TARGET_DSN": "host=t dbname=b"}
#: A verb that says when it is at work, and cleans up however it is stopped.
SLOW = """
def migrate(settings, *, fresh=False, observer=None):
    try:
        print("at work", file=sys.stderr, flush=True)
        time.sleep(60)
    finally:
        print("cleaned up", file=sys.stderr, flush=True)
fake.migrate = migrate
"""


@pytest.mark.parametrize(
    ("number", "code", "word"),
    [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")],
)
def test_a_signal_ends_the_work_in_order(start, stubbed, number, code, word):
    process = start("migrate", "--yes", "-q", code=stubbed(SLOW), environ=SIDES)
    assert process.stderr.readline() == "at work\n"
    process.send_signal(number)
    _, err = process.communicate(timeout=20)
    assert process.returncode == code
    assert err.split("\n") == ["cleaned up", "", word, ""]


def test_a_reader_that_has_seen_enough_is_no_error(start, stubbed):
    fields = "name='n' * 999, version='', status='', origin='', hooks=()"
    before = f"fake.made = [type('P', (), dict({fields}))] * 300"
    process = start("plugins", code=stubbed(before))
    process.stdout.close()
    process.stdout = None
    _, err = process.communicate(timeout=20)
    assert "Traceback" not in err
    assert "bug" not in err


@pytest.mark.parametrize(
    ("answer", "code"), [(b"y\n", 0), (b"yes\n", 0), (b"\n", 8), (b"no\n", 8), (b"\x04", 8)]
)
def test_a_terminal_is_asked(start, stubbed, answer, code):
    ours, theirs = pty.openpty()
    process = start("migrate", code=stubbed(), environ=SIDES, stdin=theirs)
    os.close(theirs)
    os.write(ours, answer)
    out, err = process.communicate(timeout=20)
    os.close(ours)
    assert process.returncode == code
    assert "This writes `s:5432/postgres` to `t:5432/b`. Go on? [y/N]" in err
    assert ("PASSED" in out) is (code == 0)


def test_wrong_usage_of_the_real_program(start):
    process = start("migrate", "--yes", environ={"SUPAMIG_TARGET_DSN": "host=t"})
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (2, "")
    assert "error: no source is given" in err
    assert "hint: Set SUPAMIG_SOURCE_DSN" in err


# An installed plugin is asked for its commands, and that takes as long as it takes.
HELP_WITHOUT_PLUGINS = """
import importlib.metadata, sys
from supamig.cli import main
importlib.metadata.entry_points = lambda **_: ()
main(["--help"])
"""


def test_the_help_comes_at_once():
    """Without load it takes 0.2 s; what is measured is what it imports beyond Python itself."""

    def seconds(*arguments):
        begun = time.perf_counter()
        subprocess.run([sys.executable, *arguments], stdout=subprocess.DEVNULL, check=True)
        return time.perf_counter() - begun

    bare = statistics.median(seconds("-c", "import click, importlib.metadata") for _ in range(5))
    full = statistics.median(seconds("-c", HELP_WITHOUT_PLUGINS) for _ in range(5))
    assert full < max(0.4, 3 * bare)


def test_the_help_imports_nothing_heavy():
    code = HELP_WITHOUT_PLUGINS + (
        "heavy = {'psycopg', 'pydantic', 'rich', 'httpx', 'jinja2', 'supamig.api'}\n"
        "sys.exit(', '.join(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.strip() == ""


def test_a_server_that_never_answers_is_given_up(start):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        dsn = f"host=127.0.0.1 port={silent.getsockname()[1]} user=u dbname=d password=x"
        environ = {"SUPAMIG_SOURCE_DSN": dsn, "SUPAMIG_TARGET_DSN": dsn.replace("=d", "=e")}
        begun = time.monotonic()
        process = start("migrate", "--yes", "--connect-timeout", "2", environ=environ)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 4, err
    assert time.monotonic() - begun < 15
    assert "hint: " in err


def test_a_port_where_nobody_listens(start):
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    dsn = f"host=127.0.0.1 port={port} user=u dbname=d password=x"
    environ = {"SUPAMIG_SOURCE_DSN": dsn, "SUPAMIG_TARGET_DSN": dsn}
    process = start("migrate", "--yes", environ=environ)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 4, err
    # `doctor` never stops at the first problem: what it finds is in its report
    process = start("doctor", "--output", "json", environ=environ)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 1, err
    assert len(json.loads(out)["checks"]) == 2
