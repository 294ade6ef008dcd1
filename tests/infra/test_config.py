"""What the stack's config may say, and how a mistake is told."""

from __future__ import annotations

import json
from pathlib import Path

import pulumi
import pytest

SMALL = {
    "supamig:droplet": '{"name": "one"}',
    "supamig:docker": '{"host": "unix:///var/run/docker.sock"}',
}
SSH = "ssh://root@192.0.2.1"


def read(config, root=Path()):
    from infra.config import read_config

    return read_config(config, root=root)


def test_the_committed_config_is_read(prod):
    settings = read(prod)
    assert str(settings.droplet.address) == "138.197.4.36"
    assert settings.docker.host == "ssh://root@138.197.4.36"
    assert settings.deployment.ports.api == 54321
    assert settings.gate is True
    assert settings.secrets == {}


def test_the_committed_config_holds_no_secret(root):
    text = (root / "Pulumi.prod.yaml").read_text()
    assert "secure:" not in text
    assert "encryptionsalt" not in text


def test_two_keys_make_a_stack():
    settings = read(SMALL)
    assert (settings.firewall, settings.backups, settings.migration) == (None, None, None)


def test_keys_of_other_programs_are_not_ours():
    assert read(SMALL | {"digitalocean:token": "x", "aws:region": "y"}).droplet.name == "one"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"supamig:dropplet": "{}"}, "unknown key `supamig:dropplet`; did you mean `droplet`?"),
        (
            {"supamig:droplet": '{"name": "a", "adress": "192.0.2.1"}'},
            "unknown key `supamig:droplet.adress`; did you mean `address`?",
        ),
        (
            {"supamig:deployment": '{"ports": {"apy": 1}}'},
            "unknown key `supamig:deployment.ports.apy`; did you mean `api`?",
        ),
        ({"supamig:droplet": '{"name": "a", "id": 1}'}, "by `id` or by `name`"),
        ({"supamig:droplet": "{}"}, "by `id` or by `name`"),
        ({"supamig:droplet": '{"name": "a", "adopt": true}'}, "`adopt` needs the droplet's `id`"),
        ({"supamig:docker": '{"host": "tcp://192.0.2.1:2375"}'}, "TCP has no host key"),
        ({"supamig:docker": '{"host": "ssh://root:x@192.0.2.1"}'}, "without a password"),
        (
            {"supamig:docker": json.dumps({"host": SSH, "host_key": "-oProxyCommand=x"})},
            "not a host key",
        ),
        ({"supamig:firewall": '{"ssh_from": ["0.0.0.0/0"]}'}, "is the whole world"),
        ({"supamig:firewall": '{"database_from": ["::/0"]}'}, "is the whole world"),
        (
            {"supamig:firewall": '{"also_open": [{"port": 5432}]}'},
            "never opened to the whole world",
        ),
        ({"supamig:directory": "volumes"}, "not an absolute path"),
        ({"supamig:backups": "{}"}, "`backups` needs a `backup_volume`"),
        (
            {"supamig:backups": '{"copies": {"endpoint": "https://h/path", "bucket": "kept"}}'},
            "the address of an object store has no path",
        ),
        (
            {"supamig:backups": '{"copies": {"endpoint": "fra1.example.com", "bucket": "kept"}}'},
            "`fra1.example.com` is no address of an object store",
        ),
        (
            {
                "supamig:backups": '{"runner": "systemd",'
                ' "copies": {"endpoint": "https://h", "bucket": "kept"}}'
            },
            "`copies` is for the container",
        ),
        (
            {"supamig:backups": '{"runner": "systemd", "drill": true}'},
            "`drill` needs the container",
        ),
        ({"supamig:migration": "{}"}, "needs `deployment.ports.database`"),
    ],
)
def test_a_mistake_names_its_key(change, said):
    with pytest.raises(pulumi.RunError) as raised:
        read(SMALL | change)
    assert said in str(raised.value)


def test_a_missing_key_is_named():
    with pytest.raises(pulumi.RunError, match="`supamig:docker` is missing"):
        read({"supamig:droplet": '{"name": "one"}'})


def test_a_mistake_does_not_repeat_a_secret():
    secrets = json.dumps({"POSTGRES_PASSWORD": ["hunter2"]})
    with pytest.raises(pulumi.RunError) as raised:
        read(SMALL | {"supamig:secrets": secrets})
    assert "supamig:secrets.POSTGRES_PASSWORD" in str(raised.value)
    assert "hunter2" not in str(raised.value)


def test_secrets_do_not_show_themselves():
    settings = read(SMALL | {"supamig:secrets": '{"POSTGRES_PASSWORD": "hunter2"}'})
    assert "hunter2" not in repr(settings)


def test_one_file_drives_both_edges(tmp_path):
    (tmp_path / "supamig.toml").write_text("[deployment.ports]\napi = 54321\n")
    settings = read(SMALL | {"supamig:settings_file": "supamig.toml"}, tmp_path)
    assert settings.deployment.ports.api == 54321
    own = {"supamig:settings_file": "supamig.toml", "supamig:deployment": "{}"}
    assert read(SMALL | own, tmp_path).deployment.ports.api == 8000


def test_a_mistake_in_that_file_is_told_too(tmp_path):
    (tmp_path / "supamig.toml").write_text("[deployment]\ngatway = 'kong'\n")
    with pytest.raises(pulumi.RunError, match="gatway"):
        read(SMALL | {"supamig:settings_file": "supamig.toml"}, tmp_path)
