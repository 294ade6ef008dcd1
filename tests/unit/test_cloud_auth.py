"""From `config/auth` to the settings of a deployment: every field has a fate, nothing is lost."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supamig.deployment import describe
from supamig.deployment.auth_variables import DURATION, problem_of, types
from supamig.deployment.cloud import fields
from supamig.deployment.cloud.addresses import moved
from supamig.deployment.cloud.carrying import carry
from supamig.deployment.cloud.values import UnreadableValueError, written
from supamig.deployment.reading import parse_settings
from supamig.deployment.upstream import table
from supamig.management.separation import separate
from supamig.management.snapshot import Snapshot
from supamig.models import Severity
from supamig.testing.cloud_project import REF, auth_config, cloud_project, every_provider

DOMAIN = "https://api.example.com"
FIELDS = [row["field"] for row in table("auth_config")]


def snapshot(**changes):
    answers, secrets = separate(cloud_project(**changes))
    return Snapshot(project_ref=REF, answers=answers, secrets=secrets)


def carried(config=None, **changes):
    config = auth_config() if config is None else config
    return carry(snapshot(auth_config=config, **changes), public_url=DOMAIN)


def environment(result):
    """What the auth service is told; references stand as `${NAME}`."""
    settings = parse_settings({"public_url": DOMAIN, **result.settings()}, place="test")
    deployment = describe(settings)
    service = deployment.service("auth")
    known = dict(deployment.variables) | {name: f"${{{name}}}" for name in deployment.secrets}
    return {name: text.fill(known) for name, text in service.environment.items()}


def subjects(result, check):
    return [one.subject for one in result.findings if one.check == f"cloud.{check}"]


def test_every_field_of_the_api_is_mapped_or_left_out_with_a_reason():
    for name in FIELDS:
        assert (
            fields.is_known(name)
            or fields.TEMPLATE.fullmatch(name)
            or name.endswith("_additional_client_ids")
            or fields.why_left_out(name, every_provider())
        ), name


def test_with_everything_on_each_field_has_one_fate():
    result = carried(every_provider())
    fates = {one.name: one for one in result.fields}
    assert len(fates) == len(result.fields)
    given = {name for name, value in every_provider().items() if value not in (None, "")}
    assert set(fates) == given
    counted = Counter(one.fate for one in result.fields)
    assert counted["unknown"] == 0
    left = {one.name for one in result.fields if one.fate == "left out"}
    expected = {"db_max_pool_size", "db_max_pool_size_unit", "saml_external_url"}
    expected |= {"security_sb_forwarded_for_enabled"}
    expected |= {name for name in given if name.startswith("nimbus_")}
    expected |= {name for name in given if fields.sms_provider_of(name) not in ("", "twilio")}
    assert left == expected
    assert all(one.reason for one in result.fields if one.fate != "carried")


def test_a_deployment_with_everything_on_can_be_made():
    result = carried(every_provider())
    found = environment(result)
    assert [name for name, value in found.items() if problem_of(name, value)
            and "${" not in value] == []  # fmt: skip
    providers = {name.split("_")[1] for name in FIELDS if fields.provider_of(name)}
    for name in providers:
        assert any(one.startswith(f"GOTRUE_EXTERNAL_{name.upper()}") for one in found)
    assert found["GOTRUE_EXTERNAL_KEYCLOAK_URL"] == "https://keycloak.example.com"
    assert found["GOTRUE_EXTERNAL_GITHUB_REDIRECT_URI"] == f"{DOMAIN}/auth/v1/callback"
    assert found["GOTRUE_EXTERNAL_FIGMA_EMAIL_OPTIONAL"] == "true"
    assert found["GOTRUE_SMS_TEST_OTP"] == "4915112345678:123456,4915187654321:654321"
    assert found["GOTRUE_SAML_PRIVATE_KEY"] == "${SAML_PRIVATE_KEY}"
    assert found["GOTRUE_WEBAUTHN_RP_ID"] == "example.com"


def test_the_usual_project():
    found = environment(carried())
    assert found["GOTRUE_SITE_URL"] == "https://app.example.com"
    assert found["GOTRUE_URI_ALLOW_LIST"] == "https://app.example.com/**,myapp://callback"
    assert found["GOTRUE_JWT_EXP"] == "7200"
    assert found["GOTRUE_EXTERNAL_ANONYMOUS_USERS_ENABLED"] == "true"
    assert found["GOTRUE_MAILER_OTP_EXP"] == "3600"
    assert found["GOTRUE_PASSWORD_MIN_LENGTH"] == "8"
    assert found["GOTRUE_SECURITY_REFRESH_TOKEN_ROTATION_ENABLED"] == "true"
    assert found["GOTRUE_SECURITY_CAPTCHA_PROVIDER"] == "turnstile"
    assert found["GOTRUE_SMTP_PORT"] == "587"
    assert found["GOTRUE_MAILER_SUBJECTS_CONFIRMATION"] == "Welcome to Example"
    for mail in ("INVITE", "CONFIRMATION", "RECOVERY", "EMAIL_CHANGE"):
        # a link keeps scheme and host of the address alone
        assert found[f"GOTRUE_MAILER_URLPATHS_{mail}"] == "/auth/v1/verify"


def test_times_get_their_unit():
    found = environment(carried())
    assert found["GOTRUE_SMTP_MAX_FREQUENCY"] == "60s"
    assert found["GOTRUE_SESSIONS_TIMEBOX"] == "720h"
    assert found["GOTRUE_SESSIONS_INACTIVITY_TIMEOUT"] == "1.5h"
    assert found["GOTRUE_API_MAX_REQUEST_DURATION"] == "10s"


def test_a_session_without_a_limit_is_not_told():
    result = carried(auth_config(sessions_timebox=0, sessions_inactivity_timeout=0.0))
    assert not [name for name in environment(result) if "SESSIONS_TIMEBOX" in name]
    fates = {one.name: one.reason for one in result.fields}
    assert fates["sessions_timebox"] == "0 is no limit"


def test_what_is_empty_is_left_out():
    config = auth_config(smtp_port="", uri_allow_list="", mailer_otp_length=None, jwt_exp=None)
    found = environment(carried(config))
    assert "" not in found.values()
    assert "GOTRUE_URI_ALLOW_LIST" not in found
    assert found["GOTRUE_JWT_EXP"] == "3600"


def test_limits_count_for_each_client():
    found = environment(carried())
    assert found["GOTRUE_RATE_LIMIT_EMAIL_SENT"] == "100"
    assert found["GOTRUE_RATE_LIMIT_HEADER"] == "X-Forwarded-For"


def test_client_ids_of_other_platforms_stand_behind_the_first():
    found = environment(carried())
    ids = "web.apps.googleusercontent.com,ios.apps.googleusercontent.com"
    assert found["GOTRUE_EXTERNAL_GOOGLE_CLIENT_ID"] == ids


def test_a_provider_that_is_off_is_left_out():
    result = carried()
    assert not [name for name in environment(result) if "TWITTER" in name]
    reasons = {one.name: one.reason for one in result.fields}
    assert reasons["external_twitter_client_id"] == "the provider twitter is off"


def test_pages_of_mail_are_files_that_auth_fetches():
    result = carried()
    assert set(result.pages) == {"confirmation", "recovery"}
    found = environment(result)
    where = "http://mail-pages:8080/confirmation.html"
    assert found["GOTRUE_MAILER_TEMPLATES_CONFIRMATION"] == where
    files = result.files()
    assert json.loads(files["deployment.json"])["auth"]["templates"] == {
        "confirmation": "templates/confirmation.html",
        "recovery": "templates/recovery.html",
    }
    assert files["templates/recovery.html"] == "<p>{{ .Token }} costs $5</p>\n"


def test_hooks_call_the_deployment_and_not_the_project():
    result = carried()
    found = environment(result)
    assert found["GOTRUE_HOOK_SEND_EMAIL_URI"] == f"{DOMAIN}/functions/v1/send-email"
    assert found["GOTRUE_HOOK_SEND_EMAIL_SECRETS"] == "${HOOK_SEND_EMAIL_SECRETS}"
    own = "pg-functions://postgres/public/custom_access_token_hook"
    assert found["GOTRUE_HOOK_CUSTOM_ACCESS_TOKEN_URI"] == own
    # one that is off keeps auth from starting all the same
    assert not [name for name in found if "SEND_SMS" in name]


def test_a_hook_without_https_is_said():
    answers = snapshot()
    result = carry(answers, public_url="http://138.197.4.36:54321")
    assert subjects(result, "hook-address") == ["hook_send_email_uri"]
    assert next(one for one in result.findings if one.check == "cloud.hook-address").hint


@pytest.mark.parametrize(
    ("uri", "there"),
    [
        (f"https://{REF}.supabase.co/functions/v1/a?b=c", f"{DOMAIN}/functions/v1/a?b=c"),
        (f"https://{REF}.functions.supabase.co/a", f"{DOMAIN}/functions/v1/a"),
        (f"https://{REF.upper()}.supabase.co/functions/v1/a", f"{DOMAIN}/functions/v1/a"),
        ("https://example.com/functions/v1/a", "https://example.com/functions/v1/a"),
        ("pg-functions://postgres/public/a", "pg-functions://postgres/public/a"),
        (f"https://evil.example/{REF}.supabase.co", f"https://evil.example/{REF}.supabase.co"),
    ],
)
def test_addresses_of_the_project_become_the_deployments(uri, there):
    assert moved(uri, hosts=snapshot().hosts, public_url=DOMAIN) == there


def test_secrets_are_asked_for_by_name():
    result = carried()
    names = {one.name for one in result.asked}
    assert names == {
        "GITHUB_SECRET",
        "GOOGLE_SECRET",
        "GOTRUE_SECURITY_CAPTCHA_SECRET",
        "HOOK_SEND_EMAIL_SECRETS",
        "SMTP_PASS",
        "STRIPE_KEY",
    }
    hints = [one.hint for one in result.findings if one.check == "cloud.secret-needed"]
    assert "`supamig keys new --set SMTP_PASS=env:SMTP_PASS` takes it" in hints
    settings = parse_settings({"public_url": DOMAIN, **result.settings()}, place="test")
    assert names <= set(describe(settings).secrets)


def test_no_digest_is_carried():
    text = json.dumps(carried(every_provider()).settings())
    for name, value in every_provider().items():
        if fields.is_secret(name, value):
            assert value not in text, name


def test_a_secret_can_be_held_against_what_the_api_shows():
    from supamig.secret import Secret
    from supamig.testing.cloud_project import SMTP_PASS

    asked = {one.name: one for one in carried().asked}
    assert asked["SMTP_PASS"].is_same(Secret(SMTP_PASS), project_ref=REF) is True
    assert asked["SMTP_PASS"].is_same(Secret("another"), project_ref=REF) is False
    assert asked["STRIPE_KEY"].is_same(Secret("another"), project_ref=REF) is None


def test_a_provider_without_a_secret_or_an_id():
    config = auth_config(external_github_secret=None, external_apple_enabled=True)
    result = carried(config)
    assert subjects(result, "provider-without-secret") == ["github"]
    assert subjects(result, "provider-without-id") == ["apple"]
    assert "GITHUB_SECRET" in {one.name for one in result.asked}
    assert "apple" not in result.settings()["auth"]["providers"]


def test_a_hook_without_an_address():
    result = carried(auth_config(hook_send_email_uri=None, hook_send_email_secrets=None))
    assert subjects(result, "hook-without-address") == ["send_email"]
    assert not [name for name in environment(result) if "SEND_EMAIL" in name]


def test_an_unknown_field_is_kept_and_reported():
    result = carried(auth_config(mailer_pigeons_enabled=True))
    assert subjects(result, "auth-field-unknown") == ["mailer_pigeons_enabled"]
    assert "GOTRUE_MAILER_PIGEONS_ENABLED" not in environment(result)
    kept = snapshot(auth_config=auth_config(mailer_pigeons_enabled=True)).auth
    assert kept["mailer_pigeons_enabled"] is True


@pytest.mark.parametrize(
    ("field", "value"),
    [("mailer_otp_exp", "soon"), ("password_min_length", [8]), ("external_email_enabled", "yes"),
     ("security_captcha_provider", "abacus")],
)  # fmt: skip
def test_a_value_that_auth_would_end_over_is_a_finding(field, value):
    result = carried(auth_config(**{field: value}))
    assert subjects(result, "value-unreadable") == [field]
    assert any(one.severity is Severity.ERROR for one in result.findings)
    environment(result)


def test_a_project_without_a_mail_server():
    config = auth_config(smtp_host=None, hook_send_email_enabled=False)
    result = carried(config)
    assert subjects(result, "mail-server-missing") == ["smtp"]
    assert "SMTP_PASS" not in {one.name for one in result.asked}
    assert carried(auth_config(smtp_host=None)).findings != ()
    assert subjects(carried(auth_config(smtp_host=None)), "mail-server-missing") == []


def test_where_each_provider_must_send_people_back_to():
    result = carried()
    assert result.providers == ("github", "google")
    assert result.callback == f"{DOMAIN}/auth/v1/callback"
    messages = [one.message for one in result.findings if one.check == "cloud.redirect-address"]
    assert messages[0] == f"`github` must send people back to {DOMAIN}/auth/v1/callback"


def test_other_services():
    result = carried()
    table_ = result.settings()
    assert table_["rest"] == {
        "schemas": ["public", "api", "graphql_public"],
        "extra_search_path": ["public", "extensions"],
        "max_rows": 500,
    }
    assert table_["storage"] == {"file_size_limit": 104_857_600}
    assert table_["function_secrets"] == ["STRIPE_KEY"]
    assert subjects(result, "function-jwt") == ["functions"]
    assert subjects(result, "more-api-keys") == ["secret"]
    settings = parse_settings({"public_url": DOMAIN, **table_}, place="test")
    told = describe(settings).service("realtime").environment
    assert told["TENANT_MAX_EVENTS_PER_SECOND"].fill({}) == "200"
    assert "PGRST_DB_POOL" not in describe(settings).service("rest").environment
    pooled = carried(postgrest={"db_schema": "public", "db_pool": 42, "max_rows": 1})
    settings = parse_settings(pooled.settings(), place="test")
    assert describe(settings).service("rest").environment["PGRST_DB_POOL"].fill({}) == "42"


def test_what_realtime_takes_from_no_variable_is_said():
    result = carried(realtime={"private_only": True, "presence_enabled": True})
    assert subjects(result, "realtime-setting") == ["private_only"]


def test_issuers_that_a_deployment_does_not_know():
    third = [{"id": "1", "type": "firebase", "oidc_issuer_url": "https://securetoken.google.com/x"}]
    result = carried(third_party_auth=third)
    assert subjects(result, "third-party-auth") == ["https://securetoken.google.com/x"]


def test_every_variable_that_is_set_is_one_that_auth_reads():
    assert set(environment(carried(every_provider()))) <= set(types())


@given(st.floats(min_value=0.001, max_value=1e7))
def test_every_duration_can_be_read(hours):
    text = written("sessions_timebox", "GOTRUE_SESSIONS_TIMEBOX", hours)
    assert DURATION.fullmatch(text)


@given(st.sampled_from(FIELDS), st.one_of(st.none(), st.booleans(), st.integers(0), st.text()))
def test_whatever_stands_in_a_field_auth_can_read_what_is_made_of_it(field, value):
    name = fields.variable(field)
    if name not in types():
        return
    try:
        text = written(field, name, value)
    except UnreadableValueError:
        return
    assert problem_of(name, text) == ""
