"""The shapes that plugins implement and the contexts that they are given."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from supamig.models import Finding, Stage

if TYPE_CHECKING:
    from psycopg.sql import Composable

    from supamig.bundle import Bundle
    from supamig.models import Digest, Inventory, Record, ServerFacts, TableRef
    from supamig.postgres import Source
    from supamig.target import Target

_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)+")


class Side(Protocol):
    """One of the two databases, as a check sees it: read-only, cancelled at the check's deadline.

    A side may also be a bundle, when the source is gone: then ``is_live`` is false and ``rows``
    raises :class:`Unavailable`, which the runner turns into a skipped check.
    """

    @property
    def label(self) -> str:
        """``source`` or ``target``."""

    @property
    def is_live(self) -> bool:
        """Whether a server answers; false for a bundle."""

    @property
    def facts(self) -> ServerFacts:
        """Which server this is."""

    def rows(self, query: str | Composable, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run one query and return its rows; ``%s`` in it stand for ``params``."""

    def catalog(self, kind: str) -> tuple[Record, ...]:
        """Return one catalog, sorted by name; ``supamig.catalog.KINDS`` lists the kinds."""

    def digests(self, tables: Mapping[TableRef, Sequence[str]]) -> dict[TableRef, Digest]:
        """Digest the named columns of each table; a table that cannot be digested is left out.

        A bundle may answer for fewer columns, without some that hold no data.
        """


class Unavailable(Exception):  # noqa: N818 - not an error: the check is skipped with this reason
    """Raised inside a check when what it needs cannot be had; the check is then skipped."""

    #: False where it should have been there: the check then counts as not brought to its end.
    is_skipped = True


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckContext:
    """What a check may use: both sides, its own options from ``supamig.toml``, and a stop sign.

    ``options`` is the table ``[plugins.NAME]`` where NAME is the first part of the check's id.
    """

    source: Side
    target: Side
    options: Mapping[str, Any] = field(default_factory=dict)
    cancelled: Callable[[], bool] = lambda: False


Check = Callable[[CheckContext], Iterable[Finding]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Validator:
    """One check: a stable id (``acme.cron-jobs``), a title, and a function that yields findings.

    ``timeout`` is in seconds.  ``needs`` names what must be there, else the check is skipped with
    a reason: ``source`` (a live source), ``target``, or ``extension:NAME`` (on the source).
    """

    id: str
    title: str
    run: Check
    stage: Stage = Stage.VERIFY
    timeout: float = 600.0
    needs: tuple[str, ...] = ()
    docs: str = ""

    def __post_init__(self) -> None:
        if not _ID.fullmatch(self.id):
            message = f"`{self.id}` is not a check id: use lower case and a dot, `acme.cron-jobs`"
            raise ValueError(message)


def validator(  # noqa: PLR0913 - the fields of Validator, each by name
    id: str,  # noqa: A002 - the word that reports and --select use
    *,
    title: str,
    stage: Stage = Stage.VERIFY,
    timeout: float = 600.0,
    needs: tuple[str, ...] = (),
    docs: str = "",
) -> Callable[[Check], Validator]:
    """Turn a function that yields findings into a :class:`Validator`."""

    def wrap(run: Check) -> Validator:
        return Validator(
            id=id, title=title, run=run, stage=stage, timeout=timeout, needs=needs, docs=docs
        )

    return wrap


class Progress(Protocol):
    """Where an exporter or importer says how far it is; any thread may call it."""

    def started(self, item: str, *, expected: int = 0) -> None:
        """Announce an item (a table, a file); ``expected`` is its size in bytes, if known."""

    def moved(self, item: str, *, rows: int, bytes: int) -> None:  # noqa: A002 - the unit
        """Report rows and bytes so far of an item."""

    def finished(self, item: str, *, rows: int = 0, bytes: int = 0) -> None:  # noqa: A002 - the unit
        """Report an item as done."""

    def note(self, message: str) -> None:
        """Say one line to the people who watch; the report keeps it."""


@runtime_checkable
class Exporter(Protocol):
    """Writes one kind of thing of the source into the bundle."""

    @property
    def kind(self) -> str:
        """What it writes, such as `rows`; one exporter a kind."""

    @property
    def title(self) -> str:
        """What people read of it."""

    @property
    def after(self) -> tuple[str, ...]:
        """The kinds that must be done before."""

    @property
    def replaces(self) -> str:
        """The kind whose other exporter this one stands in for, or nothing."""

    def estimate(self, inventory: Inventory) -> int:
        """Say how many bytes of the source this will read."""

    def export(self, source: Source, bundle: Bundle, progress: Progress) -> str:
        """Write the artifacts; return one line for people on what was done."""


@runtime_checkable
class Importer(Protocol):
    """Applies one kind of thing of the bundle to the target; safe to run again after a crash."""

    @property
    def kind(self) -> str:
        """What it applies, such as `rows`; one importer a kind."""

    @property
    def title(self) -> str:
        """What people read of it."""

    @property
    def after(self) -> tuple[str, ...]:
        """The kinds that must be done before."""

    def apply(self, bundle: Bundle, target: Target, progress: Progress) -> str:
        """Change the target, each effect under ``target.once``; return one line for people."""
