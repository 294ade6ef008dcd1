"""Carrying a switch out, and putting it back: files, then builds, restarts and health.

Every step can be done again, so whoever finds a switch unfinished goes on from the top.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from supamig.amounts import plural
from supamig.dotenv_file import Document
from supamig.engine import Work, run_steps
from supamig.errors import FilesEdited
from supamig.models import Stage, Step
from supamig.secret import Redactor, Secret
from supamig.switching import changes, commands, health

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from supamig.config import Application, Settings
    from supamig.engine import Done, StepProgress
    from supamig.models import Observer
    from supamig.switching.record import Switch

Direction = Literal["before", "after"]

#: Names of variables whose values no output of a command may show.
_TELLING: Final = re.compile("pass|pwd|secret|token|key|dsn", re.IGNORECASE)
#: A shorter value would hide words that mean nothing.
_LONG: Final = 8


@dataclass(frozen=True, slots=True)
class Carrier:
    """Carries one switch out, with the applications as the settings have them now."""

    settings: Settings
    switch: Switch
    observer: Observer

    @property
    def applications(self) -> list[Application]:
        """The applications that read a file of the switch, also by another name."""
        real = {file.real for file in self.switch.files}
        return [
            application
            for application in self.settings.applications
            if any(str(path.resolve()) in real for path in application.env_files)
        ]

    def forward(self) -> Done:
        """Switch files and applications over; raise what a step raises and leave it there."""
        self._guard()
        done = run_steps(
            list(self._works("after", self.applications)), journal=None, observer=self.observer
        )
        self.switch.journal.append("switched")
        return done

    def back(self, *, reason: str, discard: bool = False) -> Done:
        """Put every file back as it was, and the applications that were touched on them.

        Raise `FilesEdited` for files that somebody changed since, unless ``discard``.
        """
        if not discard:
            self._guard()
        journal = self.switch.journal
        touched = {entry["application"] for entry in journal.all("touched")}
        journal.append("putting-back", reason=reason)
        applications = [a for a in self.applications if a.name in touched]
        done = run_steps(
            list(self._works("before", applications)), journal=None, observer=self.observer
        )
        journal.append("put-back")
        return done

    def _guard(self) -> None:
        edited = self.switch.edited()
        if edited:
            names = ", ".join(f"`{file.path}`" for file in edited)
            verb = "was" if len(edited) == 1 else "were"
            message = f"{names} {verb} changed by somebody else since the switch"
            hint = "`supamig rollback --discard-edits` puts the files back all the same"
            raise FilesEdited(message, hint=hint)

    def edits(self) -> str:
        """Return what somebody else changed in the files, without any value."""
        shown = []
        for file in self.switch.edited():
            real = Path(file.real)
            now = real.read_bytes() if real.exists() else b""
            shown.append(changes.edits(Path(file.path), self.switch.content(file, "after"), now))
        return "".join(shown)

    def _works(self, to: Direction, applications: list[Application]) -> Iterator[Work]:
        verb = "rollback" if to == "before" else "configure"
        title = "Files as they were" if to == "before" else "Files of applications"
        yield _work(f"{verb}.files", title, partial(self._put, to))
        for application in applications:
            if application.build:
                build = partial(self._run, application, "build", application.build)
                yield _work(f"{verb}.build.{application.name}", f"Build {application.name}", build)
        for application in applications:
            if application.restart:
                again = partial(self._run, application, "restart", application.restart)
                yield _work(
                    f"{verb}.restart.{application.name}", f"Restart {application.name}", again
                )
        for application in applications:
            if application.health:
                well = partial(_become_healthy, application)
                yield _work(
                    f"{verb}.health.{application.name}", f"Health of {application.name}", well
                )

    def _put(self, to: Direction, progress: StepProgress) -> str:
        del progress
        for file in self.switch.files:
            self.switch.put(file, to)
        values = sum(file.changes for file in self.switch.files)
        return f"{plural(values, 'value')} in {plural(len(self.switch.files), 'file')}"

    def _run(
        self, application: Application, what: str, command: tuple[str, ...], progress: StepProgress
    ) -> str:
        del progress
        self.switch.journal.append("touched", application=application.name)
        printed = commands.run(
            command, cwd=application.path, timeout=application.timeout, redact=self._redact()
        )
        self.switch.journal.append("ran", application=application.name, what=what, printed=printed)
        return " ".join(printed.split())[:100]

    def _redact(self) -> Callable[[str], str]:
        """Hide also what the files hold, of any service."""
        known = list(self.settings.secrets())
        for file in self.switch.files:
            for name in ("before", "after"):
                entries = Document.parse(self.switch.content(file, name)).entries
                known += [
                    Secret(entry.value)
                    for entry in entries
                    if len(entry.value) >= _LONG and _TELLING.search(entry.name)
                ]
        return Redactor(known).redact


def _become_healthy(application: Application, progress: StepProgress) -> str:
    del progress
    health.wait(application.health, timeout=application.timeout, name=application.name)
    return ", ".join(check.url for check in application.health)


def _work(name: str, title: str, do: Callable[[StepProgress], str]) -> Work:
    step = Step(id=name, kind="switch", stage=Stage.CUTOVER, title=title)
    return Work(step=step, do=do)
