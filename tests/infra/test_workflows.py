"""The workflows run only what was looked at, and give no secret to a stranger's code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

WORKFLOWS = sorted((Path(__file__).resolve().parents[2] / ".github" / "workflows").glob("*.yml"))


def jobs(path):
    return yaml.safe_load(path.read_text())["jobs"].items()


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_actions_are_pinned_by_commit_with_their_version(path):
    used = re.findall(r"uses: (.*)", path.read_text())
    assert used
    assert [one for one in used if not re.fullmatch(r"[\w/.-]+@[0-9a-f]{40} # v[\d.]+", one)] == []


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_every_job_ends_by_itself(path):
    assert [name for name, job in jobs(path) if "timeout-minutes" not in job] == []


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_no_text_of_others_becomes_a_command(path):
    found = [
        step["run"]
        for _, job in jobs(path)
        for step in job["steps"]
        if "${{" in step.get("run", "")
    ]
    assert found == []


def test_a_fork_never_sees_a_secret():
    path = next(path for path in WORKFLOWS if path.stem == "preview")
    content = yaml.safe_load(path.read_text())
    assert "pull_request_target" not in path.read_text()
    for _, job in jobs(path):
        assert job["if"] == "github.event.pull_request.head.repo.full_name == github.repository"
    assert content["permissions"] == {}


def test_the_engine_is_the_one_that_is_tested(root):
    versions = {
        version
        for path in WORKFLOWS
        for version in re.findall(r"pulumi-version: (\S+)", path.read_text())
    }
    module = (root / "tests" / "parts" / "tools" / "go.mod").read_text()
    assert [f"pulumi/pkg/v3 v{one}" in module for one in versions] == [True]


@pytest.mark.parametrize("name", ["Pulumi.yaml", "infra/policy/PulumiPolicy.yaml"])
def test_a_program_needs_no_tool_that_only_some_have(root, name):
    options = yaml.safe_load((root / name).read_text())["runtime"]["options"]
    # without the word Pulumi asks for uv wherever there is a uv.lock
    assert options["toolchain"] == "pip"
    assert (root / name).parent.joinpath(options["virtualenv"]).resolve() == root / ".venv"
