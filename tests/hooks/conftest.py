"""What the tests of hooks share: a directory of single-file plugins, loaded without built-ins."""

from __future__ import annotations

import textwrap

import pytest

from supamig.plugins import Plugins

HEAD = """
from supamig.hookspecs import hookimpl
from supamig.models import Finding, Severity, Stage
from supamig.protocols import Unavailable, Validator, validator
"""


@pytest.fixture
def write(tmp_path):
    """Write the file of a plugin; its imports are written for it."""
    directory = tmp_path / "plugins"
    directory.mkdir()

    def write(name, text, *, head=HEAD):
        path = directory / f"{name}.py"
        path.write_text(head + textwrap.dedent(text), encoding="utf-8")
        return path

    write.directory = directory
    return write


@pytest.fixture
def load(write):
    """Load what was written, and nothing else unless asked for."""

    def load(**options):
        chosen = {"builtins": (), "entry_points": False, "plugins_dirs": [write.directory]}
        return Plugins.load(**(chosen | options))

    return load


@pytest.fixture
def one_check():
    """Give the text of a plugin with one check, `NAME.check`, that finds nothing."""

    def text(name):
        return f"""
        @validator("{name}.check", title="A check")
        def check(context):
            return []

        @hookimpl
        def supamig_validators(settings):
            return [check]
        """

    return text
