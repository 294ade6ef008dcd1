"""Storage and Realtime answer, where the project uses them."""

from __future__ import annotations

import base64
import secrets
from typing import TYPE_CHECKING

import psycopg

from supamig.hookspecs import hookimpl
from supamig.models import Finding, Severity
from supamig.protocols import Unavailable
from supamig.services import endpoint_validator

if TYPE_CHECKING:
    from collections.abc import Iterable

    from supamig.protocols import Validator
    from supamig.services import ServiceContext

_STORAGE = "endpoints.storage"
_REALTIME = "endpoints.realtime"
_SWITCHING = 101
_BUCKETS = "select id from storage.buckets order by id"
_PUBLISHED = "select count(*) from pg_publication_tables where pubname = 'supabase_realtime'"


@endpoint_validator(_STORAGE, title="Storage knows the buckets", needs=("target",))
def storage(context: ServiceContext) -> Iterable[Finding]:
    """Compare the buckets that Storage lists with those of the database."""
    try:
        there = {str(one) for (one,) in context.target.rows(_BUCKETS)}
    except psycopg.errors.UndefinedTable as error:
        raise Unavailable("the target has no `storage.buckets`") from error
    if not there:
        raise Unavailable("the project has no bucket, so Storage is not used")
    answer = context.target_api.call("GET", "/storage/v1/bucket", key="service")
    if not answer.is_ok or not isinstance(answer.body, list):
        yield _wrong(_STORAGE, f"Storage answers {answer.said} to a list of buckets", "storage")
        return
    listed = {str(one.get("id")) for one in answer.body if isinstance(one, dict)}
    if listed != there:
        names = ", ".join(sorted(listed ^ there)[:10])
        message = f"Storage and the database do not have the same buckets: {names}"
        yield _wrong(_STORAGE, message, "storage")


@endpoint_validator(_REALTIME, title="Realtime opens a connection", needs=("target",))
def realtime(context: ServiceContext) -> Iterable[Finding]:
    """Ask for a websocket with the anon key, as every client does first."""
    ((count,),) = context.target.rows(_PUBLISHED)
    if not count:
        raise Unavailable("no table is published for Realtime, so it is not used")
    key = context.target_api.key("anon").reveal()
    headers = {
        "connection": "Upgrade",
        "upgrade": "websocket",
        "sec-websocket-version": "13",
        "sec-websocket-key": base64.b64encode(secrets.token_bytes(16)).decode(),
    }
    path = f"/realtime/v1/websocket?apikey={key}&vsn=1.0.0"
    answer = context.target_api.call("GET", path, key="none", headers=headers)
    if answer.status != _SWITCHING:
        message = f"Realtime answers {answer.said} to the request for a websocket"
        yield _wrong(_REALTIME, message, "realtime")


def _wrong(check: str, message: str, service: str) -> Finding:
    return Finding(
        check=check,
        severity=Severity.ERROR,
        message=message,
        hint=f"Is `{service}` running? `docker compose logs {service}`",
    )


@hookimpl
def supamig_validators() -> list[Validator]:
    """Hand over the checks of what not every project uses."""
    return [storage, realtime]
