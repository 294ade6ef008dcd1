"""What settings of a deployment are refused, each by its name."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from supamig.deployment import DeploymentSettings, describe
from supamig.deployment.auth_settings import Auth, Hook, Provider, Sms, Smtp
from supamig.deployment.problems import problems
from supamig.deployment.settings import (
    S3,
    Addresses,
    LogSettings,
    Pooler,
    Ports,
    Realtime,
    Rest,
    Storage,
    Studio,
    Tls,
)
from supamig.errors import ConfigError

VARIANTS = runpy.run_path(str(Path(__file__).with_name("deployment_samples.py")))["VARIANTS"]


def auth(**changes):
    return {"auth": Auth(**changes)}


MAIL = {"host": "h", "admin_email": "a@b.example", "sender_name": "s"}
BAD = {
    "public_url": [
        {"public_url": "localhost:8000"},
        {"public_url": "http://localhost:8000/"},
        {"public_url": "http://localhost:8000/auth/v1"},
        {"public_url": "http://user:word@localhost:8000"},
        {"public_url": "http://localhost:9000"},
        {"public_url": "http://[::1"},
        {"public_url": "http://localhost:99999"},
        {"public_url": "http://api.example.com", "tls": Tls(domain="api.example.com")},
    ],
    "tls.domain": [
        {"public_url": "https://https://x", "tls": Tls(domain="https://x")},
        {"public_url": "https://x", "tls": Tls(domain="x {\n}")},
    ],
    "auth.site_url": [auth(site_url="app.example.com"), auth(site_url="http://[x")],
    "storage.s3": [
        {"storage": Storage(s3=S3(endpoint="fra1", bucket="b", region="r"))},
        {"storage": Storage(s3=S3(endpoint="https://e", bucket="", region="r"))},
    ],
    "name": [{"name": "two words"}],
    "pooler.tenant": [{"pooler": Pooler(tenant="a:b")}],
    "studio.username": [{"studio": Studio(username="a|b")}, {"studio": Studio(username="a:b")}],
    "container_logs": [
        {"container_logs": LogSettings(max_size=size)} for size in ("lots", "", "0m", "10 m")
    ]
    + [{"container_logs": LogSettings(max_files=0)}],
    "docker_socket": [{"docker_socket": "docker.sock"}],
    "rest.max_rows": [{"rest": Rest(max_rows=0)}],
    "rest.pool": [{"rest": Rest(pool=-1)}],
    "storage.file_size_limit": [{"storage": Storage(file_size_limit=0)}],
    "realtime.max_concurrent_users": [{"realtime": Realtime(max_concurrent_users=0)}],
    "rest.schemas": [{"rest": Rest(schemas=())}],
    "pooler": [{"pooler": Pooler(pool_size=0)}],
    "ports.session_pooler": [
        {"ports": Ports(session_pooler=0)},
        {"ports": Ports(session_pooler=65536)},
        {"ports": Ports(session_pooler=6543)},
        {"ports": Ports(database=5432)},
    ],
    "ports.api": [{"ports": Ports(studio=8000)}],
    "addresses.studio": [
        {"addresses": Addresses(studio=one)}
        for one in ("0.0.0.0", "::", "138.197.4.36", "localhost", "")
    ],
    "addresses.database": [{"addresses": Addresses(database="127.0.0.1:5432")}],
    "auth.jwt_expiry": [auth(jwt_expiry=0), auth(jwt_expiry=700_000)],
    "auth.smtp.max_frequency": [
        auth(smtp=Smtp(**MAIL, max_frequency="60")),
        auth(smtp=Smtp(**MAIL, max_frequency="")),
    ],
    "auth.hooks.send_email": [
        auth(hooks={"send_email": Hook(uri="http://app.example.com/mail")}),
        auth(hooks={"send_email": Hook(uri="ftp://x")}),
        auth(hooks={"send_email": Hook(uri="pg-functions://postgres/public")}),
    ],
    "auth.extra": [
        auth(extra={"PGPASSWORD": "x"}),
        auth(extra_secrets=("JWT_SECRET",)),
        auth(extra={"GOTRUE_JWT_SECRET": "x"}),
        auth(extra={"GOTRUE_EXTERNAL_APPLE_SECRET": "x"}),
    ],
    **{
        f"auth.extra.{name}": [auth(extra={name: value})]
        for name, value in {
            "GOTRUE_SESSIONS_TIMEBOX": "3600",
            "GOTRUE_SMTP_MAX_FREQUENCY": "60",
            "GOTRUE_PASSWORD_HIBP_ENABLED": "yes",
            "GOTRUE_RATE_LIMIT_EMAIL_SENT": "abc",
            "GOTRUE_MAILER_OTP_LENGTH": "six",
            "GOTRUE_MAILER_TEMPLATES_INVITE": "<h2>Welcome</h2>",
        }.items()
    },
    "auth.email_autoconfirm": [
        auth(
            email_autoconfirm=True,
            extra={"GOTRUE_MAILER_ALLOW_UNVERIFIED_EMAIL_SIGN_INS": "true"},
        )
    ],
    "auth.extra_secrets": [auth(extra={"GOTRUE_SECURITY_CAPTCHA_ENABLED": "true"})],
    "auth.redirect_urls": [
        auth(redirect_urls=("https://[a",)),
        auth(redirect_urls=("https://a,https://b",)),
        auth(redirect_urls=("",)),
    ],
    "auth.sms.test_otp": [
        auth(sms=Sms(account_sid="a", message_service_sid="b", test_otp={"491=1": "2"}))
    ],
    "function_secrets": [{"function_secrets": ("SUPABASE_URL",)}, {"function_secrets": ("a b",)}],
    "auth.providers.Google": [auth(providers={"Google": Provider(client_id="x")})],
    "digests.database": [{"digests": {"database": "sha256:" + "0" * 64}}],
    "digests.db": [{"digests": {"db": "latest"}}],
    "memory_mib.database": [{"memory_mib": {"database": 1}}],
    "memory_mib.db": [{"memory_mib": {"db": 1}}],
}


@pytest.mark.parametrize(
    ("setting", "given"), [(setting, one) for setting, many in BAD.items() for one in many]
)
def test_what_cannot_work_is_refused_by_the_settings_name(setting, given):
    with pytest.raises(ConfigError) as raised:
        describe(DeploymentSettings(**given))
    assert f"`{setting}`" in raised.value.message


def test_what_auth_starts_with_is_not_refused():
    extra = {
        "GOTRUE_RATE_LIMIT_EMAIL_SENT": "10/1h",
        "GOTRUE_RATE_LIMIT_VERIFY": "30",
        "GOTRUE_RATE_LIMIT_HEADER": "X-Forwarded-For",
        "GOTRUE_SESSIONS_TIMEBOX": "24h0m0s",
        "GOTRUE_MAILER_TEMPLATES_INVITE": "https://app.example.com/invite.html",
        "GOTRUE_MAILER_SUBJECTS_INVITE": "You're in, true or not",
        "GOTRUE_SECURITY_CAPTCHA_ENABLED": "false",
        "GOTRUE_PASSWORD_MIN_LENGTH": "",
    }
    assert list(problems(DeploymentSettings(auth=Auth(extra=extra)))) == []


def test_all_problems_are_told_at_once():
    settings = DeploymentSettings(name="", ports=Ports(studio=0), rest=Rest(schemas=()))
    assert len(list(problems(settings))) >= 3


def test_no_variant_has_a_problem():
    assert [list(problems(one)) for one in VARIANTS.values()] == [[] for _ in VARIANTS]
