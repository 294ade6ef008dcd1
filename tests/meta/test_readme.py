"""README.md tells the truth: its samples run, its commands exist, its tables are complete."""

from __future__ import annotations

import os
import re
import runpy
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest

from supamig.cli.group import make_commands
from supamig.cli.invocation import Invocation
from supamig.config.schema import ENVIRONMENT, File
from supamig.errors import ExitCode

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
MAKER = runpy.run_path(Path(__file__).with_name("readme.py"))
BLOCKS = re.findall(r"```console\n(.*?)```", README, re.DOTALL)
COMMANDS = [
    line.removeprefix("$ ").partition("#")[0].strip()
    for block in BLOCKS
    for line in block.splitlines()
]
OURS = [command for command in COMMANDS if command.startswith("supamig ")]
CHEAP = [["--help"], ["plugins"], ["checks"], ["status"], ["demo", "--help"], ["report", "--help"]]


def test_samples_and_matrix_are_as_their_sources():
    assert MAKER["rendered"](README) == README, "run `python tests/meta/readme.py`"


def test_every_sample_is_shown():
    shown = {found[1] for found in MAKER["SAMPLE"].findall(README)}
    assert shown == {path.stem for path in MAKER["SAMPLES"].glob("*.py")}


def test_a_check_is_about_ten_lines():
    text = (MAKER["SAMPLES"] / "validators.py").read_text()
    assert len([line for line in text.splitlines() if line]) <= 11


@pytest.mark.parametrize("command", OURS)
def test_commands_with_their_options_exist(command, tmp_path):
    _, name, *arguments = shlex.split(command)
    group = make_commands()
    found = group.get_command(click.Context(group, obj=Invocation()), name)
    assert found is not None
    found.make_context(name, arguments, obj=Invocation())


def test_other_commands_are_known():
    others = {command.split()[0] for command in COMMANDS} - {"supamig"}
    assert others == {"make", "pip", "export"}
    targets = re.findall(r"^([a-z]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE)
    asked = {command.split()[1] for command in COMMANDS if command.startswith("make ")}
    assert asked <= set(targets)


@pytest.mark.parametrize("arguments", CHEAP, ids=" ".join)
def test_cheap_commands_run(arguments, working_directory):
    done = subprocess.run(
        [sys.executable, "-m", "supamig", *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_settings_are_those_that_there_are():
    shown = set(re.findall(r"`(SUPA(?:BASE|MIG)_[A-Z0-9_]+)", README))
    assert shown == {*ENVIRONMENT, "SUPAMIG_ENV_FILE", "SUPAMIG_DEBUG"}
    table = README.partition("## Settings")[2].partition("## Exit codes")[0]
    keys = set(re.findall(r"`([a-z0-9_]+(?:\.[a-z0-9_]+)*)`", table))
    assert {".".join(place) for place in ENVIRONMENT.values()} <= keys
    for key in {key for key in keys if "." in key and key != "supamig.toml"}:
        *tables, last = key.split(".")
        section = File
        for name in tables:
            section = section.model_fields["import_" if name == "import" else name].annotation
        assert last in {one.alias or name for name, one in section.model_fields.items()}, key


def test_every_exit_code_is_told():
    table = README.partition("## Exit codes")[2].partition("## ")[0]
    rows = re.findall(r"^\| ([0-9, ]+) \|", table, re.MULTILINE)
    assert {int(code) for row in rows for code in row.split(",")} == set(ExitCode)


def test_links_lead_somewhere():
    links = re.findall(r"\]\(([^)]+)\)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []
    assert (ROOT / ".github" / "report.png").stat().st_size < 300_000


def test_no_line_is_too_long_to_read_in_a_terminal():
    lines = [line for line in README.splitlines() if not line.startswith(("|", "!["))]
    assert max(map(len, lines)) <= 120
