"""Browsers may call the API from the application's own address: the question they ask before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from supamig.hookspecs import hookimpl
from supamig.models import Finding, Severity
from supamig.services import endpoint_validator

if TYPE_CHECKING:
    from collections.abc import Iterable

    from supamig.protocols import Validator
    from supamig.services import ServiceContext

_CHECK = "endpoints.cors"
_PLACES = ("/auth/v1/token", "/rest/v1/", "/storage/v1/object", "/functions/v1/")
_ASKED = ("authorization", "apikey", "content-type", "x-client-info")
_ANY = "*"


@endpoint_validator(_CHECK, title="Browsers may call the API from the application's address")
def cors(context: ServiceContext) -> Iterable[Finding]:
    """Send the request that a browser sends before a call with a key."""
    origin = str(context.expected.get("site_url") or "https://application.example").rstrip("/")
    headers = {
        "origin": origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": ",".join(_ASKED),
    }
    for path in _PLACES:
        answer = context.target_api.call("OPTIONS", path, key="none", headers=headers)
        allowed = str(answer.headers.get("access-control-allow-origin", ""))
        names = str(answer.headers.get("access-control-allow-headers", "")).lower()
        lacking = [name for name in _ASKED if _ANY not in names and name not in names]
        why = ""
        if not answer.is_ok:
            why = f"is answered {answer.said}"
        elif allowed not in {origin, _ANY}:
            why = f"allows the origin `{allowed or 'none'}`"
        elif lacking:
            why = f"does not allow the headers {', '.join(lacking)}"
        if why:
            yield Finding(
                check=_CHECK,
                severity=Severity.ERROR,
                subject=path,
                message=f"the question of a browser at {origin} for {path} {why}",
                hint="The gateway answers such questions itself, before it looks for a key",
            )


@hookimpl
def supamig_validators() -> list[Validator]:
    """Hand over the check of what browsers may do."""
    return [cors]
