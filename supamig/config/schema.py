"""The shape of ``supamig.toml``, and which other names give the same settings."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from supamig.config.settings import ERROR_LINE

if TYPE_CHECKING:
    from collections.abc import Mapping

#: A place in ``supamig.toml``: ``("export", "jobs")`` is ``jobs`` of the table ``[export]``.
Place = tuple[str, ...]

Text = Annotated[str, Field(description="a text")]
Texts = Annotated[list[Text], Field(description="a list of texts")]
Seconds = Annotated[float, Field(gt=0, le=86400, description="seconds, more than 0")]
Switch = Annotated[bool, Field(description="true or false")]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class ApiTable(_Table):
    """``[source.api]``, ``[target.api]``: the services in front of a side's database."""

    url: (
        Annotated[str, Field(pattern=r"^https?://[^/\s?#]+/?$", description="https://HOST")] | None
    ) = None
    keys_file: Text | None = None
    anon_key: Text | None = None
    service_role_key: Text | None = None
    publishable_key: Text | None = None
    secret_key: Text | None = None
    jwt_secret: Text | None = None


class SourceTable(_Table):
    """``[source]``: where the project is now."""

    dsn: Text | None = None
    password: Text | None = None
    project_ref: Text = ""
    access_token: Text | None = None
    api: ApiTable = ApiTable()


class TargetTable(_Table):
    """``[target]``: where it goes."""

    dsn: Text | None = None
    password: Text | None = None
    api: ApiTable = ApiTable()


class ExportTable(_Table):
    """``[export]``: how it is read, and where bundles are put."""

    method: Annotated[
        Literal["stream", "pg_dump", "cli"], Field(description="`stream`, `pg_dump` or `cli`")
    ] = "stream"
    jobs: Annotated[int, Field(ge=1, le=64, description="a whole number from 1 to 64")] | None = (
        None
    )
    backups_dir: Text = "backups"
    output_dir: Text | None = None


class ImportTable(_Table):
    """``[import]``: what the target may lose or hold."""

    into_nonempty: Switch = False
    discard_changes: Switch = False
    accept_missing: Texts = []


class ChecksTable(_Table):
    """``[checks]``: which checks run, and which findings fail the verdict."""

    select: Texts = []
    ignore: Texts = []
    fail_on: Annotated[
        Literal["info", "warning", "error"], Field(description="`info`, `warning` or `error`")
    ] = "error"
    baseline: Text | None = None
    timeout: Seconds | None = None


class BackupTable(_Table):
    """``[backup]``: what a backup of the target holds, and how long it is kept."""

    keep_days: Annotated[int, Field(ge=1, le=3650, description="a whole number from 1 to 3650")] = 7
    files: Text | None = None
    secrets_file: Text | None = None
    first: Switch | None = None
    s3_endpoint: Text | None = None
    s3_bucket: Text | None = None
    s3_region: Text = "us-east-1"
    s3_prefix: Text = ""
    s3_access_key: Text | None = None
    s3_secret_key: Text | None = None


class ScratchTable(_Table):
    """``[scratch]``: a server where backups are tried; without it that is the target's."""

    dsn: Text | None = None
    password: Text | None = None


class CodeTable(_Table):
    """``[application]``: where the source of applications is, and what a scan of it said."""

    paths: Texts = []
    scan: Text | None = None


class AuthTable(_Table):
    """``[auth]``: what the checks of the Auth server may do and use."""

    throwaway_users: Switch = False
    email: Text = ""
    password: Text | None = None
    refresh_token: Text | None = None
    config_file: Text | None = None


class ToolsTable(_Table):
    """``[tools]``: programs that are not where they are looked for."""

    pg_bin: Text | None = None
    supabase_cli: Text | None = None


def _words(value: object) -> object:
    """Split a command that is written as one text; no shell will see it."""
    if not isinstance(value, str):
        return value
    try:
        return shlex.split(value)
    except ValueError:
        return None  # a quote is open: refused as no command


#: Programs are run with these arguments, without a shell.
Command = Annotated[
    list[str],
    BeforeValidator(_words),
    Field(min_length=1, description='a command, "PROGRAM ARGUMENT" or ["PROGRAM", "ARGUMENT"]'),
]


class HealthTable(_Table):
    """``[[http]]`` and ``[[applications.health]]``: one request, and the answer that is right."""

    url: Annotated[str, Field(pattern=r"^https?://[^/\s?#]+", description="https://HOST/PATH")]
    method: Annotated[
        Literal["GET", "HEAD", "POST"], Field(description="`GET`, `HEAD` or `POST`")
    ] = "GET"
    status: Annotated[int, Field(ge=100, le=599, description="an HTTP status")] = 200
    json_: Annotated[
        dict[str, str | int | float | bool],
        Field(alias="json", description='a table of paths, such as {"database.status" = "ok"}'),
    ] = {}

    @model_validator(mode="before")
    @classmethod
    def _from_address(cls, value: object) -> object:
        return {"url": value} if isinstance(value, str) else value


class ApplicationTable(_Table):
    """``[[applications]]``: something that uses the project and is switched over."""

    name: Annotated[str, Field(min_length=1, description="a name")]
    path: Text = "."
    env_files: Texts = []
    env: Annotated[
        dict[str, str], Field(description="a table of variables, each with what it becomes")
    ] = {}
    build: Command | None = None
    restart: Command | None = None
    health: Annotated[
        list[HealthTable], Field(description="a list of addresses, or [[applications.health]]")
    ] = []
    timeout: Seconds = 120.0


class RunTable(_Table):
    """``[run]``: what `supamig run` does to set the deployment up, and how long that may take."""

    setup: Command | None = None
    timeout: Seconds = 1800.0


Duration = Annotated[
    str,
    Field(pattern=r"^[0-9]{1,6}[smhd]$", description="a time such as `30s`, `15m`, `24h`, `7d`"),
]
Percent = Annotated[float, Field(ge=0, le=100, description="a percentage")]


class WatchTable(_Table):
    """``[watch]``: what is looked at after the switch, how often, and what counts as too much."""

    every: Duration = "60s"
    for_: Annotated[Duration, Field(alias="for")] = "24h"
    services: (
        Annotated[
            list[Literal["auth", "rest", "storage", "realtime", "functions"]],
            Field(description="a list of `auth`, `rest`, `storage`, `realtime`, `functions`"),
        ]
        | None
    ) = None
    webhook: Text | None = None
    log_files: Texts = []
    containers: Texts = []
    docker_host: Text | None = None
    error_pattern: Text = ERROR_LINE
    errors_per_minute: Annotated[float, Field(ge=0, description="a number")] = 10.0
    disk_path: Text | None = None
    disk_command: Command | None = None
    disk_free: Percent = 15.0
    connections: Percent = 80.0
    transaction_age: Duration = "15m"
    slot_lag_mb: Annotated[int, Field(ge=1, description="a whole number, 1 or more")] = 1024
    backup_age: Duration = "26h"


class File(_Table):
    """The whole of ``supamig.toml``."""

    env_file: Text | None = None
    state_dir: Text = ".supamig"
    plugins_dirs: Texts = []
    load_plugins: Texts | None = None
    connect_timeout: Seconds = 10.0
    source: SourceTable = SourceTable()
    target: TargetTable = TargetTable()
    export: ExportTable = ExportTable()
    import_: Annotated[ImportTable, Field(alias="import")] = ImportTable()
    checks: ChecksTable = ChecksTable()
    backup: BackupTable = BackupTable()
    scratch: ScratchTable = ScratchTable()
    auth: AuthTable = AuthTable()
    tools: ToolsTable = ToolsTable()
    run: RunTable = RunTable()
    applications: Annotated[
        list[ApplicationTable], Field(description="tables, one an application: [[applications]]")
    ] = []
    http: Annotated[list[HealthTable], Field(description="a list of addresses, or [[http]]")] = []
    application: CodeTable = CodeTable()
    watch: WatchTable = WatchTable()
    deployment: Annotated[
        dict[str, Any], Field(description="the deployment; see `supamig deployment`")
    ] = {}
    plugins: Annotated[
        dict[str, dict[str, Any]], Field(description="tables, one a plugin: [plugins.NAME]")
    ] = {}


#: What the environment and ``.env`` may set.  Where two names give one setting, the later wins.
ENVIRONMENT: Mapping[str, Place] = {
    "SUPABASE_PROJECT_REF": ("source", "project_ref"),
    "SUPABASE_ACCESS_TOKEN": ("source", "access_token"),
    "SUPABASE_DB_PASSWORD": ("source", "password"),
    "SUPABASE_DB_URL": ("source", "dsn"),
    "SUPAMIG_SOURCE_DSN": ("source", "dsn"),
    "SUPAMIG_SOURCE_PASSWORD": ("source", "password"),
    "SUPAMIG_TARGET_DSN": ("target", "dsn"),
    "SUPAMIG_TARGET_PASSWORD": ("target", "password"),
    "SUPABASE_URL": ("source", "api", "url"),
    "SUPABASE_ANON_KEY": ("source", "api", "anon_key"),
    "SUPABASE_SERVICE_ROLE_KEY": ("source", "api", "service_role_key"),
    "SUPABASE_PUBLISHABLE_KEY": ("source", "api", "publishable_key"),
    "SUPABASE_SECRET_KEY": ("source", "api", "secret_key"),
    "SUPABASE_JWT_SECRET": ("source", "api", "jwt_secret"),
    "SUPAMIG_TARGET_URL": ("target", "api", "url"),
    "SUPAMIG_TARGET_KEYS_FILE": ("target", "api", "keys_file"),
    "SUPAMIG_TARGET_ANON_KEY": ("target", "api", "anon_key"),
    "SUPAMIG_TARGET_SERVICE_ROLE_KEY": ("target", "api", "service_role_key"),
    "SUPAMIG_TARGET_PUBLISHABLE_KEY": ("target", "api", "publishable_key"),
    "SUPAMIG_TARGET_SECRET_KEY": ("target", "api", "secret_key"),
    "SUPAMIG_TARGET_JWT_SECRET": ("target", "api", "jwt_secret"),
    "SUPAMIG_S3_ACCESS_KEY": ("backup", "s3_access_key"),
    "SUPAMIG_S3_SECRET_KEY": ("backup", "s3_secret_key"),
    "SUPAMIG_SCRATCH_DSN": ("scratch", "dsn"),
    "SUPAMIG_SCRATCH_PASSWORD": ("scratch", "password"),
    "SUPAMIG_AUTH_PASSWORD": ("auth", "password"),
    "SUPAMIG_REFRESH_TOKEN": ("auth", "refresh_token"),
    "SUPAMIG_METHOD": ("export", "method"),
    "SUPAMIG_JOBS": ("export", "jobs"),
    "SUPAMIG_BACKUPS_DIR": ("export", "backups_dir"),
    "SUPAMIG_STATE_DIR": ("state_dir",),
    "SUPAMIG_PLUGINS_DIR": ("plugins_dirs",),
    "SUPAMIG_LOAD_PLUGINS": ("load_plugins",),
    "SUPAMIG_CONNECT_TIMEOUT": ("connect_timeout",),
    "SUPAMIG_CHECK_TIMEOUT": ("checks", "timeout"),
    "SUPAMIG_FAIL_ON": ("checks", "fail_on"),
    "SUPAMIG_BASELINE": ("checks", "baseline"),
    "SUPAMIG_PG_BIN": ("tools", "pg_bin"),
    "SUPAMIG_SUPABASE_CLI": ("tools", "supabase_cli"),
}

#: What the command line, or a caller of ``load``, may set: names of `Settings`.
OVERRIDES: Mapping[str, Place] = {
    "source": ("source", "dsn"),
    "target": ("target", "dsn"),
    "scratch": ("scratch", "dsn"),
    "project_ref": ("source", "project_ref"),
    "method": ("export", "method"),
    "jobs": ("export", "jobs"),
    "backups_dir": ("export", "backups_dir"),
    "output_dir": ("export", "output_dir"),
    "into_nonempty": ("import", "into_nonempty"),
    "discard_changes": ("import", "discard_changes"),
    "accept_missing": ("import", "accept_missing"),
    "keep_days": ("backup", "keep_days"),
    "backup_first": ("backup", "first"),
    "files": ("backup", "files"),
    "secrets_file": ("backup", "secrets_file"),
    "state_dir": ("state_dir",),
    "plugins_dirs": ("plugins_dirs",),
    "load_plugins": ("load_plugins",),
    "connect_timeout": ("connect_timeout",),
    "select": ("checks", "select"),
    "ignore": ("checks", "ignore"),
    "fail_on": ("checks", "fail_on"),
    "baseline": ("checks", "baseline"),
    "check_timeout": ("checks", "timeout"),
    "throwaway_users": ("auth", "throwaway_users"),
    "every": ("watch", "every"),
    "for": ("watch", "for"),
    "pg_bin": ("tools", "pg_bin"),
    "supabase_cli": ("tools", "supabase_cli"),
}

#: Settings that name a file or directory; those of ``supamig.toml`` are relative to that file.
PATHS: tuple[Place, ...] = (
    ("env_file",),
    ("state_dir",),
    ("plugins_dirs",),
    ("source", "api", "keys_file"),
    ("target", "api", "keys_file"),
    ("export", "backups_dir"),
    ("export", "output_dir"),
    ("checks", "baseline"),
    ("backup", "files"),
    ("backup", "secrets_file"),
    ("auth", "config_file"),
    ("tools", "pg_bin"),
    ("tools", "supabase_cli"),
    ("application", "paths"),
    ("application", "scan"),
    ("watch", "log_files"),
    ("watch", "disk_path"),
)

#: Keys of an API, and what each is called in a deployment's file of secrets.
API_KEYS: Mapping[str, str] = {
    "anon_key": "ANON_KEY",
    "service_role_key": "SERVICE_ROLE_KEY",
    "publishable_key": "SUPABASE_PUBLISHABLE_KEY",
    "secret_key": "SUPABASE_SECRET_KEY",
    "jwt_secret": "JWT_SECRET",
}

#: Settings that hold secrets: in a file that is committed, only references to them.
SECRETS: tuple[Place, ...] = (
    ("source", "dsn"),
    ("source", "password"),
    ("source", "access_token"),
    ("target", "dsn"),
    ("target", "password"),
    ("auth", "password"),
    ("auth", "refresh_token"),
    *((side, "api", key) for side in ("source", "target") for key in API_KEYS),
    ("scratch", "dsn"),
    ("scratch", "password"),
    ("backup", "s3_access_key"),
    ("backup", "s3_secret_key"),
    ("watch", "webhook"),
)
