"""Each rule of the policy pack finds what it is about, and the committed program breaks none."""

from __future__ import annotations

import pytest

from infra.policy.rules import (
    CONTAINER,
    DISK,
    DOCKER_VOLUME,
    DROPLET,
    FIREWALL,
    IMAGE,
    RULES,
    Resource,
)

GOOD = {
    "image": "supabase/postgres:17.6.1.136",
    "healthcheck": {"tests": ["CMD", "pg_isready"]},
    "restart": "unless-stopped",
    "logOpts": {"max-size": "10m", "max-file": "3"},
}
UNTOUCHED = frozenset({"image", "sshKeys", "userData", "dropletAgent", "monitoring"})


def opened(ports, *sources, protocol="tcp"):
    rule = {"protocol": protocol, "portRange": ports, "sourceAddresses": sources}
    return Resource(FIREWALL, {"inboundRules": [rule]})


def container(**changes):
    return Resource(CONTAINER, GOOD | changes)


SEEDED = {
    "ssh open to the world": (
        opened("22", "0.0.0.0/0"),
        "private-ports-are-not-open-to-the-world",
    ),
    "postgres within a range": (
        opened("5000-6000", "::/0"),
        "private-ports-are-not-open-to-the-world",
    ),
    "all ports open to half the world": (
        opened("all", "10.0.0.0/8", "128.0.0.0/1"),
        "private-ports-are-not-open-to-the-world",
    ),
    "ssh open to four quarters of the world": (
        opened("22", "0.0.0.0/2", "64.0.0.0/2", "128.0.0.0/2", "192.0.0.0/2"),
        "private-ports-are-not-open-to-the-world",
    ),
    "ssh open to every address of IPv6": (
        opened("22", "2000::/3"),
        "private-ports-are-not-open-to-the-world",
    ),
    "image without tag": (container(image="supabase/postgres"), "images-are-pinned"),
    "image of today": (Resource(IMAGE, {"name": "host:5000/a:latest"}), "images-are-pinned"),
    "no health check": (container(healthcheck=None), "containers-have-a-health-check"),
    "health check switched off": (
        container(healthcheck={"tests": ["NONE"]}),
        "containers-have-a-health-check",
    ),
    "no restart": (container(restart="no"), "containers-come-back"),
    "endless logs": (container(logOpts={"max-size": "10m"}), "logs-are-bounded"),
    "password in plain text": (
        container(envs=["PGUSER=me", "PGPASSWORD=hunter2"]),
        "variables-show-no-secret",
    ),
    "password within a URL": (
        container(envs=["DB=postgres://me:hunter2@db/postgres"]),
        "variables-show-no-secret",
    ),
    "token of another name": (
        container(envs=["HEADER=eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoiYW5vbiJ9.c2lnbmF0dXJl"]),
        "variables-show-no-secret",
    ),
    "secret with its name's end before the end": (
        container(envs=["SECRET_KEY_BASE=hunter2"]),
        "variables-show-no-secret",
    ),
    "password under a name in lower case": (
        container(envs=["db_password=hunter2"]),
        "variables-show-no-secret",
    ),
    "private key": (
        container(envs=["SAML=-----BEGIN RSA PRIVATE KEY-----hunter2"]),
        "variables-show-no-secret",
    ),
    "password in a command": (
        container(command=["serve", "--password=hunter2"]),
        "variables-show-no-secret",
    ),
    "token in a command": (
        container(command=["serve", "sb_secret_hunter2"]),
        "variables-show-no-secret",
    ),
    "password in a health check": (
        container(healthcheck={"tests": ["CMD", "psql", "postgres://me:hunter2@db/x"]}),
        "variables-show-no-secret",
    ),
    "password in a label": (
        container(labels=[{"label": "backup.password", "value": "hunter2"}]),
        "variables-show-no-secret",
    ),
    "disk without protection": (Resource(DISK, {"size": 50}), "volumes-are-protected"),
    "volume without protection": (
        Resource(DOCKER_VOLUME, {"labels": [{"label": "supamig.holds-data", "value": "true"}]}),
        "volumes-are-protected",
    ),
    "droplet without protection": (
        Resource(DROPLET, {}, ignored=UNTOUCHED),
        "droplets-stay",
    ),
    "droplet that another image replaces": (
        Resource(DROPLET, {}, protect=True, ignored=UNTOUCHED - {"image"}),
        "droplets-stay",
    ),
    "droplet told at its start": (
        Resource(DROPLET, {"userData": "PASSWORD=x"}, protect=True, ignored=UNTOUCHED),
        "droplets-stay",
    ),
}


@pytest.mark.parametrize("what", SEEDED)
def test_each_violation_is_found_by_exactly_its_rule(what):
    resource, name = SEEDED[what]
    found = {rule.name: rule.violations(resource) for rule in RULES if rule.violations(resource)}
    assert list(found) == [name]
    assert "hunter2" not in str(found)


@pytest.mark.parametrize(
    "resource",
    [
        container(),
        container(image="supabase/postgres@sha256:" + "0" * 64),
        container(envs="[secret]"),
        container(envs=["PGPASSWORD=[secret]", "JWT_EXP=3600"]),
        opened("443", "0.0.0.0/0", "::/0"),
        opened("22", "203.0.113.0/24"),
        opened(None, "0.0.0.0/0", "::/0", protocol="icmp"),
        container(command=["sh", "-c", "PASSWORD=$(cat /run/password) exec serve"]),
        container(envs=["PWD=/app"], command="[secret]", labels=[{"label": "a", "value": "b"}]),
        Resource(DISK, {}, protect=True),
        Resource(DOCKER_VOLUME, {"labels": [{"label": "supamig.holds-data", "value": "false"}]}),
        Resource(DROPLET, {}, protect=True, ignored=UNTOUCHED),
    ],
    ids=lambda resource: resource.type.rpartition(":")[2],
)
def test_what_is_right_is_let_through(resource):
    assert [message for rule in RULES for message in rule.violations(resource)] == []


def test_the_committed_program_breaks_no_rule(run, complete):
    stack = run(complete)
    broken = [
        (one.name, rule.name, message)
        for one in stack.resources
        for rule in RULES
        for message in rule.violations(
            Resource(
                one.type,
                one.shown,
                protect=one.request.protect,
                ignored=frozenset(one.request.ignoreChanges),
            )
        )
    ]
    assert broken == []


def test_a_policy_sees_a_word_in_place_of_what_is_marked():
    import pulumi
    from pulumi_policy import policy

    from infra.policy.marks import SECRET, hide_secrets

    mark = {
        pulumi.runtime.rpc._special_sig_key: pulumi.runtime.rpc._special_secret_sig,
        "value": "hunter2",
    }
    properties = {"envs": mark, "labels": [{"value": mark}], "image": "a:1"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(policy, "deserialize_properties", policy.deserialize_properties)
        hide_secrets()
        found = policy.deserialize_properties(properties)
    assert found == {"envs": SECRET, "labels": [{"value": SECRET}], "image": "a:1"}
