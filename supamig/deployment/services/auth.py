"""The auth service.  It exits at start over one value that it cannot read.

An empty value for a number, a duration or a truth value is such a value, so what is empty is left
out (see `assembly`), and what a person wrote is checked before (see `problems`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from supamig.deployment.model import Condition, Service
from supamig.deployment.services.mail_pages import MAIL_PAGES
from supamig.deployment.services.making import DATABASE, health, image, logging, memory
from supamig.deployment.text import Reference, Text, plain, text, texts
from supamig.deployment.variables import flag

if TYPE_CHECKING:
    from supamig.deployment.auth_settings import Auth
    from supamig.deployment.settings import DeploymentSettings

_ALWAYS = {
    "GOTRUE_API_HOST": "0.0.0.0",  # noqa: S104 - inside of the network
    "GOTRUE_API_PORT": "9999",
    "API_EXTERNAL_URL": "${API_EXTERNAL_URL}",
    "GOTRUE_DB_DRIVER": "postgres",
    "GOTRUE_DB_DATABASE_URL": f"postgres://supabase_auth_admin:{DATABASE}/${{POSTGRES_DB}}",
    "GOTRUE_SITE_URL": "${SITE_URL}",
    "GOTRUE_URI_ALLOW_LIST": "${ADDITIONAL_REDIRECT_URLS}",
    "GOTRUE_DISABLE_SIGNUP": "${DISABLE_SIGNUP}",
    "GOTRUE_JWT_ADMIN_ROLES": "service_role",
    # without these two, new users and their tokens get no role
    "GOTRUE_JWT_AUD": "authenticated",
    "GOTRUE_JWT_DEFAULT_GROUP_NAME": "authenticated",
    "GOTRUE_JWT_EXP": "${JWT_EXPIRY}",
    "GOTRUE_JWT_SECRET": "${JWT_SECRET}",
    "GOTRUE_JWT_ISSUER": "${API_EXTERNAL_URL}",
    "GOTRUE_EXTERNAL_EMAIL_ENABLED": "${ENABLE_EMAIL_SIGNUP}",
    "GOTRUE_EXTERNAL_ANONYMOUS_USERS_ENABLED": "${ENABLE_ANONYMOUS_USERS}",
    "GOTRUE_MAILER_AUTOCONFIRM": "${ENABLE_EMAIL_AUTOCONFIRM}",
    "GOTRUE_MAILER_URLPATHS_INVITE": "${MAILER_URLPATHS_INVITE}",
    "GOTRUE_MAILER_URLPATHS_CONFIRMATION": "${MAILER_URLPATHS_CONFIRMATION}",
    "GOTRUE_MAILER_URLPATHS_RECOVERY": "${MAILER_URLPATHS_RECOVERY}",
    "GOTRUE_MAILER_URLPATHS_EMAIL_CHANGE": "${MAILER_URLPATHS_EMAIL_CHANGE}",
    "GOTRUE_EXTERNAL_PHONE_ENABLED": "${ENABLE_PHONE_SIGNUP}",
    "GOTRUE_SMS_AUTOCONFIRM": "${ENABLE_PHONE_AUTOCONFIRM}",
    "GOTRUE_MFA_TOTP_ENROLL_ENABLED": "${MFA_TOTP_ENROLL_ENABLED}",
    "GOTRUE_MFA_TOTP_VERIFY_ENABLED": "${MFA_TOTP_VERIFY_ENABLED}",
    "GOTRUE_MFA_PHONE_ENROLL_ENABLED": "${MFA_PHONE_ENROLL_ENABLED}",
    "GOTRUE_MFA_PHONE_VERIFY_ENABLED": "${MFA_PHONE_VERIFY_ENABLED}",
    "GOTRUE_MFA_MAX_ENROLLED_FACTORS": "${MFA_MAX_ENROLLED_FACTORS}",
}
_SMTP = {
    "GOTRUE_SMTP_ADMIN_EMAIL": "${SMTP_ADMIN_EMAIL}",
    "GOTRUE_SMTP_HOST": "${SMTP_HOST}",
    "GOTRUE_SMTP_PORT": "${SMTP_PORT}",
    "GOTRUE_SMTP_USER": "${SMTP_USER}",
    "GOTRUE_SMTP_SENDER_NAME": "${SMTP_SENDER_NAME}",
}
_SMS = {
    "GOTRUE_SMS_PROVIDER": "${SMS_PROVIDER}",
    "GOTRUE_SMS_OTP_EXP": "${SMS_OTP_EXP}",
    "GOTRUE_SMS_OTP_LENGTH": "${SMS_OTP_LENGTH}",
    "GOTRUE_SMS_MAX_FREQUENCY": "${SMS_MAX_FREQUENCY}",
    "GOTRUE_SMS_TEMPLATE": "${SMS_TEMPLATE}",
    "GOTRUE_SMS_TWILIO_ACCOUNT_SID": "${SMS_TWILIO_ACCOUNT_SID}",
    "GOTRUE_SMS_TWILIO_AUTH_TOKEN": "${SMS_TWILIO_AUTH_TOKEN}",
    "GOTRUE_SMS_TWILIO_MESSAGE_SERVICE_SID": "${SMS_TWILIO_MESSAGE_SERVICE_SID}",
    "GOTRUE_SMS_TEST_OTP": "${SMS_TEST_OTP}",
}
_SAML = {
    "GOTRUE_SAML_ENABLED": "${SAML_ENABLED}",
    "GOTRUE_SAML_PRIVATE_KEY": "${SAML_PRIVATE_KEY}",
    "GOTRUE_SAML_ALLOW_ENCRYPTED_ASSERTIONS": "${SAML_ALLOW_ENCRYPTED_ASSERTIONS}",
    "GOTRUE_SAML_RELAY_STATE_VALIDITY_PERIOD": "${SAML_RELAY_STATE_VALIDITY_PERIOD}",
    "GOTRUE_SAML_RATE_LIMIT_ASSERTION": "${SAML_RATE_LIMIT_ASSERTION}",
    "GOTRUE_SAML_EXTERNAL_URL": "${SAML_EXTERNAL_URL}",
}


def auth(settings: DeploymentSettings) -> Service:
    """Return GoTrue."""
    return Service(
        name="auth",
        container_name="supabase-auth",
        image=image(settings, "auth"),
        environment=_environment(settings),
        health=health(
            *("CMD", "wget", "--no-verbose", "--tries=1", "--spider"),
            "http://localhost:9999/health",
        ),
        depends_on={"db": Condition.HEALTHY},
        memory_mib=memory(settings, "auth"),
        logging=logging(settings),
    )


def _environment(settings: DeploymentSettings) -> dict[str, Text]:
    chosen = settings.auth
    found = texts(_ALWAYS)
    found["GOTRUE_MAILER_SECURE_EMAIL_CHANGE_ENABLED"] = plain(flag(chosen.secure_email_change))
    if settings.signing == "es256":
        found["GOTRUE_JWT_KEYS"] = text("${JWT_KEYS}")
    if chosen.smtp:
        found |= texts(_SMTP)
        found["GOTRUE_SMTP_MAX_FREQUENCY"] = plain(chosen.smtp.max_frequency)
        if chosen.smtp.user:
            found["GOTRUE_SMTP_PASS"] = text("${SMTP_PASS}")
    if chosen.sms:
        found |= texts(_SMS)
    if chosen.saml:
        found |= texts(_SAML)
    for name in chosen.providers:
        found |= _provider(name.upper(), chosen)
    for point, hook in chosen.hooks.items():
        prefix = f"GOTRUE_HOOK_{point.upper()}"
        found[f"{prefix}_ENABLED"] = plain("true")
        found[f"{prefix}_URI"] = plain(hook.uri)
        if not hook.uri.startswith("pg-functions:"):
            found[f"{prefix}_SECRETS"] = Text((Reference(f"HOOK_{point.upper()}_SECRETS"),))
    for mail in chosen.templates:
        found[f"GOTRUE_MAILER_TEMPLATES_{mail.upper()}"] = plain(f"{MAIL_PAGES}/{mail}.html")
    found |= {name: plain(value) for name, value in chosen.extra.items()}
    return found | {name: Text((Reference(name),)) for name in chosen.extra_secrets}


def _provider(name: str, chosen: Auth) -> dict[str, Text]:
    provider = chosen.providers[name.lower()]
    prefix = f"GOTRUE_EXTERNAL_{name}"
    found = texts(
        {
            f"{prefix}_ENABLED": f"${{{name}_ENABLED}}",
            f"{prefix}_CLIENT_ID": f"${{{name}_CLIENT_ID}}",
            f"{prefix}_SECRET": f"${{{name}_SECRET}}",
            f"{prefix}_REDIRECT_URI": "${API_EXTERNAL_URL}/callback",
        }
    )
    if provider.url:
        found[f"{prefix}_URL"] = plain(provider.url)
    if provider.skip_nonce_check:
        found[f"{prefix}_SKIP_NONCE_CHECK"] = plain("true")
    if provider.email_optional:
        found[f"{prefix}_EMAIL_OPTIONAL"] = plain("true")
    return found
