"""What becomes of each field of `config/auth`: carried, asked for, left out with a reason, unknown.

The rule is `field` -> `GOTRUE_FIELD`, if auth reads such a variable; this table is the exceptions.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from supamig.deployment.auth_variables import types

if TYPE_CHECKING:
    from collections.abc import Mapping

Fate = Literal["carried", "asked", "left out", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field that is set: what becomes of it, where it goes, and why it does not."""

    name: str
    fate: Fate
    #: A setting, a variable, or the name of a secret.
    goes_to: str = ""
    reason: str = ""


#: Fields that auth calls otherwise.
RENAMED = {
    "refresh_token_rotation_enabled": "GOTRUE_SECURITY_REFRESH_TOKEN_ROTATION_ENABLED",
}
_PLATFORM = "a part of the platform that a deployment does not have"
_SIZED = "it follows from the size of the source's machine"
IGNORED = {
    "db_max_pool_size": _SIZED,
    "db_max_pool_size_unit": _SIZED,
    "saml_external_url": "the deployment's own address takes its place",
    "security_sb_forwarded_for_enabled": "only the platform's proxies set that header",
}
_IGNORED_START = "nimbus_"
#: Providers without a page to come back from: their switch is carried whether on or off.
_NO_OAUTH = frozenset({"email", "phone", "anonymous_users", "web3_solana", "web3_ethereum"})
_PROVIDER = re.compile(
    r"external_(?P<name>.+?)_"
    r"(enabled|client_id|additional_client_ids|secret|url|skip_nonce_check|email_optional)"
)
_HOOK = re.compile(r"hook_(?P<name>.+)_(enabled|uri|secrets)")
_SMS = ("twilio_verify", "twilio", "messagebird", "textlocal", "vonage")
#: How the names of fields end whose text is a secret; one that is new here is taken for one too.
_SECRET = re.compile(r"(.*_)?(secrets?|pass|password|token|key|access_key|api_key)")
TEMPLATE = re.compile(r"mailer_templates_(?P<name>.+)_content")


def variable(name: str) -> str:
    """Return the variable that a field is by the rule, whether or not auth reads it."""
    return RENAMED.get(name, f"GOTRUE_{name.upper()}")


def is_secret(name: str, value: object) -> bool:
    """Tell whether a field holds a secret, of which the API shows a digest."""
    return isinstance(value, str) and _SECRET.fullmatch(name) is not None


def provider_of(name: str) -> str:
    """Return the provider that a field belongs to; nothing for one that has none."""
    found = _PROVIDER.fullmatch(name)
    return found["name"] if found and found["name"] not in _NO_OAUTH else ""


def hook_of(name: str) -> str:
    """Return the point at which the hook of a field is called; nothing for other fields."""
    found = _HOOK.fullmatch(name)
    return found["name"] if found else ""


def sms_provider_of(name: str) -> str:
    """Return the sender of messages that a field belongs to; nothing for other fields."""
    return next((one for one in _SMS if name.startswith(f"sms_{one}_")), "")


def why_left_out(name: str, config: Mapping[str, Any]) -> str:
    """Say why a field that is set is not carried; nothing for one that is."""
    if name.startswith(_IGNORED_START):
        return _PLATFORM
    if name in IGNORED:
        return IGNORED[name]
    provider, hook, sms = provider_of(name), hook_of(name), sms_provider_of(name)
    # even a hook that is off keeps auth from starting, if its address is wrong
    switches = (
        (provider, f"external_{provider}_enabled", f"the provider {provider} is off"),
        (hook, f"hook_{hook}_enabled", f"the hook {hook} is off"),
        (name.startswith("saml_"), "saml_enabled", "SAML is off"),
        (name.startswith("security_captcha_"), "security_captcha_enabled", "captcha is off"),
        (name.startswith("smtp_"), "smtp_host", "no mail server is set"),
    )
    for concerns, switch, reason in switches:
        if concerns and not config.get(switch):
            return reason
    if name.startswith("sms_") and name != "sms_autoconfirm" and not sends_messages(config):
        return "nothing sends messages: sign-in and second factors by phone are off"
    if sms and sms != config.get("sms_provider"):
        return "another sender of messages is chosen"
    return ""


def sends_messages(config: Mapping[str, Any]) -> bool:
    """Tell whether auth would send a message to a phone at all."""
    uses = ("external_phone_enabled", "mfa_phone_enroll_enabled", "mfa_phone_verify_enabled")
    return any(config.get(name) for name in uses)


def is_known(name: str) -> bool:
    """Tell whether auth reads a variable for the field."""
    return variable(name) in types()
