"""The committed program on the real engine: what it needs beside the engine's stand-ins."""

from __future__ import annotations

import os
import socket
from contextlib import ExitStack

import pytest

LOCAL = {"host": "unix:///var/run/docker.sock"}
PASSWORD = "e2eSecretThatNobodyMaySee"


@pytest.fixture
def silent_port():
    """A port that takes connections and never says a word: whoever asks, waits."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def secrets(secrets_of_prod):
    """A value for every secret that the committed deployment names."""
    return secrets_of_prod


@pytest.fixture(scope="session")
def secrets_of_prod():
    """The same, for fixtures that live longer."""
    from supamig.deployment.assembly import describe
    from supamig.deployment.settings import DeploymentSettings, Tls

    settings = DeploymentSettings(logs=True, tls=Tls(domain="supabase.example.com"))
    return {name: f"{PASSWORD}-{name.lower()}" for name in describe(settings).secrets}


@pytest.fixture
def client(tmp_path):
    """Stand in for the Docker client, which asks an engine for what is there: it prints a file."""
    answers = tmp_path / "docker-answers"
    answers.mkdir()
    for verb, answer in (("version", "28.5.1\n"), ("ps", ""), ("network", "")):
        (answers / verb).write_text(answer)
    program = tmp_path / "bin" / "docker"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec cat "{answers}/$1"\n')
    program.chmod(0o755)
    return answers


@pytest.fixture
def project(pulumi_cli, root, tmp_path, client, monkeypatch):
    """Begin a project on a copy of the committed program; its stand-ins end with the test."""
    from supamig.testing.engine.project import Project

    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")

    with ExitStack() as stack:

        def begin(*, environment=(), secrets=(), **config):
            made = Project(
                program=pulumi_cli,
                source=root,
                directory=tmp_path,
                config=config,
                environment=dict(environment),
            )
            if secrets:
                lines = [f"{name}='{value}'\n" for name, value in secrets.items()]
                (tmp_path / "project").mkdir(exist_ok=True)
                (tmp_path / "project" / ".env.deployment").write_text("".join(lines))
            return stack.enter_context(made)

        yield begin


@pytest.fixture
def local(project, secrets):
    """Begin a project whose containers run here, with all secrets and without a move."""

    def begin(**config):
        return project(secrets=secrets, docker=LOCAL, **{"gate": False, "migration": None} | config)

    return begin
