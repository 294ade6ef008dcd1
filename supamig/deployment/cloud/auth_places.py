"""Where fields of `config/auth` have a setting of their own; all others are `auth.extra`."""

from __future__ import annotations

from typing import Any

from supamig.deployment.cloud.values import commas

PLACES: dict[str, tuple[str, ...]] = {
    "site_url": ("site_url",),
    "uri_allow_list": ("redirect_urls",),
    "jwt_exp": ("jwt_expiry",),
    "disable_signup": ("disable_signup",),
    "external_email_enabled": ("email_signup",),
    "external_phone_enabled": ("phone_signup",),
    "external_anonymous_users_enabled": ("anonymous_users",),
    "mailer_autoconfirm": ("email_autoconfirm",),
    "sms_autoconfirm": ("phone_autoconfirm",),
    "mailer_secure_email_change_enabled": ("secure_email_change",),
    "smtp_host": ("smtp", "host"),
    "smtp_port": ("smtp", "port"),
    "smtp_user": ("smtp", "user"),
    "smtp_admin_email": ("smtp", "admin_email"),
    "smtp_sender_name": ("smtp", "sender_name"),
    "smtp_max_frequency": ("smtp", "max_frequency"),
    "sms_twilio_account_sid": ("sms", "account_sid"),
    "sms_twilio_message_service_sid": ("sms", "message_service_sid"),
    "sms_otp_exp": ("sms", "otp_exp"),
    "sms_otp_length": ("sms", "otp_length"),
    "sms_max_frequency": ("sms", "max_frequency"),
    "sms_template": ("sms", "template"),
    "sms_test_otp": ("sms", "test_otp"),
    "mfa_totp_enroll_enabled": ("mfa", "totp_enroll"),
    "mfa_totp_verify_enabled": ("mfa", "totp_verify"),
    "mfa_phone_enroll_enabled": ("mfa", "phone_enroll"),
    "mfa_phone_verify_enabled": ("mfa", "phone_verify"),
    "mfa_max_enrolled_factors": ("mfa", "max_factors"),
    "saml_enabled": ("saml", "enabled"),
    "saml_allow_encrypted_assertions": ("saml", "allow_encrypted_assertions"),
}
_TEXT = {"max_frequency"}


def put(table: dict[str, Any], place: tuple[str, ...], value: Any, text: str) -> None:  # noqa: ANN401 - JSON
    """Put a value into a table of settings, in the type that the setting has."""
    for part in place[:-1]:
        table = table.setdefault(part, {})
    name = place[-1]
    if name == "redirect_urls":
        table[name] = commas(value)
    elif name == "test_otp":
        table[name] = dict(part.split(":", 1) for part in text.split(","))
    elif name == "port" or (isinstance(value, float) and name not in _TEXT):
        table[name] = int(float(text))
    else:
        table[name] = text if name in _TEXT else value
