"""Stands in for what GoTrue checks once its variables are read, before it listens."""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_der_private_key

from supamig.testing.services.gotrue.environment import Misconfigured
from supamig.testing.services.gotrue.redirects import compiled

if TYPE_CHECKING:
    from supamig.testing.services.gotrue.environment import Configuration

POINTS = (
    "MFA_VERIFICATION_ATTEMPT",
    "PASSWORD_VERIFICATION_ATTEMPT",
    "CUSTOM_ACCESS_TOKEN",
    "SEND_SMS",
    "SEND_EMAIL",
    "BEFORE_USER_CREATED",
    "AFTER_USER_CREATED",
)
_HERE = {"localhost", "127.0.0.1", "::1", "host.docker.internal"}
_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]{0,62}")
_SHARED = re.compile(r"v1,whsec_[A-Za-z0-9+/=]{32,88}")
_PAIR = re.compile(r"v1a,whpk_[A-Za-z0-9+/=]{44,}:whsk_[A-Za-z0-9+/=]{44,}$")
_FUNCTION_PARTS = 3
_SAML_BITS = 2048
_RSA_OID = bytes.fromhex("2a864886f70d010101")
_WRAPPING = 32


def check(configuration: Configuration) -> None:
    """Raise `Misconfigured` for what the real one ends over."""
    external = urlsplit(configuration.text("API_API_EXTERNAL_URL"))
    if not external.scheme and not external.path.startswith("/"):
        raise Misconfigured(f'parse "{external.geturl()}": invalid URI for request')
    confirmed = configuration.flag("MAILER_AUTOCONFIRM")
    if confirmed and configuration.flag("MAILER_ALLOW_UNVERIFIED_EMAIL_SIGN_INS"):
        raise Misconfigured(
            "cannot enable both GOTRUE_MAILER_AUTOCONFIRM and "
            "GOTRUE_MAILER_ALLOW_UNVERIFIED_EMAIL_SIGN_INS"
        )
    for pattern in configuration.words("URI_ALLOW_LIST"):
        try:
            compiled(pattern)
        except ValueError as error:
            raise Misconfigured(f"panic: {error}", status=2) from error
    version = configuration.number("SECURITY_REFRESH_TOKEN_ALGORITHM_VERSION")
    if version not in {0, 1, 2}:
        message = f"refresh token algorithm version must be 0, 1 or 2 but was {version}"
        raise Misconfigured(message)
    _check_captcha(configuration)
    _check_saml(configuration)
    for name in ("SESSIONS_TIMEBOX", "SESSIONS_INACTIVITY_TIMEOUT", "SESSIONS_ALLOW_LOW_AAL"):
        if name in configuration.given and configuration.seconds(name) <= 0:
            raise Misconfigured("conf: session duration must be positive when set")
    for point in POINTS:
        _check_hook(configuration, point)


def _check_captcha(configuration: Configuration) -> None:
    if not configuration.flag("SECURITY_CAPTCHA_ENABLED"):
        return
    provider = configuration.text("SECURITY_CAPTCHA_PROVIDER")
    if provider not in {"hcaptcha", "turnstile"}:
        raise Misconfigured(f"unsupported captcha provider: {provider}")
    if not configuration.text("SECURITY_CAPTCHA_SECRET").strip():
        raise Misconfigured("captcha provider secret is empty")


def _check_saml(configuration: Configuration) -> None:
    if not configuration.flag("SAML_ENABLED"):
        return
    try:
        written = base64.b64decode(configuration.text("SAML_PRIVATE_KEY"), validate=True)
    except binascii.Error as error:
        raise Misconfigured("SAML private key not in standard Base64 format") from error
    wrong = Misconfigured("SAML private key not in PKCS#1 format")
    try:
        key = load_der_private_key(written, password=None)
    except (ValueError, TypeError) as error:
        raise wrong from error
    if _RSA_OID in written[:_WRAPPING]:
        # the other form, PKCS#8, wraps the key and says its kind first
        raise wrong
    if not isinstance(key, rsa.RSAPrivateKey) or key.key_size < _SAML_BITS:
        raise Misconfigured("SAML private key must be at least RSA 2048")


def _check_hook(configuration: Configuration, point: str) -> None:
    uri = configuration.text(f"HOOK_{point}_URI")
    if not uri:
        return
    parts = urlsplit(uri)
    if parts.scheme == "pg-functions":
        _check_function(parts.path)
        return
    if parts.scheme == "http" and parts.hostname not in _HERE:
        raise Misconfigured("only localhost, 127.0.0.1, and ::1 are supported with http")
    if parts.scheme not in {"http", "https"}:
        raise Misconfigured("only postgres hooks and HTTPS functions are supported at the moment")
    for secret in filter(None, configuration.text(f"HOOK_{point}_SECRETS").split("|")):
        if not _SHARED.match(secret) and not _PAIR.match(secret):
            raise Misconfigured("invalid secret format")


def _check_function(path: str) -> None:
    parts = path.split("/")
    if len(parts) < _FUNCTION_PARTS:
        raise Misconfigured("URI path does not contain enough parts")
    for what, name in zip(("schema", "table"), parts[1:3], strict=True):
        if not _NAME.fullmatch(name):
            raise Misconfigured(f"invalid {what} name: {name}")
