"""Whether the host can take the deployment: it may run other containers already."""

from __future__ import annotations

import hashlib
import os
import shlex
import subprocess
import tarfile
import tempfile
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from infra.components.backups import CONTAINER, PROGRAM
from infra.components.engine import ssh_options
from infra.host_problems import Wanted, problems, read_host
from infra.moving import PreflightFailed

if TYPE_CHECKING:
    from pathlib import Path

    from infra.moving import Move
    from infra.settings import DockerSettings, StackSettings
    from supamig.deployment.model import Deployment

_SECONDS = 60
#: A large database takes its time to be dumped and to be fetched.
_SECONDS_OF_A_BACKUP = 4 * 3600
_LAST_LINES = 20
#: One call for all: each connection costs a second.  What may be missing does not fail it.
_ASK = """\
set -e
docker version --format '{{.Server.Version}}' </dev/null
docker ps --all --format '{{json .}}' </dev/null
echo
docker network ls --format '{{json .}}' </dev/null
echo
docker volume ls --format '{{json .}}' 2>/dev/null </dev/null || true
echo
if found=$(cat "$place/volumes/db/data/PG_VERSION" 2>/dev/null); then
    printf '{"Postgres":"%s"}\\n' "$found"
fi
while [ ! -e "$place" ] && [ "$place" != / ]; do place=$(dirname "$place"); done
free=$(df -Pk "$place" 2>/dev/null | awk 'NR == 2 { print $4 }') || true
if [ -n "$free" ]; then printf '{"FreeKiB":"%s"}\\n' "$free"; fi
"""

#: What the container says goes where errors go: the archive alone is the answer.
_BACKUP = f"""\
set -e
name=$(docker exec {CONTAINER} sh {PROGRAM} now </dev/null)
docker cp {CONTAINER}:/backups/"$name" - </dev/null
"""


def check_host(settings: StackSettings, deployment: Deployment, move: Move | None) -> None:
    """Raise `PreflightFailed` with all that stands in the deployment's way on the host."""
    place = f"place={shlex.quote(settings.directory)}\n"
    host = read_host(ask(settings.docker, place + _ASK))
    wanted = Wanted(
        deployment=deployment,
        ports=settings.deployment.ports,
        directory=settings.directory,
        keep_data=settings.keep_data,
        database=move.source_size() if move and move.makes_target else 0,
    )
    found = list(problems(host, wanted))
    if found:
        raise PreflightFailed("\n".join(["the host cannot take the deployment:", *found]))


def host_digest(host: str, deployment: Deployment) -> str:
    """Say what the deployment wants of which host: the gate looks again when it changes."""
    names = [one.container_name for one in deployment.services]
    ports = [(port.host, port.protocol) for _, port in deployment.ports]
    text = repr((host, deployment.name, sorted(names), sorted(ports)))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def last_lines(settings: DockerSettings, container: str) -> str:
    """Return what a container printed last; empty where it said nothing, or is not there."""
    question = f"docker logs --tail {_LAST_LINES} {shlex.quote(container)} 2>&1 </dev/null || true"
    try:
        return ask(settings, question).strip()
    except PreflightFailed as error:
        return f"its log could not be read: {error}"


def ask(settings: DockerSettings, question: str) -> str:
    """Ask the host, where it is; raise `PreflightFailed` where it does not answer.

    ``question`` is for a shell of the host.
    """
    answer = _call(settings, question, into=subprocess.PIPE, seconds=_SECONDS)
    return answer.decode(errors="replace")  # a container's log may hold anything


def fetch_backup(settings: DockerSettings, place: Path) -> None:
    """Have the container of the backups take one, and put it into a directory here."""
    with tempfile.TemporaryFile() as packed:
        try:
            _call(settings, _BACKUP, into=packed.fileno(), seconds=_SECONDS_OF_A_BACKUP)
        except PreflightFailed as error:
            raise PreflightFailed(f"`{CONTAINER}` gave no backup: {error}") from None
        packed.seek(0)
        with tarfile.open(fileobj=packed) as archive:
            archive.extractall(place, filter="data")


def _call(settings: DockerSettings, question: str, *, into: int, seconds: int) -> bytes:
    command, environment = ["sh", "-s"], {"DOCKER_HOST": settings.host}
    if settings.is_remote:
        place = urlsplit(settings.host)
        port = ["-p", str(place.port)] if place.port else []
        login = ["-l", place.username] if place.username else []
        options = ssh_options(settings.host_key)
        command = ["ssh", *options, *port, *login, "--", str(place.hostname), "sh -s"]
        environment = {}
    try:
        done = subprocess.run(
            command,
            env={**os.environ, **environment},
            stdout=into,
            stderr=subprocess.PIPE,
            # not an argument: the user's own shell may be another one
            input=question.encode(),
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise PreflightFailed(f"{settings.host} did not answer in {seconds} s") from None
    except OSError as error:
        raise PreflightFailed(f"`{command[0]}` cannot be run: {error.strerror}") from error
    if done.returncode:
        raise PreflightFailed(_refusal(settings, done.stderr.decode(errors="replace")))
    return done.stdout or b""


def _refusal(settings: DockerSettings, said: str) -> str:
    last = (said.strip().splitlines() or ["it said nothing"])[-1]
    if "Host key verification failed" in said:
        return (
            f"{settings.host} shows another host key than the pinned one, so nothing was sent:"
            " it is another machine, or somebody is in between\n"
            "    hint: compare with the host's own key, then set `supamig:docker.host_key`"
        )
    if "Permission denied" in said or "permission denied" in said:
        return (
            f"{settings.host} refuses to let us in: {last}\n"
            "    hint: load the key with `ssh-add`; for the socket join the group `docker`"
        )
    if said.startswith("ssh:"):
        return (
            f"{settings.host} does not answer: {last}\n"
            "    hint: is `supamig:docker.host` right, and this machine within"
            " `supamig:firewall.ssh_from`?"
        )
    return (
        f"the Docker engine at {settings.host} does not answer: {last}\n"
        "    hint: `docker version` must work there; `supamig:docker.host` says where"
    )
