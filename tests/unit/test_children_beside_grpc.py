"""Within a Pulumi program children are tied to it without a function that Python would fork for."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from supamig import pgtools

PROGRAM = """
import sys, types
sys.modules["grpc"] = types.ModuleType("grpc")
from supamig import pgtools
with pgtools.start(["sh", "-c", "printf %09d $$; sleep 60"]) as child:
    print(child.read(9).decode(), flush=True)  # of a number of any length
    child.read(1)
"""


def test_nothing_is_called_between_fork_and_exec(monkeypatch):
    monkeypatch.setitem(sys.modules, "grpc", object())
    assert pgtools.die_with_parent() is None
    assert pgtools.run(["echo", "hello"]) == b"hello\n"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ties a child to its parent")
def test_a_child_dies_with_its_parent():
    with subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE) as parent:
        number = int(parent.stdout.readline())
        parent.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and _is_running(number):
        time.sleep(0.05)
    assert not _is_running(number)


def _is_running(number):
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]
    return state != "Z"
