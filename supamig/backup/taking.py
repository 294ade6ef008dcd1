"""Taking a backup: everything under one snapshot, read back before it gets its name."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from supamig import inventory, pgtools
from supamig.backup import files
from supamig.backup.manifest import (
    DUMP,
    FILES,
    INVENTORY,
    ROLES,
    SECRETS,
    write_manifest,
)
from supamig.disk import disk_errors, sync
from supamig.errors import BackupDamaged, DiskFull, Refused, ToolFailed, UsageError
from supamig.models import TableCopy, TableRef
from supamig.moves import table_of
from supamig.postgres import Source
from supamig.records import inventory_text
from supamig.sides import Live, Memory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from supamig.config import Settings
    from supamig.models import Inventory
    from supamig.pgtools import Tools
    from supamig.protocols import Progress

#: How the programs of Postgres say that no room is left; the last is a limit of the process.
_FULL = ("No space left on device", "Disk quota exceeded", "File too large", "SIGXFSZ")


class Original(Source):
    """The database that is backed up: read-only, under one snapshot."""

    label = "target"


@dataclass(slots=True)
class Draft:
    """A backup that is being written."""

    name: str
    place: Path
    original: Original
    tools: Tools
    settings: Settings
    catalogs: Inventory | None = None
    tables: list[TableCopy] = field(default_factory=list)

    def file(self, name: str) -> Path:
        """Return where a file of the backup is written."""
        return self.place / name


def guard_rights(original: Original) -> None:
    """Raise `Refused` for a role that cannot read all that a backup needs."""
    if not original.facts.superuser:
        raise Refused(
            f"`{original.facts.user}` may not read the passwords of roles, which a backup holds",
            hint="Connect to the target as `supabase_admin`",
        )


def take_catalogs(draft: Draft, progress: Progress) -> str:
    """Export the snapshot and write the inventory that is seen under it."""
    del progress
    draft.original.open()
    plain = inventory.take(draft.original)
    draft.catalogs = replace(
        plain,
        snapshot=draft.original.snapshot,
        lsn=draft.original.lsn,
        taken_at=draft.original.taken_at,
    )
    place = draft.file(INVENTORY)
    with disk_errors(place), _private(place).open("wb") as stream:
        stream.writelines(inventory_text(draft.catalogs))
    return f"{len(draft.catalogs.catalogs['tables'])} relations"


def take_database(draft: Draft, progress: Progress) -> str:
    """Write what pg_dump says under the snapshot."""
    where, environment = pgtools.connection_arguments(draft.original.dsn)
    item = draft.original.facts.database
    progress.started(item, expected=draft.original.facts.size)
    command = [draft.tools.program("pg_dump"), "--format=custom", "--no-password"]
    command += [f"--snapshot={draft.original.snapshot}", "--lock-wait-timeout=60s"]
    command += ["--encoding=UTF8", f"--file={_private(draft.file(DUMP))}"]
    _run([*command, *where], environment, draft.file(DUMP))
    size = draft.file(DUMP).stat().st_size
    progress.finished(item, bytes=size)
    return f"pg_dump {draft.tools.version}"


def take_roles(draft: Draft, progress: Progress) -> str:
    """Write the roles with their passwords, as services of a restored database log in with them."""
    del progress
    where, environment = pgtools.connection_arguments(draft.original.dsn)
    command = [draft.tools.program("pg_dumpall"), "--roles-only", "--no-password"]
    command += [f"--database={draft.original.facts.database}", "--encoding=UTF8"]
    _run([*command, f"--file={_private(draft.file(ROLES))}", *where], environment,
         draft.file(ROLES))  # fmt: skip
    roles = draft.catalogs.catalogs["roles"] if draft.catalogs else ()
    return f"{len(roles)} roles"


def take_digests(draft: Draft, progress: Progress) -> str:
    """Digest the rows of every table, those of the services too."""
    del progress
    if draft.catalogs is None:
        return ""
    side = Live(draft.original, Memory(), sessions=draft.settings.jobs)
    draft.tables = digested(side, draft.catalogs)
    return f"{sum(copy.rows for copy in draft.tables):,} rows of {len(draft.tables)} tables"


def digested(side: Live, catalogs: Inventory) -> list[TableCopy]:
    """Return every table of the catalogs with the digest of its rows as they are on a side."""
    found = side.digests(columns_of(catalogs))
    return [
        TableCopy(table=t, columns=one.columns, rows=one.rows, bytes=0, seconds=0.0, digest=one)
        for t, one in sorted(found.items())
    ]


def columns_of(catalogs: Inventory) -> dict[TableRef, list[str]]:
    """Return every table of the catalogs with the columns that its digest is of."""
    columns: dict[TableRef, list[str]] = {
        table_of(r): [] for r in catalogs.catalogs["tables"] if r["kind"] == "r"
    }
    for record in sorted(catalogs.catalogs["columns"], key=lambda r: int(str(r["position"]))):
        if table_of(record) in columns and not record["generated"]:
            columns[table_of(record)].append(str(record["column"]))
    return columns


def take_files(draft: Draft, progress: Progress) -> str:
    """Pack storage's files, where their directory is known."""
    directory = draft.settings.backup.files
    if directory is None:
        progress.note("storage's files are not part of this backup: `--files DIRECTORY` adds them")
        return "none"
    if not directory.is_dir():
        raise UsageError(
            f"there is no directory `{directory}` with storage's files",
            hint="Mount it, or name the right one with `--files`",
        )
    progress.started(str(directory))

    def moved(count: int, size: int) -> None:
        progress.moved(str(directory), rows=count, bytes=size)

    count = files.pack(directory, draft.file(FILES), moved)
    progress.finished(str(directory), rows=0, bytes=draft.file(FILES).stat().st_size)
    return f"{count:,} files"


def take_secrets(draft: Draft, progress: Progress) -> str:
    """Copy the deployment's `.env`, where it is given: its passwords fit the roles."""
    path = draft.settings.backup.secrets_file
    if path is None:
        progress.note("the deployment's secrets are not part of this backup: `--secrets-file` adds"
                      " them")  # fmt: skip
        return "none"
    with disk_errors(draft.file(SECRETS)):
        try:
            content = path.read_bytes()
        except OSError as error:
            message = f"`{path}` cannot be read: {error.strerror}"
            raise UsageError(message, hint="Name the right file with `--secrets-file`") from error
        _private(draft.file(SECRETS)).write_bytes(content)
    return path.name


def read_back(draft: Draft, progress: Progress) -> str:
    """Read the dump's table of contents, then write manifest and sums."""
    del progress
    entries = contents(draft.tools, draft.file(DUMP))
    if not draft.file(ROLES).stat().st_size:
        raise BackupDamaged(f"pg_dumpall wrote nothing to `{ROLES}`", hint="Take it again")
    facts = {
        "taken_at": draft.name,
        "made_by": f"supamig {_version()}",
        "database": draft.original.facts.database,
        "server": draft.original.facts.version,
        "pg_dump": draft.tools.version,
    }
    write_manifest(draft.place, facts, draft.tables)
    return f"{len(entries)} entries"


#: What is done, in this order: an id, what people read of it, and what does it.
STEPS: tuple[tuple[str, str, Callable[[Draft, Progress], str]], ...] = (
    ("catalogs", "Catalogs", take_catalogs),
    ("database", "Database", take_database),
    ("roles", "Roles with their passwords", take_roles),
    ("digests", "Digests of all rows", take_digests),
    ("files", "Storage's files", take_files),
    ("secrets", "Secrets of the deployment", take_secrets),
    ("reading", "Read back", read_back),
)


def finish(draft: Draft, directory: Path) -> Path:
    """Give the backup its name: from now on it is one."""
    made = directory / draft.name
    with disk_errors(made):
        draft.place.rename(made)
        sync(directory)
    return made


def discard(draft: Draft) -> None:
    """Remove a backup that did not become whole."""
    shutil.rmtree(draft.place, ignore_errors=True)


def contents(tools: Tools, dump: Path) -> list[str]:
    """List the entries of a dump; raise `BackupDamaged` where there are none to read."""
    try:
        listing = pgtools.run([tools.program("pg_restore"), "--list", str(dump)])
    except ToolFailed as error:
        message = f"`{dump.name}` cannot be read back: {error.message}"
        raise BackupDamaged(message, hint="Take the backup again, or use another one") from error
    lines = listing.decode().split("\n")
    return [line for line in lines if line and not line.startswith(";")]


def _run(command: Iterable[str], environment: dict[str, str], place: Path) -> None:
    """Run a program that writes a file; raise `DiskFull` where it says that this was why."""
    try:
        pgtools.run(list(command), environment=environment)
    except ToolFailed as error:
        if any(sign in error.message for sign in _FULL):
            raise DiskFull(
                f"no room left while writing `{place.parent.parent}`",
                hint="Free some room, or keep fewer days with `--keep-days`; older backups are"
                " all there",
            ) from error
        raise


def _private(place: Path) -> Path:
    """Make an empty file that only its owner may read; whoever writes it later keeps that."""
    with disk_errors(place):
        os.close(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    return place


def _version() -> str:
    from importlib import metadata

    return metadata.version("supamig")
