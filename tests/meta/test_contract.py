"""What others build on: every hook is documented, every error has a code and an end."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import supamig
from supamig import errors, hookspecs

ROOT = Path(__file__).resolve().parents[2]
HOOKS = [name for name in vars(hookspecs) if name.startswith("supamig_")]
ERRORS = [
    value
    for value in vars(errors).values()
    if isinstance(value, type) and issubclass(value, errors.SupamigError)
]


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_has_a_heading_with_its_signature(hook):
    arguments = ", ".join(inspect.signature(getattr(hookspecs, hook)).parameters)
    headings = [
        line.lstrip("# ")
        for line in (ROOT / "README.md").read_text().splitlines()
        if line.startswith("#")
    ]
    assert f"`{hook}({arguments})`" in headings


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_is_described(hook):
    assert inspect.getdoc(getattr(hookspecs, hook))


def test_every_error_has_a_code_of_its_own():
    codes = [vars(error).get("code") for error in ERRORS]
    assert None not in codes
    assert len(set(codes)) == len(codes)


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
def test_every_error_has_a_code_and_an_exit_code(error):
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", error.code)
    assert isinstance(error.exit_code, errors.ExitCode)
    assert error.exit_code not in (errors.ExitCode.OK, errors.ExitCode.FINDINGS)
    assert inspect.getdoc(error)


def test_every_error_carries_message_and_hint():
    for error in ERRORS:
        raised = error("what happened", hint="what to do")
        assert (raised.message, raised.hint, str(raised)) == (
            "what happened",
            "what to do",
            "what happened",
        )


def test_public_names_are_few_sorted_and_there():
    names = list(supamig.__all__)
    assert names == sorted(set(names))
    assert 10 <= len(names) <= 20
    assert [name for name in names if not hasattr(supamig, name)] == []


def test_importing_says_nothing_and_pulls_in_no_tool():
    program = (
        "import sys, supamig; [getattr(supamig, name) for name in supamig.__all__];"
        "print([name for name in ('pytest', 'pulumi', 'supamig.cli', 'supamig.testing')"
        " if name in sys.modules], end='')"
    )
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=True
    )
    assert (run.stdout, run.stderr) == ("[]", "")
