"""Before the move: whether the two servers fit each other, and the data fits the target."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from supamig.hookspecs import hookimpl
from supamig.models import Finding, Severity, Stage, quote
from supamig.protocols import Unavailable, Validator, validator
from supamig.validators.compare import Sides, is_compared

if TYPE_CHECKING:
    from collections.abc import Iterable

    from supamig.protocols import CheckContext

#: Major versions that supamig is tested with.
_OLDEST, _NEWEST = 15, 18
#: The target needs the source's size, the same again for WAL and sorting, and some air.
_ROOM = 2.0
_MIB = 1024 * 1024


@validator(
    "preflight.servers",
    title="Both servers answer, and their versions fit",
    stage=Stage.PREFLIGHT,
    needs=("source", "target"),
)
def servers(context: CheckContext) -> Iterable[Finding]:
    """Find one database under two names, an older target, versions that nobody tried."""
    source, target = context.source.facts, context.target.facts
    if source.identity == target.identity:
        yield Finding(
            check="preflight.servers",
            severity=Severity.ERROR,
            subject="same database",
            message="source and target are one database",
            hint="Check the two connection strings: they lead to the same server",
        )
    if target.major < source.major:
        yield Finding(
            check="preflight.servers",
            severity=Severity.ERROR,
            subject="target older",
            message=f"the target runs Postgres {target.major}, older than the source's"
            f" {source.major}",
            hint="Deploy an image of the source's major version or a newer one",
        )
    for label, facts in (("source", source), ("target", target)):
        if not _OLDEST <= facts.major <= _NEWEST:
            yield Finding(
                check="preflight.servers",
                severity=Severity.WARNING,
                subject=f"{label} version",
                message=f"the {label} runs Postgres {facts.version}; supamig is tested with"
                f" {_OLDEST} to {_NEWEST}",
                hint="Rehearse the move on copies first",
            )


@validator(
    "preflight.extensions",
    title="The target offers every extension of the source",
    stage=Stage.PREFLIGHT,
    needs=("target",),
)
def extensions(context: CheckContext) -> Iterable[Finding]:
    """Find extensions that cannot be created on the target, or only in another version."""
    offered = {str(r["extension"]): r for r in context.target.catalog("available_extensions")}
    installed = {str(r["extension"]): r for r in context.target.catalog("extensions")}
    for record in context.source.catalog("extensions"):
        name, version = str(record["extension"]), str(record["version"])
        if name not in offered and name not in installed:
            yield Finding(
                check="preflight.extensions",
                severity=Severity.ERROR,
                subject=name,
                message=f"extension `{name}` is not available on the target",
                hint="Use an image that has it, or drop the extension on the source",
                evidence={"version on source": version, "schema": record["schema"]},
            )
        elif name in installed and installed[name]["schema"] != record["schema"]:
            place, other = quote(str(record["schema"])), quote(str(installed[name]["schema"]))
            yield Finding(
                check="preflight.extensions",
                severity=Severity.ERROR,
                subject=name,
                message=f"extension `{name}` is in schema `{other}` on the target, in `{place}` on"
                " the source: what uses it would not find it",
                hint=f"Run `create schema if not exists {place}` and `alter extension {quote(name)}"
                f" set schema {place}` on the target",
            )
        elif name in offered:
            versions = offered[name]["versions"]
            if isinstance(versions, list) and version not in versions:
                yield Finding(
                    check="preflight.extensions",
                    severity=Severity.INFO,
                    subject=name,
                    message=f"extension `{name}` {version} is not available on the target,"
                    " other versions are",
                    hint="Rehearse the move: most extensions read the rows of other versions",
                    evidence={"version on source": version, "versions on target": versions},
                )


@validator(
    "preflight.encoding",
    title="Encoding and locale are the same",
    stage=Stage.PREFLIGHT,
    needs=("target",),
)
def encoding(context: CheckContext) -> Iterable[Finding]:
    """Find databases that store or sort text differently."""
    source, target = (side["database"] for side in Sides(context).read("database"))
    if source["encoding"] != target["encoding"]:
        fits = target["encoding"] == "UTF8"
        yield Finding(
            check="preflight.encoding",
            severity=Severity.WARNING if fits else Severity.ERROR,
            subject="encoding",
            message=f"the source's encoding is {source['encoding']}, the target's"
            f" {target['encoding']}",
            hint="Create the target's database with encoding UTF8",
        )
    locale = ("provider", "lc_collate", "lc_ctype", "locale")
    if any(source[key] != target[key] for key in locale):
        yield Finding(
            check="preflight.encoding",
            severity=Severity.WARNING,
            subject="locale",
            message="the two databases have different locales: text may sort differently",
            hint="Create the target's database with the source's locale if order matters",
            evidence={f"{key} on source": source[key] for key in locale}
            | {f"{key} on target": target[key] for key in locale},
        )


@validator(
    "preflight.disk",
    title="The target's disk has room",
    stage=Stage.PREFLIGHT,
    needs=("source", "target"),
)
def disk(context: CheckContext) -> Iterable[Finding]:
    """Compare the source's size with what is free where the target keeps its data.

    Postgres tells nobody how much room is left; that can only be seen on the same machine.
    """
    size = context.source.facts.size
    wanted = int(size * _ROOM)
    needs = f"the source has {size // _MIB:,} MiB; have {wanted // _MIB:,} MiB free on the target"
    directory = _data_directory(context)
    if directory is None:
        message = f"free space cannot be read over a database connection ({needs})"
        raise Unavailable(message)
    free = shutil.disk_usage(directory).free
    if free < wanted:
        yield Finding(
            check="preflight.disk",
            severity=Severity.ERROR if free < size else Severity.WARNING,
            subject="disk",
            message=f"the target's disk has {free // _MIB:,} MiB free, the source {size // _MIB:,}",
            hint=f"Make {wanted // _MIB:,} MiB free: rows, indexes and WAL grow at once",
            evidence={"free": free, "size of source": size},
        )


def _data_directory(context: CheckContext) -> Path | None:
    """Return where the target keeps its data, if that is on this machine."""
    rows = context.target.rows(
        "select setting from pg_catalog.pg_settings where name = 'data_directory'"
    )
    directory = Path(rows[0][0]) if rows else None
    if directory is None or _system_id(directory) != context.target.facts.system_id:
        # a tunnel or a container: the same path here is something else
        return None
    return directory


def _system_id(directory: Path) -> str:
    """Read the identifier that pg_control begins with; empty where that cannot be read."""
    try:
        with (directory / "global" / "pg_control").open("rb") as file:
            return str(int.from_bytes(file.read(8), sys.byteorder))
    except OSError:
        return ""


@validator(
    "preflight.locks",
    title="The source can lock every table at once",
    stage=Stage.PREFLIGHT,
    needs=("source",),
)
def locks(context: CheckContext) -> Iterable[Finding]:
    """Find a lock table that is too small: pg_dump locks every table in one transaction.

    On the target everything is done in pieces, so it needs no more than other servers.
    """
    settings = {str(r["setting"]): str(r["value"]) for r in context.source.catalog("settings")}
    per_session, connections, prepared = (int(settings[name]) for name in _LOCK_SETTINGS)
    room = per_session * (connections + prepared)
    needed = sum(
        1
        for record in context.source.catalog("tables")
        if record["kind"] in _LOCKED and is_compared(str(record["schema"]))
    )
    if needed > room:
        hopeless = needed > room * _STRETCH
        enough = -(-needed // (connections + prepared))
        yield Finding(
            check="preflight.locks",
            severity=Severity.ERROR if hopeless else Severity.WARNING,
            subject="source",
            message=f"pg_dump locks all {needed:,} tables of the project at once, and the source"
            f" has room for {room:,} locks" + ("" if hopeless else ", if not for a few more"),
            hint=f"Set `max_locks_per_transaction = {enough}` on the source and restart it",
            evidence={"locks": room, "tables": needed},
        )


_LOCK_SETTINGS = ("max_locks_per_transaction", "max_connections", "max_prepared_transactions")
#: Kinds of tables that pg_dump locks: plain and partitioned ones.
_LOCKED = frozenset({"r", "p"})
#: The lock table takes about twice as much, from memory that nothing else claims (15: 14,000 locks
#: where the settings come to 7,040).
_STRETCH = 2


@hookimpl
def supamig_validators() -> list[Validator]:
    """Hand over the preflight checks of the two servers."""
    return [servers, extensions, encoding, disk, locks]
