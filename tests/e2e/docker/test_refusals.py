"""What must not happen on a host, on a real one: nothing is half made, and it is said why."""

from __future__ import annotations

import contextlib
import time

import pytest

from supamig.deployment.images import IMAGES
from supamig.testing.engine.digitalocean import FIREWALL

pytestmark = [pytest.mark.docker, pytest.mark.pulumi, pytest.mark.timeout(1200)]

QUIET = {"gate": False, "migration": None, "backups": None, "device": False}


@contextlib.contextmanager
def publishing(engine, name, port):
    """Run a container of somebody else that publishes a port of the host."""
    made = engine.containers.run(
        IMAGES["rest"].reference, name=name, ports={"3000/tcp": ("127.0.0.1", port)}, detach=True
    )
    try:
        yield
    finally:
        made.remove(force=True, v=True)


def test_a_slow_gate_that_fails_leaves_nothing_on_the_engine(begin, silent_port):
    silent = f"postgresql://postgres@127.0.0.1:{silent_port}/postgres"
    stack = begin(
        environment={"SUPAMIG_SOURCE_DSN": silent, "SUPAMIG_CONNECT_TIMEOUT": "4"}, device=False
    )
    began = time.monotonic()
    result = stack.up()
    assert time.monotonic() - began > 4
    assert result.code != 0
    assert "preflight.source-reachable" in result.text
    assert stack.made.everything() == []
    assert stack.digitalocean.names(FIREWALL) == []


def test_a_port_of_another_container_is_named_with_the_setting(begin, engine):
    stack = begin(**QUIET)
    port = stack.config["deployment"]["ports"]["session_pooler"]
    with publishing(engine, f"{stack.made.name}-shop", port):
        result = stack.up()
    assert result.code != 0
    said = " ".join(result.text.split())
    assert f"port {port} for `supavisor` belongs to the container `{stack.made.name}-shop`" in said
    assert "hint: set `supamig:deployment.ports.session_pooler`" in said
    assert stack.made.everything() == []


def test_a_container_that_never_becomes_healthy_shows_what_it_said(begin, own_secrets):
    stack = begin(**QUIET, keep_data=True, patience=20)
    data = stack.data / "volumes" / "db" / "data"
    data.mkdir(parents=True)
    # a directory of files from another version, which Postgres does not touch
    (data / "PG_VERSION").write_text("13\n")
    result = stack.up()
    assert result.code != 0
    said = " ".join(result.text.split())
    assert "container failed to be in healthy state" in said
    assert "the last lines of `supabase-db`" in said
    assert "initialized by PostgreSQL version 13" in said
    assert own_secrets["POSTGRES_PASSWORD"] not in said
    assert "supabase-rest" not in stack.made.containers()
