"""Settings over which the auth service would not start, or would start and not work.

Each rule was seen at a real one.  It reads all its variables before anything else, so one duration
without a unit takes everybody's sign-in away.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from supamig.deployment.auth_variables import DURATION, problem_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from supamig.deployment.auth_settings import Auth

#: Hosts that auth calls over plain http.
HERE = {"localhost", "127.0.0.1", "::1", "host.docker.internal"}
_LONGEST_TOKEN = 604_800
_SECRET = re.compile(r".*_(SECRETS?|PASS|PASSWORD|PRIVATE_KEY|KEYS|TOKEN|DATABASE_URL)")
_FUNCTION_PARTS = 2


def parts_of(url: str) -> SplitResult:
    """Split a URL; one with an open bracket or a port beyond the last has no parts."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return urlsplit("")
    return parts


def problems_of_auth(auth: Auth) -> Iterator[str]:
    """Yield what is wrong, each in words that name the setting."""
    if not 0 < auth.jwt_expiry <= _LONGEST_TOKEN:
        yield f"`auth.jwt_expiry` must be from 1 to {_LONGEST_TOKEN} seconds"
    if parts_of(auth.site_url).scheme not in {"http", "https"}:
        yield "`auth.site_url` must be an http(s) URL"
    yield from _durations(auth)
    yield from _lists(auth)
    yield from _hooks(auth)
    yield from _extra(auth)


def _durations(auth: Auth) -> Iterator[str]:
    durations = {
        "smtp.max_frequency": auth.smtp.max_frequency if auth.smtp else None,
        "sms.max_frequency": auth.sms.max_frequency if auth.sms else None,
        "saml.relay_state_validity": auth.saml.relay_state_validity if auth.saml else None,
    }
    for name, value in durations.items():
        if value is not None and not DURATION.fullmatch(value):
            yield f"`auth.{name}` must be a duration with its unit, such as `60s`"


def _lists(auth: Auth) -> Iterator[str]:
    for name in auth.providers:
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
            yield f"`auth.providers.{name}` must be a provider's name in lower case"
        elif problem_of(f"GOTRUE_EXTERNAL_{name.upper()}_CLIENT_ID", ""):
            yield f"`auth.providers.{name}` is no provider that auth knows"
    for url in auth.redirect_urls:
        # a pattern with an open bracket ends the service before it says why
        closed = all(url.count(one) == url.count(other) for one, other in ("[]", "{}"))
        if "," in url or not url.strip() or not closed:
            yield "`auth.redirect_urls` must hold one URL or closed pattern each"
    test_otp = auth.sms.test_otp if auth.sms else {}
    for number, code in test_otp.items():
        if not (number.isdecimal() and code.isdecimal()):
            yield "`auth.sms.test_otp` must be numbers and their codes, digits both"


def _hooks(auth: Auth) -> Iterator[str]:
    for point, hook in auth.hooks.items():
        parts = parts_of(hook.uri)
        if parts.scheme not in {"http", "https", "pg-functions"}:
            yield f"`auth.hooks.{point}` must be an https or pg-functions URI"
        elif parts.scheme == "http" and parts.hostname not in HERE:
            yield f"`auth.hooks.{point}` may use http on this machine only; auth would not start"
        elif parts.scheme == "pg-functions":
            function = [part for part in parts.path.split("/") if part]
            if not parts.netloc or len(function) != _FUNCTION_PARTS:
                yield f"`auth.hooks.{point}` must be pg-functions://postgres/SCHEMA/FUNCTION"


def _extra(auth: Auth) -> Iterator[str]:
    for name in (*auth.extra, *auth.extra_secrets):
        if not re.fullmatch(r"GOTRUE_[A-Z0-9_]+", name):
            yield f"`auth.extra` may hold GOTRUE_* only, not `{name}`"
    for name, value in auth.extra.items():
        if _SECRET.fullmatch(name):
            yield f"`auth.extra` must not hold a secret: name `{name}` in `auth.extra_secrets`"
            continue
        if re.fullmatch(r"GOTRUE_[A-Z0-9_]+", name) and (what := problem_of(name, value)):
            yield f"`auth.extra.{name}` must be {what}"
    unverified = auth.extra.get("GOTRUE_MAILER_ALLOW_UNVERIFIED_EMAIL_SIGN_INS") == "true"
    if unverified and auth.email_autoconfirm:
        yield "`auth.email_autoconfirm` and sign-ins of unverified addresses exclude each other"
    yield from _second_factors(auth)
    captcha = auth.extra.get("GOTRUE_SECURITY_CAPTCHA_ENABLED") == "true"
    if captcha and "GOTRUE_SECURITY_CAPTCHA_SECRET" not in auth.extra_secrets:
        yield "`auth.extra_secrets` must name GOTRUE_SECURITY_CAPTCHA_SECRET, as captcha is enabled"


def _second_factors(auth: Auth) -> Iterator[str]:
    """Yield what passkeys lack: without it auth starts, and refuses every one of them."""
    asking = ("PASSKEY_ENABLED", "MFA_WEB_AUTHN_ENROLL_ENABLED", "MFA_WEB_AUTHN_VERIFY_ENABLED")
    if not any(auth.extra.get(f"GOTRUE_{name}") == "true" for name in asking):
        return
    for part in ("ID", "DISPLAY_NAME", "ORIGINS"):
        if not auth.extra.get(f"GOTRUE_WEBAUTHN_RP_{part}"):
            yield f"`auth.extra.GOTRUE_WEBAUTHN_RP_{part}` must be given, as passkeys are enabled"
