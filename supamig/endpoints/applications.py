"""Applications are well, as their health addresses say (`[[applications.health]]`, `[[http]]`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from supamig.hookspecs import hookimpl
from supamig.models import Finding, Severity
from supamig.protocols import Unavailable
from supamig.services import endpoint_validator

if TYPE_CHECKING:
    from collections.abc import Iterable

    from supamig.protocols import Validator
    from supamig.services import ServiceContext

_CHECK = "endpoints.applications"
_SECONDS = 10.0


@endpoint_validator(_CHECK, title="Applications say that they are well")
def applications(context: ServiceContext) -> Iterable[Finding]:
    """Ask each health address once: status, and what must stand in the JSON."""
    import httpx

    from supamig.switching.health import ask

    asked = [(one.name, health) for one in context.applications for health in one.health]
    asked += [("", health) for health in context.http]
    if not asked:
        raise Unavailable(
            "no address is given: `[[applications.health]]` or `[[http]]` in supamig.toml"
        )
    with httpx.Client(timeout=_SECONDS, trust_env=False) as client:
        for name, health in asked:
            why = ask(client, health)
            if why:
                yield Finding(
                    check=_CHECK,
                    severity=Severity.ERROR,
                    subject=f"{name} {health.url}".lstrip(),
                    message=f"`{name}` is not well: {why}" if name else why,
                    hint="Look at its log; `supamig rollback` puts its files back as they were",
                )


@hookimpl
def supamig_validators() -> list[Validator]:
    """Hand over the check of the applications."""
    return [applications]
