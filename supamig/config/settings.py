"""What a run is told: one frozen value, made by :func:`supamig.config.load` or by hand."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from psycopg.conninfo import conninfo_to_dict

from supamig.errors import UsageError
from supamig.models import Severity
from supamig.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

Method = Literal["stream", "pg_dump", "cli"]
#: Each has a connection string of its own; without one the target's server is the scratch too.
SideName = Literal["source", "target", "scratch", "watch"]

#: What a variable of an application can be mapped to by hand: a part of the target, or nothing.
WORDS = (
    "url",
    "host",
    "anon_key",
    "service_role_key",
    "publishable_key",
    "secret_key",
    "jwt_secret",
    "dsn",
    "db_host",
    "db_port",
    "db_user",
    "db_password",
    "db_name",
    "keep",
)

#: Options of a connection string whose values nobody may see.
SECRET_OPTIONS = ("password", "sslpassword", "oauth_client_secret")

#: What a line of a log holds that tells of an error.
ERROR_LINE = r"\b(?:ERROR|FATAL|PANIC|panic|CRITICAL)\b|\blevel\W+(?:error|fatal)\b"

#: Which names give each side, said to people who gave none.
_WAYS = {
    "source": "Set SUPAMIG_SOURCE_DSN, or SUPABASE_PROJECT_REF and SUPABASE_DB_PASSWORD,"
    " or SUPABASE_DB_URL; or pass `--source` with a DSN without its password, `env:NAME`,"
    " `file:PATH`, `cmd:COMMAND` or `bundle:PATH`",
    "target": "Set SUPAMIG_TARGET_DSN; or pass `--target` with a DSN without its password,"
    " `env:NAME`, `file:PATH` or `cmd:COMMAND`",
}


def default_jobs() -> int:
    """Return how many connections copy at once: one a processor, four at most."""
    affinity = getattr(os, "sched_getaffinity", None)  # macOS has none
    return max(1, min(4, len(affinity(0)) if affinity else os.cpu_count() or 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """How a side's services are reached: ``url`` is the gateway's, without a path.

    The anon and service role key are tokens signed with ``jwt_secret``; the publishable and secret
    key are the newer ones, which stand in for them.  None is not known.
    """

    url: str
    anon_key: Secret | None = None
    service_role_key: Secret | None = None
    publishable_key: Secret | None = None
    secret_key: Secret | None = None
    jwt_secret: Secret | None = None

    def secrets(self) -> tuple[Secret, ...]:
        """List the keys that are known, and the secret that signs them."""
        keys = (self.anon_key, self.service_role_key, self.publishable_key, self.secret_key)
        return tuple(key for key in (*keys, self.jwt_secret) if key is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """One request, and the answer that means healthy.

    ``json`` says what must stand at which place of the answer: ``{"checks.database": "ok"}``.
    """

    url: str
    method: str = "GET"
    status: int = 200
    json: Mapping[str, str | int | float | bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """Something that uses the project: where its code is, and how it is switched over.

    ``env`` says of single variables what they become: a word of
    :data:`WORDS`, or the value itself.  ``build`` and ``restart`` are
    programs with their arguments, run in ``path``; each may take ``timeout`` seconds, and so may
    getting healthy.
    """

    name: str
    path: Path = Path()
    env_files: tuple[Path, ...] = ()
    env: Mapping[str, str | Secret] = field(default_factory=dict)
    build: tuple[str, ...] = ()
    restart: tuple[str, ...] = ()
    health: tuple[Health, ...] = ()
    timeout: float = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectStore:
    """Where backups are copied: a bucket of S3 or of what speaks like it, such as Spaces."""

    endpoint: str
    bucket: str
    access_key: Secret
    secret_key: Secret
    region: str = "us-east-1"
    prefix: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupSettings:
    """What a backup holds beside the database, how long it is kept, where it is tried.

    ``files`` is the directory of storage's objects and ``secrets_file`` the deployment's `.env`.
    ``scratch`` names a server for restoring on trial; without it that is the target's.  ``first``
    has a move take a backup of the target before it writes; None means where that holds data.
    """

    keep_days: int = 7
    files: Path | None = None
    secrets_file: Path | None = None
    scratch: Secret | None = None
    first: bool | None = None
    copy_to: ObjectStore | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthProofs:
    """What checks of the Auth server may do and use.

    ``throwaway_users`` lets them make users on the target and remove these again.  ``email`` and
    ``password`` are a person's who agreed; ``refresh_token`` is of a session that the source began
    before the move.  ``config_file`` holds the source's Auth settings, named as the Management API
    does; a bundle's own is taken without being named.
    """

    throwaway_users: bool = False
    email: str = ""
    password: Secret | None = None
    refresh_token: Secret | None = None
    config_file: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchSettings:
    """What is looked at after the switch; times are seconds, ``slot_lag`` is bytes.

    ``services`` None are those that the application uses.  Errors are lines of ``log_files`` and of
    the ``containers`` of ``docker_host`` that match ``error_pattern``.  ``disk_path`` is on the
    database's volume, ``disk_command`` prints what `df -Pk` does.
    """

    every: float = 60.0
    duration: float = 86_400.0
    services: tuple[str, ...] | None = None
    webhook: Secret | None = None
    log_files: tuple[Path, ...] = ()
    containers: tuple[str, ...] = ()
    docker_host: str = ""
    error_pattern: str = ERROR_LINE
    errors_per_minute: float = 10.0
    disk_path: Path | None = None
    disk_command: tuple[str, ...] = ()
    disk_free: float = 15.0
    connections: float = 80.0
    transaction_age: float = 900.0
    slot_lag: int = 1_024_000_000
    backup_age: float = 93_600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that a run is told; two runs with equal settings do the same.

    ``source`` and ``target`` are whole connection strings with their passwords.  ``source_bundle``
    stands in for a source that is gone.  ``source_api`` and ``target_api`` are the services before
    the databases.  ``output_dir`` is where `export` puts its bundle, else a new directory in
    ``backups_dir``.  ``discard_changes`` lets a fresh move remove also what was written to the
    moved tables since the earlier one.  ``setup`` is the command that makes the deployment; it may
    take ``setup_timeout`` seconds.  ``check_timeout``, in seconds, overrides
    each check's own.  ``application_scan`` is a scan of the applications, saved as JSON, or a
    directory that is scanned.
    """

    source: Secret | None = None
    target: Secret | None = None
    source_bundle: Path | None = None
    source_api: Api | None = None
    target_api: Api | None = None
    project_ref: str = ""
    access_token: Secret | None = None
    method: Method = "stream"
    jobs: int = field(default_factory=default_jobs)
    into_nonempty: bool = False
    discard_changes: bool = False
    accept_missing: tuple[str, ...] = ()
    state_dir: Path = Path(".supamig")
    backups_dir: Path = Path("backups")
    output_dir: Path | None = None
    plugins_dirs: tuple[Path, ...] = ()
    load_plugins: tuple[str, ...] | None = None
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    fail_on: Severity = Severity.ERROR
    baseline: Path | None = None
    connect_timeout: float = 10.0
    check_timeout: float | None = None
    backup: BackupSettings = field(default_factory=BackupSettings)
    pg_bin: Path | None = None
    supabase_cli: Path | None = None
    setup: tuple[str, ...] = ()
    setup_timeout: float = 1800.0
    applications: tuple[Application, ...] = ()
    http: tuple[Health, ...] = ()
    application_paths: tuple[Path, ...] = ()
    application_scan: Path | None = None
    auth: AuthProofs = field(default_factory=AuthProofs)
    watch: WatchSettings = field(default_factory=WatchSettings)
    plugin_options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def secrets(self) -> tuple[Secret, ...]:
        """List all that a redactor must hide: connection strings, passwords, keys, the token."""
        found: list[Secret] = []
        for dsn in (self.source, self.target, self.backup.scratch):
            if dsn is not None:
                found += [dsn, *_passwords(dsn)]
        for api in (self.source_api, self.target_api):
            if api is not None:
                found += api.secrets()
        for application in self.applications:
            found += [value for value in application.env.values() if isinstance(value, Secret)]
        others = (
            *(self.access_token, self.auth.password, self.auth.refresh_token),
            self.watch.webhook,
        )
        found += [secret for secret in others if secret is not None]
        return tuple(found)

    def require(self, side: SideName) -> Secret:
        """Return the connection string of a side; raise `UsageError` with the ways to give one."""
        dsn = self.source if side == "source" else self.target
        if side == "scratch":
            dsn = self.backup.scratch or self.target
        if dsn is not None:
            return dsn
        if side == "source" and self.source_bundle is not None:
            message = f"the source is the bundle `{self.source_bundle}`, and this needs a server"
            raise UsageError(message, hint=_WAYS[side])
        message = f"no {side} is given"
        if side == "source" and self.project_ref:
            message += ": SUPABASE_PROJECT_REF is set, its password is not"
            raise UsageError(message, hint="Set SUPABASE_DB_PASSWORD, or SUPAMIG_SOURCE_DSN")
        raise UsageError(message, hint=_WAYS[side])


def _passwords(dsn: Secret) -> list[Secret]:
    """List the secret parts, but none that is its own user or database name.

    Such a password is no secret, and hiding it would hide the word wherever it stands.
    """
    parts = {name: str(value) for name, value in conninfo_to_dict(dsn.reveal()).items()}
    public = {parts.get("user"), parts.get("dbname"), ""}
    return [Secret(parts[name]) for name in SECRET_OPTIONS if parts.get(name, "") not in public]
