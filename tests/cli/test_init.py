"""`supamig init`: two files that both edges read, no secret in them, nothing lost."""

from __future__ import annotations

import errno
import json
import os
import tomllib
from pathlib import Path

import pytest
import yaml

from supamig.config import load
from supamig.deployment import describe
from supamig.deployment.reading import read_settings

STACK = Path("Pulumi.prod.yaml")
NEEDED = {
    "--project-ref": "abcdefghijklmnopqrst",
    "--droplet": "supabase-prod",
    "--address": "138.197.4.36",
    "--admin-networks": "203.0.113.7, 10.1.0.0/16",
}
MORE = {
    "--password": "file:/run/secrets/db",
    "--host-key": "138.197.4.36 ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEVxYW1wbGVLZXlGb3JUZXN0c09u",
    "--open-ports": "8080,9000",
    "--domain": "supabase.example.com",
    "--site-url": "https://app.example.com/",
    "--backup-gb": "50",
    "--emails": "operations@example.com",
}


def options(*tables, **changes):
    given = {name: value for table in tables for name, value in table.items()}
    given |= {f"--{name.replace('_', '-')}": value for name, value in changes.items()}
    return [part for pair in given.items() for part in pair]


def read_stack(path=STACK):
    """The stack's config as the Pulumi program reads it."""
    from infra.config import read_config

    config = yaml.safe_load(path.read_text())["config"]
    texts = {key: one if isinstance(one, str) else json.dumps(one) for key, one in config.items()}
    return read_config(texts, root=Path())


def test_both_edges_read_what_was_answered(run):
    ended = run("init", "--yes", *options(NEEDED, MORE), sides=False)
    assert (ended.code, ended.out.split()) == (0, ["supamig.toml", "Pulumi.prod.yaml"])
    assert load(file=Path("supamig.toml"), environ={}, sides=()).project_ref == (
        "abcdefghijklmnopqrst"
    )
    assert tomllib.loads(Path("supamig.toml").read_text())["source"]["password"] == (
        "file:/run/secrets/db"
    )
    stack = read_stack()
    assert stack.deployment == read_settings(Path("supamig.toml"))
    assert stack.deployment.public_url == "https://supabase.example.com"
    assert stack.deployment.auth.site_url == "https://app.example.com"
    assert (stack.droplet.name, str(stack.droplet.address)) == ("supabase-prod", "138.197.4.36")
    assert stack.docker.host == "ssh://root@138.197.4.36"
    assert stack.docker.host_key.startswith("ssh-ed25519 AAAA")
    assert stack.firewall.ssh_from == ("203.0.113.7/32", "10.1.0.0/16")
    assert [one.port for one in stack.firewall.also_open] == [8080, 9000]
    assert (stack.backup_volume.size_gb, stack.backups.keep_days) == (50, 7)
    assert (stack.dns.zone, stack.dns.record) == ("example.com", "supabase")
    assert stack.alerts.emails == ("operations@example.com",)
    assert stack.migration


def test_what_is_usual_makes_a_deployment_that_can_work(run):
    assert run("init", "--yes", *options(NEEDED), sides=False).code == 0
    stack = read_stack()
    assert stack.deployment.public_url == "http://138.197.4.36:8000"
    assert stack.dns is None
    assert stack.alerts is None
    assert describe(stack.deployment).services


def test_no_answers_at_all_and_nobody_to_ask_names_them(run):
    ended = run("init", sides=False)
    assert ended.code == 2
    assert [name for name in NEEDED if f"`{name}`" not in ended.err] == []
    assert list(Path().iterdir()) == []


def test_nobody_there_to_say_yes_writes_nothing(run):
    ended = run("init", *options(NEEDED), sides=False)
    assert ended.code == 8
    assert "--yes" in ended.err
    assert list(Path().iterdir()) == []


@pytest.mark.parametrize(
    ("option", "answer", "said"),
    [
        ("--project-ref", "Not A Reference", "https://REFERENCE.supabase.co"),
        ("--password", "hunter2secret", "env:NAME"),
        ("--droplet", "a b", "a droplet's name or number"),
        ("--address", "138.197.4", "an IPv4 address"),
        ("--host-key", "-oProxyCommand=x", "TYPE BASE64"),
        ("--admin-networks", "0.0.0.0/0", "the whole world"),
        ("--admin-networks", "10.1.2.3/8", "has host bits set"),
        ("--open-ports", "22", "never opened"),
        ("--open-ports", "99999", "from 1 to 65535"),
        ("--domain", "https://a.example.com", "without a scheme"),
        ("--site-url", "app", "an http(s) URL"),
        ("--backup-gb", "many", "a whole number"),
        ("--emails", "nobody", "addresses of mail"),
        ("--stack", "a/b", "no name of a stack"),
        ("--admin-networks", " , ", "must be answered"),
        ("--droplet", "", "must be answered"),
        ("--password", "env:A\udcff", "must be plain text"),
        ("--site-url", "http://a/\x7f", "must be plain text"),
    ],
)
def test_an_answer_that_cannot_be_is_named(run, option, answer, said):
    ended = run("init", "--yes", *options(NEEDED, {option: answer}), sides=False)
    assert ended.code == 2
    assert said in ended.err
    assert "hunter2secret" not in ended.err
    assert list(Path().iterdir()) == []


def test_a_dry_run_shows_the_files_and_writes_none(run):
    ended = run("init", "--dry-run", *options(NEEDED), sides=False)
    assert ended.code == 0
    assert 'project_ref = "abcdefghijklmnopqrst"' in ended.out
    assert "supamig:droplet:" in ended.out
    assert list(Path().iterdir()) == []


def test_the_same_answers_change_nothing(run):
    run("init", "--yes", *options(NEEDED), sides=False)
    before = {path: path.read_bytes() for path in Path().iterdir()}
    ended = run("init", "--yes", *options(NEEDED), sides=False)
    assert (ended.code, ended.out) == (0, "")
    assert {path: path.read_bytes() for path in Path().iterdir()} == before


def test_a_file_that_differs_is_not_replaced_unless_told_and_then_kept(run):
    run("init", "--yes", *options(NEEDED), sides=False)
    before = STACK.read_text()
    another = options(NEEDED, address="192.0.2.1")
    ended = run("init", "--yes", *another, sides=False)
    assert ended.code == 6
    assert "`Pulumi.prod.yaml`" in ended.err
    assert STACK.read_text() == before
    assert run("init", "--yes", "--replace", *another, sides=False).code == 0
    assert "192.0.2.1" in STACK.read_text()
    (kept,) = Path().glob("Pulumi.prod.yaml.*")
    assert kept.read_text() == before


@pytest.mark.parametrize("line", ["encryptionsalt: v1:abc=", "  a:\n    secure: v1:x"])
def test_secrets_of_pulumi_are_never_replaced(run, line):
    STACK.write_text(f"config: {{}}\n{line}\n")
    ended = run("init", "--yes", "--replace", *options(NEEDED), sides=False)
    assert ended.code == 6
    assert "encrypted secrets" in ended.err
    assert [path.name for path in Path().iterdir()] == [STACK.name]


def test_what_is_known_is_not_asked_and_what_more_is_said_stays(run):
    file = Path("supamig.toml")
    run("init", "--yes", *options(NEEDED, MORE), sides=False)
    file.write_text(file.read_text() + "\n[checks]\nfail_on = 'warning'\n")
    before = file.read_text()
    rest = {name: NEEDED[name] for name in NEEDED if name != "--project-ref"}
    password = {"--password": MORE["--password"]}
    ended = run("init", "--yes", "--stack", "other", *options(rest, password), sides=False)
    assert (ended.code, ended.out.split()) == (0, ["Pulumi.other.yaml"]), ended.err
    assert file.read_text() == before
    assert read_stack(Path("Pulumi.other.yaml")).deployment.tls.domain == "supabase.example.com"


def test_the_environment_answers_too(run):
    rest = {name: NEEDED[name] for name in NEEDED if name != "--project-ref"}
    ended = run(
        "init",
        *("--yes", *options(rest)),
        environ={"SUPABASE_PROJECT_REF": "zyxwvutsrqponmlkjihg"},
        sides=False,
    )
    assert ended.code == 0
    assert "zyxwvutsrqponmlkjihg" in Path("supamig.toml").read_text()


def test_a_terminal_is_asked_until_the_answer_can_be(start, read_all):
    ours, theirs = os.openpty()
    typed = ["abcdefghijklmnopqrst", "", "", "box", "1.2", "192.0.2.1", "", "", "10.0.0.0/8"]
    typed += ["", "", "", "", "", "", "y"]
    os.write(ours, "".join(f"{line}\n" for line in typed).encode())
    process = start("init", terminal=theirs, stdin=theirs)
    shown = read_all(ours)
    assert process.wait(30) == 0, shown
    assert "it must be answered" in shown  # an empty line for the droplet
    assert "it must be an IPv4 address" in shown
    assert "[env:SUPABASE_DB_PASSWORD]" in shown
    assert "This writes supamig.toml and Pulumi.prod.yaml. Go on? [y/N]" in shown
    assert read_stack().docker.host == "ssh://root@192.0.2.1"


@pytest.mark.parametrize("name", ["supamig.toml", "Pulumi.prod.yaml"])
def test_a_directory_in_the_place_of_a_file_is_told(run, name):
    Path(name).mkdir()
    ended = run("init", "--yes", "--replace", *options(NEEDED), sides=False)
    assert ended.code == 2
    assert f"`{name}` " in ended.err
    assert "hint: " in ended.err
    assert [one.name for one in Path().iterdir()] == [name]


def test_a_full_disk_leaves_nothing_half_written(run, monkeypatch):
    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    ended = run("init", "--yes", *options(NEEDED), sides=False)
    assert ended.code == 5
    assert "no room left" in ended.err
    assert list(Path().iterdir()) == []
