"""What `plugins/` holds works: the template as it is copied, and its package as it is built."""

from __future__ import annotations

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

PLUGINS = Path(__file__).resolve().parents[2] / "plugins"
DIRECTORIES = sorted(path.parent for path in PLUGINS.glob("*/pyproject.toml"))


def test_both_are_there():
    assert [path.name for path in DIRECTORIES] == ["supamig-expected-counts", "template"]


def test_the_tests_of_the_template_pass():
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        str(PLUGINS / "template"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=50, check=False)
    assert "3 passed" in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize("directory", DIRECTORIES, ids=lambda path: path.name)
def test_the_wheel_holds_the_module_that_its_entry_point_names(directory, tmp_path):
    pytest.importorskip("hatchling", reason="hatchling builds the plugins: pip install hatchling")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=directory, capture_output=True, timeout=50, check=True)
    project = tomllib.loads((directory / "pyproject.toml").read_text())["project"]
    modules = {f"{module}.py" for module in project["entry-points"]["supamig"].values()}
    [wheel] = tmp_path.glob("*.whl")
    assert modules <= set(zipfile.ZipFile(wheel).namelist())
