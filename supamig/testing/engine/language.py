"""Stands in for Pulumi's own host of Python programs (`pulumi-language-python`)."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

from google.protobuf import empty_pb2
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import grpc

#: The program has printed the error itself.
_SAID = 32
#: Seconds that a program gets to end; the engine never answers what it has asked after a failure.
_GRACE = 1.0
VERSION = "3.259.0"


class Language(language_pb2_grpc.LanguageRuntimeServicer):
    """Runs programs as children of this process, with its own interpreter.

    ``environment`` is added to what the children inherit.  Several engines may be attached at a
    time; each is known by its connection.
    """

    def __init__(self) -> None:
        self.environment: dict[str, str] = {}
        self._engines: dict[str, str] = {}
        self._children: dict[subprocess.Popen[bytes], str] = {}

    def Handshake(
        self, request: language_pb2.LanguageHandshakeRequest, context: grpc.ServicerContext
    ) -> language_pb2.LanguageHandshakeResponse:
        """Learn where the engine listens."""
        self._engines[context.peer()] = request.engine_address
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(
        self, request: empty_pb2.Empty, context: grpc.ServicerContext
    ) -> plugin_pb2.PluginInfo:
        """Say the version."""
        return plugin_pb2.PluginInfo(version=VERSION)

    def About(
        self, request: language_pb2.AboutRequest, context: grpc.ServicerContext
    ) -> language_pb2.AboutResponse:
        """Say which interpreter runs the programs."""
        return language_pb2.AboutResponse(executable=sys.executable, version=sys.version.split()[0])

    def GetRequiredPackages(
        self, request: language_pb2.GetRequiredPackagesRequest, context: grpc.ServicerContext
    ) -> language_pb2.GetRequiredPackagesResponse:
        """Require none, or the engine would download plugins of whatever is installed."""
        return language_pb2.GetRequiredPackagesResponse()

    def RuntimeOptionsPrompts(
        self, request: language_pb2.RuntimeOptionsRequest, context: grpc.ServicerContext
    ) -> language_pb2.RuntimeOptionsResponse:
        """Ask nothing."""
        return language_pb2.RuntimeOptionsResponse()

    def Run(
        self, request: language_pb2.RunRequest, context: grpc.ServicerContext
    ) -> language_pb2.RunResponse:
        """Run the program to its end and say how it ended."""
        given = {
            "monitor": request.monitor_address,
            "engine": self._engines[context.peer()],
            "project": request.project,
            "root_directory": request.info.root_directory,
            "stack": request.stack,
            "pwd": request.pwd or request.info.program_directory,
            "dry_run": "true" if request.dryRun else "false",
            "parallel": str(request.parallel),
            "organization": request.organization,
        }
        arguments = [part for name, value in given.items() for part in (f"--{name}", value)]
        child = self._start(
            ["-m", "supamig.testing.engine.program", *arguments, request.info.entry_point or "."],
            directory=given["pwd"],
            environment={
                "PULUMI_CONFIG": json.dumps(dict(request.config)),
                "PULUMI_CONFIG_SECRET_KEYS": json.dumps(list(request.configSecretKeys)),
            },
            peer=context.peer(),
        )
        context.add_callback(lambda: self._stop(child))
        code = self._wait(child)
        if code in {0, _SAID}:
            return language_pb2.RunResponse(bail=code == _SAID)
        return language_pb2.RunResponse(error=f"program exited with non-zero exit code: {code}")

    def RunPlugin(
        self, request: language_pb2.RunPluginRequest, context: grpc.ServicerContext
    ) -> Iterator[language_pb2.RunPluginResponse]:
        """Run a policy pack and pass on what it prints, at once: its port is the first line."""
        is_pack = request.kind == "analyzer"
        directory = request.info.program_directory
        command = ["-m", "pulumi.policy", request.args[0], directory]
        child = self._start(
            ["-u", *(command if is_pack else [directory, *request.args])],
            directory=request.pwd,
            environment=dict(pair.split("=", 1) for pair in request.env if "=" in pair),
            stdout=subprocess.PIPE,
            peer=context.peer(),
        )
        context.add_callback(lambda: self._stop(child))
        if child.stdout is not None:
            while chunk := child.stdout.readline():
                yield language_pb2.RunPluginResponse(stdout=chunk)
        yield language_pb2.RunPluginResponse(exitcode=self._wait(child))

    def Cancel(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> empty_pb2.Empty:
        """End whatever runs for this engine."""
        for child, peer in list(self._children.items()):
            if peer == context.peer():
                self._stop(child)
        return empty_pb2.Empty()

    def _start(
        self,
        arguments: list[str],
        *,
        directory: str,
        environment: Mapping[str, str],
        peer: str,
        stdout: int | None = None,
    ) -> subprocess.Popen[bytes]:
        child = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=directory or None,
            env={**os.environ, **self.environment, **environment},
            stdin=subprocess.DEVNULL,
            stdout=stdout,
        )
        self._children[child] = peer
        return child

    def _wait(self, child: subprocess.Popen[bytes]) -> int:
        code = child.wait()
        self._children.pop(child, None)
        return code

    def _stop(self, child: subprocess.Popen[bytes]) -> None:
        if child.poll() is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            child.send_signal(signal.SIGINT)
        threading.Timer(_GRACE, child.kill).start()
