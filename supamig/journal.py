"""The journal: what a run has done so far, one JSON line a fact, on disk before it is built on.

A line that was cut off by a crash is dropped; a damaged line anywhere else is an error.  One
directory a run: ``<state>/runs/<run id>/journal.jsonl`` beside the files that the run needs.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from supamig.disk import disk_errors
from supamig.errors import CannotResume, RunInProgress

if TYPE_CHECKING:
    from pathlib import Path

JOURNAL = "journal.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStatus:
    """Where one run stands: ``state`` is running, unfinished, finished or removed.

    ``steps`` is 0 while the plan is being made.
    """

    run_id: str
    command: str
    method: str
    started_at: str
    source_id: str
    target_id: str
    source: str
    target: str
    state: str
    verdict: str
    steps_done: tuple[str, ...]
    steps: int
    path: str


class Journal:
    """One run's journal: what it says, and one more line at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.entries = read_entries(path / JOURNAL)
        self._may_be_torn = True

    @classmethod
    def begin(cls, runs: Path, **facts: Any) -> Journal:  # noqa: ANN401 - JSON values
        """Begin a run in a directory of its own below ``runs`` and note its facts."""
        now = datetime.now(tz=UTC)
        run_id = f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
        path = runs / run_id
        with disk_errors(path):
            path.mkdir(parents=True, mode=0o700)
        journal = cls(path)
        journal.append("run-started", run_id=run_id, at=now.isoformat(), **facts)
        return journal

    def append(self, event: str, **facts: Any) -> None:  # noqa: ANN401 - JSON values
        """Add one line and wait until it is on disk."""
        entry = {"event": event, **facts}
        place = self.path / JOURNAL
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        with disk_errors(place):
            if self._may_be_torn:
                _cut_torn_line(place)
            self._may_be_torn = True
            with os.fdopen(os.open(place, flags, 0o600), "wb") as stream:
                stream.write(json.dumps(entry, ensure_ascii=False).encode() + b"\n")
                stream.flush()
                os.fsync(stream.fileno())
        self._may_be_torn = False
        self.entries.append(entry)

    def last(self, event: str) -> dict[str, Any] | None:
        """Return the newest entry of a kind."""
        return next((e for e in reversed(self.entries) if e["event"] == event), None)

    def all(self, event: str) -> list[dict[str, Any]]:
        """Return every entry of a kind, oldest first."""
        return [entry for entry in self.entries if entry["event"] == event]

    @property
    def run_id(self) -> str:
        """The run's name, that of its directory."""
        return self.path.name

    @property
    def started(self) -> dict[str, Any]:
        """The facts that the run began with."""
        entry = self.last("run-started")
        if entry is None:
            raise CannotResume(
                f"the journal in {self.path} has no beginning",
                hint="Use `--fresh` with an empty target, or remove that directory",
            )
        return entry

    @property
    def steps_done(self) -> dict[str, dict[str, Any]]:
        """The finished steps by id."""
        return {entry["step"]: entry for entry in self.all("step-finished")}

    @property
    def is_removed(self) -> bool:
        """Whether ``--fresh`` removed what this run had made."""
        return self.last("run-removed") is not None

    @property
    def is_finished(self) -> bool:
        """Whether all steps ran to their end and the target was proven."""
        finished = self.last("run-finished")
        return finished is not None and finished["verdict"] == "passed"

    @property
    def is_being_removed(self) -> bool:
        """Whether ``--fresh`` began to remove what this run made, and was neither done nor refused.

        Its target may then hold all of it or nothing.
        """
        steps = [e["event"] for e in self.entries if e["event"].startswith("removal-")]
        return steps[-1:] == ["removal-started"] and not self.is_removed


def read_entries(path: Path) -> list[dict[str, Any]]:
    """Read a journal; a torn last line is left out, any other damage raises `CannotResume`."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return []
    entries = []
    for number, line in enumerate(data.split(b"\n")[:-1], start=1):
        try:
            entry = json.loads(line)
            entry["event"]
        except (ValueError, TypeError, KeyError) as error:
            raise CannotResume(
                f"line {number} of {path} is damaged",
                hint="Use `--fresh` with an empty target, or restore the file",
            ) from error
        entries.append(entry)
    return entries


def _cut_torn_line(path: Path) -> None:
    """Remove what a crash left behind the last whole line, so that the next line stands alone."""
    if not path.exists():
        return
    with path.open("rb+") as stream:
        data = stream.read()
        stream.truncate(data.rfind(b"\n") + 1)


def runs_of(state_dir: Path) -> list[Journal]:
    """Return the journals below a state directory that have a beginning, oldest first."""
    runs = state_dir / "runs"
    if not runs.is_dir():
        return []
    journals = [Journal(path) for path in sorted(runs.iterdir()) if (path / JOURNAL).exists()]
    return [journal for journal in journals if journal.last("run-started")]


class Hold:
    """A lock file that ends with its process: one supamig a target and state directory."""

    def __init__(self, state_dir: Path, target_id: str, *, what: str = "this target") -> None:
        self._path = state_dir / f"lock-{target_id.replace('/', '-')}"
        with disk_errors(self._path):
            state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._stream = self._path.open("w")
        try:
            fcntl.flock(self._stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._stream.close()
            raise RunInProgress(
                f"another supamig in this directory is working on {what}",
                hint="Wait until it ends; `supamig status` shows where it stands",
            ) from error

    def release(self) -> None:
        """Let the target go."""
        self._stream.close()

    @classmethod
    def is_held(cls, state_dir: Path, target_id: str) -> bool:
        """Tell whether a live process works on a target."""
        if not (state_dir / f"lock-{target_id.replace('/', '-')}").exists():
            return False
        try:
            cls(state_dir, target_id).release()
        except RunInProgress:
            return True
        return False


def status(journal: Journal, state_dir: Path) -> RunStatus:
    """Sum up one run for people."""
    started = journal.started
    finished = journal.last("run-finished")
    accepted = journal.last("plan-accepted")
    if journal.is_removed:
        state = "removed"
    elif finished and not journal.is_being_removed:
        state = "finished"
    elif Hold.is_held(state_dir, started["target_id"]):
        state = "running"
    else:
        state = "unfinished"
    return RunStatus(
        run_id=journal.run_id,
        command=started["command"],
        method=started["method"],
        started_at=started["at"],
        source_id=started["source_id"],
        target_id=started["target_id"],
        source=started["source"],
        target=started["target"],
        state=state,
        verdict=finished["verdict"] if finished else "",
        steps_done=tuple(journal.steps_done),
        steps=accepted["steps"] if accepted else 0,
        path=str(journal.path),
    )
