"""What can be chosen for a deployment.  No field holds a secret: those have names, see `keys`."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - pydantic reads the fields' types
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from supamig.deployment.auth_settings import Auth

Gateway = Literal["envoy", "kong"]
Signing = Literal["es256", "hs256"]
#: What a deployment may do without; storage's images need storage.
Dispensable = Literal["storage", "imgproxy", "realtime", "functions"]
_FORBID = {"extra": "forbid"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Ports of the host; None is not published.

    A host that runs other containers may have some of them taken: every one is a choice.
    """

    __pydantic_config__: ClassVar = _FORBID

    api: int = 8000
    #: Kong's own TLS, with a certificate that it makes itself.
    api_tls: int | None = None
    session_pooler: int | None = 5432
    transaction_pooler: int | None = 6543
    #: The database past the pooler, for replication and for large restores.
    database: int | None = None
    studio: int | None = 3001
    http: int = 80
    https: int = 443


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Addresses of the host that ports are bound to.

    Docker publishes past ufw: what is bound to 0.0.0.0 is reached by the whole world.
    """

    __pydantic_config__: ClassVar = _FORBID

    api: str = "0.0.0.0"  # noqa: S104 - the gateway is what clients come for, and it asks for keys
    pooler: str = "127.0.0.1"
    database: str = "127.0.0.1"
    studio: str = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """Caddy in front, with a certificate from Let's Encrypt."""

    __pydantic_config__: ClassVar = _FORBID

    domain: str


@dataclass(frozen=True, slots=True, kw_only=True)
class S3:
    """An object store, such as Spaces.

    Its keys are the secrets `OBJECT_STORE_ACCESS_KEY_ID` and `OBJECT_STORE_SECRET_ACCESS_KEY`.
    """

    __pydantic_config__: ClassVar = _FORBID

    endpoint: str
    bucket: str
    region: str
    force_path_style: bool = False
    #: Spaces refuses the tags that resumable uploads put on objects.
    tags: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """The storage service: on files under ``volumes/storage``, or on an object store."""

    __pydantic_config__: ClassVar = _FORBID

    s3: S3 | None = None
    file_size_limit: int = 52_428_800
    tenant: str = "stub"
    #: Region that clients of the S3 protocol sign with, and a directory's name on files.
    region: str = "stub"
    bucket: str = "stub"
    auto_webp: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """PostgREST."""

    __pydantic_config__: ClassVar = _FORBID

    schemas: tuple[str, ...] = ("public", "graphql_public")
    max_rows: int = 1000
    extra_search_path: tuple[str, ...] = ("public",)
    #: Connections to the database; None is PostgREST's own default.
    pool: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Realtime:
    """Limits of Realtime; None is its own default.  They count from its first start on."""

    __pydantic_config__: ClassVar = _FORBID

    max_concurrent_users: int | None = None
    max_events_per_second: int | None = None
    max_bytes_per_second: int | None = None
    max_channels_per_client: int | None = None
    max_joins_per_second: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pooler:
    """Supavisor; people log in as `USER.TENANT`."""

    __pydantic_config__: ClassVar = _FORBID

    tenant: str = "supabase"
    pool_size: int = 20
    max_clients: int = 100
    #: Connections that Supavisor keeps to its own database.
    own_pool_size: int = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Studio:
    """The dashboard.  With ``assistant`` the secret `OPENAI_API_KEY` is needed."""

    __pydantic_config__: ClassVar = _FORBID

    organization: str = "Default Organization"
    project: str = "Default Project"
    username: str = "supabase"
    assistant: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSettings:
    """How much of each container's output the engine keeps."""

    __pydantic_config__: ClassVar = _FORBID

    max_size: str = "10m"
    max_files: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentSettings:
    """One self-hosted Supabase, as chosen.  The defaults are a deployment on this machine."""

    __pydantic_config__: ClassVar = _FORBID

    name: str = "supabase"
    public_url: str = "http://localhost:8000"
    gateway: Gateway = "envoy"
    #: Services that no application uses, as `supamig scan` finds out; their paths are not there.
    leave_out: tuple[Dispensable, ...] = ()
    logs: bool = False
    tls: Tls | None = None
    #: es256 signs users' tokens with a key pair and accepts HS256 too; hs256 is the shared secret.
    signing: Signing = "es256"
    ports: Ports = field(default_factory=Ports)
    addresses: Addresses = field(default_factory=Addresses)
    auth: Auth = field(default_factory=Auth)
    rest: Rest = field(default_factory=Rest)
    realtime: Realtime = field(default_factory=Realtime)
    storage: Storage = field(default_factory=Storage)
    pooler: Pooler = field(default_factory=Pooler)
    studio: Studio = field(default_factory=Studio)
    functions_verify_jwt: bool = False
    #: Names of secrets that edge functions read from their environment.
    function_secrets: tuple[str, ...] = ()
    docker_socket: str = "/var/run/docker.sock"
    #: By service (gateway images by their own name): bytes that a tag stood for, `sha256:...`.
    digests: Mapping[str, str] = field(default_factory=dict)
    #: By service: MiB in place of the table's.
    memory_mib: Mapping[str, int] = field(default_factory=dict)
    container_logs: LogSettings = field(default_factory=LogSettings)

    @property
    def left_out(self) -> frozenset[str]:
        """The services that are left out; nothing but storage asks imgproxy."""
        beside = ("imgproxy",) if "storage" in self.leave_out else ()
        return frozenset({*self.leave_out, *beside})

    @property
    def auth_url(self) -> str:
        """Where the auth service is reached from outside; also the issuer of tokens."""
        return f"{self.public_url}/auth/v1"
