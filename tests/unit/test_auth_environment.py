"""The environment of the auth service, read before it starts: it ends over one wrong value."""

from __future__ import annotations

import pytest

from supamig.deployment import DeploymentSettings, describe
from supamig.deployment.auth_settings import Auth, Provider
from supamig.deployment.auth_variables import problem_of, types
from supamig.deployment.upstream import table
from supamig.errors import ConfigError

WRONG = {
    "GOTRUE_MAILER_PIGEONS_ENABLED": "true",
    "GOTRUE_SESSIONS_INACTIVITY_TIMEOUT": "0h0m0s",
    "GOTRUE_SECURITY_CAPTCHA_PROVIDER": "abacus",
    "GOTRUE_SECURITY_REFRESH_TOKEN_ALGORITHM_VERSION": "3",
    "GOTRUE_SMS_TEST_OTP": "4915=123456",
    "GOTRUE_SMS_TEST_OTP_VALID_UNTIL": "tomorrow",
    "GOTRUE_API_MAX_REQUEST_DURATION": "10",
    "GOTRUE_MFA_MAX_ENROLLED_FACTORS": "ten",
    "GOTRUE_RATE_LIMIT_SMS_SENT": "10/day",
    "GOTRUE_DISABLE_SIGNUP": "no",
}
RIGHT = {
    "GOTRUE_SESSIONS_TIMEBOX": "1.5h",
    "GOTRUE_RATE_LIMIT_SMS_SENT": "10/24h",
    "GOTRUE_SMS_TEST_OTP": "4915:123456,4916:",
    "GOTRUE_SMS_TEST_OTP_VALID_UNTIL": "2027-01-01T00:00:00+01:00",
    "GOTRUE_DISABLE_SIGNUP": "F",
    "GOTRUE_MAILER_SUBJECTS_INVITE": "yes",
}


def refused(**auth):
    with pytest.raises(ConfigError) as caught:
        describe(DeploymentSettings(auth=Auth(**auth)))
    return caught.value.message


@pytest.mark.parametrize(("name", "value"), WRONG.items())
def test_a_value_that_auth_would_end_over_is_named(name, value):
    assert f"`auth.extra.{name}` must be" in refused(extra={name: value})


@pytest.mark.parametrize(("name", "value"), RIGHT.items())
def test_what_auth_reads_is_let_through(name, value):
    assert problem_of(name, value) == ""


def test_a_name_that_is_nearly_right_is_told():
    message = refused(extra={"GOTRUE_MAILER_AUTOCONFRIM": "true"})
    assert "such as `GOTRUE_MAILER_AUTOCONFIRM`" in message


def test_passkeys_say_what_they_lack():
    message = refused(extra={"GOTRUE_PASSKEY_ENABLED": "true", "GOTRUE_WEBAUTHN_RP_ID": "a.b"})
    assert "GOTRUE_WEBAUTHN_RP_ORIGINS" in message
    assert "GOTRUE_WEBAUTHN_RP_ID" not in message


def test_a_provider_that_auth_does_not_know():
    message = refused(providers={"gogle": Provider(client_id="x")})
    assert "`auth.providers.gogle` is no provider that auth knows" in message


def test_settings_with_a_name_of_their_own_are_read_too():
    message = refused(providers={"google": Provider(client_id="x", url="")}, jwt_expiry=1.5)
    assert "`GOTRUE_JWT_EXP` must be a whole number" in message


def test_every_type_of_the_table_is_known():
    kinds = {row["type"] for row in table("gotrue_environment")}
    assert set(types().values()) == kinds
    assert types()["API_EXTERNAL_URL"] == "string"
