"""`pulumi up` moves the sample project between two real servers, and says what the command says."""

from __future__ import annotations

import json

import pytest

from supamig import api
from supamig.config import Settings
from supamig.testing.sample import install
from supamig.testing.servers import fresh_database

pytestmark = [pytest.mark.pulumi, pytest.mark.pg, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def sample(pg_pair):
    """The sample project on the source's server."""
    source, _ = pg_pair
    with fresh_database(source, prefix="project") as made:
        install(made.dsn, flavour="cloud", application=True, scale=0.01,
                postgres_password=source.password.reveal())  # fmt: skip
        yield made


@pytest.fixture
def blank(pg_pair):
    """A deployment whose services have made their schemas, standing in for the container's."""
    with fresh_database(pg_pair[1], prefix="blank") as made:
        install(made.dsn, flavour="self-hosted", application=False)
        yield made


@pytest.fixture
def stack(project, secrets, sample, blank):
    return project(
        environment={
            "SUPAMIG_SOURCE_DSN": sample.dsn.reveal(),
            "SUPAMIG_TARGET_DSN": blank.dsn.reveal(),
        },
        secrets=secrets,
        docker={"host": "unix:///var/run/docker.sock"},
        backups={"hour": 2},  # no container of these ever runs, so none takes a backup
    )


def stashes(stack):
    return {
        one["urn"].split("::")[-1]: one["outputs"]["output"]
        for one in stack.state()
        if one["type"] == "pulumi:index:Stash"
    }


def test_up_ends_with_the_proven_project(stack, sample, blank):
    result = stack.up()
    assert result.code == 0, result.text
    report = api.validate(Settings(source=sample.dsn, target=blank.dsn))
    assert report.verdict == "passed"
    moved = stashes(stack)["migration-result"]
    assert moved["tables"] == report.summary.tables + report.summary.other_tables
    assert moved["auth_users"] == report.summary.auth_users > 0
    assert moved["rows"] > 0
    stored = json.dumps(stack.state())
    for dsn in (sample.dsn, blank.dsn):
        assert dsn.reveal() not in stored
    again = stack.up("--expect-no-changes")
    assert again.code == 0, again.text


def test_a_failed_migration_leaves_no_resource_and_the_next_up_resumes(stack, blank):
    with blank.connect() as session:
        session.execute("create table public.profiles (id int)")
        session.execute("insert into public.profiles values (1)")
        session.commit()
    result = stack.up()
    assert result.code != 0
    assert "migration" in result.text
    assert "profiles" in result.text
    assert set(stashes(stack)) == {"preflight", "host"}
    with blank.connect() as session:
        session.execute("drop table public.profiles")
        session.commit()
    result = stack.up()
    assert result.code == 0, result.text
    assert stashes(stack)["migration-result"]["rows"] > 0


def test_a_preview_needs_no_target_that_is_still_to_be_made(project, sample):
    stack = project(
        environment={"SUPAMIG_SOURCE_DSN": sample.dsn.reveal()},
        docker={"host": "unix:///var/run/docker.sock"},
    )
    result = stack.preview()
    assert result.code == 0, result.text
    assert "no source is given" not in result.text


def test_a_gate_that_fails_later_keeps_every_container_as_it_is(stack, silent_port):
    assert stack.up().code == 0
    before = len(stack.docker.calls)
    silent = f"postgresql://postgres@127.0.0.1:{silent_port}/postgres"
    stack.environment["SUPAMIG_SOURCE_DSN"] = silent
    stack.configure({"settings_file": "supamig.toml"})
    (stack.project / "supamig.toml").write_text("connect_timeout = 4.0\n")
    stack.run("config", "set", "--path", "supamig:deployment.rest.max_rows", "500", check=True)
    result = stack.up()
    assert result.code != 0
    assert "preflight.source-reachable" in result.text
    verbs = {verb for verb, _, _ in stack.docker.calls[before:]}
    assert verbs <= {"invoke"}
