"""The committed program and config on the real engine; stand-ins serve as its plugins."""

from __future__ import annotations

import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from supamig.testing.engine.digitalocean import FIREWALL
from supamig.testing.engine.digitalocean import VOLUME as DISK
from supamig.testing.engine.docker import CONTAINER, NETWORK, VOLUME

pytestmark = [pytest.mark.pulumi, pytest.mark.timeout(300)]


def test_a_preview_of_the_committed_config_shows_every_resource(project):
    stack = project()
    result = stack.preview("--json")
    assert result.code == 0, result.text
    shown = result.json()
    kinds = [step["newState"]["type"] for step in shown["steps"]]
    assert shown["changeSummary"] == {"create": len(kinds)}
    assert kinds.count(CONTAINER) == 15
    assert (kinds.count(VOLUME), kinds.count(NETWORK)) == (5, 1)
    assert (kinds.count(FIREWALL), kinds.count(DISK)) == (1, 1)
    assert stack.docker.made == {}
    assert stack.digitalocean.made == {}


def test_up_without_secrets_refuses_before_anything_is_made(project):
    stack = project(docker={"host": "unix:///var/run/docker.sock"})
    result = stack.up()
    assert result.code != 0
    assert "POSTGRES_PASSWORD" in result.text
    assert stack.docker.made == {}
    assert stack.digitalocean.made == {}


def test_a_slow_gate_that_fails_leaves_nothing_made(project, secrets, silent_port):
    silent = f"postgresql://postgres@127.0.0.1:{silent_port}/postgres"
    stack = project(
        environment={"SUPAMIG_SOURCE_DSN": silent, "SUPAMIG_TARGET_DSN": silent},
        secrets=secrets,
        docker={"host": "unix:///var/run/docker.sock"},
        settings_file="supamig.toml",
    )
    (stack.project / "supamig.toml").write_text("connect_timeout = 4.0\n")
    began = time.monotonic()
    result = stack.up()
    assert time.monotonic() - began > 4
    assert result.code != 0
    assert "preflight.source-reachable" in result.text
    assert "hint:" in result.text
    assert stack.docker.made == {}
    assert stack.digitalocean.made == {}
    kinds = {one["type"] for one in stack.state()}
    assert {kind for kind in kinds if kind.startswith(("docker:", "digitalocean:"))} == set()


def test_a_failing_gate_shows_its_findings_in_the_preview(project, silent_port):
    silent = f"postgresql://postgres@127.0.0.1:{silent_port}/postgres"
    stack = project(
        environment={"SUPAMIG_SOURCE_DSN": silent, "SUPAMIG_TARGET_DSN": silent},
        settings_file="supamig.toml",
    )
    (stack.project / "supamig.toml").write_text("connect_timeout = 2.0\n")
    result = stack.preview()
    assert result.code != 0
    assert "preflight.source-reachable" in result.text


MISTAKES = (
    ({"dropplet": {}}, "unknown key `supamig:dropplet`; did you mean `droplet`?"),
    ({"droplet": {"name": "nobody"}}, "DigitalOcean says: no droplet found with name nobody"),
)


@pytest.mark.parametrize(("change", "said"), MISTAKES, ids=["unknown-key", "no-droplet"])
def test_a_mistake_in_the_config_stops_the_preview(local, change, said):
    stack = local(**change)
    result = stack.preview()
    assert result.code != 0
    assert said in " ".join(result.text.split())


def test_state_is_json_that_names_no_plain_config(local):
    stack = local()
    stack.run("config", "set", "--secret", "--path", "supamig:secrets.EXTRA", "hidden", check=True)
    text = (stack.project / "Pulumi.prod.yaml").read_text()
    assert "hidden" not in text
    assert json.loads(stack.run("config", "--json", check=True).stdout)


def test_a_secret_in_plain_text_stops_the_preview(local):
    stack = local()
    stack.run("config", "set", "--path", "supamig:secrets.EXTRA", "hidden", check=True)
    result = stack.preview()
    assert result.code != 0
    assert "`supamig:secrets` stands in plain text" in " ".join(result.text.split())
    assert "hidden" not in result.text
    stack.run("config", "set", "--secret", "--path", "supamig:secrets.EXTRA", "hidden", check=True)
    assert stack.preview().code == 0


def test_a_container_of_others_in_the_way_stops_up_before_anything_is_made(local, client):
    ports = "0.0.0.0:5433->5432/tcp, [::]:5433->5432/tcp"
    (client / "ps").write_text(json.dumps({"Names": "shop-db", "Ports": ports, "Labels": ""}))
    stack = local()
    assert stack.preview().code == 0
    result = stack.up()
    assert result.code != 0
    assert "port 5433 for `supavisor` belongs to the container `shop-db`" in result.text
    assert "`supamig:deployment.ports.session_pooler`" in result.text
    assert stack.docker.made == {}
    assert stack.digitalocean.made == {}


def test_a_second_up_at_the_same_time_is_refused(project, secrets):
    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(1) as pool:
        silent = f"postgresql://postgres@127.0.0.1:{server.getsockname()[1]}/postgres"
        stack = project(
            environment={"SUPAMIG_SOURCE_DSN": silent, "SUPAMIG_CONNECT_TIMEOUT": "250"},
            secrets=secrets,
            docker={"host": "unix:///var/run/docker.sock"},
        )
        first = pool.submit(stack.up)
        locks = stack.directory / "state" / ".pulumi" / "locks"
        while not any(locks.rglob("*.json")):
            assert not first.done(), first.result().text
            time.sleep(0.1)
        second = stack.up()
        server.close()  # which ends the first one's waiting
    assert second.code != 0
    assert "the stack is currently locked by 1 lock(s)" in second.text
    assert "preflight.source-reachable" in first.result().text
    assert stack.docker.made == {}
