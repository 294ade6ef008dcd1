"""What one call of the API works with: plugins, redactor, observer, and both servers when asked."""

from __future__ import annotations

import contextlib
from functools import cached_property
from importlib import metadata
from typing import TYPE_CHECKING

from supamig import checking
from supamig.plugins import Plugins
from supamig.postgres import Reader, Source
from supamig.secret import Redactor
from supamig.sides import NOTHING_HIDDEN

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType
    from typing import Self

    from supamig.checking import Sides
    from supamig.config import Settings
    from supamig.models import CheckResult, Event, Observer, Stage
    from supamig.sides import Recorded


def tool_version() -> str:
    """Return supamig's own version."""
    return metadata.version("supamig")


class Session:
    """Opens what is asked for once and closes all of it at the end."""

    def __init__(self, settings: Settings, observer: Observer | None = None) -> None:
        self.settings = settings
        self.redact = Redactor(settings.secrets()).redact
        self.plugins = Plugins.load(
            plugins_dirs=settings.plugins_dirs,
            only=settings.load_plugins,
            version=tool_version(),
            redact=self.redact,
        )
        self._observer = observer
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def tell(self, event: Event) -> None:
        """Pass an event on to the caller and to the plugins."""
        if self._observer is not None:
            self._observer(event)
        self.plugins.event(event)

    @cached_property
    def source(self) -> Source:
        """The source's server."""
        dsn = self.settings.require("source")
        source = Source(dsn, timeout=self.settings.connect_timeout)
        self._stack.callback(source.close)
        return source

    @cached_property
    def reader(self) -> Reader:
        """The target's server, read-only: what checks and inventories use."""
        dsn = self.settings.require("target")
        reader = Reader(dsn, timeout=self.settings.connect_timeout)
        self._stack.callback(reader.close)
        return reader

    def sides(
        self, source: Source | Recorded, *, hidden: Mapping[str, frozenset[str]] = NOTHING_HIDDEN
    ) -> Sides:
        """Return both sides as checks see them, without what is to be ``hidden`` on the target."""
        return checking.Sides(source, self.reader, hidden=hidden)

    def check(self, sides: Sides, stage: Stage) -> tuple[CheckResult, ...]:
        """Run the checks of a stage on the databases."""
        return self.check_with(sides.open, stage)

    def check_with(self, opening: checking.Open, stage: Stage) -> tuple[CheckResult, ...]:
        """Run the checks of a stage, each in the context that ``opening`` makes."""
        return checking.run(
            self.plugins,
            opening,
            stage=stage,
            settings=self.settings,
            observer=self.tell,
            redact=self.redact,
        )
