"""The keys that applications show: signed by the target's secret, each for its own role."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from supamig.hookspecs import hookimpl
from supamig.models import Finding, Severity
from supamig.protocols import Unavailable
from supamig.services import auth_checker
from supamig.services.sessions import claims, is_signed_by

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from supamig.config import Api
    from supamig.protocols import Validator
    from supamig.secret import Secret
    from supamig.services import ServiceContext

_KEYS = "auth.keys"
_ACCEPTED = "auth.keys-accepted"
_ROLES = {"anon": "anon", "service role": "service_role"}
_PLATFORM = ".supabase.co"
_DAYS = 86_400
_SOON = 30 * _DAYS
_UNAUTHORIZED, _FORBIDDEN = 401, 403


def _keys(api: Api) -> dict[str, Secret]:
    found = {"anon": api.anon_key, "service role": api.service_role_key}
    return {word: key for word, key in found.items() if key}


@auth_checker(_KEYS, title="Each API key is for its role and signed by the target's secret")
def keys(context: ServiceContext) -> Iterable[Finding]:
    """Look at the keys themselves; nobody is asked."""
    api = context.target_api.api
    found = _keys(api)
    if not found:
        raise Unavailable("no API key that is a token is known of the target")
    for word, key in found.items():
        said = claims(key)
        if not said:
            yield _wrong(word, f"the {word} key is no token", "Copy it anew, whole")
            continue
        role = said.get("role")
        if role != _ROLES[word]:
            hint = f"Put the key of the role `{_ROLES[word]}` there; they may be exchanged"
            yield _wrong(word, f"the {word} key is for the role `{role}`", hint)
        yield from _dates(context, word, said.get("exp"))
        yield from _place(api, word, said.get("ref"))
        if api.jwt_secret and not is_signed_by(key, api.jwt_secret):
            message = f"the {word} key is signed by another secret than the target's"
            hint = "Reuse the source's JWT secret on the target, or give applications new keys"
            yield _wrong(word, message, hint)


def _dates(context: ServiceContext, word: str, until: object) -> Iterator[Finding]:
    if not isinstance(until, int | float):
        return
    left = until - context.clock()
    if left < 0:
        yield _wrong(word, f"the {word} key has expired", "Make a new one and hand it out")
    elif left < _SOON:
        yield Finding(
            check=_KEYS,
            severity=Severity.WARNING,
            subject=word,
            message=f"the {word} key expires in {left / _DAYS:.0f} days",
            hint="Make a new one and hand it out before that",
        )


def _place(api: Api, word: str, ref: object) -> Iterator[Finding]:
    """Compare the project that a key names with the one that the address names."""
    host = urlsplit(api.url).hostname or ""
    if isinstance(ref, str) and host.endswith(_PLATFORM) and host != ref + _PLATFORM:
        message = f"the {word} key is of the project `{ref}`, the address is of `{host}`"
        yield _wrong(word, message, "Address and keys must be of one project")


def _wrong(word: str, message: str, hint: str) -> Finding:
    return Finding(check=_KEYS, severity=Severity.ERROR, subject=word, message=message, hint=hint)


@auth_checker(_ACCEPTED, title="The target accepts every API key that is known")
def accepted(context: ServiceContext) -> Iterable[Finding]:
    """Show each key to the gateway, and the privileged ones to the Auth server."""
    api = context.target_api.api
    known = {"publishable": api.publishable_key, "secret": api.secret_key, **_keys(api)}
    shown = {word: key for word, key in known.items() if key}
    if not shown:
        raise Unavailable("no API key of the target is known")
    for word, key in shown.items():
        answer = context.target_api.call("GET", "/auth/v1/settings", key=key)
        if not answer.is_ok or not isinstance(answer.body, dict):
            more = " with something else than settings" if answer.is_ok else ""
            yield _refused(word, f"the gateway answers {answer.said}{more} to the {word} key")
            continue
        if word in {"service role", "secret"}:
            answer = context.target_api.call("GET", "/auth/v1/admin/users?per_page=1", key=key)
            if answer.status in {_UNAUTHORIZED, _FORBIDDEN}:
                yield _refused(word, f"the Auth server answers {answer.said} to the {word} key")


def _refused(word: str, message: str) -> Finding:
    return Finding(
        check=_ACCEPTED,
        severity=Severity.ERROR,
        subject=word,
        message=message,
        hint="Gateway, Auth and REST must be started with the keys and the secret that are given"
        " here; is the address the target's?",
    )


@hookimpl
def supamig_auth_checkers() -> list[Validator]:
    """Hand over the checks of the keys."""
    return [keys, accepted]
