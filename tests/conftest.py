"""What all tests share: the parts that a machine may lack, and an environment without surprises.

A test says what it needs by a mark (`pg`, `browser`, `supabase_cli`, `pulumi`, `docker`) or by
asking for a fixture that implies one.  Where the part is missing the test is left out with the
reason, and the summary says how to get it; with CI=true nothing may be left out.
"""

from __future__ import annotations

import ctypes.util
import functools
import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[1]
IN_CI = os.environ.get("CI", "") not in ("", "0", "false")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
ENGINE = ROOT / ".cache" / "pulumi" / "current" / "bin" / "pulumi"
CLI = ROOT / ".cache" / "supabase-cli" / "node_modules" / ".bin" / "supabase"
FOREIGN = ("PG", "SUPABASE_", "SUPAMIG_", "PULUMI_")

# what one example takes depends on what else the machine does; in CI a failure must come again
hypothesis.settings.register_profile("untimed", deadline=None, derandomize=IN_CI)
hypothesis.settings.load_profile("untimed")


@dataclass(frozen=True)
class Part:
    """Something that only some machines have; ``find`` returns where it is, or None."""

    title: str
    find: Callable[[], object]
    hint: str
    fixtures: tuple[str, ...] = ()


def _postgres() -> object:
    from supamig.testing.installations import find_installations

    return next(iter(find_installations()), None)


def _browser() -> Path | None:
    if sys.platform == "linux" and ctypes.util.find_library("atomic") is None:
        # playwright's driver does not start without it
        return None
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    return Path(found) if found else None


def _supabase_cli() -> Path | None:
    found = str(CLI) if CLI.exists() else shutil.which("supabase")
    return Path(found) if found else None


def _pulumi() -> Path | None:
    found = str(ENGINE) if ENGINE.exists() else shutil.which("pulumi")
    return Path(found) if found else None


def _docker() -> object:
    """An engine that answers and holds the images: without them there is nothing to start."""
    from supamig.deployment.images import IMAGES

    program = shutil.which("docker")
    if program is None:
        return None
    asked = subprocess.run(
        [program, "image", "inspect", *(image.reference for image in IMAGES.values())],
        capture_output=True,
        stdin=subprocess.DEVNULL,
        timeout=30,
        check=False,
    )
    return program if asked.returncode == 0 else None


PARTS = {
    "pg": Part(
        "a Postgres server",
        functools.cache(_postgres),
        "bash tests/parts/postgres.sh",
        ("pg_pair", "sample_pair"),
    ),
    "browser": Part(
        "Chromium", functools.cache(_browser), "bash tests/parts/chromium.sh", ("chromium",)
    ),
    "supabase_cli": Part(
        "the Supabase CLI",
        functools.cache(_supabase_cli),
        "bash tests/parts/supabase_cli.sh",
        ("supabase_cli",),
    ),
    "pulumi": Part(
        "the Pulumi engine",
        functools.cache(_pulumi),
        "bash tests/parts/pulumi.sh",
        ("pulumi_cli",),
    ),
    "docker": Part(
        "a Docker engine with the images of a deployment",
        functools.cache(_docker),
        "bash tests/parts/docker.sh && bash tests/parts/images.sh",
        ("engine",),
    ),
}
LEFT_OUT = pytest.StashKey[Counter[str]]()


def pytest_configure(config: pytest.Config) -> None:
    for number in (signal.SIGINT, signal.SIGHUP):
        # in the background of a script these are ignored, and children would inherit that; a
        # handler that does nothing is as deaf, but children start with the default again
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, lambda *_: None)
    config.stash[LEFT_OUT] = Counter()
    for name, part in PARTS.items():
        config.addinivalue_line("markers", f"{name}: needs {part.title}")


def pytest_runtest_setup(item: pytest.Item) -> None:
    asked = set(getattr(item, "fixturenames", ()))
    given = item.config.getoption("--source-dsn", None)
    for name, part in PARTS.items():
        wanted = item.get_closest_marker(name) or asked.intersection(part.fixtures)
        if not wanted or (name == "pg" and given) or part.find() is not None:
            continue
        item.config.stash[LEFT_OUT][name] += 1
        reason = f"{part.title} is not on this machine: {part.hint}"
        if IN_CI:
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)


def pytest_sessionfinish(session: pytest.Session) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if IN_CI and reporter and reporter.stats.get("skipped") and session.exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    left_out = terminalreporter.config.stash[LEFT_OUT]
    skipped = len(terminalreporter.stats.get("skipped", ()))
    if not left_out and not skipped:
        return
    terminalreporter.section("left out")
    for name, count in sorted(left_out.items()):
        part = PARTS[name]
        terminalreporter.line(f"{count} tests need {part.title}: {part.hint}")
    if skipped and IN_CI:
        terminalreporter.line(f"CI=true: {skipped} tests were skipped, and none may be")


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Hide what the person who runs the tests has set for real projects."""
    for name in list(os.environ):
        if name.startswith(FOREIGN):
            monkeypatch.delenv(name)
    if "supabase_cli" in request.fixturenames or request.node.get_closest_marker("supabase_cli"):
        # with an engine it dumps in an image of its own, which not every machine can pull
        monkeypatch.setenv("DOCKER_HOST", "unix:///nobody-answers-here")


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The browser's program."""
    found = _browser()
    assert found is not None
    return found


@pytest.fixture(scope="session")
def supabase_cli() -> Path:
    """The real Supabase CLI."""
    found = _supabase_cli()
    assert found is not None
    return found


@pytest.fixture(scope="session")
def pulumi_cli() -> Path:
    """The real Pulumi CLI with its engine."""
    found = _pulumi()
    assert found is not None
    return found


@pytest.fixture
def working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty directory to work in, so that nothing lands in the checkout."""
    monkeypatch.chdir(tmp_path)
    return tmp_path
