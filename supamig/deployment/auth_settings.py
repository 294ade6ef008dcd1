"""What can be chosen for the auth service: who may sign in, and how.

Names of secrets follow from what is chosen (`GOOGLE_SECRET`, `SMS_TWILIO_AUTH_TOKEN`, ...); no
field holds one.
"""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - pydantic reads the fields' types
from dataclasses import dataclass, field
from typing import ClassVar, Literal

Point = Literal[
    "custom_access_token",
    "mfa_verification_attempt",
    "password_verification_attempt",
    "send_sms",
    "send_email",
    "before_user_created",
    "after_user_created",
]
#: Mail that has a page of its own, as `mailer_templates_NAME_content` calls it.
Mail = Literal[
    "confirmation",
    "email_change",
    "email_changed_notification",
    "identity_linked_notification",
    "identity_unlinked_notification",
    "invite",
    "magic_link",
    "mfa_factor_enrolled_notification",
    "mfa_factor_unenrolled_notification",
    "password_changed_notification",
    "phone_changed_notification",
    "reauthentication",
    "recovery",
]
_FORBID = {"extra": "forbid"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Smtp:
    """The server that sends mail; its password is the secret `SMTP_PASS`."""

    __pydantic_config__: ClassVar = _FORBID

    host: str
    admin_email: str
    sender_name: str
    port: int = 587
    user: str = ""
    #: Least time between two mails to one address, with its unit.
    max_frequency: str = "60s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A provider such as Google; its secret is `NAME_SECRET`."""

    __pydantic_config__: ClassVar = _FORBID

    client_id: str
    #: Where the provider runs, for those that have many homes (Azure, GitLab, Keycloak).
    url: str = ""
    skip_nonce_check: bool = False
    #: Whether somebody may sign in whose address the provider does not tell.
    email_optional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sms:
    """Twilio; its token is the secret `SMS_TWILIO_AUTH_TOKEN`."""

    __pydantic_config__: ClassVar = _FORBID

    account_sid: str
    message_service_sid: str
    otp_exp: int = 60
    otp_length: int = 6
    max_frequency: str = "60s"
    template: str = "Your code is {{ .Code }}"
    #: Numbers that need no message, each with its code.
    test_otp: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mfa:
    """Second factors."""

    __pydantic_config__: ClassVar = _FORBID

    totp_enroll: bool = True
    totp_verify: bool = True
    phone_enroll: bool = False
    phone_verify: bool = False
    max_factors: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Saml:
    """Single sign-on; its key is the secret `SAML_PRIVATE_KEY`."""

    __pydantic_config__: ClassVar = _FORBID

    allow_encrypted_assertions: bool = False
    relay_state_validity: str = "2m0s"
    rate_limit: int = 15
    external_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """A function that auth calls; one over HTTP signs with the secret `HOOK_POINT_SECRETS`."""

    __pydantic_config__: ClassVar = _FORBID

    uri: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Auth:
    """The auth service.  What is None or empty is not told to it, so its own default holds."""

    __pydantic_config__: ClassVar = _FORBID

    site_url: str = "http://localhost:3000"
    redirect_urls: tuple[str, ...] = ()
    jwt_expiry: int = 3600
    disable_signup: bool = False
    email_signup: bool = True
    email_autoconfirm: bool = False
    anonymous_users: bool = False
    # upstream has both on: anybody gets an account for a number that nobody proves
    phone_signup: bool = False
    phone_autoconfirm: bool = False
    secure_email_change: bool = True
    smtp: Smtp | None = None
    sms: Sms | None = None
    mfa: Mfa = field(default_factory=Mfa)
    saml: Saml | None = None
    providers: Mapping[str, Provider] = field(default_factory=dict)
    hooks: Mapping[Point, Hook] = field(default_factory=dict)
    #: Pages of mail; a settings file names each page's file, relative to itself.
    templates: Mapping[Mail, str] = field(default_factory=dict)
    #: Further GOTRUE_* variables; those of `extra_secrets` have their values among the secrets.
    extra: Mapping[str, str] = field(default_factory=dict)
    extra_secrets: tuple[str, ...] = ()
