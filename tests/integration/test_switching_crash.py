"""A switch that is killed at any point: the next `configure` goes on, `rollback` puts back."""

from __future__ import annotations

import runpy
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from supamig import api
from supamig.errors import Refused
from supamig.models import Verdict

pytestmark = pytest.mark.timeout(240)
WORLD = Path(__file__).with_name("switching_world.py")
BASE = runpy.run_path(WORLD)
world, OLD, NEW = BASE["world"], BASE["OLD"], BASE["NEW"]
BACKEND, FRONTEND, SWITCHED = BASE["BACKEND"], BASE["FRONTEND"], BASE["SWITCHED"]

#: A process that ends itself by SIGKILL before or after one line of the journal, or one file.
KILLED = """
import os, runpy, signal
from pathlib import Path
import supamig.disk
from supamig import api
from supamig.journal import Journal

point = {point!r}
append, replace = Journal.append, supamig.disk.replace

def reach(here):
    if here == point:
        os.kill(os.getpid(), signal.SIGKILL)

def appended(self, event, **facts):
    reach("before " + event)
    append(self, event, **facts)
    reach("after " + event)

def replaced(path, content, **more):
    name = path.parent.name + "/" + path.name
    reach("before " + name)
    replace(path, content, **more)
    reach("after " + name)

Journal.append, supamig.disk.replace = appended, replaced
world = runpy.run_path({world!r})["World"]
api.{verb}(world(Path({directory!r}), {port}, {owner}).settings)
"""
FORWARD = (
    "after run-started", "before prepared", "after prepared", "before backend/.env",
    "after backend/.env", "after frontend/.env", "after touched", "after ran", "before switched",
    "after switched",
)  # fmt: skip
BACK = (
    "after putting-back", "after backend/.env", "after frontend/.env", "after touched",
    "before put-back", "after put-back",
)  # fmt: skip


def killed(world, verb, point):
    code = KILLED.format(
        world=str(WORLD), point=point, directory=str(world.directory),
        port=world.port, owner=world.owner, verb=verb,
    )  # fmt: skip
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr


@pytest.mark.parametrize("point", FORWARD)
def test_a_switch_that_was_killed_goes_on(world, point):
    killed(world, "configure", point)
    report = api.configure(world.settings)
    assert report.verdict is Verdict.PASSED
    assert world.texts() == SWITCHED
    assert world.project() == NEW
    api.rollback(world.settings)
    assert world.texts() == [BACKEND, FRONTEND]
    assert list(world.backend.glob(".*.tmp")) == []


@pytest.mark.parametrize("point", FORWARD[2:])
def test_a_switch_that_was_killed_can_be_put_back(world, point):
    killed(world, "configure", point)
    api.rollback(world.settings)
    assert world.texts() == [BACKEND, FRONTEND]
    assert world.project() == OLD


@pytest.mark.parametrize("point", BACK)
def test_a_rollback_that_was_killed_goes_on(world, point):
    api.configure(world.settings)
    killed(world, "rollback", point)
    if point == "after put-back":
        with pytest.raises(Refused):
            api.rollback(world.settings)
    else:
        api.rollback(world.settings)
    assert world.texts() == [BACKEND, FRONTEND]
    assert world.project() == OLD
    api.configure(world.settings)
    assert world.texts() == SWITCHED
