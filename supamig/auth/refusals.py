"""What must be refused: no key, a wrong one, too low a one, forged and expired tokens."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from supamig.hookspecs import hookimpl
from supamig.models import Finding, Severity
from supamig.protocols import Unavailable
from supamig.secret import Secret
from supamig.services import auth_checker
from supamig.services.sessions import signed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from supamig.protocols import Validator
    from supamig.services import Answer, ServiceContext

_GATEWAY = "auth.refuses-keys"
_ADMIN = "auth.refuses-anon"
_FORGED = "auth.refuses-forged"
_EXPIRED = "auth.refuses-expired"
_REFUSED = frozenset({401, 403})
#: What a gateway says while the service behind it is down: nobody has looked at key or token.
_NOBODY = frozenset({502, 503, 504})
_HOUR = 3600


def _is_let_in(answer: Answer) -> bool:
    """Tell whether the answer is no refusal; raise `Unavailable` where no service gave it."""
    if answer.status in _NOBODY:
        raise Unavailable(f"the service behind the gateway does not answer: {answer.said}")
    return answer.status not in _REFUSED


def _let_in(check: str, what: str, answer: Answer, hint: str) -> Finding:
    return Finding(
        check=check,
        severity=Severity.ERROR,
        subject=what,
        message=f"{what} is let in: the answer is {answer.said}",
        hint=hint,
    )


@auth_checker(_GATEWAY, title="The gateway refuses whoever shows no key, or a wrong one")
def gateway(context: ServiceContext) -> Iterable[Finding]:
    """Ask with no key, and with one that nobody was given."""
    hint = "The routes of /auth/v1/ must check the key; see `supamig deployment`"
    answer = context.target_api.call("GET", "/auth/v1/settings", key="none")
    if _is_let_in(answer):
        yield _let_in(_GATEWAY, "a request without a key", answer, hint)
    nobodys = Secret(f"not-a-key-{secrets.token_hex(8)}")
    answer = context.target_api.call("GET", "/auth/v1/settings", key=nobodys)
    if _is_let_in(answer):
        yield _let_in(_GATEWAY, "a request with a wrong key", answer, hint)


@auth_checker(_ADMIN, title="The anon key opens nothing of the administration")
def anon(context: ServiceContext) -> Iterable[Finding]:
    """Ask for the list of users as anybody can who has opened the application."""
    hint = "The anon key has the rights of an administrator: is it really the anon key?"
    answer = context.target_api.call("GET", "/auth/v1/admin/users?per_page=1")
    if _is_let_in(answer):
        yield _let_in(_ADMIN, "the anon key at /auth/v1/admin/users", answer, hint)


@auth_checker(_FORGED, title="A token that another secret signed is refused")
def forged(context: ServiceContext) -> Iterable[Finding]:
    """Show an administrator's token that was signed by a secret of chance."""
    now = int(context.clock())
    content = {"role": "service_role", "iss": "supabase", "iat": now, "exp": now + _HOUR}
    token = signed(content, Secret(secrets.token_hex(32)))
    hint = "Whoever signs a token is an administrator: set the JWT secret everywhere"
    down = ""
    for path in ("/auth/v1/admin/users", "/rest/v1/supamig_no_such_table"):
        answer = context.target_api.call("GET", path, token=token)
        try:
            if _is_let_in(answer):
                yield _let_in(_FORGED, f"a forged token at {path}", answer, hint)
        except Unavailable as error:
            down = str(error)
    if down:
        raise Unavailable(down)


@auth_checker(_EXPIRED, title="A token that has expired is refused")
def expired(context: ServiceContext) -> Iterable[Finding]:
    """Show a token that the right secret signed and whose time is over."""
    api = context.target_api
    now = int(context.clock())
    past = {"role": "service_role", "iss": "supabase", "iat": now - 2 * _HOUR, "exp": now - _HOUR}
    token = signed(past, _secret(context))
    answer = api.call("GET", "/auth/v1/admin/users?per_page=1", token=token)
    if _is_let_in(answer):
        hint = "Is the target's clock behind?"
        yield _let_in(_EXPIRED, "a token that expired an hour ago", answer, hint)


def _secret(context: ServiceContext) -> Secret:
    secret = context.target_api.api.jwt_secret
    if not secret:
        raise Unavailable("the target's JWT secret is not known: set SUPAMIG_TARGET_JWT_SECRET")
    return secret


@hookimpl
def supamig_auth_checkers() -> list[Validator]:
    """Hand over the checks of what is refused."""
    return [gateway, anon, forged, expired]
