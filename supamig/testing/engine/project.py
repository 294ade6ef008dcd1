"""A copy of a Pulumi project with a state of its own, on which the real CLI is called."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from concurrent import futures
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import grpc
import yaml
from pulumi.runtime.proto import language_pb2_grpc, provider_pb2_grpc

from supamig.testing.engine.account import Account
from supamig.testing.engine.digitalocean import DigitalOcean
from supamig.testing.engine.docker import Docker
from supamig.testing.engine.language import Language
from supamig.testing.engine.provider import Provider

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

#: The lock too, as the host of Python programs looks at it.
_PARTS = ("Pulumi.yaml", "infra", "uv.lock")
_LARGEST = 64 * 1024 * 1024
#: Pulumi's own host of Python programs.
_HOST = "pulumi-language-python"
_DIGITALOCEAN = "pulumi-resource-digitalocean"


@dataclass(frozen=True, slots=True)
class Result:
    """How a call of the CLI ended."""

    code: int
    stdout: str
    stderr: str

    @property
    def text(self) -> str:
        """Everything that was printed."""
        return self.stdout + self.stderr

    def json(self) -> Any:
        """Read stdout as JSON."""
        return json.loads(self.stdout)


def _digitalocean() -> DigitalOcean | Account:
    """Stand in for the provider, or only for the account where Pulumi's own provider is there."""
    return Account() if shutil.which(_DIGITALOCEAN) else DigitalOcean()


@dataclass
class Project:
    """Use it with `with`: the stand-ins are served as long.  All is written to ``directory``.

    ``config`` replaces keys of the stack's committed config, or with None takes them away.  Where
    Pulumi's own host of Python programs is on the PATH or beside ``program``, the engine starts
    it, in this interpreter's environment, and likewise Pulumi's own DigitalOcean provider, on an
    account that stands in.  With ``docker`` None it starts Pulumi's own Docker provider, which must
    be on the PATH.
    """

    program: Path
    source: Path
    directory: Path
    stack: str = "prod"
    config: dict[str, Any] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    docker: Docker | None = field(default_factory=Docker)
    digitalocean: DigitalOcean | Account = field(default_factory=_digitalocean)
    language: Language = field(default_factory=Language)

    def __enter__(self) -> Self:
        self._end = ExitStack()
        # what leads the engine to whatever stands in
        self._attached: dict[str, str] = {}
        places = os.pathsep.join([str(self.program.parent), os.environ.get("PATH", "")])
        self._has_host = shutil.which(_HOST, path=places) is not None
        if not self._has_host:
            port = self._serve(
                language_pb2_grpc.add_LanguageRuntimeServicer_to_server, self.language
            )
            self._attached["PULUMI_DEBUG_LANGUAGES"] = f"python:{port}"
        providers = [
            f"{one.package}:"
            f"{self._serve(provider_pb2_grpc.add_ResourceProviderServicer_to_server, one)}"
            for one in (self.docker, self.digitalocean)
            if isinstance(one, Provider)
        ]
        self._attached["PULUMI_DEBUG_PROVIDERS"] = ",".join(providers)
        if isinstance(self.digitalocean, Account):
            self._attached |= self._end.enter_context(self.digitalocean).environment
        for part in (*_PARTS, f"Pulumi.{self.stack}.yaml"):
            origin = self.source / part
            if origin.is_dir():
                skip = shutil.ignore_patterns("__pycache__")
                shutil.copytree(origin, self.project / part, ignore=skip)
            elif origin.exists():
                self.project.mkdir(parents=True, exist_ok=True)
                shutil.copy(origin, self.project / part)
        if self._has_host:
            (self.project / ".venv").symlink_to(sys.prefix)  # as Pulumi.yaml names it
        self.configure(self.config)
        (self.directory / "state").mkdir()
        self.run("stack", "init", self.stack, check=True)
        return self

    def __exit__(self, *_: object) -> None:
        self._end.close()

    def _serve(self, add: Callable[[Any, grpc.Server], None], servicer: object) -> int:
        """Serve a stand-in until the end, and return its port."""
        server = grpc.server(
            futures.ThreadPoolExecutor(max_workers=64),
            options=[("grpc.max_receive_message_length", _LARGEST)],
        )
        add(servicer, server)
        port: int = server.add_insecure_port("127.0.0.1:0")
        server.start()
        self._end.callback(lambda: server.stop(grace=1).wait())
        return port

    @property
    def project(self) -> Path:
        """Where the copy of the project is."""
        return self.directory / "project"

    def configure(self, changes: Mapping[str, Any]) -> None:
        """Change keys of the stack's config, `supamig:` left out; None takes one away."""
        path = self.project / f"Pulumi.{self.stack}.yaml"
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        for key, value in changes.items():
            content["config"].pop(f"supamig:{key}", None)
            if value is not None:
                content["config"][f"supamig:{key}"] = value
        path.write_text(yaml.safe_dump(content), encoding="utf-8")

    def run(self, *arguments: str, check: bool = False) -> Result:
        """Call the CLI; with ``check`` raise `AssertionError` unless it ends well."""
        self.language.environment = dict(self.environment)
        done = subprocess.run(
            [str(self.program), *arguments, "--non-interactive"],
            cwd=self.project,
            env=self.environ(),
            capture_output=True,
            stdin=subprocess.DEVNULL,
            text=True,
            check=False,
        )
        result = Result(done.returncode, done.stdout, done.stderr)
        if check and result.code:
            raise AssertionError(f"pulumi {' '.join(arguments)}: {result.code}\n{result.text}")
        return result

    def environ(self) -> dict[str, str]:
        """Return the environment in which any `pulumi` finds this project's state and plugins."""
        own = {
            "PULUMI_HOME": str(self.directory / "home"),
            "PULUMI_BACKEND_URL": f"file://{self.directory / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": "of the test",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        }
        return {**os.environ, **own, **self._attached, **self.environment}

    def preview(self, *arguments: str) -> Result:
        """Call `pulumi preview`."""
        return self.run("preview", "--stack", self.stack, "--color", "never", *arguments)

    def up(self, *arguments: str) -> Result:
        """Call `pulumi up` without its own preview."""
        return self.run(
            *("up", "--stack", self.stack, "--yes", "--skip-preview", "--color", "never"),
            *arguments,
        )

    def policy_pack(self, directory: str) -> str:
        """Return what `--policy-pack` takes for a policy pack of the project.

        An engine that is attached to does not ask the language for it; it starts a file as it is.
        """
        if self._has_host:
            return str(self.project / directory)
        program = self.directory / "policy-pack"
        pack = shlex.quote(str(self.project / directory))
        python = shlex.quote(sys.executable)
        program.write_text(f'#!/bin/sh\nexec {python} -u -m pulumi.policy "$1" {pack}\n')
        program.chmod(0o755)
        return str(program)

    def set(self, key: str, value: str, *, secret: bool = False, path: bool = False) -> None:
        """Set a key of the stack's config."""
        flags: Sequence[str] = [*(["--secret"] if secret else []), *(["--path"] if path else [])]
        self.run("config", "set", "--stack", self.stack, *flags, key, value, check=True)

    def state(self) -> list[dict[str, Any]]:
        """Return the resources of the state."""
        exported = self.run("stack", "export", "--stack", self.stack, check=True).json()
        found: list[dict[str, Any]] = (exported["deployment"] or {}).get("resources") or []
        return found
