"""The stack's config as one typed value: what `Pulumi.STACK.yaml` may say, key by key."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, ip_network
from pathlib import PurePosixPath
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

from supamig.deployment.settings import DeploymentSettings

_HOST_KEY = re.compile(r"(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp\d+) [A-Za-z0-9+/]+=*")


def _network(text: str) -> str:
    network = ip_network(text, strict=True)
    if network.prefixlen == 0:
        raise ValueError(f"`{text}` is the whole world; name the networks that need this port")
    return str(network)


def _host_key(text: str) -> str:
    if not _HOST_KEY.fullmatch(text):
        raise ValueError(
            "not a host key; `ssh-keyscan -t ed25519 HOST` prints one as `TYPE BASE64`"
        )
    return text


def _absolute(text: str) -> str:
    if not PurePosixPath(text).is_absolute() or ".." in PurePosixPath(text).parts:
        raise ValueError(f"`{text}` is not an absolute path")
    return text.rstrip("/")


def _endpoint(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username:
        raise ValueError(f"`{text}` is no address of an object store")
    if parts.path.strip("/") or parts.query:
        raise ValueError("the address of an object store has no path: `bucket` and `prefix` say it")
    return text.rstrip("/")


Endpoint = Annotated[str, AfterValidator(_endpoint)]
Network = Annotated[str, AfterValidator(_network)]
HostKey = Annotated[str, AfterValidator(_host_key)]
Directory = Annotated[str, AfterValidator(_absolute)]


class Section(BaseModel):
    """A table of the config; a key that it does not know is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class NewDroplet(Section):
    """The droplet that is made when `create` says so."""

    image: str = Field(description="Slug of the image, such as `debian-13-x64`.")
    size: str = Field(description="Slug of the size, such as `s-4vcpu-8gb`.")
    region: str = Field(description="Slug of the region, such as `fra1`.")
    ssh_keys: tuple[str, ...] = Field(description="Fingerprints or ids of SSH keys of the account.")


class DropletSettings(Section):
    """The machine: looked up by name or id, and only changed where this says so."""

    id: int | None = Field(None, description="The droplet's number; surer than its name.")
    name: str | None = Field(None, description="The droplet's name, which must be the only one.")
    address: IPv4Address | None = Field(
        None, description="Its public address: a droplet that has another one is refused."
    )
    adopt: bool = Field(
        default=False, description="Import the droplet into the state; it is then protected."
    )
    create: NewDroplet | None = Field(None, description="Make a new droplet of that name.")

    @model_validator(mode="after")
    def _says_which(self) -> Self:
        if (self.id is None) == (self.name is None):
            raise ValueError("name the droplet by `id` or by `name`, one of the two")
        if self.create and (self.adopt or self.id is not None):
            raise ValueError("`create` makes a droplet by `name`; it excludes `id` and `adopt`")
        if self.adopt and self.id is None:
            raise ValueError("`adopt` needs the droplet's `id`")
        return self


class DockerSettings(Section):
    """The Docker engine that runs the containers."""

    host: str = Field(description="`ssh://USER@HOST` or `unix:///var/run/docker.sock`.")
    host_key: HostKey | None = Field(
        None, description="The host's public key as `ssh-keyscan -t ed25519 HOST` prints it."
    )

    check: bool = Field(
        default=True, description="Before `up` ask it for containers that are in the way."
    )

    @model_validator(mode="after")
    def _is_reachable_safely(self) -> Self:
        parts = urlsplit(self.host)
        if parts.scheme not in {"ssh", "unix"}:
            raise ValueError("`host` begins with ssh:// or unix://: TCP has no host key to pin")
        if parts.scheme == "ssh" and (not parts.hostname or parts.password):
            raise ValueError("`host` must be ssh://USER@HOST, without a password")
        return self

    @property
    def is_remote(self) -> bool:
        """Whether the engine is reached by SSH."""
        return self.host.startswith("ssh://")


class OpenPort(Section):
    """A port of something else on the droplet that must stay reachable."""

    port: int = Field(ge=1, le=65535)
    sources: tuple[Network, ...] = Field((), description="Networks; none is the whole world.")

    @model_validator(mode="after")
    def _is_no_back_door(self) -> Self:
        if not self.sources and self.port in {22, 5432, 5433, 6543}:
            raise ValueError(f"port {self.port} is never opened to the whole world")
        return self


class FirewallSettings(Section):
    """A cloud firewall closes all that it does not list, also ports of other containers."""

    name: str = "supabase"
    ssh_from: tuple[Network, ...] = Field((), description="Networks that may use SSH.")
    database_from: tuple[Network, ...] = Field(
        (), description="Networks that may reach Postgres, the pooler and Studio."
    )
    also_open: tuple[OpenPort, ...] = Field(
        (), description="Ports of whatever else runs on the droplet."
    )


class BackupVolumeSettings(Section):
    """A block device of its own for backups, so that they outlive the droplet."""

    name: str = Field("supabase-backups", pattern=r"^[a-z][a-z0-9-]{0,63}$")
    size_gb: int = Field(ge=1, le=16384)
    label: str = Field("supabackups", pattern=r"^[a-z0-9]{1,12}$")
    filesystem: Annotated[str, Field(pattern=r"^(ext4|xfs)$")] = "ext4"
    existing: bool = Field(
        default=False,
        description="Use the volume of that name that is there already, and never format it.",
    )


class CopiesSettings(Section):
    """The bucket that backups are copied to, of Spaces or of what speaks like S3.

    Its key is the secrets `BACKUP_COPIES_ACCESS_KEY_ID` and `BACKUP_COPIES_SECRET_ACCESS_KEY`.
    """

    endpoint: Endpoint = Field(description="https://REGION.digitaloceanspaces.com, or another one.")
    bucket: str = Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")
    region: str = Field("us-east-1", pattern=r"^[a-z0-9-]+$")
    prefix: str = Field("", pattern=r"^([^/\s]+/)*$", description="Such as `supabase/prod/`.")


class BackupsSettings(Section):
    """What takes backups, when, and how long they are kept."""

    runner: Literal["container", "systemd"] = Field(
        "container",
        description="A container, or units of systemd in the output `backup_units` that call"
        " `supamig backup now` on the host.",
    )
    hour: int = Field(2, ge=0, le=23, description="Hour of the day, UTC.")
    keep_days: int = Field(7, ge=1, le=3650)
    memory_mib: int = Field(512, ge=64)
    copies: CopiesSettings | None = Field(
        None, description="Where the container's backups are copied to."
    )
    drill: bool = Field(
        default=False,
        description="After the move take a backup, fetch it, and prove it on a scratch database.",
    )

    @model_validator(mode="after")
    def _fits_its_runner(self) -> Self:
        if self.drill and self.runner != "container":
            raise ValueError("`drill` needs the container; else call `supamig backup verify`")
        if self.copies and self.runner != "container":
            raise ValueError("`copies` is for the container; else [backup] of supamig.toml says it")
        return self


class DnsSettings(Section):
    """The name under which clients come."""

    zone: str = Field(description="A domain of the DigitalOcean account.")
    record: str = Field("@", description="The name within the zone; `@` is the zone itself.")
    ttl: int = Field(1800, ge=30)


class AlertsSettings(Section):
    """Who is told, and from which percentage on."""

    emails: tuple[str, ...] = Field(min_length=1)
    cpu: int = Field(85, ge=1, le=100)
    memory: int = Field(90, ge=1, le=100)
    disk: int = Field(80, ge=1, le=100)
    uptime: bool = True


class MigrationSettings(Section):
    """Move the source project into the new database, once it is up."""

    target_user: str = Field(
        "supabase_admin", description="Role of the new database that the move works as."
    )


class StackSettings(Section):
    """Everything that a stack's config may say under `supamig:`."""

    droplet: DropletSettings
    docker: DockerSettings
    directory: Directory = Field(
        "/opt/supabase", description="Directory of the host that holds the deployment's data."
    )
    deployment: DeploymentSettings = Field(
        default_factory=DeploymentSettings,
        description="Supabase itself; without it that of the `settings_file`.",
    )
    settings_file: str | None = Field(
        None, description="The supamig.toml that the command line reads too."
    )
    keep_data: bool = Field(
        default=False,
        description="Start on the database that lies in `directory` from an earlier deployment.",
    )
    gate: bool = Field(default=True, description="Run supamig's preflight before anything is made.")
    migration: MigrationSettings | None = None
    firewall: FirewallSettings | None = None
    backup_volume: BackupVolumeSettings | None = None
    backups: BackupsSettings | None = None
    dns: DnsSettings | None = None
    alerts: AlertsSettings | None = None
    secrets_file: str | None = Field(
        None, description="The file that `supamig keys new` wrote, relative to Pulumi.yaml."
    )
    secrets: dict[str, SecretStr] = Field(
        default_factory=dict,
        description="`pulumi config set --secret --path supamig:secrets.NAME`; over the file.",
    )

    @property
    def is_on_the_droplets_disk(self) -> bool:
        """Whether the data are on the droplet's own disk, not on a volume that is mounted."""
        return PurePosixPath(self.directory).parts[1:2] != ("mnt",)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.backups and not self.backup_volume:
            raise ValueError("`backups` needs a `backup_volume` to write to")
        if self.backup_volume and self.backup_volume.existing and self.droplet.create:
            raise ValueError("`backup_volume.existing` needs a droplet that is there already")
        if self.migration and self.deployment.ports.database is None:
            raise ValueError("`migration` needs `deployment.ports.database`, past the pooler")
        return self
