"""The day after the switch."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from supamig.postgres import Reader, Source
from supamig.secret import Redactor
from supamig.watching.model import Clock

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from supamig.config import Settings
    from supamig.watching.model import Round, Watched

_APPLICATION = "supamig watch"


def watch(
    settings: Settings,
    *,
    observer: Callable[[Round | Watched], None] = lambda _: None,
    clock: Clock | None = None,
    transport: httpx.BaseTransport | None = None,
) -> Watched:
    """Look at the target every interval until the time is over, and return what was seen.

    ``observer`` is given every round and, at the end, the summary: also when somebody stops the
    watch by an interruption, which is raised again.  Nothing is written on either side.
    """
    from supamig.watching.choosing import choose
    from supamig.watching.rounds import Watch
    from supamig.watching.webhook import Webhook

    with contextlib.ExitStack() as stack:
        sides: dict[str, Reader | Source | None] = {"source": None, "target": None}
        for name, kind, dsn in (
            ("source", Source, settings.source),
            ("target", Reader, settings.target),
        ):
            if dsn is not None:
                server = kind(dsn, timeout=settings.connect_timeout, application=_APPLICATION)
                stack.callback(server.close)
                sides[name] = server
        probes, unwatched = choose(settings, **sides, transport=transport)
        url = settings.watch.webhook
        looking = Watch(
            probes,
            clock=clock or Clock(),
            webhook=Webhook(url, transport=transport) if url else None,
            unwatched=unwatched,
            redact=Redactor(settings.secrets()).redact,
        )
        try:
            done = looking.run(
                duration=settings.watch.duration, every=settings.watch.every, tell=observer
            )
        except KeyboardInterrupt:
            observer(looking.watched)
            raise
        observer(done)
        return done
