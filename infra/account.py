"""What the account at DigitalOcean says, before anything is made; refusals name the setting."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import pulumi
import pulumi_digitalocean as digitalocean

if TYPE_CHECKING:
    from collections.abc import Callable

    from infra.settings import (
        BackupVolumeSettings,
        DnsSettings,
        DropletSettings,
        StackSettings,
    )

Answer = TypeVar("Answer")
#: What the SDK and the provider put around the account's own words.
_WRAPPING = re.compile(
    r"^(?:invoke of \S+ failed:\s*)?(?:invocation of \S+ returned an error:\s*)?"
    r"(?:invoking \S+:\s*)?(?:\d+ errors? occurred:\s*\*\s*)?"
)
_TOKEN = re.compile(r"\b401\b|unable to authenticate|token", re.IGNORECASE)
_RIGHTS = re.compile(r"\b403\b|not authorized|forbidden", re.IGNORECASE)
_NETWORK = re.compile(r"\bdial tcp\b|no such host|connection refused|timeout", re.IGNORECASE)
_LET_US_IN = (
    "give one that is valid: `pulumi config set --secret digitalocean:token`, or DIGITALOCEAN_TOKEN"
    " in the environment"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundDroplet:
    """A droplet that is there; ``disk_gb`` is 0 where nobody said."""

    id: int
    name: str
    address: str
    region: str
    size: str
    image: str
    disk_gb: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundVolume:
    """A volume that is there."""

    id: str
    filesystem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What the config names and is there: a droplet that is to be made is None, and so on."""

    droplet: FoundDroplet | None = None
    zone: str | None = None
    volume: FoundVolume | None = None


def find(settings: StackSettings) -> Found:
    """Look up all that the config names; raise `RunError` for the first that cannot be used."""
    droplet = None if settings.droplet.create else find_droplet(settings.droplet)
    zone = find_zone(settings.dns) if settings.dns else None
    volume = None
    if droplet and settings.backup_volume and settings.backup_volume.existing:
        volume = find_volume(settings.backup_volume, droplet=droplet.id, region=droplet.region)
    return Found(droplet=droplet, zone=zone, volume=volume)


def find_droplet(settings: DropletSettings) -> FoundDroplet:
    """Look the droplet up; raise `RunError` where there is none, two, or another machine."""
    which = f"`supamig:droplet.{'id' if settings.name is None else 'name'}`"
    found = _ask(
        lambda: digitalocean.get_droplet(id=settings.id, name=settings.name),
        hint=f"`doctl compute droplet list` shows them; a number in `supamig:droplet.id` is surer"
        f" than a name ({which} is what was looked for)",
    )
    expected = str(settings.address or found.ipv4_address)
    if found.ipv4_address != expected:
        raise pulumi.RunError(
            f"the droplet has the address {found.ipv4_address}, and `supamig:droplet.address` says"
            f" {expected}: nothing is changed on a machine that may be another one"
        )
    return FoundDroplet(
        id=int(found.id or 0),
        name=found.name or "",
        address=found.ipv4_address,
        region=found.region,
        size=found.size,
        image=found.image,
        disk_gb=int(found.disk or 0),
    )


def find_zone(settings: DnsSettings) -> str:
    """Look the zone up; raise `RunError` where it is not one of this account."""
    found = _ask(
        lambda: digitalocean.get_domain(name=settings.zone),
        hint=f"`{settings.zone}` must be among `doctl compute domain list`: add it there, change"
        " `supamig:dns.zone`, or take `supamig:dns` away and set the record where the zone is",
    )
    return found.name


def find_volume(settings: BackupVolumeSettings, *, droplet: int, region: str) -> FoundVolume:
    """Look up a volume that is to be used as it is.

    Raise `RunError` where the droplet could not have it: another region, another droplet's, or
    a filesystem that is not the one that the config expects, and that may hold somebody's data.
    """
    name = settings.name
    found = _ask(
        lambda: digitalocean.get_volume(name=name),
        hint="`doctl compute volume list` shows them; without `supamig:backup_volume.existing` one"
        " is made",
    )
    problem = ""
    if found.region != region:
        problem = (
            f"is in {found.region} and the droplet in {region}: a volume is attached in its own"
            " region only\n\nhint: name another one in `supamig:backup_volume.name`, or make one"
            f" of its snapshot in {region}"
        )
    elif others := [one for one in found.droplet_ids or () if one != droplet]:
        problem = (
            f"is attached to another droplet ({others[0]})\n\nhint: detach it there, or name"
            " another one in `supamig:backup_volume.name`"
        )
    elif (found.filesystem_type, found.filesystem_label) != (settings.filesystem, settings.label):
        problem = (
            f"holds {found.filesystem_type or 'no'} filesystem with the label"
            f" `{found.filesystem_label}`, and `supamig:backup_volume` expects"
            f" {settings.filesystem} with `{settings.label}`: it may hold data of others\n\nhint:"
            " set `filesystem` and `label` to what it has, if its data may stay beside backups"
        )
    if problem:
        raise pulumi.RunError(f"the volume `{name}` {problem}")
    return FoundVolume(id=str(found.id), filesystem=found.filesystem_type)


def _ask(question: Callable[[], Answer], *, hint: str) -> Answer:
    try:
        return question()
    except Exception as error:  # noqa: BLE001 - the SDK raises a plain one for every refusal
        said = _WRAPPING.sub("", str(error)).strip() or str(error)
        if _TOKEN.search(said):
            hint = _LET_US_IN
        elif _NETWORK.search(said):
            hint = "the API does not answer from here: look at the network, or try again later"
        elif _RIGHTS.search(said):
            hint = "the token may not read this: give one that may, or read and write everything"
        raise pulumi.RunError(f"DigitalOcean says: {said}\n\nhint: {hint}") from None
