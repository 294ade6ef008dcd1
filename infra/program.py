"""From settings to resources: which components there are, and what waits for what."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pulumi
from dotenv import dotenv_values

from infra.account import find
from infra.components.alerts import Alerts
from infra.components.backup_volume import BackupVolume
from infra.components.backups import Backups
from infra.components.copies import SECRETS as KEY_OF_THE_BUCKET
from infra.components.copies import Copies
from infra.components.deployment import Deployment
from infra.components.dns import Dns
from infra.components.droplet import Droplet
from infra.components.engine import docker_provider
from infra.components.firewall import Firewall
from infra.components.gate import Gate, Look
from infra.components.migration import Migration
from infra.host import check_host, fetch_backup, host_digest, last_lines
from infra.moving import read_move
from supamig.backup.timer import units
from supamig.deployment.assembly import describe
from supamig.deployment.services.making import image
from supamig.errors import SupamigError
from supamig.secret import Redactor, Secret

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pulumi_docker as docker

    from infra.account import Found
    from infra.moving import Move
    from infra.settings import DockerSettings, StackSettings
    from supamig.deployment.model import Deployment as Description

#: What a preview shows in place of a secret that is not there; `up` refuses before it is used.
_PLACEHOLDER = "not-given"


def wire(settings: StackSettings, *, root: Path | None = None) -> None:
    """Register every component that the settings ask for.

    What only `up` needs (secrets, the pinned host key, a source) may be missing in a preview, such
    as that of a pull request from a fork: it is warned of there, and refused in `up`.
    """
    root = root or Path(pulumi.get_root_directory())
    try:
        description = describe(settings.deployment)
        secrets = _secrets(settings, root)
        move = read_move(settings, root, secrets) if settings.gate or settings.migration else None
    except SupamigError as error:
        raise pulumi.RunError(f"{error.message}\n\nhint: {error.hint}".rstrip()) from None
    needed = description.secrets
    if settings.backups and settings.backups.copies:
        needed += KEY_OF_THE_BUCKET
    _refuse_or_warn(_missing(settings, needed, secrets, move))
    secrets = {name: secrets.get(name, _PLACEHOLDER) for name in needed}
    # questions only: what the account refuses is told before the first resource
    found = find(settings)
    gate = _gate(settings, description, move, found)
    provider = docker_provider("docker", settings.docker)
    _on_the_droplet(
        settings,
        description,
        found=found,
        secrets=secrets,
        provider=provider,
        gate=gate,
        move=move,
    )


def _gate(
    settings: StackSettings,
    description: Description,
    move: Move | None,
    found: Found,
) -> pulumi.Resource | None:
    looks = []
    if settings.gate and move is not None:
        disk_gb = found.droplet.disk_gb if found.droplet else 0
        if not settings.is_on_the_droplets_disk:
            disk_gb = 0  # the size of a volume that is mounted there is not known yet
        preflight = partial(move.preflight, disk_gb=disk_gb)
        look = preflight if move.has_source else _nothing_to_look_at
        looks.append(Look(name="preflight", at=look, digest=move.digest(), in_preview=True))
    if settings.docker.check and not settings.droplet.create:
        at = partial(check_host, settings, description, move)
        digest = {"host": host_digest(settings.docker.host, description)}
        # a preview needs no way to the host: that of a pull request has none
        looks.append(Look(name="host", at=at, digest=digest, in_preview=False))
    return Gate("gate", looks).passed if looks else None


def _nothing_to_look_at() -> None:
    """Stand in for the preflight in a preview without a source, which was warned of."""


def _on_the_droplet(  # noqa: PLR0913 - the wiring, in the order in which it comes up
    settings: StackSettings,
    description: Description,
    *,
    found: Found,
    secrets: dict[str, str],
    provider: docker.Provider,
    gate: pulumi.Resource | None,
    move: Move | None,
) -> None:
    droplet = Droplet("droplet", settings.droplet, found=found.droplet, gate=gate)
    closed = gate
    if settings.firewall:
        # Docker publishes past ufw: until the firewall is up, a port is open to the world
        closed = Firewall(
            "firewall",
            settings.firewall,
            deployment=description,
            droplet_id=droplet.id,
            gate=gate,
        ).firewall
    if settings.dns and found.zone:
        Dns("dns", settings.dns, zone=found.zone, address=droplet.address, gate=gate)
    if settings.alerts:
        Alerts(
            "alerts",
            settings.alerts,
            droplet_id=droplet.id,
            public_url=settings.deployment.public_url,
            gate=gate,
        )
    deployment = Deployment(
        "supabase",
        description,
        directory=settings.directory,
        secrets=secrets,
        provider=provider,
        last_lines=partial(_last_lines, settings.docker, secrets),
        gate=gate,
        closed=closed,
    )
    ready: list[pulumi.Resource] = list(deployment.containers.values())
    if settings.backup_volume:
        volume = BackupVolume(
            "backup-volume",
            settings.backup_volume,
            existing=found.volume,
            droplet_id=droplet.id,
            region=droplet.region,
            gate=gate,
        )
        if settings.backups and settings.backups.runner == "systemd":
            told = settings.backups.model_fields_set
            keep_days = settings.backups.keep_days if "keep_days" in told else None
            pulumi.export("backup_units", units(settings.backups.hour, keep_days=keep_days))
        elif settings.backups:
            backups = Backups(
                "backups",
                settings.backups,
                deployment=deployment,
                image=description.service("db").image,
                volume=volume,
                volume_settings=settings.backup_volume,
                provider=provider,
                gate=gate,
            )
            ready.append(backups.container)  # a backup of the empty target comes first
            if settings.backups.copies:
                copies = Copies(
                    "copies",
                    settings.backups.copies,
                    backups=backups,
                    image=image(settings.deployment, "rclone"),
                    provider=provider,
                    gate=gate,
                )
                ready.append(copies.container)
    if settings.migration and move:
        migration = Migration("migration", move=move.migrate, digest=move.digest(), after=ready)
        pulumi.export("migration", migration.result)
        if settings.backups and settings.backups.drill:
            at = partial(move.drill, partial(fetch_backup, settings.docker))
            look = Look(name="drill", at=at, digest=move.digest(), in_preview=False)
            Gate("backup-drill", [look], after=[migration.done])
    pulumi.export("public_url", settings.deployment.public_url)
    pulumi.export("address", droplet.address)


def _last_lines(settings: DockerSettings, secrets: Mapping[str, str], container: str) -> str:
    redactor = Redactor(map(Secret, secrets.values()))
    return redactor.redact(last_lines(settings, container))


def _secrets(settings: StackSettings, root: Path) -> dict[str, str]:
    """Return the secrets by name: the config's over those of the file."""
    found: dict[str, str] = {}
    if settings.secrets_file and (root / settings.secrets_file).is_file():
        values = dotenv_values(root / settings.secrets_file, interpolate=False)
        found |= {name: value for name, value in values.items() if value}
    return found | {name: one.get_secret_value() for name, one in settings.secrets.items()}


def _missing(
    settings: StackSettings, needed: Sequence[str], secrets: dict[str, str], move: Move | None
) -> list[str]:
    lines = []
    absent = [name for name in needed if not secrets.get(name)]
    if absent:
        lines.append(
            f"{len(absent)} secrets are missing ({', '.join(absent)}): `supamig keys new` makes"
            " them (what others gave you by `--set NAME=env:NAME`), and `supamig:secrets_file` or"
            " `pulumi config set --secret --path supamig:secrets.NAME` takes them"
        )
    if settings.docker.is_remote and not settings.docker.host_key:
        lines.append(
            f"the host key of {settings.docker.host} is not pinned: compare what"
            " `ssh-keyscan -t ed25519 HOST` prints with the host's own, then set"
            " `supamig:docker.host_key`"
        )
    if move and not move.has_source:
        lines.append(
            "no source is given, so its preflight is not run: set SUPAMIG_SOURCE_DSN or"
            " `supamig:settings_file`, or `supamig:gate` to false where nothing is moved"
        )
    return lines


def _refuse_or_warn(missing: list[str]) -> None:
    if missing and not pulumi.runtime.is_dry_run():
        raise pulumi.RunError(
            "`up` needs more than a preview:\n" + "\n".join(f"  {m}" for m in missing)
        )
    for line in missing:
        pulumi.log.warn(line)
