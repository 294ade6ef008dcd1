"""Runs the Pulumi program without an engine and keeps what it registered, options and all."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml
from google.protobuf.json_format import MessageToDict
from pulumi.runtime.mocks import MockMonitor

ROOT = Path(__file__).resolve().parents[2]
SECRET = "pass-word-of-the-test"
HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEVxYW1wbGVLZXlGb3JUZXN0c09ubHkxMjM0NTY3ODkw"


_MARK = pulumi.runtime.rpc._special_sig_key
_IS_SECRET = pulumi.runtime.rpc._special_secret_sig


def plain(value, *, hide=False):
    """Turn what was sent to the engine into Python; with ``hide`` secrets stay unseen."""
    if isinstance(value, dict):
        if value.get(_MARK) == _IS_SECRET:
            return "***" if hide else plain(value["value"])
        return {key: plain(one, hide=hide) for key, one in value.items()}
    if isinstance(value, list):
        return [plain(one, hide=hide) for one in value]
    return value


@dataclass
class Registered:
    """One resource as the program asked for it."""

    type: str
    name: str
    urn: str
    request: Any

    @property
    def inputs(self) -> dict[str, Any]:
        return plain(MessageToDict(self.request.object))

    @property
    def shown(self) -> dict[str, Any]:
        """The inputs as anybody may see them."""
        return plain(MessageToDict(self.request.object), hide=True)

    @property
    def dependencies(self):
        return list(self.request.dependencies)

    @property
    def hooks(self):
        bound = self.request.hooks
        return {name: list(getattr(bound, name)) for name in ("before_create", "before_update")}


class Answers(pulumi.runtime.Mocks):
    """A droplet, and whatever is asked to be made."""

    def new_resource(self, args):
        outputs = dict(args.inputs)
        if args.typ == "pulumi:index:Stash":
            outputs["output"] = outputs.get("input")
        is_droplet = args.typ == "digitalocean:index/droplet:Droplet"
        return "42" if is_droplet else f"{args.name}-id", outputs

    def call(self, args):
        if args.token == "digitalocean:index/getDroplet:getDroplet":
            return {
                "id": 42,
                "name": "supabase-prod",
                "region": "fra1",
                "size": "s-4vcpu-8gb",
                "image": "debian-12-x64",
                "disk": 160,
                "ipv4Address": "138.197.4.36",
            }
        return {"name": args.args.get("name", "")}


class Recorder(MockMonitor):
    """Keeps each request: protect, dependencies and hooks are not shown to mocks."""

    def __init__(self, mocks):
        super().__init__(mocks)
        self.requests: list[Any] = []
        self.hooks: dict[str, Any] = {}

    def RegisterResource(self, request):  # noqa: N802 - gRPC's name
        response = super().RegisterResource(request)
        if request.type != "pulumi:pulumi:Stack":
            self.requests.append((response.urn, request))
        return response

    def RegisterResourceHook(self, request):  # noqa: N802 - gRPC's name
        self.hooks[request.name] = request
        return super().RegisterResourceHook(request)


@dataclass
class Stack:
    """What one run of the program registered, and said."""

    resources: list[Registered]
    hooks: dict[str, Any]
    said: list[str] = field(default_factory=list)

    def of(self, kind: str) -> list[Registered]:
        return [one for one in self.resources if one.type.endswith(kind)]

    def one(self, kind: str, name: str | None = None) -> Registered:
        (found,) = (one for one in self.of(kind) if name in (None, one.name))
        return found


@pytest.fixture
def answers():
    """The class of what answers for the account, to be changed by a test."""
    return Answers


@pytest.fixture
def prod() -> dict[str, str]:
    """The committed config of `prod`, as the engine hands it over."""
    config = yaml.safe_load((ROOT / "Pulumi.prod.yaml").read_text())["config"]
    return {key: one if isinstance(one, str) else json.dumps(one) for key, one in config.items()}


@pytest.fixture
def complete(prod):
    """The same with all that `up` needs beside a source."""
    from infra.config import read_config
    from supamig.deployment.assembly import describe

    description = describe(read_config(prod, root=ROOT).deployment)
    docker = json.loads(prod["supamig:docker"]) | {"host_key": HOST_KEY}
    secrets = {name: f"{SECRET}-{name.lower()}" for name in description.secrets}
    return prod | {
        "supamig:docker": json.dumps(docker),
        "supamig:secrets": json.dumps(secrets),
    }


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run the program with this config; in preview unless told otherwise."""

    def go(config: dict[str, str], *, preview: bool = True, account=None) -> Stack:
        from infra.config import read_config
        from infra.program import wire

        answers = account or Answers()
        monitor = Recorder(answers)
        said: list[str] = []
        monkeypatch.setattr(pulumi.log, "warn", said.append)
        pulumi.runtime.set_mocks(
            answers, project="supamig", stack="prod", preview=preview, monitor=monitor
        )

        @pulumi.runtime.test
        def program():
            wire(read_config(config, root=tmp_path), root=tmp_path)

        program()
        found = [
            Registered(request.type, request.name, urn, request)
            for urn, request in monitor.requests
        ]
        return Stack(found, monitor.hooks, said)

    return go
