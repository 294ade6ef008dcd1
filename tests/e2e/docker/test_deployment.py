"""One `pulumi up`: a database container with the proven project, a backup, and nothing leaked."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import threading
import time
from pathlib import Path

import pytest

from infra.components.copies import SECRETS
from supamig import api
from supamig.config import Settings
from supamig.testing.object_store import object_store

pytestmark = [pytest.mark.docker, pytest.mark.pulumi, pytest.mark.pg, pytest.mark.timeout(1200)]

#: What every client of the deployment is given.
PUBLIC = {"ANON_KEY", "ANON_KEY_ASYMMETRIC", "SUPABASE_PUBLISHABLE_KEY", "JWT_PUBLIC_JWKS"}


class Processes(threading.Thread):
    """Reads the machine's list of processes as often as it can, until told to end."""

    def __init__(self):
        super().__init__(daemon=True)
        self.seen = set()
        self._end = threading.Event()

    def run(self):
        while not self._end.wait(0.02):
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    self.seen.add(path.read_bytes())
                except OSError:
                    continue  # it has ended

    def __exit__(self, *_):
        self._end.set()
        self.join()

    def __enter__(self):
        self.start()
        return self


@pytest.fixture(scope="module")
def bucket(engine, own_secrets):
    """A bucket that containers reach at this machine's address on their side."""
    (network,) = engine.networks.get("bridge").attrs["IPAM"]["Config"]
    key = [own_secrets[name] for name in SECRETS]
    with object_store("kept", *key, address=network.get("Gateway", "172.17.0.1")) as store:
        yield store


@pytest.fixture(scope="module")
def stack(begin, sample, bucket):
    """A stack after its one `up`; ``first`` is how that ended, ``processes`` what ran meanwhile."""
    stack = begin(
        environment={"SUPAMIG_SOURCE_DSN": sample.dsn.reveal()},
        backups={
            "hour": 2,
            "drill": True,
            "copies": {"endpoint": bucket.url, "bucket": "kept", "prefix": "prod/"},
        },
    )
    with Processes() as processes:
        # with its preview, which must not say more than the rest
        stack.first = stack.run("up", "--stack", "prod", "--yes", "--diff", "--color", "never")
    stack.processes = processes.seen
    return stack


def test_one_up_ends_with_the_proven_project(stack, sample, target_of):
    assert stack.first.code == 0, stack.first.text
    assert len(stack.made.containers()) == 16
    assert stack.made.networks() == [f"{stack.made.name}_default"]
    report = api.validate(Settings(source=sample.dsn, target=target_of(stack)))
    assert report.verdict == "passed"
    assert report.summary.auth_users == 6
    moved = next(
        one["outputs"]["output"]
        for one in stack.state()
        if one["urn"].endswith("::migration-result")
    )
    assert moved["auth_users"] == 6
    assert moved["tables"] == report.summary.tables + report.summary.other_tables
    # the drill of the same `up` was passed, else there were no such resource
    assert any(one["urn"].endswith("::drill") for one in stack.state())


def test_a_second_up_changes_nothing(stack):
    before = stack.made.containers()
    again = stack.up("--expect-no-changes")
    assert again.code == 0, again.text
    assert stack.made.containers() == before


def test_a_changed_setting_replaces_only_the_containers_that_it_concerns(stack):
    before = stack.made.containers()
    stack.set("supamig:deployment.rest.max_rows", str(500 + time.time_ns() % 100), path=True)
    result = stack.up()
    assert result.code == 0, result.text
    after = stack.made.containers()
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"supabase-rest", "supabase-studio"}


def test_a_container_that_somebody_removed_is_drift_and_comes_back(stack, engine):
    look = ("refresh", "--stack", "prod", "--preview-only", "--expect-no-changes")
    engine.containers.get("supabase-imgproxy").remove(force=True)
    result = stack.run(*look, "--color", "never")
    assert result.code != 0
    assert "Container imgproxy delete" in " ".join(result.text.split())
    again = stack.up("--refresh")
    assert again.code == 0, again.text
    assert engine.containers.get("supabase-imgproxy").attrs["State"]["Health"]["Status"] == (
        "healthy"
    )


def test_the_backup_from_before_the_move_restores(stack, engine, target_of, tmp_path):
    """A drill: what the container wrote is restored by the command line's verb, and compared."""
    listed = stack.made.run("supabase-backups", "sh", "/usr/local/bin/supamig-backup", "list")
    name, word = listed.splitlines()[0].split()
    assert word == "good"
    packed, _ = engine.containers.get("supabase-backups").get_archive(f"/backups/{name}")
    with tarfile.open(fileobj=io.BytesIO(b"".join(packed))) as tar:
        tar.extractall(tmp_path, filter="data")
    report = api.backup_verify(Settings(target=target_of(stack), backups_dir=tmp_path))
    assert (report.verdict, report.not_checked) == ("passed", ()), report.findings
    assert report.summary.auth_users == 0


def test_the_backup_is_in_the_bucket_too(stack, bucket):
    listed = stack.made.run("supabase-backups", "sh", "/usr/local/bin/supamig-backup", "list")
    name = listed.split()[0]
    copied = {one.removeprefix(f"prod/{name}/"): text for one, text in bucket.objects.items()}
    manifest = json.loads(copied["manifest.json"])
    assert "database.dump" in manifest["files"]
    assert manifest["files"] == {
        file: {"bytes": len(copied[file]), "sha256": hashlib.sha256(copied[file]).hexdigest()}
        for file in manifest["files"]
    }


def test_no_secret_of_the_run_is_found_anywhere(stack, engine, own_secrets, sample):
    said = [
        stack.first.text,
        *(
            engine.containers.get(name).logs().decode(errors="replace")
            for name in stack.made.containers()
        ),
        *(line.decode(errors="replace") for line in stack.processes),
    ]
    for image in {one.image for one in map(engine.containers.get, stack.made.containers())}:
        said += [json.dumps(image.attrs), json.dumps(image.history())]
    for path in stack.directory.rglob("*"):
        # the data itself, and the file that the secrets come from
        is_own = stack.data in path.parents or path.name in {".env.deployment", "device"}
        if path.is_file() and not is_own:
            said.append(path.read_bytes().decode(errors="replace"))
    known = {name: value for name, value in own_secrets.items() if name not in PUBLIC}
    known["source"] = sample.server.password.reveal()
    found = {name for name, value in known.items() for text in said if value in text}
    assert found == set()
    assert any("--monitor" in text for text in said)  # the program itself was watched
