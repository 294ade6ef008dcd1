"""What plugins add to the command line: commands, and formats of the report."""

from __future__ import annotations

from pathlib import Path

import pytest


def test_a_plugin_adds_a_command(run, working_directory):
    (working_directory / "p").mkdir()
    (working_directory / "p" / "acme.py").write_text(
        "import click\n"
        "from supamig.hookspecs import hookimpl\n"
        "@hookimpl\n"
        "def supamig_commands(cli):\n"
        "    @cli.command()\n"
        "    def acme():\n"
        "        click.echo('from acme')\n"
    )
    environ = {"SUPAMIG_PLUGINS_DIR": "p"}
    ended = run("acme", environ=environ, sides=False)
    assert (ended.code, ended.out) == (0, "from acme\n")
    ended = run("acmee", environ=environ, sides=False)
    assert ended.code == 2
    assert "hint: Did you mean `supamig acme`?" in ended.err
    assert run("acme", sides=False).code == 2
    (working_directory / "supamig.toml").write_text("plugins_dirs = ['p']")
    assert "\n  acme" in run("--help", sides=False).out


REPORTER = """
from supamig.hookspecs import hookimpl

class Count:
    name, suffix = "count", ".txt"

    def render(self, report):
        return f"{len(report.findings)} findings\\n"

class Faulty(Count):
    name = "faulty"

    def render(self, report):
        raise ValueError("no")

@hookimpl
def supamig_reporters():
    return [Count(), Faulty()]
"""


@pytest.fixture
def reporter(working_directory):
    (working_directory / "p").mkdir()
    (working_directory / "p" / "acme.py").write_text(REPORTER)
    return ("--plugins-dir", "p")


def test_a_report_in_the_format_of_a_plugin(run, api, reporter):
    files = ("--reporter", "count=c.txt", "--reporter", "text=t.txt", "-o", "r.json")
    assert run("validate", *reporter, *files).code == 0
    assert Path("c.txt").read_text() == "0 findings\n"
    assert "PASSED" in Path("t.txt").read_text()
    assert run("report", "r.json", *reporter, "--reporter", "count=d.txt", sides=False).code == 0
    assert Path("d.txt").exists()


def test_a_reporter_that_fails_costs_only_its_file(run, api, reporter):
    ended = run("validate", *reporter, "--reporter", "faulty=f.txt", "--reporter", "count=c.txt")
    assert ended.code == 1
    assert "PASSED" in ended.out
    assert "error: the reporter `faulty` failed: ValueError: no (acme.py:" in ended.err
    assert (Path("c.txt").exists(), Path("f.txt").exists()) == (True, False)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("cuont=c.txt", "no reporter writes the format `cuont`"),
        ("count", "`--reporter count` names no format and file"),
        ("count=p", "`p` is a directory"),
    ],
)
def test_a_report_that_nobody_can_write_is_refused_before_the_work(
    run, api, reporter, given, message
):
    ended = run("validate", *reporter, "--reporter", given)
    assert ended.code == 2
    assert message in ended.err
    assert api.calls == []
