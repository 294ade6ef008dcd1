"""From files, environment and command line to one `Settings`."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from supamig.config import connection
from supamig.config.layers import from_environment, from_overrides, merge, read_dotenv, read_toml
from supamig.config.schema import API_KEYS, ENVIRONMENT
from supamig.config.settings import (
    WORDS,
    Api,
    Application,
    AuthProofs,
    BackupSettings,
    Health,
    ObjectStore,
    Settings,
    default_jobs,
)
from supamig.config.watching import watch_settings
from supamig.errors import ConfigError, UsageError
from supamig.models import Severity
from supamig.secret import Secret, resolve

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from supamig.config.connection import AskPooler
    from supamig.config.layers import Layer
    from supamig.config.schema import ApplicationTable, File, HealthTable, Place
    from supamig.config.settings import SideName
    from supamig.management import PoolerAddress

#: Resolves a reference of a scheme that is not built in, given the settings but for the sides.
Elsewhere = Callable[[str, Settings], Secret | None]

FILE = "supamig.toml"
_SECRET_NAMES = (
    "SUPABASE_ACCESS_TOKEN",
    "SUPABASE_DB_PASSWORD",
    "SUPAMIG_SOURCE_PASSWORD",
    "SUPAMIG_TARGET_PASSWORD",
    "SUPAMIG_SCRATCH_PASSWORD",
    "SUPABASE_DB_URL",
    "SUPAMIG_SOURCE_DSN",
    "SUPAMIG_TARGET_DSN",
    "SUPAMIG_AUTH_PASSWORD",
    "SUPAMIG_REFRESH_TOKEN",
    *(name for name, place in ENVIRONMENT.items() if place[-1] in API_KEYS),
    "SUPAMIG_SCRATCH_DSN",
    "SUPAMIG_S3_SECRET_KEY",
)


def load(  # noqa: PLR0913 - what a caller may inject, each by name
    *,
    file: Path | None = None,
    environ: Mapping[str, str] | None = None,
    overrides: Mapping[str, Any] = {},
    sides: Collection[SideName] = ("source", "target"),
    ask_pooler: AskPooler | None = None,
    elsewhere: Elsewhere = lambda _reference, _settings: None,
) -> Settings:
    """Return the settings, each from the highest place that has it.

    From low to high: defaults, ``file`` (else ``supamig.toml`` here, if there is one), ``.env``,
    the environment, ``overrides``.  Only for the ``sides`` named are references resolved and the
    Management API asked; ``elsewhere`` resolves those that are not env:, file: or cmd:.
    Raise `ConfigError` or `UsageError`, never with a secret in the message.
    """
    layers = []
    toml = file or Path(FILE)
    if file is not None or toml.exists():
        layers.append(read_toml(toml))
    given = dict(os.environ if environ is None else environ)
    env_file = given.get("SUPAMIG_ENV_FILE") or (merge(*layers).env_file if layers else None)
    if env_file or Path(".env").is_file():
        given = {**read_dotenv(Path(env_file or ".env")), **given}
    layers.append(from_environment(given))
    command_line = from_overrides(overrides)
    _refuse_passwords(command_line)
    layers.append(command_line)
    chosen = merge(*layers)
    _refuse_namesakes(chosen.applications)
    settings = _without_sides(chosen)
    names = {place: name for layer in layers for place, name in layer.names.items()}
    reader = _Reader(chosen, names, lambda text: _resolve(text, given, settings, elsewhere))
    if "source" in sides:
        settings = _with_source(settings, reader, ask_pooler or _ask_pooler)
    if "target" in sides:
        settings = replace(
            settings,
            target=reader.dsn("target"),
            target_api=reader.api("target"),
            applications=tuple(map(reader.application, chosen.applications)),
            auth=reader.auth(),
        )
        backup = replace(settings.backup, copy_to=reader.object_store())
        settings = replace(settings, backup=backup)
    if "watch" in sides:
        webhook = reader.secret("watch", "webhook")
        settings = replace(settings, watch=replace(settings.watch, webhook=webhook))
    if "scratch" in sides:
        scratch = reader.dsn("scratch")
        settings = replace(settings, backup=replace(settings.backup, scratch=scratch))
    return settings


def environment_secrets(environ: Mapping[str, str] | None = None) -> tuple[Secret, ...]:
    """List the secrets that the environment holds, for a redactor when there are no settings."""
    given = os.environ if environ is None else environ
    return tuple(Secret(given[name]) for name in _SECRET_NAMES if given.get(name))


def resolve_here(reference: str) -> Secret:
    """Resolve a reference such as ``env:NAME`` in this process's environment."""
    return resolve(reference, environ=os.environ)


def wants_debug(environ: Mapping[str, str] | None = None) -> bool:
    """Tell whether `SUPAMIG_DEBUG` asks for tracebacks."""
    given = os.environ if environ is None else environ
    return given.get("SUPAMIG_DEBUG", "") not in {"", "0"}


def bundle_directory(path: Path) -> Path:
    """Return the path; raise `UsageError` where no bundle can be."""
    if not path.is_dir():
        message = f"there is no bundle at `{path}`"
        raise UsageError(message, hint="Name a directory that `supamig export` made")
    return path


def _refuse_passwords(command_line: Layer) -> None:
    """Raise `UsageError` for a password that every user of the machine could read."""
    for side in ("source", "target", "scratch"):
        text = command_line.values.get(side, {}).get("dsn", "")
        if connection.holds_password(text, name=f"`--{side}`"):
            message = f"`--{side}` holds a password, and a command line can be read by others"
            ways = f"set SUPAMIG_{side.upper()}_PASSWORD, or pass `env:NAME`"
            raise UsageError(message, hint=f"Leave the password out and {ways}")


def _refuse_namesakes(tables: Sequence[ApplicationTable]) -> None:
    for table in tables:
        if [one.name for one in tables].count(table.name) > 1:
            message = f"two applications are named `{table.name}`"
            raise ConfigError(message, hint="Give each `[[applications]]` a name of its own")


def _without_sides(chosen: File) -> Settings:
    return Settings(
        project_ref=chosen.source.project_ref,
        method=chosen.export.method,
        jobs=chosen.export.jobs or default_jobs(),
        into_nonempty=chosen.import_.into_nonempty,
        discard_changes=chosen.import_.discard_changes,
        accept_missing=tuple(chosen.import_.accept_missing),
        state_dir=Path(chosen.state_dir),
        backups_dir=Path(chosen.export.backups_dir),
        output_dir=_path(chosen.export.output_dir),
        plugins_dirs=tuple(map(Path, chosen.plugins_dirs)),
        load_plugins=None if chosen.load_plugins is None else tuple(chosen.load_plugins),
        select=tuple(chosen.checks.select),
        ignore=tuple(chosen.checks.ignore),
        fail_on=Severity(chosen.checks.fail_on),
        baseline=_path(chosen.checks.baseline),
        connect_timeout=chosen.connect_timeout,
        check_timeout=chosen.checks.timeout,
        backup=BackupSettings(
            keep_days=chosen.backup.keep_days,
            files=_path(chosen.backup.files),
            secrets_file=_path(chosen.backup.secrets_file),
            first=chosen.backup.first,
        ),
        pg_bin=_path(chosen.tools.pg_bin),
        supabase_cli=_path(chosen.tools.supabase_cli),
        setup=tuple(chosen.run.setup or ()),
        setup_timeout=chosen.run.timeout,
        applications=tuple(_application(table) for table in chosen.applications),
        http=tuple(map(_health, chosen.http)),
        application_paths=tuple(map(Path, chosen.application.paths)),
        application_scan=_path(chosen.application.scan),
        watch=watch_settings(chosen.watch),
        plugin_options=chosen.plugins,
    )


def _with_source(settings: Settings, reader: _Reader, ask_pooler: AskPooler) -> Settings:
    """Add the source: a bundle, a connection string that is given, or one that is derived."""
    table = reader.chosen.source
    settings = replace(
        settings,
        access_token=reader.secret("source", "access_token"),
        source_api=reader.api("source"),
    )
    if table.dsn and table.dsn.startswith(connection.BUNDLE):
        path = Path(table.dsn.removeprefix(connection.BUNDLE))
        return replace(settings, source_bundle=bundle_directory(path))
    source = reader.dsn("source")
    password = reader.secret("source", "password")
    if source is None and table.project_ref and password is not None:
        source = connection.derive(
            table.project_ref,
            password=password,
            token=settings.access_token,
            ask_pooler=ask_pooler,
        )
    return replace(settings, source=source)


class _Reader:
    """Reads the secrets of a side out of what was chosen, through their references."""

    def __init__(
        self, chosen: File, names: Mapping[Place, str], resolve: Callable[[str], Secret]
    ) -> None:
        self.chosen = chosen
        self._names = names
        self._resolve = resolve

    def dsn(self, side: SideName) -> Secret | None:
        text = getattr(self.chosen, side).dsn
        if not text:
            return None
        name = self._names.get((side, "dsn"), f"the {side}")
        if text.startswith(connection.BUNDLE):
            message = f"{name} is a bundle, and only a source can be one"
            raise UsageError(message, hint="`supamig import BUNDLE` writes a bundle to the target")
        given = self._resolve(text) if connection.is_reference(text) else Secret(text)
        return connection.complete(given, name=name, password=self.secret(side, "password"))

    def api(self, side: SideName) -> Api | None:
        """Return how a side's services are reached; None where no address is known."""
        table = getattr(self.chosen, side)
        url = table.api.url
        if not url and side == "source" and table.project_ref:
            url = f"https://{table.project_ref}.supabase.co"
        if not url:
            return None
        path = table.api.keys_file
        stored = read_dotenv(Path(path)) if path else {}
        keys = {
            key: self.secret(side, "api", key)
            or (Secret(stored[name]) if stored.get(name) else None)
            for key, name in API_KEYS.items()
        }
        return Api(url=url.rstrip("/"), **keys)

    def object_store(self) -> ObjectStore | None:
        """Return where backups are copied; None where no bucket is named."""
        table = self.chosen.backup
        if not table.s3_bucket:
            return None
        access, secret = (self.secret("backup", key) for key in ("s3_access_key", "s3_secret_key"))
        if not table.s3_endpoint or access is None or secret is None:
            message = (
                f"backups are to be copied to the bucket `{table.s3_bucket}`, and more is needed"
            )
            hint = "Set `backup.s3_endpoint`, SUPAMIG_S3_ACCESS_KEY and SUPAMIG_S3_SECRET_KEY"
            raise ConfigError(message, hint=hint)
        return ObjectStore(
            endpoint=table.s3_endpoint,
            bucket=table.s3_bucket,
            access_key=access,
            secret_key=secret,
            region=table.s3_region,
            prefix=table.s3_prefix,
        )

    def application(self, table: ApplicationTable) -> Application:
        """Return an application with the values that references of its map name."""
        env: dict[str, str | Secret] = {}
        for name, text in table.env.items():
            if connection.is_reference(text):
                env[name] = self._resolve(text)
            elif text in WORDS:
                env[name] = text
            else:
                # not repeated: it may be a secret
                message = f"`{name}` of the application `{table.name}` becomes nothing known"
                words = ", ".join(f"`{word}`" for word in WORDS)
                raise ConfigError(message, hint=f"Write env:NAME, file:PATH, or one of {words}")
        return replace(_application(table), env=env)

    def auth(self) -> AuthProofs:
        """Return what the checks of the Auth server may do and use."""
        table = self.chosen.auth
        return AuthProofs(
            throwaway_users=table.throwaway_users,
            email=table.email,
            password=self.secret("auth", "password"),
            refresh_token=self.secret("auth", "refresh_token"),
            config_file=_path(table.config_file),
        )

    def secret(self, *place: str) -> Secret | None:
        text: Any = self.chosen
        for part in place:
            text = getattr(text, part)
        if not text:
            return None
        # supamig.toml holds references only; a variable may hold the secret itself
        is_from_file = place not in self._names
        is_reference = connection.is_reference(text, any_scheme=is_from_file)
        return self._resolve(text) if is_reference else Secret(text)


def _application(table: ApplicationTable) -> Application:
    path = Path(table.path)
    return Application(
        name=table.name,
        path=path,
        env_files=tuple(path / name for name in table.env_files),
        env=table.env,
        build=tuple(table.build or ()),
        restart=tuple(table.restart or ()),
        health=tuple(map(_health, table.health)),
        timeout=table.timeout,
    )


def _health(table: HealthTable) -> Health:
    return Health(url=table.url, method=table.method, status=table.status, json=table.json_)


def _resolve(
    reference: str, environ: Mapping[str, str], settings: Settings, elsewhere: Elsewhere
) -> Secret:
    return resolve(reference, environ=environ, elsewhere=lambda text: elsewhere(text, settings))


def _path(text: str | None) -> Path | None:
    return None if text is None else Path(text)


def _ask_pooler(project_ref: str, token: Secret) -> PoolerAddress | None:
    from supamig.management import ManagementApi  # httpx is slow to import

    with ManagementApi(token) as api:
        return api.session_pooler(project_ref)
