"""A bundle: a directory of artifacts with a manifest, whole or not there at all.

``roles.sql``, ``schema.dump`` and ``schema.sql``, ``data/`` or ``data.sql``, ``inventory.json``,
``manifest.json`` and ``SHA256SUMS`` (for ``sha256sum -c``).  Those two are written last, and the
directory gets its name only then.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from dataclasses import asdict
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, Any

from supamig.copying.blocks import NoRows, RowSource
from supamig.disk import disk_errors, sync
from supamig.errors import BundleDamaged, BundleTooNew, UsageError
from supamig.models import Artifact, Digest, TableCopy, TableRef
from supamig.records import inventory_text, read_inventory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from supamig.models import Inventory

#: The format that this supamig writes, and the newest that it reads.
FORMAT = 1
MANIFEST = "manifest.json"
SUMS = "SHA256SUMS"
_AGAIN = "Export again, or copy the bundle again; `sha256sum -c SHA256SUMS` names the file"


class Bundle:
    """Artifacts by path, the inventory, and the tables with their rows and digests."""

    def __init__(self, path: Path, *, method: str, partial: Path | None = None) -> None:
        self.path = path
        self.method = method
        self.artifacts: dict[str, Artifact] = {}
        self.tables: dict[TableRef, TableCopy] = {}
        self.tools: dict[str, str] = {}
        self.notes: list[str] = []
        #: where the rows come from while the bundle is imported, and under which snapshot
        self.rows: RowSource = NoRows()
        self.snapshot = ""
        self.cancel: Callable[[], None] = lambda: None
        self._inventory: Inventory | None = None
        self._partial = partial

    @classmethod
    def create(cls, path: Path, *, method: str) -> Bundle:
        """Begin a bundle beside its final place; leftovers of a killed export there are removed.

        Raise `UsageError` when something is there already.
        """
        if path.exists():
            message = f"`{path}` exists already"
            raise UsageError(message, hint="Name another directory: a bundle is never overwritten")
        partial = path.with_name(path.name + ".partial")
        with disk_errors(path):
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir(parents=True, mode=0o700)
        return cls(path, method=method, partial=partial)

    @classmethod
    def open(cls, path: Path) -> Bundle:
        """Open a whole bundle and check every file against the manifest.

        Raise `BundleDamaged`, or `BundleTooNew` for a format of a later supamig.
        """
        manifest = _read_manifest(path)
        sums = _read_sums(path)
        bundle = cls(path, method=manifest["method"])
        bundle.tools = dict(manifest["tools"])
        bundle.notes = list(manifest["notes"])
        try:
            artifacts = [_artifact(fields) for fields in manifest["artifacts"]]
            copies = [_table_copy(fields) for fields in manifest["tables"]]
        except (TypeError, KeyError, AttributeError) as error:
            message = f"{path / MANIFEST} lists what is no artifact or table"
            raise BundleDamaged(message, hint=_AGAIN) from error
        bundle.artifacts = {artifact.path: artifact for artifact in artifacts}
        bundle.tables = {copy.table: copy for copy in copies}
        for artifact in artifacts:
            _check_file(path, artifact)
        if bundle.artifacts.keys() != sums.keys() - {MANIFEST}:
            message = f"{path / MANIFEST} and {SUMS} list different files"
            raise BundleDamaged(message, hint=_AGAIN)
        return bundle

    @property
    def root(self) -> Path:
        """Where the files are now: beside the final place until ``seal``."""
        return self._partial or self.path

    def file(self, path: str) -> Path:
        """Return the place of an artifact."""
        return self.root / path

    def find(self, kind: str) -> Artifact | None:
        """Return the artifact of a kind, if the bundle has one."""
        return next((a for a in self.artifacts.values() if a.kind == kind), None)

    @contextlib.contextmanager
    def writer(
        self, path: str, *, kind: str, producer: str, table: TableCopy | None = None
    ) -> Iterator[Writing]:
        """Write one artifact, hashed on the way; it counts as part of the bundle at the end.

        Raise `DiskFull`.
        """
        place = self.file(path)
        with disk_errors(place):
            place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as stream:
                writing = Writing(stream)
                yield writing
                stream.flush()
                os.fsync(stream.fileno())
        self.artifacts[path] = Artifact(
            path=path,
            kind=kind,
            bytes=writing.size,
            sha256=writing.sha256.hexdigest(),
            producer=producer,
            rows=writing.rows,
            table=table.table if table else None,
            columns=table.columns if table else (),
        )

    def write(self, path: str, content: bytes, *, kind: str, producer: str) -> None:
        """Write one small artifact."""
        with self.writer(path, kind=kind, producer=producer) as writing:
            writing.write(content)

    @property
    def inventory(self) -> Inventory:
        """The source's catalogs, as they were when the bundle was made."""
        if self._inventory is None:
            with self.file("inventory.json").open("rb") as stream:
                self._inventory = read_inventory(stream)
        return self._inventory

    def write_inventory(self, inventory: Inventory) -> None:
        """Keep the source's catalogs as ``inventory.json``."""
        self._inventory = inventory
        with self.writer("inventory.json", kind="inventory", producer="supamig") as writing:
            for piece in inventory_text(inventory):
                writing.write(piece)

    def role_hashes(self) -> dict[str, str]:
        """Return the password hashes of roles, if the bundle has them."""
        artifact = self.find("role-hashes")
        if artifact is None:
            return {}
        return dict(json.loads(self.file(artifact.path).read_bytes()))

    def seal(self, *, tool_version: str) -> Path:
        """Write manifest and sums and give the bundle its name; return its path."""
        inventory = self.inventory
        manifest = {
            "format": FORMAT,
            "supamig": tool_version,
            "method": self.method,
            "source": asdict(inventory.server),
            "snapshot": {
                "id": inventory.snapshot,
                "lsn": inventory.lsn,
                "taken_at": inventory.taken_at,
            },
            "tools": self.tools,
            "notes": self.notes,
            "artifacts": [asdict(self.artifacts[path]) for path in sorted(self.artifacts)],
            "tables": [asdict(self.tables[table]) for table in sorted(self.tables)],
        }
        text = json.dumps(manifest, ensure_ascii=False, indent=1)
        sums = {path: artifact.sha256 for path, artifact in self.artifacts.items()}
        sums[MANIFEST] = hashlib.sha256(text.encode()).hexdigest()
        self._plain(MANIFEST, text)
        self._plain(SUMS, "".join(f"{digest}  {path}\n" for path, digest in sorted(sums.items())))
        if self._partial is not None:
            self._partial.rename(self.path)
            self._partial = None
            sync(self.path.parent)
        return self.path

    def _plain(self, name: str, text: str) -> None:
        with disk_errors(self.file(name)):
            descriptor = os.open(self.file(name), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
                stream.write(text)
                stream.flush()
                os.fsync(stream.fileno())

    def discard(self) -> None:
        """Remove a bundle that did not become whole."""
        if self._partial is not None:
            shutil.rmtree(self._partial, ignore_errors=True)


class Writing:
    """An artifact while it is written: every byte is counted and hashed."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.sha256 = hashlib.sha256()
        self.size = 0
        self.rows: int | None = None

    def write(self, data: bytes) -> int:
        """Append bytes."""
        self._stream.write(data)
        self.sha256.update(data)
        self.size += len(data)
        return len(data)

    def flush(self) -> None:
        """Pass on what is buffered; compressors call it."""
        self._stream.flush()


def _read_manifest(path: Path) -> dict[str, Any]:
    try:
        manifest = json.loads((path / MANIFEST).read_bytes())
        found = int(manifest["format"])
    except FileNotFoundError:
        message = f"`{path}` is not a whole bundle: it has no {MANIFEST}"
        raise BundleDamaged(message, hint=_AGAIN) from None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise BundleDamaged(f"{path / MANIFEST} cannot be read", hint=_AGAIN) from error
    if found > FORMAT:
        raise BundleTooNew(
            f"`{path}` has bundle format {found}; this supamig reads up to {FORMAT}",
            hint=f"Install supamig {manifest.get('supamig', '')} or newer",
        )
    missing = {"method", "tools", "notes", "artifacts", "tables"} - set(manifest)
    if missing:
        message = f"{path / MANIFEST} lacks `{min(missing)}`"
        raise BundleDamaged(message, hint=_AGAIN)
    return dict(manifest)


def _read_sums(path: Path) -> dict[str, str]:
    """Read the sums, and hold the manifest to its own; those of artifacts stand in the manifest."""
    try:
        lines = (path / SUMS).read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise BundleDamaged(f"{path / SUMS} cannot be read", hint=_AGAIN) from error
    sums = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    if sums.get(MANIFEST) != hashlib.sha256((path / MANIFEST).read_bytes()).hexdigest():
        message = f"{path / MANIFEST} was changed after the export (sha256 differs)"
        raise BundleDamaged(message, hint=_AGAIN)
    return sums


def _check_file(root: Path, artifact: Artifact) -> None:
    hint = "Copy or export the bundle again; it is not used as it is"
    relative = PurePosixPath(artifact.path)
    if relative.is_absolute() or ".." in relative.parts:
        message = f"the manifest names `{artifact.path}`, outside the bundle"
        raise BundleDamaged(message, hint=hint)
    place = root / artifact.path
    try:
        size = place.stat().st_size
        if size == artifact.bytes:
            with place.open("rb") as stream:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise BundleDamaged(f"`{artifact.path}` is missing from the bundle", hint=hint) from error
    if size != artifact.bytes:
        message = f"`{artifact.path}` has {size} bytes, the manifest says {artifact.bytes}"
        raise BundleDamaged(message, hint=hint)
    if digest != artifact.sha256:
        message = f"`{artifact.path}` was changed after the export (sha256 differs)"
        raise BundleDamaged(message, hint=hint)


def _artifact(fields: Mapping[str, Any]) -> Artifact:
    table = TableRef(**fields["table"]) if fields["table"] else None
    return Artifact(**{**fields, "table": table, "columns": tuple(fields["columns"])})


def _table_copy(fields: Mapping[str, Any]) -> TableCopy:
    return TableCopy(
        **{
            **fields,
            "table": TableRef(**fields["table"]),
            "columns": tuple(fields["columns"]),
            "digest": _digest(fields["digest"]),
            "filled": _digest(fields.get("filled")),
        }
    )


def _digest(fields: Mapping[str, Any] | None) -> Digest | None:
    return Digest(**{**fields, "columns": tuple(fields["columns"])}) if fields else None
