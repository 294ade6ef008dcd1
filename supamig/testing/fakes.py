"""Stands in for the two sides of a check (`supamig.sides.Live`) and their services by HTTP.

They answer only what they were told.

For the logic of a check and for the runner.  What a query means is for a real server to say.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from supamig.config import Api
from supamig.models import Digest, Record, ServerFacts, TableRef
from supamig.protocols import CheckContext, Unavailable
from supamig.secret import Secret
from supamig.services import ServiceClient, ServiceContext
from supamig.services.knocking import knock_from
from supamig.services.pacing import Pace
from supamig.services.roles import ask_as
from supamig.services.users import CheckUsers, Notes

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import httpx

    from supamig.services.knocking import Knock

Rows = Sequence[tuple[Any, ...]]

_FACTS = ServerFacts(
    host="fake",
    database="postgres",
    user="postgres",
    version="17.6",
    version_num=170006,
    system_id="0",
    database_oid=5,
    size=0,
    superuser=False,
)


@dataclass(kw_only=True)
class FakeSide:
    """One side: registered rows by SQL, catalogs by kind, digests by table.

    ``asked`` lists every query.  With ``is_live`` false it is a bundle.  ``hanging`` makes every
    query wait until ``cancel``, as one on a locked table does.
    """

    label: str = "source"
    answers: Mapping[str, Rows] = field(default_factory=dict)
    catalogs: Mapping[str, Sequence[Record]] = field(default_factory=dict)
    known_digests: Mapping[TableRef, Digest] = field(default_factory=dict)
    is_live: bool = True
    facts: ServerFacts = _FACTS
    hanging: bool = False
    closed: int = 0
    asked: list[str] = field(default_factory=list)
    cancelled: threading.Event = field(default_factory=threading.Event)

    def rows(self, sql: object, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return the rows registered for this SQL; white space does not count."""
        del params
        if not self.is_live:
            raise Unavailable(f"the {self.label} is a bundle, which answers no queries")
        asked = _text(sql)
        self.asked.append(asked)
        if self.hanging:
            self.cancelled.wait()
            raise Unavailable("the query was cancelled")
        for query, rows in self.answers.items():
            if _text(query) == asked:
                return list(rows)
        raise AssertionError(f"no answer is registered on the {self.label} for: {asked}")

    def catalog(self, kind: str) -> tuple[Record, ...]:
        """Return the registered catalog; one that is not registered is empty."""
        return tuple(self.catalogs.get(kind, ()))

    def digests(self, tables: Mapping[TableRef, Sequence[str]]) -> dict[TableRef, Digest]:
        """Return the registered digests of these tables."""
        return {t: self.known_digests[t] for t in tables if t in self.known_digests}

    def cancel(self) -> None:
        """End a query that hangs."""
        self.cancelled.set()

    def close(self) -> None:
        """Count how often the side was closed."""
        self.closed += 1


def fake_context(
    *,
    source: FakeSide | None = None,
    target: FakeSide | None = None,
    options: Mapping[str, Any] | None = None,
) -> CheckContext:
    """Make the context of a check from two fakes, each empty unless given."""
    return CheckContext(
        source=source or FakeSide(label="source"),
        target=target or FakeSide(label="target"),
        options=options or {},
    )


def fake_service_context(  # noqa: PLR0913 - what a context holds, each by name
    answer: Callable[[httpx.Request], httpx.Response],
    *,
    state_dir: Path,
    source: FakeSide | None = None,
    target: FakeSide | None = None,
    expected: Mapping[str, Any] | None = None,
    knock: Knock | None = None,
) -> ServiceContext:
    """Make the context of a check of services, which ``answer`` answers for.

    The services are at `http://source.invalid` and `http://target.invalid`, their keys `anon` and
    `service`.
    """
    import httpx

    http = httpx.Client(transport=httpx.MockTransport(answer))
    clients = [
        ServiceClient(
            label,
            Api(
                url=f"http://{label}.invalid",
                anon_key=Secret("anon"),
                service_role_key=Secret("service"),
            ),
            http,
            pace=Pace(),
            sleep=lambda _: None,
        )
        for label in ("source", "target")
    ]
    numbers = itertools.count(1)
    context = fake_context(source=source, target=target)
    return ServiceContext(
        source=context.source,
        target=context.target,
        source_api=clients[0],
        target_api=clients[1],
        users=CheckUsers(clients[1], Notes(state_dir), number=lambda: next(numbers)),
        ask_as=ask_as(None),
        knock=knock or knock_from(None),
        expected=expected or {},
    )


def _text(sql: object) -> str:
    text = sql if isinstance(sql, str) else getattr(sql, "as_string", lambda _: repr(sql))(None)
    return " ".join(str(text).split())
