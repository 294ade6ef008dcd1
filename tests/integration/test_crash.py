"""`kill -9` at any moment, then the same command again: it ends in the same proven target."""

from __future__ import annotations

import json
import os
import random
import signal
import time

import pytest

from supamig import api
from supamig.bundle import Bundle
from supamig.config import Settings
from supamig.errors import CannotResume
from supamig.journal import JOURNAL
from supamig.models import Verdict
from supamig.plugins import Plugins

pytestmark = [pytest.mark.pg, pytest.mark.timeout(300)]

#: How many random moments are tried; with 30, also every line of the journal is one.
KILLS = int(os.environ.get("SUPAMIG_KILLS", "3"))

#: Kills its process before what is named in the file ``moments``, each once.
KILLER = """
import os, pathlib, signal
from supamig import rehearsal
from supamig.hookspecs import hookimpl
from supamig.journal import Journal

MOMENTS = pathlib.Path(__file__).with_name("moments")

def die_before(moment):
    wanted = MOMENTS.read_text().splitlines()
    if moment in wanted:
        wanted.remove(moment)
        MOMENTS.write_text("\\n".join(wanted))
        with MOMENTS.with_name("killed").open("a") as file:
            file.write(moment + "\\n")
        os.kill(os.getpid(), signal.SIGKILL)

def append(self, event, original=Journal.append, **facts):
    die_before(f"{event} {facts.get('step', '')}".strip())
    original(self, event, **facts)

def restore(*arguments, original=rehearsal._restore):
    die_before("restoring")
    original(*arguments)

Journal.append = append
rehearsal._restore = restore

@hookimpl
def supamig_event(event):
    die_before(f"{event.kind} {event.subject}")
"""


@pytest.fixture
def plugins(working_directory):
    directory = working_directory / "plugins"
    directory.mkdir()
    (directory / "killer.py").write_text(KILLER)
    (directory / "moments").write_text("")
    (directory / "killed").write_text("")
    return directory


@pytest.fixture
def run(supamig, plugins):
    """Run a command to its end, whatever that is; it is killed at the moments named."""

    def call(*arguments, moments=()):
        (plugins / "moments").write_text("\n".join(moments))
        process = supamig(*arguments, "--yes", "--quiet", "--plugins-dir", plugins)
        _, err = process.communicate(timeout=120)
        return process.returncode, err

    return call


def run_until_done(run, plugins, moments, arguments=("migrate",), between=lambda: None):
    """Run the same command, killed once at each of the moments, until it ends by itself."""
    left = list(moments)
    for _ in range(len(moments) + 1):
        code, err = run(*arguments, moments=left)
        if code != -signal.SIGKILL:
            break
        left = (plugins / "moments").read_text().splitlines()
        between()
    assert code == 0, err
    assert (plugins / "killed").read_text().splitlines()[-len(moments) :] == list(moments)


def assert_proven(source, target, directory, catalogs):
    """Look at the target from outside: its rows are the source's, and no ledger is left."""
    runs = sorted((directory / ".supamig" / "runs").iterdir())
    report = json.loads((runs[-1] / "report.json").read_text())
    assert report["verdict"] == "passed"
    assert report["not_checked"] == []
    ours, theirs = catalogs.of(source), catalogs.of(target)
    assert all("_supamig" not in str(record["name"]) for record in theirs["schemas"])
    for kind in ("tables", "constraints", "indexes", "triggers", "policies", "functions"):
        missing = {str(r["name"]) for r in ours[kind]} - {str(r["name"]) for r in theirs[kind]}
        assert {name for name in missing if name.startswith("public.")} == set()
    counts = "select count(*) from public.{} union all select count(*) from auth.users"
    for table in ("artifacts", "memories", "edge_texts"):
        query = counts.format(table)
        with source.connect() as here, target.connect() as there:
            assert here.execute(query).fetchall() == there.execute(query).fetchall()


def every_line():
    """Name the moments before each line of the journal from the plan on."""
    yield "plan-accepted"
    for importer in Plugins.load().importers(Settings()):
        if KILLS >= 30:
            yield f"step-started import.{importer.kind}"
        yield f"step-finished import.{importer.kind}"
    yield from ("tables", "run-finished")


@pytest.mark.timeout(600)
def test_killed_between_every_effect_and_its_line(
    run, plugins, source, target, working_directory, catalogs
):
    """One move, killed again and again: what was done stays done, and is never done twice.

    Each time the end of the journal is lost as well, up to its last two lines.
    """
    bytes_lost = random.Random(1)

    def cut():
        found = sorted((working_directory / ".supamig" / "runs").glob("*/" + JOURNAL))
        data = found[-1].read_bytes()
        lines = data.splitlines(keepends=True)
        plan = next((n for n, line in enumerate(lines) if b'"plan-accepted"' in line), None)
        if plan is not None:
            # what stands before the plan is on disk before anything is done to the target
            most = sum(map(len, lines[max(plan + 1, len(lines) - 2) :]))
            found[-1].write_bytes(data[: len(data) - bytes_lost.randint(0, most)])

    run_until_done(run, plugins, list(every_line()), between=cut)
    assert_proven(source, target, working_directory, catalogs)


@pytest.mark.parametrize("number", range(KILLS))
def test_killed_at_a_random_moment(
    number, run, supamig, source, target, working_directory, catalogs
):
    chosen = random.Random(time.time_ns())
    after = chosen.uniform(0.5, 8.0)
    process = supamig("migrate", "--yes", "--quiet")
    time.sleep(after)
    process.kill()
    process.communicate()
    code, err = run("migrate")
    assert (after, code, err) == (after, 0, "")
    assert_proven(source, target, working_directory, catalogs)


def test_killed_anywhere_in_the_export_begins_anew(run, plugins, target, working_directory):
    moments = ["run-started", "step-finished export.inventory", "step-finished export.schema"]
    (plugins / "moments").write_text("")
    for moment in moments:
        assert run("migrate", moments=[moment])[0] == -signal.SIGKILL
    with target.connect() as session:
        made = "select count(*) from pg_class where relnamespace = 'public'::regnamespace"
        assert session.execute(made).fetchone() == (0,)
    assert run("migrate")[0] == 0
    runs = list((working_directory / ".supamig" / "runs").glob("*/" + JOURNAL))
    assert len(runs) == 1, "what a killed run had exported is gone"


@pytest.mark.parametrize("method", ["stream", "pg_dump"])
def test_killed_while_a_bundle_is_imported(
    method, run, plugins, source, target, settings, working_directory
):
    bundle, _ = api.export(settings(method=method))
    moments = ["plan-accepted", "step-finished import.schema", "item-finished public.artifacts",
               "step-finished import.constraints", "run-finished"]  # fmt: skip
    run_until_done(run, plugins, moments, arguments=("import", str(bundle)))
    report = api.validate(settings(source_bundle=bundle, source=None))
    assert report.verdict is Verdict.PASSED


def test_killed_while_an_export_writes_leaves_nothing_that_looks_whole(
    run, plugins, working_directory
):
    moments = ["item-finished auth.users"]
    assert run("export", "--dir", "made", moments=moments)[0] == -signal.SIGKILL
    assert not (working_directory / "made").exists()
    code, err = run("import", "made.partial")
    assert code == 6, err
    assert "not a whole bundle" in err
    assert run("export", "--dir", "made")[0] == 0
    assert {path.name for path in working_directory.iterdir()} == {"made", "plugins"}
    Bundle.open(working_directory / "made")


def test_killed_while_a_rehearsal_is_removed(
    run, plugins, source, target, settings, working_directory, catalogs
):
    before = catalogs.of(target)
    assert run("migrate")[0] == 0
    fresh = ("migrate", "--fresh")
    # the transaction that removes was not committed
    assert run(*fresh, moments=["restoring"])[0] == -signal.SIGKILL
    with target.connect() as session:
        assert session.execute("select count(*) from public.profiles").fetchone() == (6,)
    with pytest.raises(CannotResume, match="removal of an earlier run was interrupted") as caught:
        api.migrate(settings())
    assert caught.value.exit_code == 7
    # it was committed, and nobody wrote that down
    assert run(*fresh, moments=["run-removed"])[0] == -signal.SIGKILL
    assert catalogs.differences(before, catalogs.of(target)) == {}
    code, err = run("migrate")
    assert code == 7, err
    # it was written down, and the next move had begun
    moments = ["run-started", "step-finished import.rows"]
    run_until_done(run, plugins, moments, arguments=fresh)
    assert_proven(source, target, working_directory, catalogs)
