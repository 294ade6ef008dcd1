"""The committed program on a real Docker engine: what it makes is looked at where it runs.

Containers have the names of the real deployment, as some of them are a contract, so only one of
these deployments can be there at a time.  Each has a name of its own that labels all it makes, by
which it is removed again.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets as chance
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import pytest
import yaml

HOST = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
LABEL = "supamig.deployment"
PREFIX = "supamig-e2e-"
DEVICES = Path("/dev/disk/by-id")
PLUGIN = "pulumi-resource-docker"
PORTS = ("api", "session_pooler", "transaction_pooler", "database", "studio", "http", "https")
OURS = ("PG", "SUPABASE_", "SUPAMIG_", "PULUMI_")
PATIENCE = 500


class Made:
    """What of one deployment there is on the engine, by name."""

    def __init__(self, client, name):
        self.client = client
        self.name = name
        self._filters = {"label": f"{LABEL}={name}" if name else LABEL}

    def containers(self):
        """Name the containers, with the id that tells one from its successor."""
        found = self.client.containers.list(all=True, filters=self._filters)
        return {one.name: one.id for one in found}

    def networks(self):
        return [one.name for one in self.client.networks.list(filters=self._filters)]

    def volumes(self):
        return [one.name for one in self.client.volumes.list(filters=self._filters)]

    def everything(self):
        return [*self.containers(), *self.networks(), *self.volumes()]

    def run(self, container, *command):
        """Run a command in a container and return what it printed; it must succeed."""
        code, said = self.client.containers.get(container).exec_run(list(command))
        assert code == 0, said.decode()
        return said.decode()

    def remove(self):
        for one in self.client.containers.list(all=True, filters=self._filters):
            one.remove(force=True, v=True)
        for kind in (self.client.networks, self.client.volumes):
            for one in kind.list(filters=self._filters):
                one.remove()


@pytest.fixture(scope="session")
def engine():
    """The client of the Docker engine."""
    import docker

    with contextlib.closing(docker.from_env()) as client:
        yield client


@pytest.fixture(scope="module")
def turn(engine):
    """Wait until no other run of these tests has a deployment on the engine, and clear away."""
    with (Path(tempfile.gettempdir()) / "supamig-e2e-docker.lock").open("w") as lock:
        deadline = time.monotonic() + PATIENCE
        while True:
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            assert time.monotonic() < deadline, "another run of these tests does not end"
            time.sleep(0.5)
        for one in engine.containers.list(all=True, filters={"label": LABEL}):
            if one.labels[LABEL].startswith(PREFIX):
                Made(engine, one.labels[LABEL]).remove()
        for link in DEVICES.glob(f"scsi-0DO_Volume_{PREFIX}*"):
            _detach(link)
        yield


@pytest.fixture(scope="session")
def own_secrets():
    """New secrets for all that the committed deployment names, and the key of a bucket."""
    from infra.components.copies import SECRETS
    from supamig.deployment import keys, secret_file

    made = secret_file.values(keys.make({}, now=int(time.time())).values)
    return made | {name: chance.token_hex(10) for name in SECRETS}


@pytest.fixture(scope="package")
def sample(pg_pair):
    """The sample project, on a server that is not on the engine."""
    from supamig.testing.sample import install
    from supamig.testing.servers import fresh_database

    source, _ = pg_pair
    with fresh_database(source, prefix="project") as made:
        install(made.dsn, flavour="cloud", application=True, scale=0.01,
                postgres_password=source.password.reveal())  # fmt: skip
        yield made


@pytest.fixture(scope="session")
def target_of(own_secrets):
    """The address of the database in a stack's container."""
    from supamig.secret import Secret

    def address(stack):
        port = stack.config["deployment"]["ports"]["database"]
        login = f"supabase_admin:{own_secrets['POSTGRES_PASSWORD']}"
        return Secret(f"postgresql://{login}@127.0.0.1:{port}/postgres")

    return address


@pytest.fixture(scope="module")
def begin(pulumi_cli, root, engine, turn, own_secrets, tmp_path_factory):
    """Begin a stack whose containers run on the engine; all of it is gone after the module.

    Of the committed config only the ports, the name and the places are changed.
    """
    from supamig.testing.engine.containers import Containers
    from supamig.testing.engine.project import Project

    with contextlib.ExitStack() as end, pytest.MonkeyPatch.context() as environ:
        for name in list(os.environ):
            if name.startswith(OURS):
                environ.delenv(name)

        def start(*, environment=(), deployment=(), device=True, patience=600, **config):
            name = PREFIX + chance.token_hex(3)
            directory = tmp_path_factory.mktemp("stack")
            made = Made(engine, name)
            data = directory / "deployment"
            end.callback(_empty, engine, directory)
            if device:
                end.enter_context(_device(name, directory))
            end.callback(made.remove)
            (directory / "project").mkdir()
            lines = [f"{key}='{value}'\n" for key, value in own_secrets.items()]
            (directory / "project" / ".env.deployment").write_text("".join(lines))
            stack = end.enter_context(
                Project(
                    program=pulumi_cli,
                    source=root,
                    directory=directory,
                    docker=None if shutil.which(PLUGIN) else Containers(HOST, patience=patience),
                    config=_config(root, name, data, deployment) | config,
                    environment=dict(environment),
                )
            )
            stack.made, stack.data = made, data
            return stack

        yield start


def _config(root, name, data, deployment):
    committed = yaml.safe_load((root / "Pulumi.prod.yaml").read_text())["config"]
    deployment = committed["supamig:deployment"] | dict(deployment)
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in PORTS]
        ports = dict(zip(PORTS, (one.getsockname()[1] for one in sockets), strict=True))
    addresses = {"database": "127.0.0.1", "pooler": "127.0.0.1"}
    return {
        "docker": {"host": HOST},
        "directory": str(data),
        "deployment": deployment | {"name": name, "ports": ports, "addresses": addresses},
        "backup_volume": committed["supamig:backup_volume"] | {"name": name},
    }


@contextlib.contextmanager
def _device(name, directory):
    """Attach a file as the block device that DigitalOcean would, under the same name."""
    image = directory / "device"
    with image.open("wb") as file:
        file.truncate(512 * 1024 * 1024)
    _root("mkfs.ext4", "-q", str(image))
    loop = _root("losetup", "--find", "--show", str(image))
    link = DEVICES / f"scsi-0DO_Volume_{name}"
    _root("mkdir", "-p", str(DEVICES))
    _root("ln", "-s", loop, str(link))
    yield
    _detach(link)


def _detach(link):
    _root("losetup", "--detach", str(link.readlink()))
    _root("rm", "-f", str(link))


def _root(*command):
    """Run a program as root, which attaching a device takes."""
    sudo = () if os.geteuid() == 0 else ("sudo", "-n")
    done = subprocess.run([*sudo, *command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"
    return done.stdout.strip()


def _empty(engine, directory):
    """Remove what containers wrote, which belongs to their users."""
    from supamig.deployment.images import IMAGES

    engine.containers.run(
        IMAGES["db"].reference,
        entrypoint=["sh", "-c", "rm -rf /there/deployment /there/device"],
        volumes={str(directory): {"bind": "/there", "mode": "rw"}},
        remove=True,
    )
