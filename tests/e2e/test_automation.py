"""The sample of infra/README.md works: the program from Python, by the Automation API."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from supamig.testing.engine.docker import CONTAINER

pytestmark = [pytest.mark.pulumi, pytest.mark.timeout(300)]


def test_the_sample_previews_the_stack_and_brings_it_up(local, root):
    (sample,) = re.findall(
        r"```python\n(.*?)```", (root / "infra" / "README.md").read_text(), re.DOTALL
    )
    stack = local()
    path = f"{stack.program.parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [sys.executable, "-c", sample, "--up"],
        cwd=stack.project,
        env=stack.environ() | {"PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "create" in done.stdout
    assert "public_url https://supabase.example.com" in done.stdout
    assert "supabase-db" in stack.docker.names(CONTAINER)
