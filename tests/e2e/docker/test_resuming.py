"""A migration whose target goes away in the middle, and what becomes of it afterwards."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from supamig import api
from supamig.config import Settings
from supamig.testing.engine.digitalocean import VOLUME as DISK

pytestmark = [pytest.mark.docker, pytest.mark.pulumi, pytest.mark.pg, pytest.mark.timeout(1200)]

SMALL = {"backups": None, "device": False, "migration": None, "gate": False}
CORE = {"logs": False, "tls": None}
BEGUN = "select to_regclass('public.profiles') is not null"


def stashes(stack):
    return {
        one["urn"].split("::")[-1]: one["outputs"]["output"]
        for one in stack.state()
        if one["type"] == "pulumi:index:Stash"
    }


def wait_until(satisfied, deadline=240):
    ends = time.monotonic() + deadline
    while not satisfied():
        assert time.monotonic() < ends
        time.sleep(0.1)


def test_the_next_up_resumes_and_destroy_leaves_the_data(begin, engine, sample, target_of):
    stack = begin(environment={"SUPAMIG_SOURCE_DSN": sample.dsn.reveal()}, deployment=CORE, **SMALL)
    without = stack.up()
    assert without.code == 0, without.text
    target = target_of(stack)
    database = engine.containers.get("supabase-db")
    stack.configure({"migration": {"target_user": "supabase_admin"}})
    with ThreadPoolExecutor(1) as pool:
        with psycopg.connect(target.reveal(), autocommit=True) as session:
            broken = pool.submit(stack.up)
            wait_until(lambda: session.execute(BEGUN).fetchone() == (True,))
        database.stop(timeout=1)
        assert broken.result().code != 0
    assert "the migration stopped" in broken.result().text, broken.result().text
    assert "migration" not in stashes(stack)
    before = stack.made.containers()
    database.start()
    wait_until(lambda: engine.api.inspect_container(database.id)["State"]["Health"]["Status"]
               == "healthy")  # fmt: skip
    result = stack.up()
    assert result.code == 0, result.text
    assert stashes(stack)["migration-result"]["auth_users"] == 6
    assert stack.made.containers() == before
    # what was done before is not done again
    assert "import.roles" not in result.text, result.text
    report = api.validate(Settings(source=sample.dsn, target=target))
    assert report.verdict == "passed"
    destroyed = stack.run(
        "destroy", "--yes", "--skip-preview", "--stack", "prod", "--color", "never"
    )
    assert destroyed.code != 0
    assert "protected" in destroyed.text
    assert f"{stack.made.name}_db-config" in stack.made.volumes()
    assert (stack.data / "volumes" / "db" / "data" / "PG_VERSION").read_text() == "17\n"
    assert len(stack.digitalocean.names(DISK)) == 1
