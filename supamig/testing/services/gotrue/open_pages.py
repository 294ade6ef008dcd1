"""Stands in for what GoTrue tells everybody: its health, its settings, its public keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from supamig.testing.services.gotrue.calls import Answer
from supamig.testing.services.gotrue.problems import Problem, invalid

if TYPE_CHECKING:
    from supamig.testing.services.gotrue.calls import Call

_NEEDED = {
    "CLIENT_ID": "OAuth client ID",
    "SECRET": "OAuth secret",
    "REDIRECT_URI": "redirect URI",
}
VERSION = "v2.196.0"
_PROVIDERS = (
    *("anonymous_users", "apple", "azure", "bitbucket", "discord", "facebook", "snapchat"),
    *("figma", "fly", "github", "gitlab", "google", "keycloak", "kakao", "linkedin"),
    *("linkedin_oidc", "notion", "spotify", "slack", "slack_oidc", "workos", "twitch"),
    *("twitter", "email", "phone", "zoom"),
)


def health(_: Call) -> Answer:
    """Answer also while the database is down."""
    about = "GoTrue is a user registration and authentication API"
    return Answer({"version": VERSION, "name": "GoTrue", "description": about})


def settings(call: Call) -> Answer:
    """Say how one may come in."""
    flag = call.configuration.flag
    return Answer(
        {
            "external": {one: flag(f"EXTERNAL_{one.upper()}_ENABLED") for one in _PROVIDERS},
            "disable_signup": flag("DISABLE_SIGNUP"),
            "mailer_autoconfirm": flag("MAILER_AUTOCONFIRM"),
            "phone_autoconfirm": flag("SMS_AUTOCONFIRM"),
            "sms_provider": call.configuration.text("SMS_PROVIDER"),
            "saml_enabled": flag("SAML_ENABLED"),
            "saml_private_key_next_configured": _has_next_key(call),
            "passkeys_enabled": flag("PASSKEY_ENABLED"),
        }
    )


def _has_next_key(call: Call) -> bool:
    """Say yes while SAML is off, as the real one does."""
    off = not call.configuration.flag("SAML_ENABLED")
    return off or call.configuration.is_set("SAML_PRIVATE_KEY_NEXT")


def authorize(call: Call) -> Answer:
    """Refuse to go to a provider that is not set up; no provider is here to go to."""
    wanted = call.query.get("provider", "")
    if wanted.lower() not in _PROVIDERS:
        raise invalid(f"Unsupported provider: Provider {wanted} could not be found")
    name = f"EXTERNAL_{wanted.upper()}"
    if not call.configuration.flag(f"{name}_ENABLED"):
        raise invalid("Unsupported provider: provider is not enabled")
    for setting, words in _NEEDED.items():
        if not call.configuration.is_set(f"{name}_{setting}"):
            raise invalid(f"Unsupported provider: missing {words}")
    raise Problem(501, "not_implemented", "the stand-in knows no provider's own pages")


def jwks(call: Call) -> Answer:
    """Show the public halves of the keys."""
    headers = {"cache-control": "public, max-age=600"}
    return Answer({"keys": call.service.keys.public}, headers=headers)
