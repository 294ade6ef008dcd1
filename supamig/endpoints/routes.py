"""Every route of the gateway, through the public address: who passes, and is somebody there."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from supamig.deployment.gateway.routes import ROUTES, Access, Route
from supamig.hookspecs import hookimpl
from supamig.models import Finding, Severity
from supamig.protocols import Unavailable
from supamig.secret import Secret
from supamig.services import endpoint_validator

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from supamig.protocols import Validator
    from supamig.services import Answer, ServiceContext
    from supamig.services.client import Key

_CHECK = "endpoints.routes"
_REST = "endpoints.rest-secret"
#: What is asked for below a route that has no answer of its own.
_PLACES = {
    "auth": "/auth/v1/settings",
    "rest": "/rest/v1/supamig_no_such_table",
    "storage": "/storage/v1/status",
    "realtime-api": "/realtime/v1/api/ping",
    "realtime": "/realtime/v1/websocket",
    "meta": "/pg/health",
}
#: Routes without which no application works; what is behind the others may be left out.
_NEEDED = frozenset(
    {"auth", "auth-verify", "auth-callback", "auth-authorize", "auth-jwks", "rest", "rest-root"}
)
_REFUSALS = frozenset({401, 403})
_CLOSED = frozenset({401, 403, 404})
_NOBODY = frozenset({502, 503, 504})
_OPEN_TO_ALL = 200


@endpoint_validator(_CHECK, title="Each route lets in who may pass, and somebody answers there")
def routes(context: ServiceContext) -> Iterable[Finding]:
    """Ask on every route without a key, with a wrong one and with each that is known."""
    for route in ROUTES:
        yield from _ROUTE_CHECKS[route.access](context, route)


def _place(route: Route) -> str:
    return _PLACES.get(route.name, route.path)


def _ask(context: ServiceContext, route: Route, key: Key | Secret) -> Answer:
    return context.target_api.call("GET", _place(route), key=key)


def is_refused(answer: Answer) -> bool:
    """Tell whether the gateway itself said no: services give a code with theirs."""
    is_service = isinstance(answer.body, dict) and (
        "code" in answer.body or "error_code" in answer.body
    )
    return answer.status in _REFUSALS and not is_service


def _is_missing(answer: Answer) -> bool:
    """Tell whether the request fell through to the dashboard, which asks for a password."""
    asks = str(answer.headers.get("www-authenticate", ""))
    return answer.status in _REFUSALS and asks.lower().startswith("basic")


def _open(context: ServiceContext, route: Route) -> Iterator[Finding]:
    answer = _ask(context, route, "none")
    if _is_missing(answer) or answer.status in _NOBODY:
        yield _absent(route, answer)
    elif is_refused(answer) and route.upstream == "auth":
        yield _wrong(
            route,
            f"{route.path} is closed ({answer.said}): browsers come here without a key",
            "Links in mails and providers lead here; leave it open",
        )


def _key(context: ServiceContext, route: Route) -> Iterator[Finding]:
    yield from _no_stranger(context, route)
    yield from _friend(context, route, "anon")


def _admin(context: ServiceContext, route: Route) -> Iterator[Finding]:
    yield from _no_stranger(context, route)
    answer = _ask(context, route, "anon")
    if not is_refused(answer) and answer.status not in _NOBODY and not _is_missing(answer):
        yield _wrong(
            route,
            f"{route.path} lets the anon key in ({answer.said})",
            "This route is for the service role's key only",
        )
    yield from _friend(context, route, "service")


def _denied(context: ServiceContext, route: Route) -> Iterator[Finding]:
    answer = _ask(context, route, "service")
    if answer.status not in _CLOSED:
        yield _wrong(
            route,
            f"{route.path} answers {answer.said}, and should be closed to everybody",
            "Close this route at the gateway",
        )


def _dashboard(context: ServiceContext, route: Route) -> Iterator[Finding]:
    answer = _ask(context, route, "none")
    if answer.status == _OPEN_TO_ALL:
        yield _wrong(
            route,
            "the dashboard is open to everybody",
            "Whoever opens it may do everything: let the gateway ask for a password",
        )


def _no_stranger(context: ServiceContext, route: Route) -> Iterator[Finding]:
    strangers: dict[str, Key | Secret] = {
        "without a key": "none",
        "with a wrong key": Secret(f"not-a-key-{secrets.token_hex(8)}"),
    }
    for word, key in strangers.items():
        answer = _ask(context, route, key)
        if answer.status not in _REFUSALS and answer.status not in _NOBODY:
            yield _wrong(
                route,
                f"{route.path} lets requests in {word} ({answer.said})",
                "The gateway must check the key on this route",
            )


def _friend(context: ServiceContext, route: Route, key: Key) -> Iterator[Finding]:
    answer = _ask(context, route, key)
    if _is_missing(answer) or answer.status in _NOBODY:
        yield _absent(route, answer)
    elif is_refused(answer):
        word = "service role" if key == "service" else "anon"
        yield _wrong(
            route,
            f"{route.path} refuses the {word} key ({answer.said})",
            "The gateway must be started with the keys that are given here",
        )


def _absent(route: Route, answer: Answer) -> Finding:
    is_needed = route.name in _NEEDED
    return Finding(
        check=_CHECK,
        severity=Severity.ERROR if is_needed else Severity.INFO,
        subject=route.name,
        message=f"nobody answers behind {route.path} ({answer.said})",
        hint=f"Is `{route.upstream}` meant to run? `docker compose ps {route.upstream}`",
    )


def _wrong(route: Route, message: str, hint: str) -> Finding:
    return Finding(
        check=_CHECK, severity=Severity.ERROR, subject=route.name, message=message, hint=hint
    )


_ROUTE_CHECKS = {
    Access.OPEN: _open,
    Access.KEY: _key,
    Access.ADMIN: _admin,
    Access.DENIED: _denied,
    Access.DASHBOARD: _dashboard,
}

#: PostgREST's word for a token that its secret did not sign.
_FOREIGN = "PGRST301"


@endpoint_validator(_REST, title="REST verifies tokens by the secret that signs the keys")
def rest_secret(context: ServiceContext) -> Iterable[Finding]:
    """Show REST each key that is a token: it looks at the signature, the gateway does not."""
    api = context.target_api.api
    shown = {"anon": api.anon_key, "service role": api.service_role_key}
    known = {word: key for word, key in shown.items() if key}
    if not known:
        raise Unavailable("no API key that is a token is known of the target")
    for word, key in known.items():
        answer = context.target_api.call("GET", _PLACES["rest"], key=key)
        if answer.code == _FOREIGN:
            yield Finding(
                check=_REST,
                severity=Severity.ERROR,
                subject=word,
                message=f"REST does not know the secret that signed the {word} key ({answer.said})",
                hint="`PGRST_JWT_SECRET` must be the JWT secret, or the key set with it inside",
            )


@hookimpl
def supamig_validators() -> list[Validator]:
    """Hand over the checks of the routes."""
    return [routes, rest_secret]
