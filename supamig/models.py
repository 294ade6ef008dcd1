"""The vocabulary: values that travel between settings, plan, steps, checks and report.

Everything here is frozen, knows no server and imports nothing of supamig.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

#: One fact of a catalog, as JSON can hold it.
Value = str | int | float | bool | None | list[str]
#: One object of a catalog: its attributes by name; always has ``name``, unique in its catalog.
Record = Mapping[str, Value]


class Severity(StrEnum):
    """How bad a finding is; ``ERROR`` fails the verdict."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Stage(StrEnum):
    """The part of a migration that a step or a check belongs to, in the order in which they run."""

    PREFLIGHT = "preflight"
    EXPORT = "export"
    IMPORT = "import"
    VERIFY = "verify"
    CUTOVER = "cutover"


class Outcome(StrEnum):
    """How a step or a check ended; only ``PASSED`` means that somebody looked and all was well."""

    PASSED = "passed"
    FAILED = "failed"
    ERRORED = "errored"
    TIMED_OUT = "timed-out"
    SKIPPED = "skipped"


class Verdict(StrEnum):
    """The answer of a report: ``INCOMPLETE`` when a check that should have run could not."""

    PASSED = "passed"
    FAILED = "failed"
    INCOMPLETE = "incomplete"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One difference or danger that a check found, in the shape of Supabase's linter (splinter)."""

    check: str
    severity: Severity
    message: str
    subject: str = ""
    hint: str = ""
    docs: str = ""
    evidence: Mapping[str, Value] = field(default_factory=dict)

    @property
    def fingerprint(self) -> str:
        """A name of 16 hex digits that stays the same from run to run; baselines hold these."""
        # half a surrogate pair, as file names can hold, has no UTF-8
        name = f"{self.check}\0{self.subject}".encode("utf-8", "backslashreplace")
        return hashlib.sha256(name).hexdigest()[:16]


@dataclass(frozen=True, slots=True, order=True)
class TableRef:
    """A table or sequence by schema and name, unquoted."""

    schema: str
    name: str

    def __str__(self) -> str:
        return f"{quote(self.schema)}.{quote(self.name)}"


def quote(identifier: str) -> str:
    """Write an identifier as ``quote_ident`` would, keywords aside: `a`, `"A b"`, `"a""b"`."""
    plain = identifier and not identifier[0].isdigit()
    if plain and all(c in "abcdefghijklmnopqrstuvwxyz0123456789_" for c in identifier):
        return identifier
    return '"' + identifier.replace('"', '""') + '"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """The rows of one table as three numbers: equal tables have equal digests, in any row order.

    ``total`` is the sum and ``xor`` the exclusive or of a 64-bit hash of every row's text.
    """

    rows: int
    total: str
    xor: int
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFacts:
    """Which server and database a side is.

    ``system_id`` is ``pg_control_system().system_identifier``; with ``database_oid`` it names one
    database in the world, by whatever address it was reached.
    """

    host: str
    database: str
    user: str
    version: str
    version_num: int
    system_id: str
    database_oid: int
    size: int
    superuser: bool

    @property
    def major(self) -> int:
        """The major version, such as 17."""
        return self.version_num // 10000

    @property
    def identity(self) -> str:
        """``system_id/database_oid``: equal for two names of one database."""
        return f"{self.system_id}/{self.database_oid}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """What one side holds: its server and its catalogs, each a tuple of records sorted by name."""

    server: ServerFacts
    catalogs: Mapping[str, tuple[Record, ...]]
    snapshot: str = ""
    lsn: str = ""
    taken_at: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """One file of a bundle; ``path`` is relative to the bundle, ``bytes`` the size on disk."""

    path: str
    kind: str
    bytes: int
    sha256: str
    producer: str
    rows: int | None = None
    table: TableRef | None = None
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TableCopy:
    """One table that was moved: rows, bytes of COPY text, seconds, and the digest of the source.

    ``filled`` is a second digest, over only the columns that hold data: a bundle has it for managed
    tables, as the target may lack a column of theirs.
    """

    table: TableRef
    columns: tuple[str, ...]
    rows: int
    bytes: int
    seconds: float
    digest: Digest | None = None
    filled: Digest | None = None
    snapshot: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One piece of work of a plan; ``estimate`` is in bytes of the source."""

    id: str
    kind: str
    stage: Stage
    title: str
    after: tuple[str, ...] = ()
    estimate: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What will be done, in order, and what was found while planning it."""

    steps: tuple[Step, ...]
    source_id: str
    target_id: str
    method: str
    findings: tuple[Finding, ...] = ()
    digest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepResult:
    """How one step ended, after how many seconds; ``detail`` is a line for people."""

    id: str
    title: str
    stage: Stage
    outcome: Outcome
    seconds: float
    detail: str = ""
    rows: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """How one check ended; ``reason`` says why it was skipped, errored or ran out of time."""

    id: str
    title: str
    stage: Stage
    outcome: Outcome
    seconds: float = 0.0
    findings: tuple[Finding, ...] = ()
    reason: str = ""
    plugin: str = ""
    docs: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The migration in numbers: ``bytes`` of COPY text, ``seconds`` of wall clock.

    ``tables`` are those of the schema `public`, ``other_tables`` those of the user's other schemas;
    partitioned tables and their partitions count each.
    """

    tables: int = 0
    other_tables: int = 0
    auth_tables: int = 0
    auth_users: int = 0
    rows: int = 0
    bytes: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All that a run did and found: what the terminal, JSON, JUnit and HTML reports are made of.

    ``earlier`` says that it is the report of an earlier call: this one found the move finished and
    changed nothing.
    """

    schema_version: int = 1
    run_id: str
    command: str
    tool_version: str
    method: str
    started_at: str
    source: ServerFacts | None
    target: ServerFacts | None
    summary: Summary
    steps: tuple[StepResult, ...] = ()
    checks: tuple[CheckResult, ...] = ()
    tables: tuple[TableCopy, ...] = ()
    verdict: Verdict
    not_checked: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    earlier: bool = False

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings of all checks, in the order of the checks."""
        return tuple(finding for check in self.checks for finding in check.findings)


class EventKind(StrEnum):
    """What an event announces; an *item* is one table, index group or file of a step."""

    STEP_STARTED = "step-started"
    STEP_FINISHED = "step-finished"
    ITEM_STARTED = "item-started"
    ITEM_PROGRESS = "item-progress"
    ITEM_FINISHED = "item-finished"
    CHECK_STARTED = "check-started"
    CHECK_FINISHED = "check-finished"
    NOTE = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A sign of progress; numbers count from the start of the item, ``expected`` is an estimate.

    Of a check that starts ``expected`` counts the checks of its run; of a finished one ``items``
    counts the findings, and ``severity`` is that of the worst.
    """

    kind: EventKind
    stage: Stage
    subject: str
    step: str = ""
    message: str = ""
    outcome: Outcome | None = None
    severity: Severity | None = None
    items: int = 0
    rows: int = 0
    bytes: int = 0
    expected: int = 0
    seconds: float = 0.0


Observer = Callable[[Event], None]
JsonObject = dict[str, Any]
