"""Stands in for the gateway: which key opens which route, and which service answers there."""

from __future__ import annotations

from dataclasses import dataclass
from email.utils import format_datetime
from typing import TYPE_CHECKING, Literal

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, Response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from supamig.testing.services.clock import Clock

Guard = Literal["open", "key", "admin", "functions", "basic", "denied"]
_KEY, _SECRET, _BEARER = "apikey", "sb_", "bearer "
_METHODS = "GET,POST,PUT,PATCH,DELETE,OPTIONS,HEAD,CONNECT,TRACE"


@dataclass(frozen=True, slots=True)
class Keys:
    """The API keys of both forms, and the tokens that the new ones stand for."""

    anon: str
    service_role: str
    publishable: str = ""
    secret: str = ""
    anon_token: str = ""
    service_role_token: str = ""

    @property
    def translated(self) -> Mapping[str, str]:
        """What the new keys become; nothing unless all four are there."""
        four = (self.publishable, self.secret, self.anon_token, self.service_role_token)
        if not all(four):
            return {}
        return {self.publishable: self.anon_token, self.secret: self.service_role_token}

    def opens(self, key: str, guard: Guard) -> bool:
        """Tell whether a known key has the right."""
        return guard == "key" or key in {self.service_role, self.secret}

    def knows(self, key: str) -> bool:
        """Tell whether a key is one of ours."""
        return bool(key) and key in {self.anon, self.service_role, *self.translated}


@dataclass(frozen=True, slots=True)
class Route:
    """A prefix, or with ``exact`` a path, and where it leads."""

    path: str
    service: str
    guard: Guard
    sent_on: str = "/"
    exact: bool = False

    def fits(self, path: str) -> bool:
        """Tell whether a request goes here."""
        return path == self.path if self.exact else path.startswith(self.path)


ROUTES = (
    Route("/auth/v1/verify", "auth", "open", "/verify"),
    Route("/auth/v1/callback", "auth", "open", "/callback"),
    Route("/auth/v1/authorize", "auth", "open", "/authorize"),
    Route("/auth/v1/.well-known/jwks.json", "auth", "open", "/.well-known/jwks.json"),
    Route("/auth/v1/sso/saml/acs", "auth", "open", "/sso/saml/acs"),
    Route("/auth/v1/sso/saml/metadata", "auth", "open", "/sso/saml/metadata"),
    Route("/functions/v1/", "functions", "functions"),
    Route("/storage/v1/", "storage", "open"),
    Route("/auth/v1/", "auth", "key"),
    Route("/rest/v1/", "rest", "admin", exact=True),
    Route("/rest/v1/", "rest", "key"),
    Route("/graphql/v1", "rest", "key", "/rpc/graphql"),
    Route("/realtime/v1/api/openapi", "", "denied"),
    Route("/realtime/v1/api/tenants", "", "denied"),
    Route("/realtime/v1/api", "realtime", "key", "/api"),
    Route("/realtime/v1/", "realtime", "key", "/socket/"),
    Route("/pg/", "meta", "admin"),
    Route("/api/mcp", "", "denied"),
    Route("/mcp", "", "denied"),
    Route("/", "studio", "basic"),
)


class Gateway:
    """The gateway as an ASGI application, in front of the others."""

    def __init__(self, keys: Keys, services: Mapping[str, ASGIApp], clock: Clock) -> None:
        self._keys = keys
        self._services = services
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or hand it on."""
        if scope["type"] != "http":
            return
        send = _dated(send, self._clock)
        origin = Headers(scope=scope).get("origin")
        if origin:
            send = _with_cors(send, origin)
        answer = self._refusal(scope) if not _is_preflight(scope) else Response()
        if answer is None:
            route = _route(scope["path"])
            rest = route.sent_on + scope["path"].removeprefix(route.path)
            await self._services[route.service](_sent_on(scope, rest, route), receive, send)
            return
        await answer(scope, receive, send)

    def _refusal(self, scope: Scope) -> Response | None:
        """Return why a request goes no further, having put keys and tokens in their places."""
        route = _route(scope["path"])
        if route.guard == "denied":
            return PlainTextResponse("RBAC: access denied", status_code=403)
        if route.guard == "basic":
            ask = {"www-authenticate": 'Basic realm="Studio"'}
            return PlainTextResponse("Unauthorized", status_code=401, headers=ask)
        headers = MutableHeaders(scope=scope)
        if route.guard == "functions":
            return self._functions(headers)
        key = headers.get(_KEY) or _of_query(scope)
        if route.guard in {"key", "admin"}:
            if not self._keys.knows(key):
                return PlainTextResponse("Unauthorized", status_code=401)
            if not self._keys.opens(key, route.guard):
                return PlainTextResponse("RBAC: access denied", status_code=403)
        token = self._keys.translated.get(key, key)
        if token:
            headers[_KEY] = token
        if token and not _is_real(headers.get("authorization", "")):
            headers["authorization"] = f"Bearer {token}"
        return None

    def _functions(self, headers: MutableHeaders) -> Response | None:
        """Check keys of the new form only."""
        bearer = headers.get("authorization", "")[len(_BEARER) :]
        given = [one for one in (headers.get(_KEY, ""), bearer) if one.startswith(_SECRET)]
        if len(set(given)) > 1:
            return PlainTextResponse("Conflicting API keys", status_code=401)
        if any(one not in self._keys.translated for one in given):
            return PlainTextResponse("Invalid API key", status_code=401)
        return None


def _route(path: str) -> Route:
    return next(route for route in ROUTES if route.fits(path))


def _is_preflight(scope: Scope) -> bool:
    asked = Headers(scope=scope)
    wants = "access-control-request-method" in asked and "origin" in asked
    return scope["method"] == "OPTIONS" and wants


def _is_real(authorization: str) -> bool:
    """Tell whether a client brought a token of its own."""
    return authorization.startswith("Bearer ") and not authorization.startswith("Bearer sb_")


def _of_query(scope: Scope) -> str:
    from starlette.datastructures import QueryParams

    return QueryParams(scope["query_string"]).get(_KEY, "")


def _sent_on(scope: Scope, path: str, route: Route) -> Scope:
    changed = dict(scope) | {"path": path, "raw_path": path.encode(), "root_path": ""}
    headers = MutableHeaders(scope=changed)
    headers.setdefault("x-forwarded-prefix", route.path)
    headers.setdefault("x-forwarded-host", headers.get("host", ""))
    if scope.get("client"):
        headers.append("x-forwarded-for", scope["client"][0])
    changed["headers"] = headers.raw
    return changed


def _dated(send: Send, clock: Clock) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            date = format_datetime(clock.now(), usegmt=True)
            MutableHeaders(scope=message)["date"] = date
        await send(message)

    return sending


def _with_cors(send: Send, origin: str) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers["access-control-allow-origin"] = origin
            headers["access-control-expose-headers"] = "*"
            headers["access-control-allow-methods"] = _METHODS
            headers["access-control-allow-headers"] = "*"
            headers["access-control-max-age"] = "3600"
        await send(message)

    return sending
