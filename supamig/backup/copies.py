"""Copies of backups in a bucket: every file, the manifest last, each compared with what arrived.

What the bucket keeps for how long is the bucket's business (a lifecycle rule); nothing is removed.
"""

from __future__ import annotations

import hashlib
import math
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from supamig.backup.manifest import MANIFEST
from supamig.errors import AuthenticationFailed, ConfigError, StepFailed, ToolMissing, Unreachable

if TYPE_CHECKING:
    from pathlib import Path

    from minio import Minio
    from minio.error import S3Error

    from supamig.config import ObjectStore
    from supamig.protocols import Progress

#: Bytes of a part; a store takes 10,000 parts at most, so files up to 625 GiB.
PART = 1 << 26
_SECONDS = 60.0
_LOGIN = frozenset({"AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch"})


def copy(backup: Path, store: ObjectStore, progress: Progress) -> str:
    """Copy a backup to its bucket and compare name, size and sum of each object.

    Raise `AuthenticationFailed`, `Unreachable`, `ConfigError`, or `StepFailed` for what arrived
    otherwise than it was sent.
    """
    client = _client(store)
    names = sorted(
        (one.name for one in backup.iterdir()), key=lambda name: (name == MANIFEST, name)
    )
    for name in names:
        path, key = backup / name, f"{store.prefix}{backup.name}/{name}"
        size = path.stat().st_size
        progress.started(name, expected=size)
        _send(client, store, key, path)
        progress.finished(name, bytes=size)
    return f"{len(names)} objects below {store.bucket}/{store.prefix}{backup.name}/"


def _client(store: ObjectStore) -> Minio:
    try:
        from minio import Minio
        from urllib3 import PoolManager, Retry, Timeout
    except ImportError as error:
        message = "copies of backups need the package `minio`"
        raise ToolMissing(message, hint="`pip install 'supamig[s3]'` brings it") from error
    address = urlsplit(store.endpoint)
    if address.scheme not in {"http", "https"} or not address.netloc or address.path.strip("/"):
        message = f"`{store.endpoint}` is no address of an object store"
        raise ConfigError(message, hint="Use https://REGION.digitaloceanspaces.com, without a path")
    return Minio(
        address.netloc,
        access_key=store.access_key.reveal(),
        secret_key=store.secret_key.reveal(),
        secure=address.scheme == "https",
        region=store.region,
        http_client=PoolManager(timeout=Timeout(_SECONDS), retries=Retry(2, backoff_factor=0.2)),
    )


def _send(client: Minio, store: ObjectStore, key: str, path: Path) -> None:
    from minio.error import S3Error
    from urllib3.exceptions import HTTPError

    try:
        client.fput_object(store.bucket, key, str(path), part_size=PART)
        found = client.stat_object(store.bucket, key)
    except S3Error as error:
        raise _refusal(error, store) from error
    except HTTPError as error:
        raise Unreachable(
            f"the object store does not answer at {store.endpoint}: {_reason(error)}",
            hint="The backup itself is whole; check `backup.s3_endpoint` and the network",
        ) from error
    if found.size != path.stat().st_size or (found.etag or "").strip('"') != _tag(path):
        raise StepFailed(
            f"`{key}` arrived in the bucket `{store.bucket}` otherwise than it was sent",
            hint="The backup itself is whole; take another one, so that it is copied again",
        )


def _refusal(error: S3Error, store: ObjectStore) -> Exception:
    if error.code in _LOGIN:
        return AuthenticationFailed(
            f"the object store at {store.endpoint} refused the login: {error.code}",
            hint="The backup itself is whole; check SUPAMIG_S3_ACCESS_KEY, SUPAMIG_S3_SECRET_KEY"
            " and the key's rights on the bucket",
        )
    if error.code == "NoSuchBucket":
        message = f"there is no bucket `{store.bucket}` at {store.endpoint}"
        return ConfigError(message, hint="The backup itself is whole; make the bucket first")
    return StepFailed(
        f"the object store refused `{store.bucket}`: {error.code} {error.message}",
        hint="The backup itself is whole; mend this, then take another one",
    )


def _reason(error: Exception) -> str:
    return str(getattr(error, "reason", None) or error).rpartition(": ")[2]


def _tag(path: Path) -> str:
    """Return the tag of an object with this content: its MD5, or that of those of its parts."""
    size = path.stat().st_size
    with path.open("rb") as stream:
        if size <= PART:
            return hashlib.file_digest(stream, _md5).hexdigest()
        sums = [_md5(stream.read(PART)).digest() for _ in range(math.ceil(size / PART))]
    return f"{_md5(b''.join(sums)).hexdigest()}-{len(sums)}"


def _md5(data: bytes = b"") -> hashlib._Hash:
    return hashlib.md5(data, usedforsecurity=False)
