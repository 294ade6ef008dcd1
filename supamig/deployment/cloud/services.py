"""What else of the project becomes settings: PostgREST, Realtime, Storage, edge functions."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from supamig.deployment.cloud.carried import Asked, finding
from supamig.deployment.cloud.values import commas
from supamig.deployment.settings import Realtime
from supamig.models import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from supamig.models import Finding

_LIMITS = tuple(one.name for one in fields(Realtime))
#: Settings of Realtime that have no variable: they stand in its own table of tenants.
_OF_TENANTS = ("max_payload_size_in_kb", "max_presence_events_per_second", "private_only")
#: What Realtime has by itself.
_USUAL: Mapping[str, object] = {
    "max_payload_size_in_kb": 3000,
    "max_presence_events_per_second": 1000,
    "private_only": False,
    "presence_enabled": True,
}
_SECRET_NAME = re.compile(r"[A-Z][A-Z0-9_]*")


def rest(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return `[deployment.rest]`."""
    found: dict[str, Any] = {}
    for name, key in (("schemas", "db_schema"), ("extra_search_path", "db_extra_search_path")):
        if parts := commas(answer.get(key) or ""):
            found[name] = parts
    for name, key in (("max_rows", "max_rows"), ("pool", "db_pool")):
        if isinstance(number := answer.get(key), int):
            found[name] = number
    return found


def realtime(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return `[deployment.realtime]`: the limits that Realtime takes when it first starts."""
    return {name: answer[name] for name in _LIMITS if isinstance(answer.get(name), int)}


def realtime_findings(answer: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield the settings that Realtime takes from no variable, where they are not the usual."""
    for name in (*_OF_TENANTS, "presence_enabled"):
        value = answer.get(name)
        if value is None or value == _USUAL[name]:
            continue
        message = f"Realtime's `{name}` is {value} at the source, and no variable sets it"
        hint = f"Set `{name}` of the tenant in _realtime.tenants, once Realtime has started"
        yield finding("realtime-setting", Severity.WARNING, name, message, hint)


def storage(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return `[deployment.storage]`."""
    limit = answer.get("fileSizeLimit")
    return {"file_size_limit": limit} if isinstance(limit, int) else {}


def functions(
    listed: Sequence[Mapping[str, Any]], secrets: Sequence[Mapping[str, Any]]
) -> tuple[dict[str, Any], list[Asked], list[Finding]]:
    """Return settings of the edge runtime, the secrets that functions read, and findings."""
    names = [str(one.get("name")) for one in secrets]
    own = sorted(name for name in names if not name.startswith("SUPABASE_"))
    taken = [name for name in own if _SECRET_NAME.fullmatch(name)]
    table: dict[str, Any] = {"function_secrets": taken} if taken else {}
    findings = [
        finding(
            "function-secret-name",
            Severity.WARNING,
            name,
            f"the functions' secret `{name}` is not in upper case, and cannot be carried",
            "Rename it, here and in the functions that read it",
        )
        for name in own
        if name not in taken
    ]
    verifying = [str(one.get("slug")) for one in listed if one.get("verify_jwt") is not False]
    if listed and len(verifying) == len(listed):
        table["functions_verify_jwt"] = True
    elif verifying:
        message = (
            f"the functions {', '.join(f'`{one}`' for one in verifying)} verify tokens at the"
            " source and others do not; the runtime does it for all or for none"
        )
        hint = "They are open until they verify the token themselves, or `functions_verify_jwt` is"
        findings.append(
            finding("function-jwt", Severity.WARNING, "functions", message, f"{hint} true for all")
        )
    asked = [Asked(name=name, what="read by edge functions") for name in taken]
    return table, asked, findings
