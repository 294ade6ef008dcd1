"""What the `.env` file says in plain text, under the names that Supabase's users know."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from supamig.deployment.auth_settings import Auth
    from supamig.deployment.settings import DeploymentSettings

#: Links in mail keep scheme and host of API_EXTERNAL_URL and drop its path.
_VERIFY = "/auth/v1/verify"


def variables(settings: DeploymentSettings) -> dict[str, str]:
    """Return every variable that is no secret, in the order of the `.env` file."""
    rest, pooler, storage = settings.rest, settings.pooler, settings.storage
    found = {
        "DASHBOARD_USERNAME": settings.studio.username,
        "SUPABASE_PUBLIC_URL": settings.public_url,
        "API_EXTERNAL_URL": settings.auth_url,
        # these three are the inside of the network; ports of the host are in the service itself
        "POSTGRES_HOST": "db",
        "POSTGRES_DB": "postgres",
        "POSTGRES_PORT": "5432",
        "POOLER_DEFAULT_POOL_SIZE": str(pooler.pool_size),
        "POOLER_MAX_CLIENT_CONN": str(pooler.max_clients),
        "POOLER_TENANT_ID": pooler.tenant,
        "POOLER_DB_POOL_SIZE": str(pooler.own_pool_size),
        "STUDIO_DEFAULT_ORGANIZATION": settings.studio.organization,
        "STUDIO_DEFAULT_PROJECT": settings.studio.project,
        **_auth(settings.auth),
        "GLOBAL_S3_BUCKET": storage.s3.bucket if storage.s3 else storage.bucket,
        "REGION": storage.s3.region if storage.s3 else storage.region,
        "STORAGE_TENANT_ID": storage.tenant,
        "FUNCTIONS_VERIFY_JWT": flag(settings.functions_verify_jwt),
        "PGRST_DB_SCHEMAS": ",".join(rest.schemas),
        "PGRST_DB_MAX_ROWS": str(rest.max_rows),
        "PGRST_DB_EXTRA_SEARCH_PATH": ",".join(rest.extra_search_path),
        "IMGPROXY_AUTO_WEBP": flag(storage.auto_webp),
    }
    if settings.tls:
        found["PROXY_DOMAIN"] = settings.tls.domain
    return found


def flag(value: bool) -> str:  # noqa: FBT001 - a value, not a switch
    """Write a truth value as all the services read it."""
    return "true" if value else "false"


def _auth(auth: Auth) -> dict[str, str]:
    found = {
        "SITE_URL": auth.site_url,
        "ADDITIONAL_REDIRECT_URLS": ",".join(auth.redirect_urls),
        "JWT_EXPIRY": str(auth.jwt_expiry),
        "DISABLE_SIGNUP": flag(auth.disable_signup),
        "MAILER_URLPATHS_CONFIRMATION": _VERIFY,
        "MAILER_URLPATHS_INVITE": _VERIFY,
        "MAILER_URLPATHS_RECOVERY": _VERIFY,
        "MAILER_URLPATHS_EMAIL_CHANGE": _VERIFY,
        "ENABLE_EMAIL_SIGNUP": flag(auth.email_signup),
        "ENABLE_EMAIL_AUTOCONFIRM": flag(auth.email_autoconfirm),
        "ENABLE_ANONYMOUS_USERS": flag(auth.anonymous_users),
        "ENABLE_PHONE_SIGNUP": flag(auth.phone_signup),
        "ENABLE_PHONE_AUTOCONFIRM": flag(auth.phone_autoconfirm),
    }
    if smtp := auth.smtp:
        found |= {
            "SMTP_ADMIN_EMAIL": smtp.admin_email,
            "SMTP_HOST": smtp.host,
            "SMTP_PORT": str(smtp.port),
            "SMTP_USER": smtp.user,
            "SMTP_SENDER_NAME": smtp.sender_name,
        }
    for name, provider in auth.providers.items():
        found |= {
            f"{name.upper()}_ENABLED": "true",
            f"{name.upper()}_CLIENT_ID": provider.client_id,
        }
    if sms := auth.sms:
        found |= {
            "SMS_PROVIDER": "twilio",
            "SMS_OTP_EXP": str(sms.otp_exp),
            "SMS_OTP_LENGTH": str(sms.otp_length),
            "SMS_MAX_FREQUENCY": sms.max_frequency,
            "SMS_TEMPLATE": sms.template,
            "SMS_TWILIO_ACCOUNT_SID": sms.account_sid,
            "SMS_TWILIO_MESSAGE_SERVICE_SID": sms.message_service_sid,
            "SMS_TEST_OTP": ",".join(f"{number}:{code}" for number, code in sms.test_otp.items()),
        }
    found |= {
        "MFA_TOTP_ENROLL_ENABLED": flag(auth.mfa.totp_enroll),
        "MFA_TOTP_VERIFY_ENABLED": flag(auth.mfa.totp_verify),
        "MFA_PHONE_ENROLL_ENABLED": flag(auth.mfa.phone_enroll),
        "MFA_PHONE_VERIFY_ENABLED": flag(auth.mfa.phone_verify),
        "MFA_MAX_ENROLLED_FACTORS": str(auth.mfa.max_factors),
    }
    if saml := auth.saml:
        found |= {
            "SAML_ENABLED": "true",
            "SAML_ALLOW_ENCRYPTED_ASSERTIONS": flag(saml.allow_encrypted_assertions),
            "SAML_RELAY_STATE_VALIDITY_PERIOD": saml.relay_state_validity,
            "SAML_RATE_LIMIT_ASSERTION": str(saml.rate_limit),
            "SAML_EXTERNAL_URL": saml.external_url,
        }
    return found
