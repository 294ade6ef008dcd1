"""Single probes of the watch: services, logs, disks and backups."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from supamig.config import Api, Settings, WatchSettings
from supamig.errors import ToolFailed, ToolMissing
from supamig.models import Severity
from supamig.secret import Secret
from supamig.watching.choosing import used_services
from supamig.watching.logs import ContainerLog, LogFile
from supamig.watching.model import Moment
from supamig.watching.services import Service
from supamig.watching.storehouse import Backups, Disk, sizes_of

START = datetime(2026, 11, 25, tzinfo=UTC)


def moment(since=60.0):
    return Moment(now=START, since_last=since)


# services


def service(name, answer, **keys):
    asked = []

    def handle(request):
        asked.append(request)
        return answer(request) if callable(answer) else answer

    given = Api(url="https://api.example.com", **{key: Secret(one) for key, one in keys.items()})
    return Service(name, given, transport=httpx.MockTransport(handle)), asked


def test_auth_is_asked_for_what_needs_the_database():
    probe, asked = service("auth", httpx.Response(200, json={"users": []}), service_role_key="ey")
    assert probe.look(moment()).troubles == ()
    assert asked[0].url.path == "/auth/v1/admin/users"
    assert asked[0].headers["authorization"] == "Bearer ey"
    probe, asked = service("auth", httpx.Response(400, json={}), anon_key="ey")
    assert probe.look(moment()).troubles == ()
    assert (asked[0].method, asked[0].url.path) == ("POST", "/auth/v1/token")


def test_auth_is_ill_although_its_health_says_otherwise():
    def answer(request):
        return httpx.Response(200 if request.url.path == "/auth/v1/health" else 500)

    for key in ("service_role_key", "anon_key"):
        probe, _ = service("auth", answer, **{key: "ey"})
        (found,) = probe.look(moment()).troubles
        assert found.message.startswith("`auth` answers 500 to ")
        assert found.severity is Severity.ERROR


def test_newer_keys_are_no_tokens():
    probe, asked = service("auth", httpx.Response(200), secret_key="sb_secret_x")
    probe.look(moment())
    assert asked[0].headers["apikey"] == "sb_secret_x"
    assert "authorization" not in asked[0].headers


@pytest.mark.parametrize(
    ("name", "answer", "is_well"),
    [
        ("rest", httpx.Response(404, json={"code": "PGRST205"}), True),
        ("rest", httpx.Response(503, json={"code": "PGRST002"}), False),
        ("rest", httpx.Response(404, text="no route"), False),
        ("rest", httpx.Response(401, json=["no"]), False),
        ("storage", httpx.Response(200, json={}), True),
        ("storage", httpx.Response(503), False),
        ("realtime", httpx.Response(403), True),
        ("realtime", httpx.Response(502), False),
        ("functions", httpx.Response(404), True),
        ("functions", httpx.Response(504), False),
    ],
)
def test_a_service_is_well_when_it_answers_itself(name, answer, is_well):
    probe, _ = service(name, answer, anon_key="ey")
    look = probe.look(moment())
    assert (not look.troubles) is is_well
    assert (f"{name}_ms" in look.readings) is is_well


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (httpx.ReadTimeout("x"), "does not answer in time"),
        (httpx.ConnectError("x"), "cannot be reached: ConnectError"),
    ],
)
def test_a_service_that_cannot_be_reached_is_named(error, words):
    def answer(_):
        raise error

    probe, _ = service("rest", answer)
    assert words in probe.look(moment()).troubles[0].message


def test_services_that_are_used_are_asked(tmp_path):
    assert used_services(Settings()) == ("auth", "rest")
    (tmp_path / "app.py").write_text(
        'from supabase import create_client\ncreate_client("u", "k").storage.from_("a").list()\n'
    )
    assert used_services(Settings(application_scan=tmp_path)) == ("auth", "rest", "storage")
    named = Settings(application_scan=tmp_path, watch=WatchSettings(services=("realtime",)))
    assert used_services(named) == ("realtime",)


# logs


def log(path, **more):
    return LogFile(path, **{"pattern": "ERROR|FATAL", "per_minute": 2.0, **more})


def test_new_lines_of_a_log_count_and_old_ones_do_not(tmp_path):
    path = tmp_path / "auth.log"
    path.write_text("ERROR old\n" * 100)
    probe = log(path)
    assert probe.look(moment(0)).readings == {"log auth.log_errors": 0}
    with path.open("a") as file:
        file.write("well\nERROR one\nFATAL two\n")
    look = probe.look(moment())
    assert (look.readings, look.troubles) == ({"log auth.log_errors": 2}, ())
    with path.open("a") as file:
        file.write("ERROR\n" * 6)
    (found,) = probe.look(moment(120)).troubles
    assert found.message == "`log auth.log` has 3 errors a minute, 6 since the last look"
    assert probe.look(moment()).troubles == ()


@pytest.mark.parametrize("way", ["rotated", "cut"])
def test_a_log_that_begins_anew_is_read_from_its_start(way, tmp_path):
    path = tmp_path / "a.log"
    path.write_text("well\n" * 50)
    probe = log(path)
    probe.look(moment(0))
    if way == "rotated":
        path.rename(tmp_path / "a.log.1")
    path.write_text("ERROR\n" * 5)
    assert probe.look(moment()).readings == {"log a.log_errors": 5}


DOCKER = """\
#!/bin/sh
# stands in for the program `docker`, which is not on every machine that runs tests
asked='--host ssh://root@droplet logs --since 2026-11-24T23:59:00+00:00'
case "$*" in
    "$asked gone") echo 'Error: No such container: gone' >&2; exit 1 ;;
    "$asked "*) echo well; echo 'level=error msg=no' >&2 ;;
    *) echo "asked for $*" >&2; exit 2 ;;
esac
"""


@pytest.fixture
def docker(tmp_path, monkeypatch):
    program = tmp_path / "docker"
    program.write_text(DOCKER)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")


def container(name):
    pattern = WatchSettings().error_pattern + "|level=error"
    return ContainerLog(name, host="ssh://root@droplet", pattern=pattern, per_minute=0.5)


def test_a_container_is_asked_for_what_it_printed_since(docker):
    look = container("supabase-auth").look(moment())
    assert look.readings == {"log supabase-auth_errors": 1}
    assert look.troubles[0].severity is Severity.WARNING


def test_a_container_that_is_gone_is_the_probes_failure(docker):
    with pytest.raises(ToolFailed, match="No such container: gone"):
        container("gone").look(moment())


def test_without_docker_that_is_said(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolMissing, match="`docker` is not installed"):
        container("a").look(moment())


# disk and backups

DF = """Filesystem     1024-blocks      Used Available Capacity Mounted on
/dev/vda1         81106868  73000000   4000000      95% /
"""


def test_what_df_prints_is_read():
    total, free = sizes_of(f"a banner\n{DF}")
    assert (total, free) == (77_000_000 * 1024, 4_000_000 * 1024)
    with pytest.raises(ToolFailed, match="printed nothing"):
        sizes_of("permission denied")


def test_a_disk_that_fills_up_is_told():
    command = (sys.executable, "-c", f"print({DF!r})")
    look = Disk(path=None, command=command, least=15.0).look(moment())
    assert look.readings == {"disk_free_percent": 5.2}
    assert look.troubles[0].message == "5 % of the disk is free, 4.1 GB"
    assert Disk(path=None, command=command, least=5.0).look(moment()).troubles == ()


def test_the_disk_of_this_machine_is_asked(tmp_path):
    for probe in (
        Disk(path=tmp_path, command=(), least=0.0),
        Disk(path=None, command=("df", "-Pk", str(tmp_path)), least=0.0),
    ):
        assert 0 <= probe.look(moment()).readings["disk_free_percent"] <= 100


def test_the_newest_backup_must_be_young(tmp_path):
    probe = Backups(tmp_path, oldest=26 * 3600)
    assert probe.look(moment()).troubles[0].message == f"there is no backup in `{tmp_path}`"
    (tmp_path / "20261123T220000Z").mkdir()
    look = probe.look(moment())
    assert look.readings == {"backup_age_h": 26.0}
    assert look.troubles == ()
    later = Moment(now=START + timedelta(hours=1), since_last=3600)
    assert "is 27 hours old" in probe.look(later).troubles[0].message
