"""The backup program on a real server: whole or not there, and the last good one never lost."""

from __future__ import annotations

import json
import os
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from supamig import pgtools
from supamig.backup import store
from supamig.backup.catalogs import scripts
from supamig.testing.servers import fresh_database

PROGRAM = Path(__file__).resolve().parents[2] / "infra" / "components" / "backup.sh"
pytestmark = [pytest.mark.pg, pytest.mark.timeout(300)]


@pytest.fixture
def database(pg_pair):
    with fresh_database(pg_pair[1], prefix="backups") as made:
        with made.connect() as session:
            session.execute("create table public.notes as select generate_series(1, 100) as id")
        yield made


@pytest.fixture
def backups(tmp_path):
    place = tmp_path / "backups"
    place.mkdir()
    return place


@pytest.fixture
def environment(database, backups, tmp_path):
    with database.connect() as session:
        tools = pgtools.choose(session.info.server_version // 10000)
    server = database.server
    queries = tmp_path / "queries"
    queries.mkdir()
    for name, content in scripts().items():
        (queries / name).write_text(content)
    return {
        "BACKUP_QUERIES": str(queries),
        "PATH": f"{tools.bindir}:{os.environ['PATH']}",
        "PGHOST": server.host,
        "PGPORT": str(server.port),
        "PGUSER": server.user,
        "PGPASSWORD": server.password.reveal(),
        "PGDATABASE": database.name,
        "BACKUP_DIR": str(backups),
        "BACKUP_FILES": str(tmp_path / "files"),
    }


@pytest.fixture
def call(environment):
    def run(*arguments, check=True, **more):
        done = subprocess.run(
            ["sh", str(PROGRAM), *arguments],
            env=environment | more,
            capture_output=True,
            text=True,
            check=False,
        )
        assert not check or done.returncode == 0, done.stderr
        return done

    return run


@pytest.fixture
def taken(call, backups):
    """Take a backup that is so many days old."""

    def take(days=0):
        before = set(backups.glob("2*"))
        call("now", BACKUP_KEEP_DAYS="3000")
        (made,) = set(backups.glob("2*")) - before
        name = f"{datetime.now(tz=UTC) - timedelta(days=days):%Y%m%dT%H%M%SZ}"
        return made.rename(backups / name)

    return take


def test_a_backup_is_whole_private_and_restores(call, backups, database, environment, tmp_path):
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "picture").write_text("bytes")
    (tmp_path / "root.key").write_text("key of Vault\n")
    secrets = "A='1'\nB='$two'"
    call("now", DEPLOYMENT_ENV=secrets, BACKUP_VAULT_KEY=str(tmp_path / "root.key"))
    (made,) = backups.glob("2*")
    assert {one.name for one in made.iterdir()} == {
        *("database.dump", "roles.sql", "catalogs.jsonl", "files.tar", "deployment.env"),
        *("pgsodium_root.key", "manifest.json", "SHA256SUMS"),
    }
    assert {one.stat().st_mode & 0o077 for one in (made, *made.iterdir())} == {0}
    manifest = json.loads((made / "manifest.json").read_text())
    assert manifest["taken_at"] == made.name
    assert (made / "deployment.env").read_text() == f"{secrets}\n"
    assert (made / "pgsodium_root.key").read_text() == "key of Vault\n"
    assert manifest["files"]["database.dump"]["bytes"] == (made / "database.dump").stat().st_size
    with fresh_database(database.server, prefix="drill") as scratch:
        subprocess.run(
            ["pg_restore", "--dbname", scratch.name, str(made / "database.dump")],
            env=environment,
            check=True,
        )
        with scratch.connect() as session:
            assert session.execute("select count(*) from public.notes").fetchone() == (100,)


def test_a_dump_that_fails_is_no_backup(call, backups, database, environment, tmp_path):
    broken = tmp_path / "bin"
    broken.mkdir()
    (broken / "pg_dump").write_text("#!/bin/sh\necho cut off >database.dump\nexit 1\n")
    (broken / "pg_dump").chmod(0o755)
    done = call("now", check=False, PATH=f"{broken}:{environment['PATH']}")
    assert done.returncode != 0
    assert [one.name for one in backups.iterdir() if not one.name.startswith(".")] == []


def test_a_server_that_goes_away_before_the_manifest_is_no_backup(
    call, backups, environment, tmp_path
):
    broken = tmp_path / "bin"
    broken.mkdir()
    (broken / "psql").write_text(
        '#!/bin/sh\ncase $* in -XAtc*) echo "no server" >&2; exit 2 ;; esac\n'
        f'PATH={environment["PATH"]} exec psql "$@"\n'
    )
    (broken / "psql").chmod(0o755)
    done = call("now", check=False, PATH=f"{broken}:{environment['PATH']}")
    assert done.returncode != 0
    assert "no server" in done.stderr
    assert [one.name for one in backups.iterdir() if not one.name.startswith(".")] == []


def test_a_list_of_sums_that_was_cut_off_is_damage(call, taken):
    made = taken()
    sums = (made / "SHA256SUMS").read_text().splitlines(keepends=True)
    (made / "SHA256SUMS").write_text(sums[0])
    assert call("list").stdout == f"{made.name} damaged\n"
    assert call("verify", made.name, check=False).returncode == 1


def test_a_volume_that_is_not_mounted_is_said(call, tmp_path):
    done = call("now", check=False, BACKUP_DIR=str(tmp_path / "nowhere"))
    assert done.returncode != 0
    assert "is the volume mounted?" in done.stderr


def test_two_at_once_are_refused(call, backups):
    with store.writing(backups):
        done = call("now", check=False)
    assert done.returncode != 0
    assert "another backup" in done.stderr


def test_nothing_is_deleted_while_the_clock_stands_before_the_newest(call, taken, backups):
    future, old = taken(-2), taken(20)
    assert "the clock stands before" in call("now").stderr
    assert {old, future} < set(backups.glob("2*"))


def test_a_backup_that_fails_is_not_there(call, backups):
    done = call("now", check=False, PGDATABASE="nobody-has-it")
    assert done.returncode != 0
    assert [one.name for one in backups.iterdir() if not one.name.startswith(".")] == []
    assert call("healthy", check=False).returncode != 0
    call("now")
    assert list(backups.glob(".part-*")) == []


@pytest.mark.parametrize("name", ["database.dump", "roles.sql", "manifest.json"])
def test_a_damaged_backup_is_found(call, taken, name):
    made = taken()
    assert call("verify").returncode == 0
    with (made / name).open("r+b") as file:
        file.seek(3)
        file.write(b"?")
    assert call("verify", check=False).returncode != 0
    assert call("list").stdout == f"{made.name} damaged\n"


def test_old_backups_go_and_young_ones_stay(call, taken, backups):
    old, young = taken(9), taken(6)
    call("now")
    left = sorted(backups.glob("2*"))
    assert old not in left
    assert left[0] == young
    assert len(left) == 2


def test_the_last_good_backup_is_never_deleted(call, taken, backups):
    good, damaged = taken(30), taken(20)
    (damaged / "database.dump").write_bytes(b"")
    call("now")
    # the new one is good, so both old ones may go
    (new,) = backups.glob("2*")
    assert good != new
    aged = new.rename(backups / good.name)
    failed = call("now", check=False, PGDATABASE="nobody-has-it")
    assert failed.returncode != 0
    assert aged.is_dir()


def test_it_is_healthy_while_the_newest_is_of_today(call, taken):
    made = taken(0)
    assert call("healthy").returncode == 0
    made.rename(made.with_name(f"{datetime.now(tz=UTC) - timedelta(hours=27):%Y%m%dT%H%M%SZ}"))
    assert call("healthy", check=False).returncode != 0


def test_serving_takes_one_at_once_and_ends_when_told(environment, backups):
    with subprocess.Popen(["sh", str(PROGRAM), "serve"], env=environment) as server:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and not list(backups.glob("2*")):
            time.sleep(0.1)
        server.terminate()
        server.wait(10)
    assert len(list(backups.glob("2*"))) == 1


def test_an_unknown_verb_is_refused(call):
    assert call("destroy", check=False).returncode == 2
