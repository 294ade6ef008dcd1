"""What a backup says of itself: its files with their sums, the tables with their digests.

``manifest.json`` has the sums of all files, ``SHA256SUMS`` those and its own, for
``sha256sum -c``.  The backups container writes the same format from a shell.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from supamig.backup.catalogs import read_catalogs
from supamig.disk import disk_errors, sync
from supamig.errors import BackupDamaged, BackupTooNew
from supamig.models import Digest, TableCopy, TableRef
from supamig.records import read_inventory

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from supamig.models import Inventory

#: The format that this supamig writes, and the newest that it reads.
FORMAT = 1
MANIFEST = "manifest.json"
SUMS = "SHA256SUMS"
DUMP = "database.dump"
ROLES = "roles.sql"
INVENTORY = "inventory.json"
#: The same as the server prints it to a shell.
CATALOGS = "catalogs.jsonl"
FILES = "files.tar"
SECRETS = "deployment.env"
#: The key without which no secret of Vault can be read; only the container can reach it.
VAULT_KEY = "pgsodium_root.key"
_MUST_HAVE = (DUMP, ROLES)
_NAME = re.compile(r"[^/\0]+")
_HINT = "Use another backup: `supamig backup list --check` says which are good"


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One file of a backup."""

    bytes: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Backup:
    """One whole backup, as its manifest describes it; ``taken_at`` is its name."""

    path: Path
    taken_at: str
    made_by: str
    database: str
    server: str
    pg_dump: str
    files: Mapping[str, StoredFile]
    tables: Mapping[TableRef, TableCopy] = field(repr=False)

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.bytes for file in self.files.values())

    @property
    def rows(self) -> int:
        """Rows of all tables."""
        return sum(copy.rows for copy in self.tables.values())

    @property
    def dump_major(self) -> int:
        """The major version of the pg_dump that wrote the dump."""
        return int(self.pg_dump.partition(".")[0])

    @cached_property
    def inventory(self) -> Inventory:
        """The catalogs of the database, as they were; raise `BackupDamaged` without them."""
        try:
            if INVENTORY in self.files:
                with (self.path / INVENTORY).open("rb") as stream:
                    return read_inventory(stream)
            with (self.path / CATALOGS).open("rb") as stream:
                return read_catalogs(stream, taken_at=self.taken_at)
        except (OSError, ValueError, KeyError, TypeError) as error:
            message = f"the catalogs in `{self.path}` cannot be read"
            raise BackupDamaged(message, hint=_HINT) from error


def open_backup(path: Path) -> Backup:
    """Read a backup's manifest; raise `BackupDamaged`, or `BackupTooNew` for a later format.

    The sums of the other files are not looked at, see :func:`problems`.
    """
    manifest = _read(path)
    try:
        if _sums(path)[MANIFEST] != hashlib.sha256((path / MANIFEST).read_bytes()).hexdigest():
            raise BackupDamaged(f"`{path / MANIFEST}` was changed (sha256 differs)", hint=_HINT)
        files = {
            name: StoredFile(int(one["bytes"]), str(one["sha256"]))
            for name, one in manifest["files"].items()
        }
        tables = [_table(fields) for fields in manifest["tables"]]
        backup = Backup(
            path=path,
            taken_at=str(manifest["taken_at"]),
            made_by=str(manifest["made_by"]),
            database=str(manifest["database"]),
            server=str(manifest["server"]),
            pg_dump=str(manifest["pg_dump"]),
            files=files,
            tables={copy.table: copy for copy in tables},
        )
        _ = backup.dump_major
    except (OSError, TypeError, KeyError, ValueError, AttributeError) as error:
        raise BackupDamaged(f"`{path / MANIFEST}` cannot be read", hint=_HINT) from error
    return backup


def _read(path: Path) -> dict[str, Any]:
    try:
        manifest = json.loads((path / MANIFEST).read_bytes())
        found = int(manifest["format"])
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise BackupDamaged(f"`{path / MANIFEST}` cannot be read", hint=_HINT) from error
    if found > FORMAT:
        raise BackupTooNew(
            f"`{path}` has backup format {found}; this supamig reads up to {FORMAT}",
            hint=f"Install what made it, {manifest.get('made_by') or 'a newer supamig'}, or newer",
        )
    return dict(manifest)


def _sums(path: Path) -> dict[str, str]:
    lines = (path / SUMS).read_text(encoding="utf-8").splitlines()
    return {name: digest for digest, _, name in (line.partition("  ") for line in lines)}


def _table(fields: Mapping[str, Any]) -> TableCopy:
    columns = tuple(map(str, fields["columns"]))
    digest = Digest(
        rows=int(fields["rows"]),
        total=str(fields["total"]),
        xor=int(fields["xor"]),
        columns=columns,
    )
    return TableCopy(
        table=TableRef(str(fields["schema"]), str(fields["table"])),
        columns=columns,
        rows=digest.rows,
        bytes=0,
        seconds=0.0,
        digest=digest,
    )


def problems(backup: Backup, *, hashes: bool) -> Iterator[tuple[str, str]]:
    """Yield each damaged file with what is wrong: its size, and with ``hashes`` its content."""
    for name in _MUST_HAVE:
        if name not in backup.files:
            yield name, "the manifest does not list it"
    if not {INVENTORY, CATALOGS} & backup.files.keys():
        yield INVENTORY, "the manifest does not list it"
    for name, file in backup.files.items():
        if not _NAME.fullmatch(name) or name in {".", ".."}:
            yield name, "the name leads out of the backup"
            continue
        try:
            size = (backup.path / name).stat().st_size
            if size != file.bytes:
                yield name, f"it has {size:,} bytes, the manifest says {file.bytes:,}"
            elif hashes and sha256_of(backup.path / name) != file.sha256:
                yield name, "it was changed (sha256 differs)"
        except OSError as error:
            yield name, f"it cannot be read: {error.strerror}"


def sha256_of(path: Path) -> str:
    """Return the digest of a file's content."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def write_manifest(place: Path, facts: Mapping[str, object], tables: list[TableCopy]) -> None:
    """Write manifest and sums over all that is in ``place``, everything safely on the disk."""
    names = sorted(one.name for one in place.iterdir())
    with disk_errors(place / MANIFEST):
        files = {
            name: {"bytes": (place / name).stat().st_size, "sha256": sha256_of(place / name)}
            for name in names
        }
        text = json.dumps(
            {"format": FORMAT, **facts, "files": files, "tables": [_fields(t) for t in tables]},
            ensure_ascii=False,
            indent=1,
        )
        sums = {name: str(file["sha256"]) for name, file in files.items()}
        sums[MANIFEST] = hashlib.sha256(text.encode()).hexdigest()
        _write(place / MANIFEST, text)
        _write(place / SUMS, "".join(f"{one}  {name}\n" for name, one in sorted(sums.items())))
        for one in (*place.iterdir(), place):
            sync(one)


def _fields(copy: TableCopy) -> dict[str, object]:
    digest = copy.digest
    return {
        "schema": copy.table.schema,
        "table": copy.table.name,
        "columns": list(copy.columns),
        "rows": copy.rows,
        "total": digest.total if digest else "0",
        "xor": digest.xor if digest else 0,
    }


def _write(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
