"""Who runs a server: Postgres refuses root, so root hands over to an unprivileged user."""

from __future__ import annotations

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from supamig.errors import ToolMissing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_CANDIDATES = ("postgres", "nobody")


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Who owns the data directories and runs the servers."""

    uid: int
    gid: int

    @property
    def is_another(self) -> bool:
        """Whether this is somebody else than the user of this process."""
        return self.uid != os.geteuid()

    def own(self, path: Path) -> None:
        """Give a file or directory to this user."""
        if self.is_another:
            os.chown(path, self.uid, self.gid)

    def spawn(
        self, command: Sequence[str], *, env: Mapping[str, str], cwd: Path, output: int
    ) -> subprocess.Popen[bytes]:
        """Start a program as this user, out of reach of the terminal's Ctrl-C."""
        other = self.is_another
        return subprocess.Popen(
            command,
            env=dict(env),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            user=self.uid if other else None,
            group=self.gid if other else None,
            extra_groups=[] if other else None,
        )

    def can(self, test: str, path: Path) -> bool:
        """Ask the system as this user: ``test`` is ``-r``, ``-w`` or ``-x``, as in ``test(1)``."""
        shell = ["/bin/sh", "-c", f'test {test} "$1"', "test", str(path)]
        process = self.spawn(shell, env={}, cwd=Path("/"), output=subprocess.DEVNULL)
        return process.wait() == 0


def unprivileged() -> Account:
    """Return this process's own user, or for root one that Postgres accepts.

    Raise `ToolMissing` when root finds none.
    """
    if os.geteuid() != 0:
        return Account(uid=os.geteuid(), gid=os.getegid())
    for name in _CANDIDATES:
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(uid=found.pw_uid, gid=found.pw_gid)
    message = "Postgres does not run as root, and there is neither a user `postgres` nor `nobody`"
    raise ToolMissing(message, hint="Run the same command as a plain user")
