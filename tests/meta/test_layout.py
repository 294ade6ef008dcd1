"""The shape that the project promised itself: where files may stand, how long they may be."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
TOP_LEVEL = {
    *("infra", "supamig", "plugins", "tests"),
    *("Pulumi.yaml", "Pulumi.prod.yaml", "pyproject.toml", "uv.lock", "Makefile"),
    *("README.md", "CHANGELOG.md", "LICENSE"),
}
LONGEST_MODULE = 400
VAGUE = {"utils", "util", "helpers", "helper", "common", "misc", "base", "data", "info"}

# Words of the machines that the project is made on.
MACHINE = ("/work/main", "/work/shared", "../shared", "/opt/wheels", "farm-")
SECRETS = (
    r"sbp_[0-9a-f]{40}",
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----\n[A-Za-z0-9+/=]{40}",
    r"\bAKIA[0-9A-Z]{16}\b",
    r"\bghp_[A-Za-z0-9]{36}\b",
)
ENVIRONMENT = r"\bos\.(?:getenv|environb?)\b"
OPEN_ENDS = {
    "a swallowed error": r"except[^:\n]*:\s*pass\b",
    "an open end": r"\b(?:TODO|FIXME|XXX)\b",
    "a stub": r"raise NotImplementedError",
    "a skip without a reason": r"pytest\.skip\(\s*\)|mark\.skip\s*(?:\n|\(\s*\))",
    "a test of nothing": r"assert True\b",
}


def committed():
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-z"], capture_output=True, check=False
    )
    names = listed.stdout.decode().split("\0")
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


@pytest.fixture(scope="module")
def files():
    found = committed()
    if not found:
        pytest.skip("not a git checkout: which files belong to the project is not known")
    return found


@pytest.fixture(scope="module")
def texts(files):
    found = {}
    for path in files:
        content = path.read_bytes()
        # this file names what it looks for
        if b"\0" not in content and path != Path(__file__):
            found[path.relative_to(ROOT)] = content.decode("utf-8", "replace")
    return found


@pytest.fixture(scope="module")
def modules(texts):
    return {path: text for path, text in texts.items() if path.suffix == ".py"}


def test_top_level_holds_only_what_was_agreed(files):
    names = {path.relative_to(ROOT).parts[0] for path in files}
    assert {name for name in names if not name.startswith(".")} <= TOP_LEVEL


def test_no_module_is_over_400_lines(modules):
    long = {str(path): text.count("\n") for path, text in modules.items()}
    assert {path: lines for path, lines in long.items() if lines > LONGEST_MODULE} == {}


def test_no_module_has_a_vague_name(modules):
    assert [str(path) for path in modules if path.stem in VAGUE] == []


def test_every_package_module_says_what_it_knows(modules):
    silent = [
        str(path)
        for path, text in modules.items()
        if path.parts[0] == "supamig" and not ast.get_docstring(ast.parse(text))
    ]
    assert silent == []


@pytest.mark.parametrize("what", OPEN_ENDS)
def test_nothing_is_left_open(what, modules):
    found = [str(path) for path, text in modules.items() if re.search(OPEN_ENDS[what], text)]
    assert found == []


def test_no_file_names_a_place_of_one_machine(texts):
    found = [(str(path), word) for path, text in texts.items() for word in MACHINE if word in text]
    assert found == []


def test_no_file_holds_a_secret(texts):
    found = [
        (str(path), pattern)
        for path, text in texts.items()
        for pattern in SECRETS
        if path.parts[0] != "tests" and re.search(pattern, text)
    ]
    assert found == []


def test_models_and_errors_import_nothing_of_supamig(modules):
    for name in ("models", "errors"):
        tree = ast.parse(modules[Path("supamig") / f"{name}.py"])
        imported = {
            node.module or ""
            for node in tree.body
            if isinstance(node, ast.ImportFrom) and node.module != "__future__"
        }
        assert not {module for module in imported if module.startswith("supamig")}, name


def test_only_settings_read_the_environment(modules):
    """A library that looks at the environment on its own cannot be told what to do."""
    allowed = ("supamig/config/", "supamig/pgtools.py", "supamig/testing/")
    readers = [
        str(path)
        for path, text in modules.items()
        if path.parts[0] == "supamig"
        and not path.as_posix().startswith(allowed)
        and re.search(ENVIRONMENT, text)
    ]
    assert readers == []


def test_children_inherit_an_environment_that_is_not_read(modules):
    text = modules[Path("supamig/pgtools.py")]
    assert [line.split()[2] for line in re.findall(f".*{ENVIRONMENT}.*", text)] == [
        "{**os.environ,"
    ]


def test_the_lock_names_the_public_index_only():
    lock = (ROOT / "uv.lock").read_text()
    hosts = set(re.findall(r"https?://([^/\"]+)", lock))
    assert hosts == {"pypi.org", "files.pythonhosted.org"}


def test_the_lock_fits_what_the_package_asks_for():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = {"": project["dependencies"], **project["optional-dependencies"]}
    packages = tomllib.loads((ROOT / "uv.lock").read_text())["package"]
    versions = {package["name"]: package.get("version", "") for package in packages}
    wrong = [
        str(requirement)
        for requirement in (Requirement(text) for texts in asked.values() for text in texts)
        if not requirement.specifier.contains(versions.get(requirement.name, "0"))
    ]
    assert wrong == [], "run `uv lock`"


@pytest.mark.timeout(120)
def test_the_wheel_holds_all_that_the_package_reads(files, tmp_path):
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    inside = set(zipfile.ZipFile(wheel).namelist())
    wanted = {path.relative_to(ROOT).as_posix() for path in files}
    assert {name for name in wanted if name.startswith("supamig/")} - inside == set()
    assert "supamig/py.typed" in inside
