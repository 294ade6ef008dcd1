"""The verb that looks at the services: whether people can sign in and applications can be moved."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from supamig import checking
from supamig.bundle import Bundle
from supamig.cutover import Services, answers
from supamig.models import Stage
from supamig.reporting import Account
from supamig.session import Session

if TYPE_CHECKING:
    from supamig.config import Settings
    from supamig.models import Observer, Report
    from supamig.postgres import Source


def validate_cutover(settings: Settings, *, observer: Observer | None = None) -> Report:
    """Check the target's services against the source's and against the target's database.

    A database that is not given or does not answer leaves out only what needs it.  Users are made
    on the target only where ``settings.auth`` allows it, and are removed again.  Raise
    `Unreachable` when the target's services do not answer.
    """
    with Session(settings, observer) as session:
        account = Account(session, "validate")
        source = _source(session)
        target = session.reader if settings.target is not None else None
        if not answers(target):
            target = None
        account.source = source.inventory.server if isinstance(source, Bundle) else None
        if source is not None and not isinstance(source, Bundle):
            account.source = source.facts
        account.target = target.facts if target is not None else None
        services = Services(settings, checking.Sides(source, target), target)
        with contextlib.closing(services):
            results = [services.reach()]
            services.begin()
            results += session.check_with(services.open, Stage.CUTOVER)
            results.append(services.left())
        return account.report(checks=results)


def _source(session: Session) -> Source | Bundle | None:
    settings = session.settings
    if settings.source_bundle is not None:
        return Bundle.open(settings.source_bundle)
    if settings.source is None or not answers(session.source):
        return None
    return session.source
