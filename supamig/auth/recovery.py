"""A forgotten password, from the link to the new one, without a mail; and where links lead.

Only links of the kind `recovery` for a user that is there are made: others make users.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from supamig.hookspecs import hookimpl
from supamig.models import Finding, Severity
from supamig.protocols import Unavailable
from supamig.secret import Secret
from supamig.services import CheckUser, SignedIn, auth_checker

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from supamig.protocols import Validator
    from supamig.services import Answer, ServiceContext

_RESET = "auth.password-reset"
_LINKS = "auth.links"
_SITE = "auth.site-url"
_VERIFY = "/auth/v1/verify"
_PORTS = {"http": 80, "https": 443}


def _link(context: ServiceContext, user: CheckUser) -> Answer:
    context.target_api.before_mail(user.email)
    body = {"type": "recovery", "email": user.email}
    path = "/auth/v1/admin/generate_link"
    return context.target_api.call("POST", path, key="service", json=body)


@auth_checker(_RESET, title="A forgotten password is replaced by way of the link")
def reset(context: ServiceContext) -> Iterable[Finding]:
    """Follow a link, set a password, sign in with it, and no more with the old one."""
    user = context.throwaway()
    link = _link(context, user)
    if not link.is_ok:
        yield _broken("the link", link)
        return
    body = {"type": "recovery", "token_hash": link.get("hashed_token")}
    verified = context.target_api.call("POST", _VERIFY, json=body)
    session = SignedIn.read(verified)
    if session is None:
        yield _broken("following the link", verified)
        return
    renewed = Secret("new" + user.password.reveal())
    changed = context.target_api.call(
        "PUT", "/auth/v1/user", token=session.access, json={"password": renewed.reveal()}
    )
    if not changed.is_ok:
        yield _broken("setting the new password", changed)
        return
    for word, is_good in ((renewed, True), (user.password, False)):
        answer = context.ask_for_token("password", email=user.email, password=word.reveal())
        if answer.is_ok is not is_good:
            yield _broken(f"signing in with the {'new' if is_good else 'old'} password", answer)
    again = context.target_api.call("POST", _VERIFY, json=body)
    if again.is_ok:
        yield _broken("following the link a second time", again)


def _broken(what: str, answer: Answer) -> Finding:
    return Finding(
        check=_RESET,
        severity=Severity.ERROR,
        subject=what,
        message=f"on the way to a new password, {what} is answered {answer.said}",
        hint="Look at the logs of `auth`",
    )


@auth_checker(_LINKS, title="Links in mails lead to the target")
def links(context: ServiceContext) -> Iterable[Finding]:
    """Read the link that a mail would hold; nobody opens it."""
    answer = _link(context, context.throwaway())
    link = str(answer.get("action_link") or "")
    if not link:
        raise Unavailable(f"no link is made: {answer.said}")
    there = urlsplit(link)
    if _place(link) != _place(context.target_api.api.url):
        yield Finding(
            check=_LINKS,
            severity=Severity.ERROR,
            subject="host",
            message=f"links in mails lead to {there.scheme}://{there.netloc}, not to"
            f" {context.target_api.api.url}",
            hint=f"Set `API_EXTERNAL_URL={context.target_api.api.url}/auth/v1`",
        )
    if there.path != _VERIFY:
        yield Finding(
            check=_LINKS,
            severity=Severity.ERROR,
            subject="path",
            message=f"links in mails lead to `{there.path}`, which the gateway does not know",
            hint=f"Set `GOTRUE_MAILER_URLPATHS_RECOVERY={_VERIFY}` and those of CONFIRMATION,"
            " INVITE and EMAIL_CHANGE: the path of API_EXTERNAL_URL is dropped",
        )


def _place(url: str) -> tuple[str, str, int | None]:
    """Return where a URL leads, however it is written."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or _PORTS.get(parts.scheme)


@auth_checker(_SITE, title="People come back to the application after a link")
def site_url(context: ServiceContext) -> Iterable[Finding]:
    """Compare where a link leads back to with the source's `site_url`."""
    wanted = str(context.expected.get("site_url") or "")
    if not wanted:
        raise Unavailable("the source's `site_url` is not known (`auth.config_file`)")
    answer = _link(context, context.throwaway())
    back = str(answer.get("redirect_to") or "")
    link = str(answer.get("action_link") or "")
    back = back or (parse_qs(urlsplit(link).query).get("redirect_to") or [""])[0]
    if not back:
        raise Unavailable(f"no link is made: {answer.said}")
    yield from _elsewhere(back, wanted)


def _elsewhere(back: str, wanted: str) -> Iterator[Finding]:
    if back.rstrip("/") != wanted.rstrip("/"):
        yield Finding(
            check=_SITE,
            severity=Severity.ERROR,
            message=f"after a link people come to {back}, on the source to {wanted}",
            hint=f"Set `GOTRUE_SITE_URL={wanted}`, or accept it if the application moves too",
            evidence={"source": wanted, "target": back},
        )


@hookimpl
def supamig_auth_checkers() -> list[Validator]:
    """Hand over the checks of forgotten passwords and of links."""
    return [reset, links, site_url]
