"""Which resources the program asks for, and with which guards."""

from __future__ import annotations

import json

import pulumi
import pytest

from infra.components.copies import SECRETS as KEY_OF_THE_BUCKET

SECRET = "pass-word-of-the-test"
CONTAINER = "docker:index/container:Container"
VOLUME = "docker:index/volume:Volume"
SERVICES = (
    *("db", "imgproxy", "auth", "rest", "realtime", "meta", "supavisor", "analytics", "storage"),
    *("studio", "vector", "api-gw", "functions", "caddy", "backups"),
)


def test_the_committed_config_asks_for_every_component(run, prod):
    stack = run(prod)
    components = {one.type for one in stack.resources if not one.request.custom}
    assert components == {
        f"supamig:infra:{name}"
        for name in (
            *("Alerts", "BackupVolume", "Backups", "Deployment", "Dns", "Droplet", "Firewall"),
            *("Gate", "Migration"),
        )
    }
    assert {one.name for one in stack.of(CONTAINER)} == set(SERVICES)


def test_everything_waits_for_the_gate(run, prod):
    stack = run(prod)
    gate, before = stack.one("Stash", "host").urn, stack.one("Stash", "preflight").urn
    assert before in stack.one("Stash", "host").dependencies
    free = {
        gate,
        before,
        *(one.urn for one in stack.resources if one.type.startswith("pulumi:providers")),
    }
    waiting = [one for one in stack.resources if one.request.custom and one.urn not in free]
    assert len(waiting) > 30
    result = {"migration-result", "migration", "drill"}  # these wait for what waits for the gate
    assert [
        one.name for one in waiting if gate not in one.dependencies and one.name not in result
    ] == []


def test_the_gate_looks_in_preview_too_and_the_migration_does_not(run, prod):
    stack = run(prod)
    gate, migration = stack.one("Stash", "preflight"), stack.one("Stash", "migration")
    assert gate.hooks == {
        "before_create": ["gate: preflight"],
        "before_update": ["gate: preflight"],
    }
    assert migration.hooks == {
        "before_create": ["migration: migrate"],
        "before_update": ["migration: migrate"],
    }
    assert stack.hooks["gate: preflight"].on_dry_run
    assert not stack.hooks["gate: host"].on_dry_run
    assert not stack.hooks["migration: migrate"].on_dry_run


def test_the_migration_waits_for_every_container_and_a_backup(run, prod):
    stack = run(prod)
    waits_for = set(stack.one("Stash", "migration").dependencies)
    assert {one.urn for one in stack.of(CONTAINER)} <= waits_for


def test_the_drill_waits_for_the_move_and_no_preview_asks_for_one(run, prod):
    stack = run(prod)
    moved = stack.one("Stash", "migration").urn
    assert moved in stack.one("Stash", "drill").dependencies
    assert not stack.hooks["backup-drill: drill"].on_dry_run


def test_volumes_that_hold_data_are_protected(run, prod):
    stack = run(prod)
    guards = {
        one.name: (one.request.protect, one.request.retainOnDelete) for one in stack.of(VOLUME)
    }
    assert guards == {
        "backups": (True, True),
        "caddy-config": (True, True),
        "caddy-data": (True, True),
        "db-config": (True, True),
        "deno-cache": (False, False),
    }
    disk = stack.one("digitalocean:index/volume:Volume").request
    assert (disk.protect, disk.retainOnDelete) == (True, True)
    assert "initialFilesystemType" in disk.ignoreChanges


def test_containers_are_watched_limited_and_come_back(run, complete):
    for one in run(complete).of(CONTAINER):
        assert one.inputs["healthcheck"]["tests"], one.name
        assert one.inputs["wait"] is True
        assert one.inputs["restart"] == "unless-stopped"
        assert one.inputs["logOpts"] == {"max-size": "10m", "max-file": "3"}
        assert one.inputs["memory"] > 0
        assert ":latest" not in one.inputs["image"]
        assert one.request.deleteBeforeReplace
        assert list(one.request.replaceOnChanges) == ["healthcheck"]
        assert list(one.request.hooks.on_error) == ["supabase: last lines"]


def test_a_container_starts_after_those_that_it_needs(run, prod):
    stack = run(prod)
    urns = {one.name: one.urn for one in stack.of(CONTAINER)}
    before = {one.name: set(one.dependencies) for one in stack.of(CONTAINER)}
    assert urns["db"] in before["auth"]
    assert {urns["db"], urns["rest"], urns["imgproxy"]} <= before["storage"]
    assert urns["db"] in before["backups"]


def test_backups_hold_the_secrets_of_the_deployment_unseen(run, complete):
    backups = run(complete).one(CONTAINER, "backups")
    (text,) = [one for one in backups.inputs["envs"] if one.startswith("DEPLOYMENT_ENV=")]
    assert f"JWT_SECRET='{SECRET}-jwt_secret'" in text.splitlines()
    assert backups.shown["envs"] == "***"
    mounted = {one["containerPath"]: one.get("readOnly") for one in backups.inputs["volumes"]}
    assert mounted == {"/backups": None, "/files": True, "/database": True}


COPIES = {"endpoint": "https://fra1.digitaloceanspaces.com", "bucket": "kept", "prefix": "prod/"}


def test_backups_are_copied_to_the_bucket_that_the_config_names(run, complete):
    settings = json.loads(complete["supamig:backups"]) | {"copies": COPIES}
    key = {name: f"{SECRET}-{name}" for name in KEY_OF_THE_BUCKET}
    known = json.loads(complete["supamig:secrets"]) | key
    stack = run(
        complete | {"supamig:backups": json.dumps(settings), "supamig:secrets": json.dumps(known)}
    )
    copies = stack.one(CONTAINER, "backup-copies")
    environment = dict(one.split("=", 1) for one in copies.inputs["envs"])
    assert environment["RCLONE_CONFIG_COPIES_PROVIDER"] == "DigitalOcean"
    assert environment["RCLONE_CONFIG_COPIES_SECRET_ACCESS_KEY"] == key[KEY_OF_THE_BUCKET[1]]
    assert copies.shown["envs"] == "***"
    assert [(one["containerPath"], one["readOnly"]) for one in copies.inputs["volumes"]] == [
        ("/backups", True)
    ]
    assert stack.one(CONTAINER, "backups").urn in copies.dependencies
    assert copies.urn in stack.one("Stash", "migration").dependencies


def test_the_key_of_the_bucket_is_asked_for(run, prod):
    settings = json.loads(prod["supamig:backups"]) | {"copies": COPIES}
    config = prod | {"supamig:backups": json.dumps(settings)}
    with pytest.raises(pulumi.RunError, match="BACKUP_COPIES_SECRET_ACCESS_KEY"):
        run(config, preview=False)


def test_systemd_takes_backups_where_the_config_says_so(run, prod):
    settings = json.loads(prod["supamig:backups"]) | {"runner": "systemd", "drill": False}
    stack = run(prod | {"supamig:backups": json.dumps(settings)})
    assert "backups" not in {one.name for one in stack.of(CONTAINER)}
    assert stack.one("digitalocean:index/volume:Volume").inputs["name"] == "supabase-backups"


@pytest.mark.parametrize(("told", "said"), [({"keep_days": 30}, True), ({}, False)])
def test_systemd_keeps_backups_as_long_as_the_config_says(run, prod, monkeypatch, told, said):
    exported = {}
    monkeypatch.setattr("pulumi.export", exported.__setitem__)
    run(prod | {"supamig:backups": json.dumps({"runner": "systemd"} | told)})
    service = exported["backup_units"]["supamig-backup.service"]
    assert (" backup now " in service, " --keep-days 30 " in service) == (True, said)


def test_secrets_leave_the_program_as_secrets(run, complete):
    stack = run(complete)
    assert SECRET in str([one.inputs for one in stack.resources])
    assert [one.name for one in stack.resources if SECRET in str(one.shown)] == []


def test_the_database_is_let_in_from_listed_networks_only(run, prod):
    rules = run(prod).one("digitalocean:index/firewall:Firewall").inputs["inboundRules"]
    sources = {
        (rule["protocol"], rule["portRange"]): tuple(rule["sourceAddresses"]) for rule in rules
    }
    world = ("0.0.0.0/0", "::/0")
    listed = ("203.0.113.0/24",)
    assert sources == {
        ("tcp", "22"): listed,
        ("tcp", "80"): world,
        ("tcp", "443"): world,
        ("udp", "443"): world,
        ("tcp", "5433"): listed,
        ("tcp", "6543"): listed,
        ("tcp", "54322"): listed,
    }


def test_nobody_listed_means_that_nobody_comes_in(run, prod):
    del prod["supamig:firewall"]
    rules = (
        run(prod | {"supamig:firewall": "{}"})
        .one("digitalocean:index/firewall:Firewall")
        .inputs["inboundRules"]
    )
    assert {rule["portRange"] for rule in rules} == {"80", "443"}


def test_studio_asks_for_no_password_and_is_never_opened_to_the_world(run, prod):
    changed = json.loads(prod["supamig:deployment"])
    changed["addresses"]["studio"] = "10.0.0.7"
    stack = run(prod | {"supamig:deployment": json.dumps(changed)})
    rules = stack.one("digitalocean:index/firewall:Firewall").inputs["inboundRules"]
    (sources,) = (one["sourceAddresses"] for one in rules if one["portRange"] == "3001")
    assert sources == ["203.0.113.0/24"]


def test_the_droplet_is_looked_up_and_not_made(run, prod):
    assert run(prod).of("digitalocean:index/droplet:Droplet") == []


@pytest.mark.parametrize(
    "droplet",
    [
        {"id": 42, "adopt": True},
        {
            "name": "new",
            "create": {
                "image": "debian-13-x64",
                "size": "s-4vcpu-8gb",
                "region": "fra1",
                "ssh_keys": ["aa:bb"],
            },
        },
    ],
    ids=["adopted", "made"],
)
def test_a_droplet_in_the_state_cannot_be_replaced(run, prod, droplet):
    stack = run(prod | {"supamig:droplet": json.dumps(droplet)})
    request = stack.one("digitalocean:index/droplet:Droplet").request
    assert (request.protect, request.retainOnDelete) == (True, True)
    assert set(request.ignoreChanges) == {
        *("image", "sshKeys", "userData", "dropletAgent", "monitoring"),
    }
    assert request.importId == ("42" if droplet.get("adopt") else "")
    assert "userData" not in stack.one("digitalocean:index/droplet:Droplet").inputs


def test_another_machine_of_that_name_is_refused(run, prod):
    droplet = json.dumps({"name": "supabase-prod", "address": "192.0.2.1"})
    with pytest.raises(pulumi.RunError, match=r"has the address 138\.197\.4\.36"):
        run(prod | {"supamig:droplet": droplet})


def test_a_preview_says_what_up_will_need(run, prod):
    said = " ".join(run(prod).said)
    assert "20 secrets are missing" in said
    assert "host key" in said
    assert "no source is given" in said


def test_up_refuses_what_a_preview_warns_of(run, prod):
    with pytest.raises(pulumi.RunError) as raised:
        run(prod, preview=False)
    assert "POSTGRES_PASSWORD" in str(raised.value)
    assert "ssh-keyscan" in str(raised.value)


def test_secrets_come_from_the_file_that_was_made(run, prod, tmp_path):
    (tmp_path / ".env.deployment").write_text("POSTGRES_PASSWORD='a$b'\n")
    said = " ".join(run(prod).said)
    assert "19 secrets are missing" in said


def test_only_the_pinned_host_key_is_accepted(run, complete):
    options = run(complete).one("pulumi:providers:docker").inputs["sshOpts"]
    text = options if isinstance(options, str) else json.dumps(options)
    key = json.loads(complete["supamig:docker"])["host_key"]
    assert f"KnownHostsCommand=/bin/echo %H {key}" in text
    assert "StrictHostKeyChecking=yes" in text


def test_without_gate_and_migration_nothing_is_asked(run, prod):
    del prod["supamig:migration"]
    docker = json.dumps(json.loads(prod["supamig:docker"]) | {"check": False})
    stack = run(prod | {"supamig:gate": "false", "supamig:docker": docker})
    assert stack.of("Stash") == []
    assert stack.hooks == {}
