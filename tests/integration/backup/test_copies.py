"""Copies of backups in an object store: what arrived is what was sent, or it is said."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import time
from dataclasses import replace

import pytest
from minio import Minio
from urllib3.exceptions import HTTPError

from supamig import api
from supamig.backup import copies
from supamig.config import BackupSettings, ObjectStore
from supamig.errors import AuthenticationFailed, ConfigError, StepFailed, Unreachable
from supamig.secret import Secret
from supamig.testing.object_store import object_store

pytestmark = [pytest.mark.pg, pytest.mark.timeout(300)]
BUCKET, KEY, WORD = "supabase-backups", "access-key", "secret-key-canary"


@contextlib.contextmanager
def real_store(program, directory):
    """Serve a bucket with MinIO itself, where this machine has it."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    environment = {"MINIO_ROOT_USER": KEY, "MINIO_ROOT_PASSWORD": WORD}
    command = [program, "server", "--quiet", "--address", address, str(directory)]
    with subprocess.Popen(command, env=environment) as server:
        client = Minio(address, access_key=KEY, secret_key=WORD, secure=False, region="us-east-1")
        try:
            deadline = time.monotonic() + 60
            while True:
                try:
                    client.make_bucket(BUCKET)
                    break
                except HTTPError:
                    assert time.monotonic() < deadline
                    time.sleep(0.2)
            yield f"http://{address}"
        finally:
            server.terminate()


@pytest.fixture
def address(tmp_path):
    """Serve a bucket, by MinIO where this machine has it."""
    program = shutil.which("minio")
    if program is None:
        with object_store(BUCKET, KEY, WORD) as made:
            yield made.url
    else:
        with real_store(program, tmp_path / "minio") as url:
            yield url


def copied_to(settings, url, **changes):
    given = {"access_key": Secret(KEY), "secret_key": Secret(WORD)} | changes
    store = ObjectStore(endpoint=url, bucket=changes.pop("bucket", BUCKET), **given)
    return replace(settings, backup=BackupSettings(copy_to=store))


def test_every_file_arrives_as_it_is_also_in_parts(settings, address, monkeypatch, tmp_path):
    monkeypatch.setattr(copies, "PART", 5 << 20)
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "film").write_bytes(bytes(range(256)) * 50_000)
    given = copied_to(settings, address, prefix="prod/")
    given = replace(given, backup=replace(given.backup, files=tmp_path / "files"))
    made = settings.backups_dir / api.backup_now(given).backup.name
    parts = {"access_key": KEY, "secret_key": WORD, "region": "us-east-1", "secure": False}
    client = Minio(address.removeprefix("http://"), **parts)
    for one in made.iterdir():
        found = client.stat_object(BUCKET, f"prod/{made.name}/{one.name}")
        assert found.size == one.stat().st_size


def test_what_arrives_damaged_is_said_and_the_backup_stays(settings, raised):
    with object_store(BUCKET, KEY, WORD) as store:
        store.damage = True
        given = copied_to(settings, store.url)
        raised(StepFailed, 5, lambda: api.backup_now(given), "otherwise than it was sent")
    assert [one.state for one in api.backup_list(settings, hashes=True)] == ["good"]


@pytest.mark.parametrize(
    ("changes", "kind", "code", "words"),
    [
        ({"secret_key": Secret("wrong")}, AuthenticationFailed, 3, "SignatureDoesNotMatch"),
        ({"access_key": Secret("nobody")}, AuthenticationFailed, 3, "InvalidAccessKeyId"),
    ],
)
def test_wrong_credentials(changes, kind, code, words, settings, raised):
    with object_store(BUCKET, KEY, WORD) as store:
        error = raised(
            kind, code, lambda: api.backup_now(copied_to(settings, store.url, **changes)), words
        )
    assert WORD not in error.message + error.hint
    assert [one.state for one in api.backup_list(settings, hashes=True)] == ["good"]


def test_a_bucket_that_is_not_there_and_a_store_that_does_not_answer(settings, raised):
    with object_store("another", KEY, WORD) as store:
        raised(ConfigError, 2, lambda: api.backup_now(copied_to(settings, store.url)), BUCKET)
        url = store.url
    raised(Unreachable, 4, lambda: api.backup_now(copied_to(settings, url)), "does not answer")
    no_address = copied_to(settings, "spaces.example")
    raised(ConfigError, 2, lambda: api.backup_now(no_address), "https://")
