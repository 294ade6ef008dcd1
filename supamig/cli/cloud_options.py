"""Options of commands that take something over from Supabase Cloud."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from supamig.cli.invocation import Invocation
    from supamig.deployment.cloud.sessions import Taken
    from supamig.deployment.tokens import Jwk
    from supamig.management.snapshot import Snapshot
    from supamig.secret import Secret

bundle = click.option(
    "--bundle",
    type=click.Path(path_type=Path, file_okay=False),
    help="Take it from a bundle of `supamig export`; else Supabase Cloud is asked.",
)
from_cloud = click.option(
    "--from-cloud",
    is_flag=True,
    help="Take the project's JWT secret, public keys and API keys over, so that sessions live on.",
)
leave = click.option(
    "--leave",
    multiple=True,
    type=click.Choice(["jwt-secret", "signing-keys", "api-keys"]),
    help="Do not take this over; the plan says what that ends.",
)


def taken(left: Sequence[str]) -> Taken:
    """Return what is taken over: all but what is left behind."""
    from supamig.deployment.cloud.sessions import Taken

    return Taken(
        jwt_secret="jwt-secret" not in left,
        signing_keys="signing-keys" not in left,
        api_keys="api-keys" not in left,
    )


def snapshot(invocation: Invocation, path: Path | None) -> Snapshot:
    """Return the project's configuration; every secret of it is hidden from then on."""
    from supamig import api

    settings = invocation.settings({}, sides=["source"] if path is None else [])
    found = api.cloud_snapshot(settings, bundle=path)
    invocation.secrets += found.secrets.values()
    return found


@dataclass(frozen=True, slots=True)
class CloudKeys:
    """What keys are made with: secrets by name, and public keys that only verify."""

    brought: Mapping[str, Secret]
    also: Sequence[Jwk]


def keys(invocation: Invocation, path: Path | None, left: Sequence[str]) -> CloudKeys:
    """Return the keys that are taken over, and say what of sessions lives on with them."""
    from supamig import api
    from supamig.cli.deployment import settings_of
    from supamig.cli.output import Output
    from supamig.deployment.cloud import sessions

    found, chosen = snapshot(invocation, path), taken(left)
    plan = api.cloud_plan(found, deployment=settings_of(invocation, with_cloud=False), taken=chosen)
    output = Output(invocation)
    for one in plan.survival:
        output.hint(f"{one.what}: {'yes' if one.lives else 'no'}, {one.because}")
    also = sessions.public_keys(found) if chosen.signing_keys else ()
    return CloudKeys(sessions.brought(found, chosen), also)
