"""The rules, each a function from one resource to what is wrong with it: nothing of Pulumi runs.

A rule sees the resource as it will be, with its options; a value that is marked as a secret is a
word to it (`marks`).  It cannot see which step is planned: `supamig preview-summary` looks for what
would be deleted or replaced, as it reads the preview itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network
from typing import TYPE_CHECKING, Any

from supamig.plain_secrets import plain_secrets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from pulumi_policy import ReportViolation, ResourceValidationArgs

CONTAINER = "docker:index/container:Container"
DOCKER_VOLUME = "docker:index/volume:Volume"
IMAGE = "docker:index/remoteImage:RemoteImage"
FIREWALL = "digitalocean:index/firewall:Firewall"
DISK = "digitalocean:index/volume:Volume"
DROPLET = "digitalocean:index/droplet:Droplet"

#: SSH, Postgres, and the ports on which the pooler and a second Postgres usually listen.
PRIVATE_PORTS = (22, 5432, 5433, 6543)
#: Bits of a network that is half of the internet; that of IPv6 is all within 2000::/3.
_HALF = {4: 1, 6: 4}
#: What replaces a droplet when it changes and is not read back after an import.
_UNTOUCHED = {"image", "sshKeys", "userData", "dropletAgent", "monitoring"}


@dataclass(frozen=True, slots=True)
class Resource:
    """What a rule looks at."""

    type: str
    props: Mapping[str, Any]
    protect: bool = False
    ignored: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule for some types of resources."""

    name: str
    description: str
    types: frozenset[str]
    check: Callable[[Resource], Iterator[str]]

    def violations(self, resource: Resource) -> list[str]:
        """Return what is wrong with the resource; nothing where the rule is not about it."""
        return list(self.check(resource)) if resource.type in self.types else []

    def validate(self, args: ResourceValidationArgs, report: ReportViolation) -> None:
        """Check a resource of the engine's."""
        resource = Resource(
            type=args.resource_type,
            props=args.props,
            protect=bool(args.opts.protect),
            ignored=frozenset(args.opts.ignore_changes or ()),
        )
        for message in self.violations(resource):
            report(message, None)


def _world_open(resource: Resource) -> Iterator[str]:
    for rule in resource.props.get("inboundRules") or ():
        if rule.get("protocol") == "icmp":
            continue  # it has no ports
        world = _world(rule.get("sourceAddresses") or ())
        for port in PRIVATE_PORTS:
            if world and _covers(str(rule.get("portRange") or "all"), port):
                yield f"port {port} is open to the whole world ({', '.join(world)})"


def _world(sources: Iterable[str]) -> list[str]:
    """Return those that alone or together stand for half of the internet or more."""
    networks = [one for one in map(_network, sources) if one]
    v4 = collapse_addresses(one for one in networks if isinstance(one, IPv4Network))
    v6 = collapse_addresses(one for one in networks if isinstance(one, IPv6Network))
    together: list[IPv4Network | IPv6Network] = [*v4, *v6]
    return [str(one) for one in together if one.prefixlen <= _HALF[one.version]]


def _network(source: str) -> IPv4Network | IPv6Network | None:
    try:
        return ip_network(source, strict=False)
    except ValueError:
        return None


def _covers(ports: str, port: int) -> bool:
    if ports in {"all", "0"}:
        return True
    first, _, last = ports.partition("-")
    return int(first) <= port <= int(last or first)


def _unpinned(resource: Resource) -> Iterator[str]:
    reference = str(resource.props.get("image" if resource.type == CONTAINER else "name") or "")
    name, _, digest = reference.partition("@")
    tag = name.rpartition("/")[2].partition(":")[2]
    if not digest and tag in {"", "latest"}:
        yield f"`{reference}` is another image tomorrow: name a tag that is not `latest`"


def _unwatched(resource: Resource) -> Iterator[str]:
    tests = (resource.props.get("healthcheck") or {}).get("tests") or ()
    if not tests or tests[0] == "NONE":
        yield "has no health check, so nobody knows whether it works"


def _never_back(resource: Resource) -> Iterator[str]:
    if resource.props.get("restart") not in {"always", "unless-stopped"}:
        yield "does not come back after a crash or a reboot: set `restart`"


def _endless_logs(resource: Resource) -> Iterator[str]:
    options = resource.props.get("logOpts") or {}
    if not {"max-size", "max-file"} <= set(options):
        yield "its logs grow until the disk is full: set `max-size` and `max-file` in `log_opts`"


def _shown(resource: Resource) -> Iterator[str]:
    for place in plain_secrets(resource.props):
        yield f"`{place}` is a secret in plain text: mark it with `Output.secret`"


def _unprotected(resource: Resource) -> Iterator[str]:
    labels = {one.get("label"): one.get("value") for one in resource.props.get("labels") or ()}
    is_cache = labels.get("supamig.holds-data") == "false"
    if not resource.protect and not is_cache:
        yield "holds data and is not protected: set `protect` in its options"


def _loose_droplet(resource: Resource) -> Iterator[str]:
    if not resource.protect:
        yield "a droplet must be protected, so that no step deletes it"
    if missing := sorted(_UNTOUCHED - resource.ignored):
        yield f"a change of {', '.join(missing)} would replace the droplet: ignore these changes"
    if resource.props.get("userData"):
        yield "`user_data` can be read by every process of the droplet: it may hold no secret"


def _rule(
    name: str, description: str, check: Callable[[Resource], Iterator[str]], *types: str
) -> Rule:
    return Rule(name, description, frozenset(types), check)


RULES = (
    _rule(
        "private-ports-are-not-open-to-the-world",
        "SSH and the database are reached from listed networks only.",
        _world_open,
        FIREWALL,
    ),
    _rule(
        "images-are-pinned",
        "An image has a tag or a digest that stands for one version.",
        _unpinned,
        CONTAINER,
        IMAGE,
    ),
    _rule(
        "containers-have-a-health-check",
        "Docker finds out that a service works.",
        _unwatched,
        CONTAINER,
    ),
    _rule("containers-come-back", "A container is restarted.", _never_back, CONTAINER),
    _rule("logs-are-bounded", "A container's logs are rotated.", _endless_logs, CONTAINER),
    _rule(
        "variables-show-no-secret",
        "No variable, label or command of a container is a secret in plain text, as previews and"
        " the state show it.",
        _shown,
        CONTAINER,
    ),
    _rule(
        "volumes-are-protected",
        "What holds data is not deleted by an update.",
        _unprotected,
        DISK,
        DOCKER_VOLUME,
    ),
    _rule(
        "droplets-stay",
        "No step replaces or deletes a droplet, and it is told no secret.",
        _loose_droplet,
        DROPLET,
    ),
)
