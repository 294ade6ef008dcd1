"""The two files that a new user begins with, made of the answers that `supamig init` was given.

`supamig.toml` is for the command line and for the Pulumi program alike; the stack's config holds
what only the latter has to know.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from supamig.deployment.yaml import to_yaml
from supamig.questions import USUAL_PASSWORD

if TYPE_CHECKING:
    from collections.abc import Mapping

    from supamig.deployment.yaml import Value

#: Past the pooler, for the move; upstream's 5432 is often taken on a host with other containers.
_DATABASE_PORT = 54_322

_TOML_HEAD = """\
# Written by `supamig init`.  The command line reads this file, and the Pulumi program does by
# `supamig:settings_file`.  A secret stands here as a reference only: env:NAME, file:PATH or
# cmd:COMMAND.
"""
_NO_TARGET = """\
# The target is the database that `pulumi up` makes.  For a server that is there already:
#   [target]
#   dsn = "env:SUPAMIG_TARGET_DSN"
"""
_YAML_HEAD = """\
# Written by `supamig init`.  infra/settings.py explains every key; Supabase itself is described in
# the table [deployment] of supamig.toml.  Before the first `pulumi up`:
#   supamig keys new                                  (makes the file of `secrets_file`)
#   pulumi config set --secret digitalocean:token
"""
_NO_HOST_KEY = """\
#   compare `ssh-keyscan -t ed25519 HOST` with /etc/ssh/ssh_host_ed25519_key.pub on the droplet's
#   console, and set `docker.host_key` to it
"""


def supamig_toml(answers: Mapping[str, str]) -> str:
    """Return the text of `supamig.toml`."""
    source = {"project_ref": answers["project_ref"]}
    if answers["password"] != USUAL_PASSWORD:
        source["password"] = answers["password"]
    domain = answers["domain"]
    url = f"https://{domain}" if domain else f"http://{answers['address']}:{answers['api_port']}"
    ports = {"database": _DATABASE_PORT}
    if not domain:
        ports["api"] = int(answers["api_port"])
    return "\n".join(
        [
            _TOML_HEAD,
            _table("source", source),
            _NO_TARGET,
            _table("deployment", {"public_url": url}),
            *([_table("deployment.tls", {"domain": domain})] if domain else []),
            "# Every port of the host is a choice: `supamig deployment services` lists them.",
            _table("deployment.ports", ports),
            "# Docker publishes past ufw: only the cloud firewall keeps the world from this one.",
            _table("deployment.addresses", {"database": "0.0.0.0"}),  # noqa: S104 - as it says
            _table("deployment.auth", {"site_url": answers["site_url"]}),
        ]
    )


def _table(name: str, values: Mapping[str, str | int]) -> str:
    # a text of JSON is one of TOML too
    lines = [f"{key} = {json.dumps(one, ensure_ascii=False)}" for key, one in values.items()]
    return "\n".join([f"[{name}]", *lines, ""])


def stack_config(answers: Mapping[str, str], *, settings_file: str) -> str:
    """Return the text of `Pulumi.STACK.yaml`."""
    address, networks = answers["address"], answers["admin_networks"].split(",")
    droplet = answers["droplet"]
    docker: dict[str, Value] = {"host": f"ssh://{answers['user']}@{address}"}
    if answers["host_key"]:
        docker["host_key"] = answers["host_key"]
    config: dict[str, Value] = {
        "settings_file": settings_file,
        "secrets_file": ".env.deployment",
        "droplet": {
            **({"id": int(droplet)} if droplet.isdecimal() else {"name": droplet}),
            "address": address,
        },
        "docker": docker,
        "gate": True,
        "migration": {"target_user": "supabase_admin"},
        "firewall": {
            "name": "supabase",
            "ssh_from": networks,
            "database_from": networks,
            "also_open": [{"port": int(port)} for port in _parts(answers["open_ports"])],
        },
        **_wishes(answers),
    }
    head = _YAML_HEAD + ("" if answers["host_key"] else _NO_HOST_KEY)
    return head + to_yaml({"config": {f"supamig:{key}": one for key, one in config.items()}})


def _wishes(answers: Mapping[str, str]) -> dict[str, Value]:
    """Return what is there only for those who asked for it."""
    found: dict[str, Value] = {}
    if size := int(answers["backup_gb"]):
        found["backup_volume"] = {"name": "supabase-backups", "size_gb": size}
        found["backups"] = {"hour": 2, "keep_days": 7}
    domain, zone = answers["domain"], answers.get("zone", "")
    if domain and zone:
        record = "@" if domain == zone else domain.removesuffix(f".{zone}")
        found["dns"] = {"zone": zone, "record": record}
    if emails := _parts(answers["emails"]):
        found["alerts"] = {"emails": emails}
    return found


def _parts(text: str) -> list[str]:
    return [part for part in text.split(",") if part]
