"""What can go wrong with the tool, each with a code, an exit code and a hint.

A problem of the *migration* is a :class:`~supamig.models.Finding`; what is raised here is a problem
of the tool's own work: it could not connect, it may not go on, it was stopped.

    SupamigError
    ├── UsageError            2   ConfigError, BundleTooNew, BackupTooNew
    ├── AuthenticationFailed  3   PermissionMissing
    ├── Unreachable           4   RequestRefused
    ├── StepFailed            5   ConnectionLost, DiskFull, ToolFailed
    ├── Refused               6   SameDatabase, TargetNotEmpty, TargetOlder, ToolTooOld,
    │                             ToolMissing, PlanRefused, BundleDamaged, BackupDamaged,
    │                             RunInProgress
    ├── CannotResume          7
    ├── Cancelled             8
    └── TimedOut              9
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from supamig.models import Finding


class ExitCode(IntEnum):
    """How the process ends (DESIGN: CLI conventions)."""

    OK = 0
    FINDINGS = 1
    USAGE = 2
    AUTHENTICATION = 3
    UNREACHABLE = 4
    STEP_FAILED = 5
    REFUSED = 6
    CANNOT_RESUME = 7
    CANCELLED = 8
    TIMED_OUT = 9
    BUG = 70
    INTERRUPTED = 130
    TERMINATED = 143

    @property
    def is_about_connecting(self) -> bool:
        """Whether no session could be opened."""
        return self in {ExitCode.AUTHENTICATION, ExitCode.UNREACHABLE}


class SupamigError(Exception):
    """Something a person can act on.  Never wraps a bug in supamig."""

    code: ClassVar[str] = "error"
    exit_code: ClassVar[ExitCode] = ExitCode.STEP_FAILED

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(SupamigError):
    """The command or its arguments are not usable as given."""

    code = "usage"
    exit_code = ExitCode.USAGE


class ConfigError(UsageError):
    """A setting is unknown, missing or malformed."""

    code = "config"


class DotenvUnusable(UsageError):
    """A `.env` file is missing, may not be replaced, or is no text that can be edited."""

    code = "dotenv-unusable"


class BundleTooNew(UsageError):
    """The bundle was written by a newer supamig in a format that this one does not read."""

    code = "bundle-too-new"


class BackupTooNew(UsageError):
    """The backup was written in a format that this supamig does not read."""

    code = "backup-too-new"


class AuthenticationFailed(SupamigError):
    """The server refused the password, or the role may not connect."""

    code = "authentication-failed"
    exit_code = ExitCode.AUTHENTICATION


class PermissionMissing(AuthenticationFailed):
    """The access token is known, and may not read what is needed."""

    code = "permission-missing"


class Unreachable(SupamigError):
    """No server answers at the given place."""

    code = "unreachable"
    exit_code = ExitCode.UNREACHABLE


class RequestRefused(Unreachable):
    """A server answers, and not with what it was asked for."""

    code = "request-refused"


class StepFailed(SupamigError):
    """One step of the plan failed; the same command resumes after it is mended."""

    code = "step-failed"
    exit_code = ExitCode.STEP_FAILED


class ConnectionLost(StepFailed):
    """The server closed the connection in the middle of a step."""

    code = "connection-lost"


class DiskFull(StepFailed):
    """No room left where the bundle is being written."""

    code = "disk-full"


class ToolFailed(StepFailed):
    """A child process (``pg_dump``, ``pg_restore``, ``supabase``) ended with an error."""

    code = "tool-failed"


class SwitchFailed(StepFailed):
    """An application did not come up on the target; everything was put back, or could not be."""

    code = "switch-failed"


class Refused(SupamigError):
    """Going on could lose something, so supamig does not."""

    code = "refused"
    exit_code = ExitCode.REFUSED


class SameDatabase(Refused):
    """Source and target are one database, whatever the names say."""

    code = "same-database"


class TargetNotEmpty(Refused):
    """The target already holds user data."""

    code = "target-not-empty"


class TargetOlder(Refused):
    """The target runs an older major version of Postgres than the source."""

    code = "target-older"


class ToolMissing(Refused):
    """A program that the chosen method needs is not installed."""

    code = "tool-missing"


class ToolTooOld(Refused):
    """A program is older than the server that it must read."""

    code = "tool-too-old"


class BundleDamaged(Refused):
    """A file of the bundle is missing, truncated or edited."""

    code = "bundle-damaged"


class BackupDamaged(Refused):
    """A file of the backup is missing, truncated or edited."""

    code = "backup-damaged"


class RunInProgress(Refused):
    """Another supamig is working on this target."""

    code = "run-in-progress"


class FilesEdited(Refused):
    """Files of an application were changed since the switch, by somebody else."""

    code = "files-edited"


class PlanRefused(Refused):
    """The preflight or the plan found problems that must be mended or accepted first."""

    code = "plan-refused"

    def __init__(self, message: str, *, hint: str = "", findings: Sequence[Finding] = ()) -> None:
        super().__init__(message, hint=hint)
        self.findings = tuple(findings)


class CannotResume(SupamigError):
    """The journal of the earlier run cannot be continued."""

    code = "cannot-resume"
    exit_code = ExitCode.CANNOT_RESUME


class Cancelled(SupamigError):
    """A person said no, or nobody was there to say yes."""

    code = "cancelled"
    exit_code = ExitCode.CANCELLED


class TimedOut(SupamigError):
    """A deadline of the whole command passed."""

    code = "timed-out"
    exit_code = ExitCode.TIMED_OUT
