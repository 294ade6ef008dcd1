"""Stands in for what the Management API says of one busy project of Supabase Cloud.

`cloud_project()` is a project that uses much of Auth; `every_provider()` turns all of it on.
"""

from __future__ import annotations

import time
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from supamig.deployment.upstream import table
from supamig.testing.management import opaque

REF = "abcdefghijklmnopqrst"
JWT_SECRET = "super-secret-jwt-token-of-the-cloud-project"  # noqa: S105 - of nobody's project
PGSODIUM = "5f" * 32
SMTP_PASS = "the real password of the mail server"  # noqa: S105 - of no server
PUBLISHABLE = "sb_publishable_ACJWlzQHlZjBrEguHvfOxg_3BJgxAaH"
SECRET = "sb_secret_N7UND0UgjKTVK-Uodkm0Hg_xSvEMPvz"  # noqa: S105 - the sample of the docs
#: What signs the project's tokens, private half and all: the API shows the public one alone.
SIGNING = ECKey.generate_key("P-256", {"kid": "6bbd4e62-36b4-4c33-9d2a-6f52d3fd6b37"})
EARLIER = ECKey.generate_key("P-256", {"kid": "0d1f5d84-31a7-4f13-8c2b-6d3c55c6b0aa"})
REVOKED = ECKey.generate_key("P-256", {"kid": "e2b9a8f3-8d7c-4e42-9f0e-0d5a56a1c5b1"})
_CHOSEN: dict[str, Any] = {
    "site_url": "https://app.example.com",
    "uri_allow_list": "https://app.example.com/**,myapp://callback",
    "jwt_exp": 7200,
    "disable_signup": False,
    "external_email_enabled": True,
    "external_phone_enabled": False,
    "external_anonymous_users_enabled": True,
    "mailer_autoconfirm": False,
    "mailer_otp_exp": 3600,
    "mailer_otp_length": 6,
    "mailer_secure_email_change_enabled": True,
    "mailer_subjects_confirmation": "Welcome to Example",
    "mailer_templates_confirmation_content": '<a href="{{ .ConfirmationURL }}">It is me</a>\n',
    "mailer_subjects_recovery": "Reset your password",
    "mailer_templates_recovery_content": "<p>{{ .Token }} costs $5</p>\n",
    "mfa_max_enrolled_factors": 10,
    "mfa_phone_otp_length": 6,
    "mfa_totp_enroll_enabled": True,
    "mfa_totp_verify_enabled": True,
    "external_github_enabled": True,
    "external_github_client_id": "Iv1.0123456789abcdef",
    "external_github_secret": opaque(REF, "github's secret"),
    "external_google_enabled": True,
    "external_google_client_id": "web.apps.googleusercontent.com",
    "external_google_additional_client_ids": "ios.apps.googleusercontent.com",
    "external_google_secret": opaque(REF, "google's secret"),
    "external_google_skip_nonce_check": False,
    "external_twitter_enabled": False,
    "external_twitter_client_id": "left over",
    "hook_custom_access_token_enabled": True,
    "hook_custom_access_token_uri": "pg-functions://postgres/public/custom_access_token_hook",
    "hook_send_email_enabled": True,
    "hook_send_email_uri": f"https://{REF}.supabase.co/functions/v1/send-email",
    "hook_send_email_secrets": opaque(REF, "v1,whsec_c2VjcmV0"),
    "hook_send_sms_enabled": False,
    "hook_send_sms_uri": "http://sms.internal/hook",
    "password_min_length": 8,
    "password_hibp_enabled": True,
    "password_required_characters": (
        "abcdefghijklmnopqrstuvwxyz:ABCDEFGHIJKLMNOPQRSTUVWXYZ:0123456789"
    ),
    "rate_limit_anonymous_users": 30,
    "rate_limit_email_sent": 100,
    "rate_limit_otp": 30,
    "rate_limit_sms_sent": 30,
    "rate_limit_token_refresh": 150,
    "rate_limit_verify": 30,
    "rate_limit_web3": 30,
    "refresh_token_rotation_enabled": True,
    "security_refresh_token_reuse_interval": 10,
    "security_captcha_enabled": True,
    "security_captcha_provider": "turnstile",
    "security_captcha_secret": opaque(REF, "turnstile's secret"),
    "security_manual_linking_enabled": False,
    "sessions_timebox": 720,
    "sessions_inactivity_timeout": 1.5,
    "sessions_single_per_user": False,
    "sms_max_frequency": 5,
    "sms_otp_exp": 60,
    "sms_otp_length": 6,
    "smtp_admin_email": "no-reply@example.com",
    "smtp_host": "smtp.postmarkapp.com",
    "smtp_port": "587",
    "smtp_user": "postmark",
    "smtp_pass": opaque(REF, SMTP_PASS),
    "smtp_sender_name": "Example",
    "smtp_max_frequency": 60,
    "api_max_request_duration": 10,
    "custom_oauth_enabled": False,
    "custom_oauth_max_providers": 0,
    "nimbus_oauth_email_optional": False,
    "oauth_server_enabled": False,
    "oauth_server_allow_dynamic_registration": False,
    "passkey_enabled": False,
}


def auth_config(**changes: Any) -> dict[str, Any]:
    """Return a whole `config/auth`: every field that the API has, most of them null."""
    return {row["field"]: None for row in table("auth_config")} | _CHOSEN | changes


def every_provider() -> dict[str, Any]:
    """Return a `config/auth` in which everything that can be enabled is."""
    found: dict[str, Any] = {}
    for row in table("auth_config"):
        name = row["field"]
        if row["type"] == "bool":
            found[name] = True
        elif name.endswith("_client_id"):
            found[name] = f"id-of-{name.split('_')[1]}"
        elif name.endswith(("_secret", "_secrets", "_auth_token", "_access_key", "_api_key")):
            found[name] = opaque(REF, name)
        elif name.startswith("hook_") and name.endswith("_uri"):
            found[name] = f"https://{REF}.supabase.co/functions/v1/{name.replace('_', '-')}"
        elif name.startswith("external_") and name.endswith("_url"):
            found[name] = f"https://{name.split('_')[1]}.example.com"
        elif name.startswith("mailer_templates_"):
            found[name] = f"<p>{name}</p>"
        elif name.startswith("mailer_subjects_"):
            found[name] = name
    found |= {
        "mailer_autoconfirm": False,  # excludes sign-ins of unverified addresses
        "sms_provider": "twilio",
        "sms_twilio_account_sid": "AC0123",
        "sms_twilio_message_service_sid": "MG0123",
        "sms_test_otp": "4915112345678=123456,4915187654321=654321",
        "sms_test_otp_valid_until": "2027-01-01T00:00:00Z",
        "sms_template": "Your code is {{ .Code }}",
        "mfa_phone_template": "Your code is {{ .Code }}",
        "mfa_phone_max_frequency": 5,
        "saml_external_url": f"https://{REF}.supabase.co/auth/v1",
        "webauthn_rp_id": "example.com",
        "webauthn_rp_display_name": "Example",
        "webauthn_rp_origins": "https://app.example.com",
        "oauth_server_authorization_path": "/oauth/consent",
        "sessions_tags": "web,mobile",
        "db_max_pool_size": 10,
        "db_max_pool_size_unit": "connections",
    }
    return auth_config(**found)


def api_key(role: str) -> str:
    """Return a key of the old form, as the project's dashboard shows it."""
    now = int(time.time())
    claims = {"iss": "supabase", "ref": REF, "role": role, "iat": now, "exp": now + 315_360_000}
    return jwt.encode({"alg": "HS256", "typ": "JWT"}, claims, OctKey.import_key(JWT_SECRET))


def cloud_project(**changes: Any) -> dict[str, Any]:
    """Return all answers of the API about :data:`REF`, by the name of the call."""
    keys = [("IN_USE", SIGNING), ("PREVIOUSLY_USED", EARLIER), ("REVOKED", REVOKED)]
    found: dict[str, Any] = {
        "project": {
            "id": REF,
            "ref": REF,
            "name": "example",
            "organization_slug": "example",
            "region": "eu-central-1",
            "status": "ACTIVE_HEALTHY",
            "created_at": "2024-05-01T08:00:00Z",
            "database": {"host": f"db.{REF}.supabase.co", "version": "17.6.1.136",
                         "postgres_engine": "17", "release_channel": "ga"},
        },
        "auth_config": auth_config(),
        "signing_keys": {
            "keys": [
                *({"id": key.kid, "algorithm": "ES256", "status": status.lower(),
                   "public_jwk": _shown(key)} for status, key in keys),
                {"id": "1d1f5d84-31a7-4f13-8c2b-6d3c55c6b0ab", "algorithm": "HS256",
                 "status": "previously_used", "public_jwk": None},
            ]
        },
        "postgrest": {"db_schema": "public,api,graphql_public", "max_rows": 500,
                      "db_extra_search_path": "public,extensions", "db_pool": None,
                      "jwt_secret": JWT_SECRET},
        "api_keys": [
            {"name": "anon", "type": "legacy", "api_key": api_key("anon")},
            {"name": "service_role", "type": "legacy", "api_key": api_key("service_role")},
            {"name": "default", "type": "publishable", "id": "1", "api_key": PUBLISHABLE},
            {"name": "default", "type": "secret", "id": "2", "api_key": SECRET},
            {"name": "jobs", "type": "secret", "id": "3", "api_key": SECRET.replace("N7", "N8")},
        ],
        "legacy_api_keys": {"enabled": True},
        "sso_providers": {"items": []},
        "third_party_auth": [],
        "storage": {"fileSizeLimit": 104_857_600, "migrationVersion": "optimize-search",
                    "features": {"imageTransformation": {"enabled": True},
                                 "s3Protocol": {"enabled": True}}},
        "realtime": {"max_concurrent_users": 500, "max_events_per_second": 200,
                     "max_bytes_per_second": 150_000, "max_channels_per_client": 100,
                     "max_joins_per_second": 120, "max_payload_size_in_kb": 3000,
                     "max_presence_events_per_second": 1000, "connection_pool": None,
                     "presence_enabled": True, "private_only": False, "suspend": False},
        "functions": [_function("send-email", verify_jwt=False), _function("hello")],
        "functions/send-email": ("application/octet-stream", b"ESZIP2.3\x00\x01"),
        "functions/hello": _form({"source/index.ts": b"Deno.serve(() => new Response())\n"}),
        "function_secrets": [{"name": "STRIPE_KEY", "value": opaque(REF, "sk")},
                             {"name": "SUPABASE_URL", "value": opaque(REF, "url")}],
        "pooler": [{"identifier": REF, "database_type": "PRIMARY", "pool_mode": "transaction",
                    "db_host": "aws-1-eu-central-1.pooler.supabase.com", "db_port": 6543,
                    "db_user": f"postgres.{REF}", "db_name": "postgres",
                    "connection_string": f"postgresql://postgres.{REF}:[YOUR-PASSWORD]@aws-1"}],
        "pgsodium": {"root_key": PGSODIUM},
        "buckets": [{"id": "avatars", "name": "avatars", "public": True}],
        "ssl_enforcement": {"currentConfig": {"database": False}, "appliedSuccessfully": True},
        "network_restrictions": {"entitlement": "allowed", "status": "applied",
                                 "config": {"dbAllowedCidrs": ["0.0.0.0/0"]}},
        "vanity_subdomain": {"status": "not-used"},
        "health": [{"name": "auth", "status": "ACTIVE_HEALTHY", "healthy": True}],
        "readonly": {"enabled": False, "override_enabled": False, "override_active_until": ""},
        "backups": {"region": "eu-central-1", "pitr_enabled": False, "walg_enabled": True,
                    "backups": [], "physical_backup_data": {}},
    }  # fmt: skip
    return found | changes


def _shown(key: ECKey) -> dict[str, Any]:
    public = key.as_dict(private=False)
    return {**public, "alg": "ES256", "use": "sig", "key_ops": ["verify"], "ext": True}


def _function(slug: str, *, verify_jwt: bool = True) -> dict[str, Any]:
    return {"id": slug, "slug": slug, "name": slug, "status": "ACTIVE", "version": 3,
            "verify_jwt": verify_jwt, "import_map": False, "created_at": 1, "updated_at": 2,
            "entrypoint_path": f"file:///tmp/user_fn_{REF}/source/index.ts"}  # fmt: skip


def _form(files: dict[str, bytes]) -> tuple[str, bytes]:
    edge = "edge-of-the-form"
    parts = [
        f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
        f"Content-Type: application/typescript\r\nSupabase-Path: {name}\r\n\r\n".encode()
        + content
        + b"\r\n"
        for name, content in files.items()
    ]
    return f"multipart/form-data; boundary={edge}", b"".join([*parts, f"--{edge}--\r\n".encode()])
