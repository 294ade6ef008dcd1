"""Which path leads where, and who may go there: one table for both gateways.

The first route that matches wins.  State: self-hosted/v0.8.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Access(StrEnum):
    """What a client must show."""

    OPEN = "open"
    #: Any of the deployment's API keys.
    KEY = "key"
    #: The service role's key.
    ADMIN = "admin"
    #: The dashboard's user and password.
    DASHBOARD = "dashboard"
    #: Nothing helps.
    DENIED = "denied"


@dataclass(frozen=True, slots=True, kw_only=True)
class Upstream:
    """A service behind the gateway; ``health`` is the path that says it works, if there is one."""

    name: str
    host: str
    port: int
    health: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One path and everything under it (``exact``: the path alone)."""

    name: str
    path: str
    access: Access
    upstream: str = ""
    #: What the upstream sees in place of ``path``.
    sends: str = ""
    exact: bool = False
    #: Seconds for the whole answer; 0 is no limit but for silence.
    timeout: int = 30
    #: functions and websockets take keys in their own ways.
    kind: str = "http"


_REALTIME = "realtime-dev.supabase-realtime"
UPSTREAMS = (
    Upstream(name="auth", host="auth", port=9999, health="/health"),
    # `/` would make PostgREST describe the whole schema every few seconds
    Upstream(name="rest", host="rest", port=3000),
    Upstream(name="realtime", host=_REALTIME, port=4000, health="/"),
    Upstream(name="storage", host="storage", port=5000, health="/status"),
    Upstream(name="functions", host="functions", port=9000),
    Upstream(name="meta", host="meta", port=8080, health="/health"),
    Upstream(name="studio", host="studio", port=3000, health="/project/default"),
)


def _open_auth(name: str, path: str) -> Route:
    return Route(
        name=f"auth-{name}",
        path=f"/auth/v1/{path}",
        access=Access.OPEN,
        upstream="auth",
        sends=f"/{path}",
    )


ROUTES = (
    # what a browser opens from a mail or comes back to from a provider: it has no key to show
    _open_auth("verify", "verify"),
    _open_auth("callback", "callback"),
    _open_auth("authorize", "authorize"),
    _open_auth("jwks", ".well-known/jwks.json"),
    Route(
        name="auth-oauth-metadata",
        path="/.well-known/oauth-authorization-server",
        access=Access.OPEN,
        upstream="auth",
        sends="/.well-known/oauth-authorization-server",
    ),
    _open_auth("saml-acs", "sso/saml/acs"),
    _open_auth("saml-metadata", "sso/saml/metadata"),
    Route(
        name="functions",
        path="/functions/v1/",
        access=Access.OPEN,
        upstream="functions",
        sends="/",
        timeout=150,
        kind="functions",
    ),
    # upstream ends an answer after 30 s, and with it every large download
    Route(
        name="storage",
        path="/storage/v1/",
        access=Access.OPEN,
        upstream="storage",
        sends="/",
        timeout=0,
    ),
    Route(name="auth", path="/auth/v1/", access=Access.KEY, upstream="auth", sends="/"),
    # the root describes every table
    Route(
        name="rest-root",
        path="/rest/v1/",
        access=Access.ADMIN,
        upstream="rest",
        sends="/",
        exact=True,
    ),
    Route(name="rest", path="/rest/v1/", access=Access.KEY, upstream="rest", sends="/"),
    Route(
        name="graphql",
        path="/graphql/v1",
        access=Access.KEY,
        upstream="rest",
        sends="/rpc/graphql",
    ),
    Route(name="realtime-openapi", path="/realtime/v1/api/openapi", access=Access.DENIED),
    Route(name="realtime-tenants", path="/realtime/v1/api/tenants", access=Access.DENIED),
    Route(
        name="realtime-api",
        path="/realtime/v1/api",
        access=Access.KEY,
        upstream="realtime",
        sends="/api",
    ),
    Route(
        name="realtime",
        path="/realtime/v1/",
        access=Access.KEY,
        upstream="realtime",
        sends="/socket/",
        kind="websocket",
    ),
    Route(name="meta", path="/pg/", access=Access.ADMIN, upstream="meta", sends="/"),
    Route(name="mcp-of-studio", path="/api/mcp", access=Access.DENIED),
    # to open it, take it off here and let only your own addresses reach it
    Route(name="mcp", path="/mcp", access=Access.DENIED),
    Route(name="dashboard", path="/", access=Access.DASHBOARD, upstream="studio", sends="/"),
)


def routes(left_out: frozenset[str]) -> tuple[Route, ...]:
    """Return the routes of a deployment: none to services that are left out, nor below them.

    Such a path is then one of the dashboard's, which asks for a password.
    """
    return tuple(
        one
        for one in ROUTES
        if one.upstream not in left_out and one.name.partition("-")[0] not in left_out
    )


def upstreams(left_out: frozenset[str]) -> tuple[Upstream, ...]:
    """Return the services behind the gateway of a deployment."""
    return tuple(one for one in UPSTREAMS if one.name not in left_out)
