"""Copies of backups by rclone: whole or told, the manifest last, and nothing twice."""

from __future__ import annotations

import hashlib
import secrets
import shutil
from pathlib import Path

import pytest

from infra.components.copies import SECRETS, service
from infra.settings import CopiesSettings
from supamig.deployment.images import IMAGES
from supamig.testing.object_store import object_store

pytestmark = [pytest.mark.docker, pytest.mark.timeout(240)]

SCRIPT = Path(__file__).resolve().parents[3] / "infra" / "components" / "copies.sh"
KEY = {SECRETS[0]: "the-key", SECRETS[1]: "the-secret-of-the-key"}
NAMES = ("20260101T020000Z", "20260102T020000Z")


@pytest.fixture
def bucket():
    with object_store("kept", *KEY.values()) as store:
        yield store


@pytest.fixture
def backups(tmp_path):
    """Two backups, one that is being written, and what is none."""
    place = tmp_path / "backups"
    for name in (*NAMES, ".part-20260103T020000Z", "lost+found"):
        (place / name).mkdir(parents=True)
        for file in ("manifest.json", "database.dump", "a file with spaces"):
            (place / name / file).write_bytes(f"{name} {file}".encode() * 50)
        sums = [
            f"{hashlib.sha256(one.read_bytes()).hexdigest()}  {one.name}\n"
            for one in (place / name).iterdir()
        ]
        (place / name / "SHA256SUMS").write_text("".join(sums))
    return place


@pytest.fixture
def call(engine, bucket, backups):
    """Run the container's program as the deployment does; give its exit code and what it said."""

    def run(*words, settings=(), key=()):
        given = {"endpoint": bucket.url, "bucket": "kept", "prefix": "supabase/prod/"}
        made = service(CopiesSettings(**given | dict(settings)), IMAGES["rclone"])
        values = KEY | dict(key)
        container = engine.containers.run(
            made.image.reference,
            name=f"supamig-test-copies-{secrets.token_hex(3)}",
            entrypoint=["sh", "-c", " && ".join(f"sh /copies.sh {word}" for word in words)],
            environment={name: one.fill(values) for name, one in made.environment.items()},
            volumes={
                str(backups): {"bind": "/backups", "mode": "ro"},
                str(SCRIPT): {"bind": "/copies.sh", "mode": "ro"},
            },
            network_mode="host",
            detach=True,
        )
        try:
            code = container.wait(timeout=120)["StatusCode"]
            return code, container.logs().decode()
        finally:
            container.remove(force=True)

    return run


def whole(backups):
    return {
        f"supabase/prod/{path.relative_to(backups)}": path.read_bytes()
        for name in NAMES
        for path in (backups / name).iterdir()
    }


def test_every_backup_is_there_and_the_manifest_came_last(call, bucket, backups):
    code, said = call("now", "healthy")
    assert code == 0, said
    assert bucket.objects == whole(backups)
    files = [one.rpartition("/")[2] for one in bucket.objects]
    assert files[3::4] == ["manifest.json"] * 2
    assert [line for line in said.splitlines() if "is in kept" in line] == [
        f"backup {name} is in kept" for name in NAMES
    ]


def test_a_new_container_sends_nothing_again_and_what_is_new_comes_beside(call, bucket, backups):
    assert call("now")[0] == 0
    (backups / NAMES[0]).rename(backups / "20260104T020000Z")
    before = dict(bucket.objects)
    bucket.damage = True  # whatever is sent from here on arrives damaged
    code, said = call("now", "healthy")
    assert code != 0
    bucket.damage = False
    code, said = call("now", "healthy")
    assert code == 0, said
    assert before.items() < bucket.objects.items()
    assert len(bucket.objects) == 12


def test_what_arrives_damaged_is_told(call, bucket, backups):
    bucket.damage = True
    code, said = call("now")
    assert code != 0
    assert "is in kept" not in said
    assert call("healthy")[0] != 0


@pytest.mark.parametrize(
    ("settings", "key", "told"),
    [
        ({"bucket": "another"}, {}, "NoSuchBucket"),
        ({}, {SECRETS[1]: "wrong"}, "SignatureDoesNotMatch"),
        ({}, {SECRETS[0]: "wrong"}, "InvalidAccessKeyId"),
        ({"endpoint": "http://127.0.0.1:1"}, {}, "connection refused"),
    ],
    ids=["no bucket", "wrong secret", "wrong key", "nobody there"],
)
def test_a_bucket_that_refuses_is_told_in_its_words(call, bucket, settings, key, told):
    code, said = call("now", "healthy", settings=settings, key=key)
    assert code != 0
    assert told in said
    assert KEY[SECRETS[1]] not in said
    assert bucket.objects == {}


def test_a_damaged_backup_replaces_no_good_copy_and_keeps_no_other_back(call, bucket, backups):
    assert call("now")[0] == 0
    before = dict(bucket.objects)
    (backups / NAMES[0] / "database.dump").write_bytes(b"damaged since")
    shutil.copytree(backups / NAMES[1], backups / "20260104T020000Z")
    code, said = call("now", "healthy")
    assert code != 0
    assert f"backup {NAMES[0]} is damaged, and was not copied" in said
    assert before.items() < bucket.objects.items()
    assert len(bucket.objects) == 12


def test_an_unknown_verb_is_refused(call):
    assert call("destroy")[0] == 2
