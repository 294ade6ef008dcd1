"""What a scan finds: uses of features, keys, addresses, and files that could not be read."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Feature(StrEnum):
    """A part of Supabase that an application may use, in the order in which people read it."""

    AUTH = "auth"
    REST = "postgrest"
    STORAGE = "storage"
    REALTIME = "realtime"
    FUNCTIONS = "functions"
    POSTGRES = "postgres"
    CRON = "cron"
    QUEUES = "queues"
    VAULT = "vault"
    WEBHOOKS = "webhooks"
    APP_SETTINGS = "app-settings"
    CLIENT = "client"


class Subject(StrEnum):
    """What the name of a use names."""

    NONE = ""
    TABLE = "table"
    FUNCTION = "function"
    BUCKET = "bucket"
    CHANNEL = "channel"
    EDGE_FUNCTION = "edge-function"


@dataclass(frozen=True, slots=True, order=True, kw_only=True)
class Use:
    """One place of an application that uses a feature.

    ``name`` is the table, function, bucket or channel where that is a constant; ``schema`` is set
    where the application names one.  An ``inferred`` use hangs on a client that is one only by its
    name, or is no call but the path of a service.
    """

    path: str
    line: int
    feature: Feature
    call: str
    subject: Subject = Subject.NONE
    name: str = ""
    schema: str = ""
    inferred: bool = False


class KeyKind(StrEnum):
    """Which key; the first two are public by design, the others open everything."""

    ANON = "anon key"
    PUBLISHABLE = "publishable key"
    SERVICE = "service role key"
    SECRET = "secret key"  # noqa: S105 - the word for it
    TOKEN = "access token"  # noqa: S105 - the word for it
    PASSWORD = "database password"  # noqa: S105 - the word for it

    @property
    def is_public(self) -> bool:
        """Whether browsers may hold it."""
        return self in {KeyKind.ANON, KeyKind.PUBLISHABLE}


@dataclass(frozen=True, slots=True, order=True, kw_only=True)
class Key:
    """A key that is written into a file; ``masked`` shows a few of its first characters."""

    path: str
    line: int
    kind: KeyKind
    masked: str
    project_ref: str = ""


@dataclass(frozen=True, slots=True, order=True, kw_only=True)
class Address:
    """A host of a project that is written into a file; ``url`` is without user and password."""

    path: str
    line: int
    url: str
    project_ref: str = ""


@dataclass(frozen=True, slots=True, order=True, kw_only=True)
class Variable:
    """A variable of an environment file: its name and what its value is, never the value."""

    path: str
    line: int
    name: str
    holds: str
    project_ref: str = ""


@dataclass(frozen=True, slots=True, order=True, kw_only=True)
class Problem:
    """A file that was not read, or not all of it, and why."""

    path: str
    line: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """All that was found under some paths; ``files`` were looked at, ``parsed`` of them parsed."""

    schema_version: int = 1
    paths: tuple[str, ...]
    files: int
    parsed: int
    ignored: int
    uses: tuple[Use, ...]
    keys: tuple[Key, ...] = ()
    addresses: tuple[Address, ...] = ()
    variables: tuple[Variable, ...] = ()
    problems: tuple[Problem, ...] = ()
    #: Whether storage is asked for resized images.
    transforms_images: bool = False

    def of(self, *features: Feature) -> tuple[Use, ...]:
        """Return the uses of some features."""
        return tuple(use for use in self.uses if use.feature in features)

    def names(self, subject: Subject) -> tuple[tuple[str, str], ...]:
        """Return schema (or nothing) and name of every table, function or bucket that is named."""
        found = {(use.schema, use.name) for use in self.uses if use.subject is subject and use.name}
        return tuple(sorted(found))

    @property
    def leave_out(self) -> tuple[str, ...]:
        """The services that nothing here needs, as `deployment.leave_out` takes them."""
        has = {feature: bool(self.of(feature)) for feature in Feature}
        unused = {
            "storage": not has[Feature.STORAGE],
            "imgproxy": not (has[Feature.STORAGE] and self.transforms_images),
            "realtime": not has[Feature.REALTIME],
            "functions": not has[Feature.FUNCTIONS],
        }
        return tuple(name for name, is_unused in unused.items() if is_unused)
