"""What a scan means: which features are used and how much, what must be changed before a move."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from supamig.models import Finding, Severity
from supamig.scanning.model import Feature, Subject

if TYPE_CHECKING:
    from supamig.scanning.model import Address, Key, Problem, Scan, Use

#: From so many calls on a feature counts as heavily used.
HEAVILY = 10
#: Files that the table names for each feature.
_FILES = 3
LABELS = {
    Feature.AUTH: "Auth",
    Feature.REST: "PostgREST",
    Feature.STORAGE: "Storage",
    Feature.REALTIME: "Realtime",
    Feature.FUNCTIONS: "Edge functions",
    Feature.POSTGRES: "Postgres directly",
    Feature.CRON: "Cron",
    Feature.QUEUES: "Queues",
    Feature.VAULT: "Vault",
    Feature.WEBHOOKS: "Webhooks, pg_net",
    Feature.APP_SETTINGS: "Settings `app.settings.*`",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """How much a feature is used: `heavily`, `yes`, `perhaps` (by name only) or `no`."""

    feature: Feature
    used: str
    calls: int
    files: int
    where: tuple[str, ...]


def answers(scan: Scan) -> tuple[Answer, ...]:
    """Return an answer for every feature, also for those that nothing uses."""
    return tuple(_answer(feature, scan.of(feature)) for feature in LABELS)


def _answer(feature: Feature, uses: tuple[Use, ...]) -> Answer:
    by_file = Counter(use.path for use in uses)
    first = {use.path: use.line for use in reversed(uses)}
    most = sorted(by_file, key=lambda path: (-by_file[path], path))[:_FILES]
    if not uses:
        used = "no"
    elif all(use.inferred for use in uses):
        used = "perhaps"
    else:
        used = "heavily" if len(uses) >= HEAVILY else "yes"
    return Answer(
        feature=feature,
        used=used,
        calls=len(uses),
        files=len(by_file),
        where=tuple(f"{path}:{first[path]}" for path in most),
    )


def findings(scan: Scan) -> tuple[Finding, ...]:
    """Return what must be looked at before the application is switched, the worst first."""
    found = [
        *(_of_key(key) for key in scan.keys),
        *(_of_address(address) for address in scan.addresses),
        *(_of_setting(use) for use in scan.of(Feature.APP_SETTINGS)),
        *(_of_problem(problem) for problem in scan.problems),
    ]
    order = [Severity.ERROR, Severity.WARNING, Severity.INFO]
    return tuple(sorted(found, key=lambda one: order.index(one.severity)))


def _of_key(key: Key) -> Finding:
    if key.kind.is_public:
        why = "it is public, but the target may have another"
        hint = "Read it from the environment, so that `supamig configure` can change it"
    else:
        why = "whoever reads the file can read and write everything"
        hint = "Take it out, and replace it: what was committed stays in the history"
    return Finding(
        check="application.key",
        severity=Severity.WARNING if key.kind.is_public else Severity.ERROR,
        subject=f"{key.path}:{key.line}",
        message=f"`{key.path}` line {key.line} holds a {key.kind} ({key.masked}): {why}",
        hint=hint,
        evidence={"path": key.path, "line": key.line, "key": key.masked, "ref": key.project_ref},
    )


def _of_address(address: Address) -> Finding:
    return Finding(
        check="application.address",
        severity=Severity.WARNING,
        subject=f"{address.path}:{address.line}",
        message=f"`{address.path}` line {address.line} names `{address.url}`:"
        " it stays with the source after the switch",
        hint="Read the address from the environment, or change it with the switch",
        evidence={"path": address.path, "line": address.line, "url": address.url},
    )


def _of_setting(use: Use) -> Finding:
    return Finding(
        check="application.app-settings",
        severity=Severity.WARNING,
        subject=f"{use.path}:{use.line}",
        message=f"`{use.path}` line {use.line} reads {use.call},"
        " which a self-hosted database does not set",
        hint="Set it with `alter database postgres set`, or read the secret from Vault",
        evidence={"path": use.path, "line": use.line},
    )


def _of_problem(problem: Problem) -> Finding:
    place = f"`{problem.path}`" + (f" line {problem.line}" if problem.line else "")
    return Finding(
        check="application.unread",
        severity=Severity.INFO if "UTF-8" in problem.reason else Severity.WARNING,
        subject=f"{problem.path}:{problem.line}",
        message=f"{place} {problem.reason}",
        evidence={"path": problem.path, "line": problem.line},
    )


def as_json(scan: Scan) -> dict[str, object]:
    """Return the scan with its answers, in the shape that `stored` reads again."""
    return {
        "kind": "scan",
        "schema_version": scan.schema_version,
        "paths": scan.paths,
        "files": scan.files,
        "parsed": scan.parsed,
        "ignored": scan.ignored,
        "features": answers(scan),
        "tables": [_qualified(*one) for one in scan.names(Subject.TABLE)],
        "rpcs": [_qualified(*one) for one in scan.names(Subject.FUNCTION)],
        "buckets": [name for _, name in scan.names(Subject.BUCKET)],
        "channels": [name for _, name in scan.names(Subject.CHANNEL)],
        "functions": [name for _, name in scan.names(Subject.EDGE_FUNCTION)],
        "leave_out": scan.leave_out,
        "project_refs": sorted({one.project_ref for one in scan.addresses if one.project_ref}),
        "transforms_images": scan.transforms_images,
        "uses": scan.uses,
        "keys": scan.keys,
        "addresses": scan.addresses,
        "variables": scan.variables,
        "problems": scan.problems,
        "findings": findings(scan),
    }


def _qualified(schema: str, name: str) -> dict[str, str]:
    return {"schema": schema, "name": name}
