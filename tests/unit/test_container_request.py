"""What a program asks of a container arrives at Docker's API as it was meant."""

from __future__ import annotations

import io
import tarfile

import pytest

from supamig.testing.engine.container_request import archive, request, seconds


@pytest.mark.parametrize(
    ("written", "meant"), [("5s", 5), ("1m0s", 60), ("2h0m1s", 7201), ("1m30s", 90), ("500ms", 0.5)]
)
def test_durations_are_read_as_go_writes_them(written, meant):
    assert seconds(written) == meant


def test_a_request_says_all_that_the_program_did():
    made = request(
        {
            "name": "supabase-db",
            "image": "supabase/postgres:17",
            "envs": ["A=b"],
            "command": ["postgres"],
            "labels": [{"label": "who", "value": "me"}],
            "ports": [{"internal": 53, "external": 5353, "ip": "127.0.0.1", "protocol": "udp"}],
            "volumes": [
                {"containerPath": "/data", "hostPath": "/srv/data", "selinuxRelabel": "Z"},
                {"containerPath": "/keys", "volumeName": "keys", "readOnly": True},
            ],
            "healthcheck": {"tests": ["CMD", "true"], "interval": "5s", "retries": 3},
            "restart": "unless-stopped",
            "logOpts": {"max-size": "10m"},
            "memory": 512,
            "memorySwap": 512,
            "securityOpts": ["label=disable"],
            "networksAdvanced": [{"name": "net", "aliases": ["db"]}],
        }
    )
    host = made["HostConfig"]
    assert made["Env"] == ["A=b"]
    assert made["Cmd"] == ["postgres"]
    assert made["Labels"] == {"who": "me"}
    assert "Entrypoint" not in made
    assert made["Healthcheck"] == {"Test": ["CMD", "true"], "Retries": 3, "Interval": 5_000_000_000}
    assert host["PortBindings"] == {"53/udp": [{"HostIp": "127.0.0.1", "HostPort": "5353"}]}
    assert host["Binds"] == ["/srv/data:/data:rw,Z", "keys:/keys:ro"]
    assert host["RestartPolicy"] == {"Name": "unless-stopped"}
    assert host["LogConfig"] == {"Type": "json-file", "Config": {"max-size": "10m"}}
    assert (host["Memory"], host["MemorySwap"]) == (512 * 1024**2, 512 * 1024**2)
    assert host["SecurityOpt"] == ["label=disable"]
    assert host["NetworkMode"] == "net"
    assert made["NetworkingConfig"] == {"EndpointsConfig": {"net": {"Aliases": ["db"]}}}


def test_files_go_into_the_container_with_their_modes():
    packed = archive([{"file": "/etc/x.sh", "content": "täglich\n", "permissions": "0755"}])
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        (member,) = tar.getmembers()
        assert (member.name, member.mode) == ("etc/x.sh", 0o755)
        assert tar.extractfile(member).read().decode() == "täglich\n"
