"""Which droplet a deployment needs and what it costs a month, with the arithmetic shown.

Prices are DigitalOcean's list prices in US dollars, as of 2026; `doctl compute size list` has
today's.  Sizes are GB of 1000 MB for disks, as they are sold, and MiB for memory.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from supamig.amounts import count, plural, size
from supamig.errors import Refused

if TYPE_CHECKING:
    from supamig.deployment.model import Deployment

_GB = 1_000_000_000
_MIB_IN_GIB = 1024
#: Limits are ceilings; services do not all reach theirs at one time.
_AT_ONCE = 0.8
#: Debian, Docker and what is not in a container.
_SYSTEM_MIB = 512
_SYSTEM_GB = 6
#: All images of a release take about 11 GB unpacked.
_IMAGES_GB = 12
#: A database grows, and a restore holds rows, indexes and WAL at one time.
_GROWTH = 2.0
#: Of a disk in use; an alert is sent from there on.
_FULL = 0.8
#: A dump in pg_dump's own format against the database's size on disk.
_COMPRESSED = 0.4
#: Of all users, who is there at one time, and what sockets and the gateway keep for each.
_ONLINE = 0.05
_USER_MIB = 0.1
_VOLUME_PRICE = 0.10
_VOLUME_STEP = 10
_LARGEST_VOLUME_GB = 16_384
_DIRECTORY = "`supamig:directory`"


@dataclass(frozen=True, slots=True)
class Droplet:
    """A size that can be ordered."""

    slug: str
    memory_mib: int
    disk_gb: int
    price: int


#: Basic droplets, the smallest first.
DROPLETS = (
    Droplet("s-2vcpu-4gb", 4 * _MIB_IN_GIB, 80, 24),
    Droplet("s-4vcpu-8gb", 8 * _MIB_IN_GIB, 160, 48),
    Droplet("s-8vcpu-16gb", 16 * _MIB_IN_GIB, 320, 96),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """One line of the arithmetic: what, how much, and where the number comes from."""

    what: str
    amount: str
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A droplet, volumes in GB, and their price a month in US dollars.

    ``data_gb`` is the volume for the deployment's directory; 0 where the droplet's disk will do.
    """

    droplet: str
    data_gb: int
    volume_gb: int
    price: float
    amounts: tuple[Amount, ...]


def disk_needed(*, database: int, files: int = 0) -> tuple[int, str]:
    """Return the GB of disk that a droplet needs for so many bytes, and the arithmetic in words."""
    fixed = _SYSTEM_GB + _IMAGES_GB
    used = database * _GROWTH / _GB + files / _GB + fixed
    because = (
        f"{size(database)} of database times {_GROWTH:g} to grow, {size(files)} of files,"
        f" {fixed} GB of images and system, and at most {_FULL:.0%} of it full"
    )
    return math.ceil(used / _FULL), because


def estimate(
    deployment: Deployment, *, database: int, files: int = 0, users: int = 0, keep_days: int = 7
) -> Estimate:
    """Estimate for a database and storage files of so many bytes, and so many people.

    Raise `Refused` where no droplet of the table is large enough.
    """
    memory_mib, memory = _memory(deployment, users)
    disk_gb, disk = disk_needed(database=database, files=files)
    droplet, data_gb = _cheapest(memory_mib, disk_gb)
    each = database * _COMPRESSED + files
    volume_gb = _rounded(each * (keep_days + 1) / _GB)
    price = droplet.price + (data_gb + volume_gb) * _VOLUME_PRICE
    amounts = [
        Amount(what="memory", amount=f"{memory_mib} MiB", because=memory),
        Amount(what="disk", amount=f"{disk_gb} GB", because=disk),
        Amount(
            what="droplet",
            amount=f"${droplet.price:.2f}",
            because=f"{droplet.slug}: {droplet.memory_mib} MiB and {droplet.disk_gb} GB",
        ),
    ]
    if data_gb:
        because = f"as the disk is too small: mount it below /mnt and name it in {_DIRECTORY}"
        amounts.append(_volume("data volume", data_gb, because))
    because = (
        f"for {keep_days} days and the one that is being written, each {size(round(each))}"
        f" ({_COMPRESSED:.0%} of the database, all files)"
    )
    amounts += [
        _volume("backup volume", volume_gb, because),
        Amount(
            what="a month",
            amount=f"${price:.2f}",
            because="without traffic beyond what is free",
        ),
    ]
    return Estimate(
        droplet=droplet.slug,
        data_gb=data_gb,
        volume_gb=volume_gb,
        price=round(price, 2),
        amounts=tuple(amounts),
    )


def _memory(deployment: Deployment, users: int) -> tuple[int, str]:
    limits = sum(one.memory_mib for one in deployment.services)
    online = math.ceil(users * _ONLINE)
    needed = math.ceil(limits * _AT_ONCE + online * _USER_MIB) + _SYSTEM_MIB
    because = (
        f"{_AT_ONCE:.0%} of {limits} MiB, the limits of"
        f" {plural(len(deployment.services), 'service')}, and {_SYSTEM_MIB} MiB for the system"
    )
    if users:
        because += (
            f", {_USER_MIB:g} MiB each for {count(online)} at one time"
            f" ({_ONLINE:.0%} of {plural(users, 'user')})"
        )
    return needed, because


def _volume(what: str, gigabytes: int, because: str) -> Amount:
    price = gigabytes * _VOLUME_PRICE
    return Amount(
        what=what,
        amount=f"${price:.2f}",
        because=f"{gigabytes} GB at ${_VOLUME_PRICE:.2f}, {because}",
    )


def _rounded(gigabytes: float) -> int:
    """Return whole steps in which volumes are ordered."""
    return _VOLUME_STEP * max(1, math.ceil(gigabytes / _VOLUME_STEP))


def _cheapest(memory_mib: int, disk_gb: int) -> tuple[Droplet, int]:
    """Return what costs least: a droplet with the disk, or one with a volume for the data."""
    beside = _rounded(disk_gb - (_SYSTEM_GB + _IMAGES_GB) / _FULL)
    offers = [
        (one, 0 if one.disk_gb >= disk_gb else beside)
        for one in DROPLETS
        if one.memory_mib >= memory_mib
    ]
    if offers and beside <= _LARGEST_VOLUME_GB:
        return min(offers, key=lambda offer: offer[0].price + offer[1] * _VOLUME_PRICE)
    largest = DROPLETS[-1]
    raise Refused(
        f"{memory_mib} MiB of memory and {disk_gb} GB of disk are more than the largest basic"
        f" droplet, {largest.slug}, has with a volume: {largest.memory_mib} MiB and"
        f" {count(_LARGEST_VOLUME_GB)} GB",
        hint="Put storage's files into Spaces, or choose a dedicated droplet by `doctl compute size"
        " list`",
    )
