"""The policy pack, run by the real engine over the committed program and over a spoiled one."""

from __future__ import annotations

import re

import pytest

pytestmark = [pytest.mark.pulumi, pytest.mark.timeout(300)]

#: One resource a violation, so that one run of the engine shows all of them.
SPOILED = """
import pulumi
import pulumi_digitalocean as digitalocean
import pulumi_docker as docker

GUARDED = ["image", "sshKeys", "userData", "dropletAgent", "monitoring"]
GOOD = {
    "image": "supabase/postgres:17.6.1.136",
    "restart": "unless-stopped",
    "log_opts": {"max-size": "10m", "max-file": "3"},
    "healthcheck": docker.ContainerHealthcheckArgs(tests=["CMD", "true"]),
}


def firewall(name, ports, source):
    digitalocean.Firewall(
        name,
        inbound_rules=[
            digitalocean.FirewallInboundRuleArgs(
                protocol="tcp", port_range=ports, source_addresses=[source]
            )
        ],
    )


def container(name, **changes):
    docker.Container(name, name=name, **GOOD | changes)


def droplet(name, *, protect=True, ignore=GUARDED, **more):
    digitalocean.Droplet(
        name,
        image="debian-13-x64",
        size="s-1vcpu-1gb",
        region="fra1",
        opts=pulumi.ResourceOptions(protect=protect, ignore_changes=ignore),
        **more,
    )


firewall("ssh-open", "22", "0.0.0.0/0")
firewall("postgres-in-a-range", "5000-6000", "::/0")
container("latest", image="supabase/postgres:latest")
container("no-tag", image="supabase/postgres")
container("no-health-check", healthcheck=None)
container("no-restart", restart="no")
container("endless-logs", log_opts={})
container("plain-password", envs=["PGPASSWORD=hunter2"])
container("plain-command", command=["--password=hunter2"])
container("plain-label", labels=[docker.ContainerLabelArgs(label="password", value="hunter2")])
digitalocean.Volume("unprotected-disk", name="a", region="fra1", size=1)
docker.Volume("unprotected-volume", name="b")
droplet("unprotected-droplet", protect=False)
droplet("droplet-to-be-replaced", ignore=[])
droplet("droplet-with-user-data", user_data="PASSWORD=hunter2")
container("right", envs=pulumi.Output.secret(["PGPASSWORD=hunter2"]))
"""
VIOLATIONS = {
    "ssh-open": "private-ports-are-not-open-to-the-world",
    "postgres-in-a-range": "private-ports-are-not-open-to-the-world",
    "latest": "images-are-pinned",
    "no-tag": "images-are-pinned",
    "no-health-check": "containers-have-a-health-check",
    "no-restart": "containers-come-back",
    "endless-logs": "logs-are-bounded",
    "plain-password": "variables-show-no-secret",
    "plain-command": "variables-show-no-secret",
    "plain-label": "variables-show-no-secret",
    "unprotected-disk": "volumes-are-protected",
    "unprotected-volume": "volumes-are-protected",
    "unprotected-droplet": "droplets-stay",
    "droplet-to-be-replaced": "droplets-stay",
    "droplet-with-user-data": "droplets-stay",
}


@pytest.fixture(scope="module")
def spoiled(pulumi_cli, root, tmp_path_factory):
    """What the engine says of a program in which everything is wrong, once for all tests."""
    from supamig.testing.engine.project import Project

    directory = tmp_path_factory.mktemp("spoiled")
    with Project(program=pulumi_cli, source=root, directory=directory) as stack:
        (stack.project / "infra" / "__main__.py").write_text(SPOILED)
        yield stack.preview("--policy-pack", stack.policy_pack("infra/policy"))


def test_the_committed_config_passes(project):
    stack = project()
    result = stack.preview("--policy-pack", stack.policy_pack("infra/policy"))
    assert result.code == 0, result.text
    assert "supamig" in result.text.partition("Policies:")[2]


def test_a_spoiled_program_does_not_get_through(spoiled):
    assert spoiled.code != 0
    assert "hunter2" not in spoiled.text.partition("Policies:")[2]


@pytest.mark.parametrize("name", VIOLATIONS)
def test_each_violation_is_stopped_by_its_rule(spoiled, name):
    assert (VIOLATIONS[name], name) in violations(spoiled)


def test_what_is_right_is_not_stopped(spoiled):
    assert {name for _, name in violations(spoiled)} == set(VIOLATIONS)


def violations(result):
    """The rule and the resource of each line that the CLI prints under `Policies:`."""
    said = result.text.partition("Policies:")[2]
    return set(re.findall(r"\[mandatory\]\s+([\w-]+)\s+\([\w:/]+: ([\w-]+)\)", said))
