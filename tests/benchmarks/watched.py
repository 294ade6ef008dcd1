"""supamig as a child process whose memory is watched while it works (Linux)."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

MIB = 1 << 20
_EVERY = 0.01


@dataclass(frozen=True, slots=True)
class Watched:
    """How a command ended: the peak of its own memory and of its largest child, in bytes."""

    status: int
    seconds: float
    peak: int
    child: int
    child_name: str
    said: str


def supamig(*arguments, source, target, directory, environment=None):
    """Run `python -m supamig` on two databases in a directory of its own."""
    secrets = {
        "SUPAMIG_SOURCE_DSN": source.dsn.reveal(),
        "SUPAMIG_TARGET_DSN": target.dsn.reveal(),
    }
    return watch(
        [sys.executable, "-m", "supamig", *arguments],
        cwd=directory,
        environment={**secrets, **(environment or {})},
    )


def watch(command, *, cwd, environment):
    """Run a command to its end, looking at the high-water mark of its memory all the time."""
    peaks = {}
    done = threading.Event()
    began = time.monotonic()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
        )
        looker = threading.Thread(target=_look, args=(process.pid, peaks, done), daemon=True)
        looker.start()
        try:
            status = process.wait()
        except BaseException:
            process.terminate()
            process.wait()
            raise
        finally:
            done.set()
            looker.join()
        said.seek(0)
        text = said.read().decode(errors="replace")
    own = peaks.pop("", 0)
    name = max(peaks, key=peaks.__getitem__, default="none")
    return Watched(status, time.monotonic() - began, own, peaks.get(name, 0), name, text)


def _look(pid, peaks, done):
    """Keep the peaks: the process's own under an empty name, those of its children by name."""
    while not done.wait(_EVERY):
        # what was read last before the end is the peak: the mark never falls
        name, peak = _peak(pid)
        peaks[""] = max(peaks.get("", 0), peak)
        for child in _children(pid):
            child_name, peak = _peak(child)
            # between fork and exec a child is still a picture of its parent
            if child_name and child_name != name:
                peaks[child_name] = max(peaks.get(child_name, 0), peak)


def _children(pid):
    for task in Path(f"/proc/{pid}/task").glob("*"):
        with contextlib.suppress(OSError):
            yield from map(int, (task / "children").read_text().split())


def _peak(pid):
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return "", 0
    fields = dict(line.split(":", 1) for line in lines if ":" in line)
    return fields["Name"].strip(), int(fields.get("VmHWM", "0 kB").split()[0]) * 1024
