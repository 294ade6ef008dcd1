"""What is on the host already, and what of it is in the way."""

from __future__ import annotations

import json
import shutil
import socket

import pytest

from infra.host import ask, last_lines
from infra.host_problems import Wanted, problems, read_host
from infra.moving import PreflightFailed
from infra.settings import DockerSettings
from supamig.deployment import DeploymentSettings, describe

HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEVxYW1wbGVLZXlGb3JUZXN0c09ubHkxMjM0NTY3ODkw"
SETTINGS = DeploymentSettings()


GB = 1_000_000_000


def found(*things, version="28.5.1", settings=SETTINGS, **wanted):
    answer = "\n".join([version, *map(json.dumps, things)])
    asked = Wanted(
        deployment=describe(settings), ports=settings.ports, directory="/opt/supabase", **wanted
    )
    return list(problems(read_host(answer), asked))


def container(name, ports="", labels=""):
    return {"Names": name, "Ports": ports, "Labels": labels}


def test_an_empty_host_is_fine():
    assert found() == []


def test_what_is_not_in_the_way_is_left_alone():
    assert found(container("shop-db", "0.0.0.0:5499->5432/tcp, 3000/tcp"), {"Name": "bridge"}) == []


@pytest.mark.parametrize(
    ("ports", "port", "setting"),
    [
        ("0.0.0.0:5432->5432/tcp, [::]:5432->5432/tcp", 5432, "session_pooler"),
        ("127.0.0.1:3000-3002->3000-3002/tcp", 3001, "studio"),
        (":::8000->80/tcp", 8000, "api"),
    ],
)
def test_a_taken_port_is_named_with_its_owner_and_the_setting(ports, port, setting):
    (said,) = found(container("shop", ports))
    assert f"port {port} " in said
    assert "`shop`" in said
    assert f"`supamig:deployment.ports.{setting}`" in said


def test_the_same_port_of_another_protocol_is_free():
    assert found(container("shop", "0.0.0.0:5432->5432/udp")) == []


@pytest.mark.parametrize(
    "thing", [container("supabase-db"), {"Name": "supabase_default", "Labels": "a=b"}]
)
def test_a_taken_name_is_named(thing):
    (said,) = found(thing)
    assert "is there already" in said


def test_what_this_deployment_made_is_not_in_its_way():
    own = container("supabase-db", "0.0.0.0:5432->5432/tcp", "x=y,supamig.deployment=supabase")
    assert found(own, {"Name": "supabase_default", "Labels": "supamig.deployment=supabase"}) == []


def test_data_that_an_earlier_deployment_left_stop_it():
    files = {"Postgres": "15"}
    volume = {"Name": "supabase_db-config", "Mountpoint": "/var/lib/docker/volumes/x", "Labels": ""}
    said = found(files, volume)
    assert "/opt/supabase/volumes/db/data holds data already: a database of Postgres 15" in said[0]
    assert "the volume `supabase_db-config` holds data already" in said[1]
    assert all("`supamig:keep_data`" in one for one in said)
    assert found(files, volume, keep_data=True) == []
    running = container("supabase-db", "", "supamig.deployment=supabase")
    assert found(files, volume | {"Labels": "supamig.deployment=supabase"}, running) == []


def test_a_disk_that_is_too_small_for_what_is_moved_is_refused():
    free = {"FreeKiB": str(9 * GB // 1024)}
    (said,) = found(free, database=5 * GB)
    assert "/opt/supabase has 9.0 GB free, and the move needs 10 GB: 5.0 GB of database" in said
    assert "`supamig:directory`" in said
    assert found(free, database=4 * GB) == []
    running = container("supabase-db", "", "supamig.deployment=supabase")
    assert found(free, running, database=5 * GB) == []


@pytest.mark.parametrize("version", ["19.03.15", "20.9", ""])
def test_an_engine_that_is_too_old_is_refused(version):
    (said,) = found(version=version)
    assert "too old: 20.10 is the oldest that will do" in said
    assert "hint: upgrade" in said


@pytest.fixture
def refusing(tmp_path, monkeypatch):
    """Stand in for ssh: it prints its arguments to a file, and an error."""

    def begin(error):
        program = tmp_path / "ssh"
        shell = (
            f"#!/bin/sh\nprintf '%s\\n' \"$@\" >{tmp_path}/asked\necho '{error}' >&2\nexit 255\n"
        )
        program.write_text(shell)
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
        return tmp_path / "asked"

    return begin


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ("Host key verification failed.", "another host key than the pinned one"),
        ("root@192.0.2.1: Permission denied (publickey).", "ssh-add"),
        ("ssh: connect to host 192.0.2.1 port 2222: Connection refused", "`supamig:docker.host`"),
        ("sh: 1: docker: not found", "Docker engine .* does not answer"),
    ],
)
def test_a_host_that_cannot_be_asked_says_why(refusing, error, said):
    asked = refusing(error)
    settings = DockerSettings(host="ssh://root@192.0.2.1:2222", host_key=HOST_KEY)
    with pytest.raises(PreflightFailed, match=said):
        ask(settings, "docker version")
    arguments = asked.read_text().splitlines()
    assert f"KnownHostsCommand=/bin/echo %H {HOST_KEY}" in arguments
    assert arguments[arguments.index("-p") + 1] == "2222"
    assert arguments[-2] == "192.0.2.1"


@pytest.mark.skipif(shutil.which("ssh") is None, reason="OpenSSH's client is not installed")
def test_the_real_ssh_is_understood_where_nobody_listens():
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        host = f"ssh://root@127.0.0.1:{held.getsockname()[1]}"
        with pytest.raises(PreflightFailed) as raised:
            ask(DockerSettings(host=host, host_key=HOST_KEY), "docker version")
    assert "Connection refused" in str(raised.value)
    assert "hint: is `supamig:docker.host` right" in str(raised.value)


@pytest.mark.skipif(shutil.which("ssh") is None, reason="OpenSSH's client is not installed")
def test_ssh_understands_the_options():
    import subprocess

    from infra.components.engine import ssh_options

    done = subprocess.run(
        ["ssh", "-G", *ssh_options(HOST_KEY), "192.0.2.1"],
        capture_output=True,
        text=True,
        check=True,
    )
    shown = done.stdout.lower()
    assert "stricthostkeychecking true" in shown or "stricthostkeychecking yes" in shown
    assert "knownhostscommand /bin/echo" in shown


@pytest.fixture
def printing(tmp_path, monkeypatch):
    """Stand in for the Docker client: it notes its arguments, and prints on both of its outputs."""
    program = tmp_path / "docker"
    program.write_text(
        f"#!/bin/sh\nprintf '%s\\n' \"$@\" >{tmp_path}/asked\necho one\necho two >&2\nexit 1\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return tmp_path / "asked"


def test_the_last_lines_of_a_container_are_read(printing):
    settings = DockerSettings(host="unix:///var/run/docker.sock")
    assert last_lines(settings, "it's") == "one\ntwo"
    assert printing.read_text().splitlines() == ["logs", "--tail", "20", "it's"]


def test_last_lines_that_cannot_be_read_are_no_error(refusing):
    refusing("Permission denied (publickey).")
    settings = DockerSettings(host="ssh://root@192.0.2.1", host_key=HOST_KEY)
    assert "could not be read" in last_lines(settings, "supabase-db")
