"""`supamig keys`: the secrets of a deployment, made, kept and handed on without being seen."""

from __future__ import annotations

import shlex
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from supamig.cli import cloud_options, options
from supamig.errors import ConfigError, Refused, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from supamig.cli.invocation import Invocation
    from supamig.deployment.keys import Keys
    from supamig.deployment.tokens import Jwk
    from supamig.secret import Secret

_PATH = click.Path(path_type=Path, dir_okay=False)
_FILE = click.option(
    "--file", "path", type=_PATH, help="The file of secrets.  [default: .env.deployment]"
)
#: What has to follow where a secret is not read again by itself.
_AFTER = {
    "POSTGRES_PASSWORD": "the database keeps the old one until ALTER ROLE for every role that"
    " services log in with",
    "REALTIME_DB_ENC_KEY": "realtime's tenants are encrypted with the old one",
    "VAULT_ENC_KEY": "the pooler's tenants are encrypted with the old one",
    "JWT_SECRET": "applications need the new ANON_KEY, and people sign in again",
}


@click.group(short_help="Make the secrets of a deployment.")
def command() -> None:
    """Make and check the secrets of a self-hosted deployment.  No value is ever an argument."""


@command.command(short_help="Make every secret that is missing.")
@_FILE
@click.option(
    "--jwt-secret",
    metavar="REFERENCE",
    help="Sign with this one: env:NAME, file:PATH or cmd:COMMAND.  With Supabase Cloud's, the keys"
    " that applications hold stay good.",
)
@click.option(
    "--set",
    "references",
    multiple=True,
    metavar="NAME=REFERENCE",
    help="Take a secret from elsewhere, such as SMTP_PASS=env:SMTP_PASS.",
)
@click.option(
    "--trust",
    "trusted",
    multiple=True,
    type=_PATH,
    help="Public keys (a saved jwks.json) whose tokens are accepted too.",
)
@cloud_options.from_cloud
@cloud_options.bundle
@cloud_options.leave
@click.option("--rotate", multiple=True, metavar="NAME", help="Make this one anew.")
@click.option("--pulumi", is_flag=True, help="Print the commands that hand them to Pulumi.")
@click.option("--dry-run", is_flag=True, help="Say what would be made.")
@options.common
@click.pass_obj
def new(  # noqa: PLR0913 - one option each
    invocation: Invocation,
    /,
    *,
    path: Path | None,
    jwt_secret: str | None,
    references: Sequence[str],
    trusted: Sequence[Path],
    from_cloud: bool,
    bundle: Path | None,
    leave: Sequence[str],
    rotate: Sequence[str],
    pulumi: bool,
    dry_run: bool,
) -> None:
    """Make the secrets that the file does not hold yet; what it holds stays.

    The file gets mode 0600.  The names of what was made go to stdout, never a value.
    """
    from supamig.cli.output import Output
    from supamig.deployment import secret_file
    from supamig.deployment.keys import make

    path = path or secret_file.USUAL
    existing = secret_file.read(path) if path.exists() else {}
    brought, also = _brought(jwt_secret, references), _trusted(trusted)
    invocation.secrets += [*existing.values(), *brought.values()]
    if from_cloud or bundle:
        cloud = cloud_options.keys(invocation, bundle, leave)
        brought, also = {**cloud.brought, **brought}, [*cloud.also, *also]
    elif leave:
        raise UsageError("`--leave` says what of Supabase Cloud stays behind: pass `--from-cloud`")
    keys = make(existing, now=int(time.time()), brought=brought, rotate=rotate, also=also)
    invocation.secrets += keys.values.values()
    changed = (*keys.made, *keys.replaced)
    if not changed and not pulumi:
        message = f"`{path}` holds every secret already"
        raise Refused(message, hint="Pass `--rotate NAME` to make one anew")
    output = Output(invocation)
    if changed and not dry_run:
        _keep(path, keys)
        output.hint(f"{path}: {len(keys.made)} made, {len(keys.replaced)} replaced")
    if pulumi:
        _print_commands(keys.values, path)
    elif output.is_text:
        for name in changed:
            output.data(name)
    else:
        output.values({"file": str(path), "made": keys.made, "replaced": keys.replaced})
    for name in keys.replaced:
        if name in _AFTER:
            output.hint(f"{name}: {_AFTER[name]}")


@command.command(short_help="Print one secret, for a pipe.")
@click.argument("name")
@_FILE
@options.common
def show(*, name: str, path: Path | None) -> None:
    """Print one secret to a pipe or a file, never to a terminal, where it would stay."""
    from supamig.deployment import secret_file

    path = path or secret_file.USUAL
    secrets = secret_file.read(path)
    if name not in secrets:
        hint = f"`supamig keys new --file {path}` makes what is missing"
        raise ConfigError(f"`{path}` holds no `{name}`", hint=hint)
    if sys.stdout.isatty():
        message = "a secret is not written to a terminal"
        raise Refused(message, hint="Send it into a pipe, or into a file of mode 0600")
    sys.stdout.write(secrets[name].reveal())
    sys.stdout.flush()


@command.command(short_help="Check the secrets of a file.")
@_FILE
@options.common
@click.pass_obj
def check(invocation: Invocation, /, *, path: Path | None) -> None:
    """Check lengths, alphabets and signatures: what a service would end over, long after."""
    from supamig.cli.output import Output
    from supamig.deployment import secret_file, secret_table

    path = path or secret_file.USUAL
    secrets = secret_file.read(path)
    invocation.secrets += secrets.values()
    wrong = list(secret_table.problems(secrets))
    wrong += [f"`{name}` is missing" for name in secret_table.NAMES if name not in secrets]
    if wrong:
        message = f"`{path}`: {'; '.join(wrong)}"
        raise ConfigError(message, hint="`supamig keys new --rotate NAME` makes one anew")
    Output(invocation).hint(f"{path}: {len(secrets)} secrets, nothing wrong")


def _brought(jwt_secret: str | None, references: Sequence[str]) -> dict[str, Secret]:
    """Resolve what comes from elsewhere; a value in place of a reference is refused."""
    from supamig.config import resolve_here

    given = {"JWT_SECRET": jwt_secret} if jwt_secret else {}
    for text in references:
        name, equals, reference = text.partition("=")
        if not (equals and name.isidentifier() and name.isupper() and reference):
            # not repeated: it may be a secret
            raise UsageError("`--set` takes NAME=REFERENCE", hint="Write NAME=env:NAME")
        given[name] = reference
    return {name: resolve_here(text) for name, text in given.items()}


def _trusted(paths: Sequence[Path]) -> list[Jwk]:
    from supamig.deployment.tokens import read_public

    found: list[Jwk] = []
    for path in paths:
        hint = "Name a saved /auth/v1/.well-known/jwks.json with `--trust`"
        try:
            public = read_public(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise UsageError(f"`{path}` cannot be read: {error.strerror}", hint=hint) from error
        except UnicodeDecodeError as error:
            raise UsageError(f"`{path}` is not UTF-8", hint=hint) from error
        except ConfigError as error:
            raise UsageError(f"`{path}`: {error.message}", hint=hint) from None
        if not public:
            raise UsageError(f"`{path}` holds no public key", hint=hint)
        found += public
    return found


def _keep(path: Path, keys: Keys) -> None:
    """Write the file, and what was in it before beside it: a database may still want that."""
    from supamig.deployment import secret_file

    text = path.read_bytes().decode() if path.exists() else ""
    if keys.replaced:
        secret_file.write(path.with_name(f"{path.name}.{time.time_ns()}"), text)
    changed = {name: keys.values[name] for name in (*keys.made, *keys.replaced)}
    secret_file.write(path, secret_file.edited(text, changed))


def _print_commands(values: Mapping[str, Secret], path: Path) -> None:
    """Print a command for each secret; the value goes through a pipe, past argv and history."""
    file = "" if path == Path(".env.deployment") else f" --file {shlex.quote(str(path))}"
    for name in values:
        taken = f"pulumi config set --secret --path supamig:secrets.{name}"
        sys.stdout.write(f"supamig keys show {name}{file} | {taken}\n")
    sys.stdout.flush()
