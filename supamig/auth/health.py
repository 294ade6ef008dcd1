"""The Auth server answers, in a version that is no older, and by the right time.

`/health` is 200 while the database is down, so it proves nothing more: signing in does.
"""

from __future__ import annotations

import email.utils
import re
from typing import TYPE_CHECKING

from supamig.hookspecs import hookimpl
from supamig.models import Finding, Severity
from supamig.protocols import Unavailable
from supamig.services import auth_checker

if TYPE_CHECKING:
    from collections.abc import Iterable

    from supamig.protocols import Validator
    from supamig.services import ServiceClient, ServiceContext

_HEALTH = "auth.health"
_CLOCK = "auth.clock"
#: Seconds; a JWT's dates are looked at without any slack.
_SKEW_WARNS = 5.0
_SKEW_FAILS = 60.0
_REDIRECTS = range(300, 400)


@auth_checker(_HEALTH, title="The Auth server answers, and is no older than the source's")
def health(context: ServiceContext) -> Iterable[Finding]:
    """Compare the versions that both say."""
    answer = context.target_api.call("GET", "/auth/v1/health")
    version = answer.get("version")
    # one that was built by hand has an empty version
    if not answer.is_ok or version is None:
        what = answer.said if not answer.is_ok else f"{answer.said} without a version"
        hint = "Look at the logs of `auth`; 401: the gateway does not know the anon key"
        if answer.is_ok or answer.status in _REDIRECTS:
            hint = "Something else answers there: is SUPAMIG_TARGET_URL the gateway's, with https?"
        yield Finding(
            check=_HEALTH,
            severity=Severity.ERROR,
            message=f"the Auth server of the target answers {what} to /auth/v1/health",
            hint=hint,
        )
        return
    if not context.source_api.is_known:
        return
    version, theirs = str(version), str(_source_version(context.source_api))
    if _number(version) and _number(theirs) and _number(version) < _number(theirs):
        yield Finding(
            check=_HEALTH,
            severity=Severity.WARNING,
            message=f"the Auth server is {version}, the source's is {theirs}",
            hint="Run at least the source's version: tables and settings may be newer than it",
            evidence={"source": theirs, "target": version},
        )


def _source_version(api: ServiceClient) -> object:
    try:
        return api.call("GET", "/auth/v1/health").get("version")
    except Unavailable:
        return ""  # the source may be gone by now


def _number(version: str) -> tuple[int, ...]:
    found = re.match(r"v?(\d+)\.(\d+)\.(\d+)", version)
    return tuple(map(int, found.groups())) if found else ()


@auth_checker(_CLOCK, title="The target's clock is right")
def clock(context: ServiceContext) -> Iterable[Finding]:
    """Compare the date that the target answers with the time here."""
    before = context.clock()
    answer = context.target_api.call("GET", "/auth/v1/health")
    after = context.clock()
    try:
        there = email.utils.parsedate_to_datetime(answer.headers.get("date", "")).timestamp()
    except ValueError as error:
        raise Unavailable("the target's answers bear no date") from error
    # the header has whole seconds, cut off
    skew = max(before - (there + 1), there - after, 0.0)
    if skew > _SKEW_WARNS:
        way = "ahead of" if there > after else "behind"
        yield Finding(
            check=_CLOCK,
            severity=Severity.ERROR if skew > _SKEW_FAILS else Severity.WARNING,
            message=f"the target's clock is {skew:.0f} s {way} the one here",
            hint="Switch time synchronisation on (`timedatectl set-ntp true`) on whichever is"
            " wrong: tokens and codes are good for a limited time only",
            evidence={"seconds": round(skew)},
        )


@hookimpl
def supamig_auth_checkers() -> list[Validator]:
    """Hand over the checks of health and clock."""
    return [health, clock]
