"""What GoTrue refuses to start with."""

from __future__ import annotations

import base64
import json

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc.jwk import ECKey


def ec_key(**parts):
    return (
        ECKey.generate_key("P-256").as_dict(private=True) | {"alg": "ES256", "use": "sig"} | parts
    )


def keys(*ops):
    made = [ec_key(kid=str(number), key_ops=list(one)) for number, one in enumerate(ops)]
    return json.dumps(made)


def saml_key(form):
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return base64.b64encode(key.private_bytes(Encoding.DER, form, NoEncryption())).decode()


HOOK = "GOTRUE_HOOK_CUSTOM_ACCESS_TOKEN"
SYMMETRIC = "v1,whsec_" + "a" * 44
REFUSED = {
    "no JWT secret": ({"GOTRUE_JWT_SECRET": None}, "required key GOTRUE_JWT_SECRET missing value"),
    "no site": ({"GOTRUE_SITE_URL": None}, "required key GOTRUE_SITE_URL missing value"),
    "no external URL": ({"API_EXTERNAL_URL": None}, "required key API_EXTERNAL_URL missing value"),
    "no driver": ({"GOTRUE_DB_DRIVER": None}, "required key GOTRUE_DB_DRIVER missing value"),
    "no database": ({"DATABASE_URL": None}, "required key DATABASE_URL missing value"),
    "plain http": ({f"{HOOK}_URI": "http://hooks.example.com/x", f"{HOOK}_ENABLED": "false"},
                   "only localhost, 127.0.0.1, and ::1 are supported with http"),
    "hook secret": ({f"{HOOK}_URI": "https://hooks.example.com/x", f"{HOOK}_SECRETS": "hunter2"},
                    "invalid secret format"),
    "hook scheme": ({f"{HOOK}_URI": "ftp://hooks.example.com/x"}, "only postgres hooks and HTTPS"),
    "short function": ({f"{HOOK}_URI": "pg-functions://postgres/public"},
                       "URI path does not contain enough parts"),
    "function name": ({f"{HOOK}_URI": "pg-functions://postgres/public/a-b"}, "invalid table name"),
    "keys not JSON": ({"GOTRUE_JWT_KEYS": "{"}, "GOTRUE_JWT_KEYS"),
    "keys empty": ({"GOTRUE_JWT_KEYS": ""}, "GOTRUE_JWT_KEYS"),
    "no key signs": ({"GOTRUE_JWT_KEYS": keys(["verify"])}, "no signing key found"),
    "two keys sign": ({"GOTRUE_JWT_KEYS": keys(["sign"], ["sign"])}, "multiple signing keys"),
    "empty int": ({"GOTRUE_SMTP_PORT": ""}, "assigning GOTRUE_SMTP_PORT"),
    "empty bool": ({"GOTRUE_DISABLE_SIGNUP": ""}, "assigning GOTRUE_DISABLE_SIGNUP"),
    "empty duration": ({"GOTRUE_SMTP_MAX_FREQUENCY": ""}, "assigning GOTRUE_SMTP_MAX_FREQUENCY"),
    "no unit": ({"GOTRUE_SMTP_MAX_FREQUENCY": "60"}, "assigning GOTRUE_SMTP_MAX_FREQUENCY"),
    "no unit, pointer": ({"GOTRUE_SESSIONS_TIMEBOX": "3600"}, "assigning GOTRUE_SESSIONS_TIMEBOX"),
    "yes": ({"GOTRUE_DISABLE_SIGNUP": "yes"}, "assigning GOTRUE_DISABLE_SIGNUP"),
    "rate": ({"GOTRUE_RATE_LIMIT_EMAIL_SENT": "abc"}, "assigning GOTRUE_RATE_LIMIT_EMAIL_SENT"),
    "both": ({"GOTRUE_MAILER_AUTOCONFIRM": "true",
              "GOTRUE_MAILER_ALLOW_UNVERIFIED_EMAIL_SIGN_INS": "true"}, "cannot enable both"),
    "SAML without key": ({"GOTRUE_SAML_ENABLED": "true"}, "SAML private key"),
    "SAML other form": ({"GOTRUE_SAML_ENABLED": "true",
                         "GOTRUE_SAML_PRIVATE_KEY": saml_key(PrivateFormat.PKCS8)},
                        "SAML private key not in PKCS#1 format"),
    "captcha": ({"GOTRUE_SECURITY_CAPTCHA_ENABLED": "true"}, "captcha provider secret is empty"),
    "test codes": ({"GOTRUE_SMS_TEST_OTP": "123=456"}, "assigning GOTRUE_SMS_TEST_OTP"),
    "no timebox": ({"GOTRUE_SESSIONS_TIMEBOX": "0s"}, "must be positive"),
    "version": ({"GOTRUE_SECURITY_REFRESH_TOKEN_ALGORITHM_VERSION": "3"},
                "refresh token algorithm version must be 0, 1 or 2"),
    "time": ({"GOTRUE_SMS_TEST_OTP_VALID_UNTIL": "soon"},
             "assigning GOTRUE_SMS_TEST_OTP_VALID_UNTIL"),
    "timebox below zero": ({"GOTRUE_SESSIONS_TIMEBOX": "-1s"}, "must be positive"),
}  # fmt: skip
ACCEPTED = {
    "https without secret": {f"{HOOK}_URI": "https://hooks.example.com/x"},
    "hook secret": {f"{HOOK}_URI": "https://a.example.com", f"{HOOK}_SECRETS": SYMMETRIC},
    "http here": {f"{HOOK}_URI": "http://127.0.0.1:1/x"},
    "missing function": {f"{HOOK}_URI": "pg-functions://postgres/public/nowhere"},
    "no keys": {"GOTRUE_JWT_KEYS": "[]"},
    "rate": {"GOTRUE_RATE_LIMIT_EMAIL_SENT": "10/1h"},
    "provider without id": {"GOTRUE_EXTERNAL_GITHUB_ENABLED": "true"},
    "short secret": {"GOTRUE_JWT_SECRET": "short"},
    "HTML template": {"GOTRUE_MAILER_TEMPLATES_RECOVERY": "<p>{{ .Token }}</p>"},
    "site": {"GOTRUE_SITE_URL": "nonsense"},
    "SMS": {"GOTRUE_SMS_PROVIDER": "twilio", "GOTRUE_EXTERNAL_PHONE_ENABLED": "true"},
    "SAML": {"GOTRUE_SAML_ENABLED": "true",
             "GOTRUE_SAML_PRIVATE_KEY": saml_key(PrivateFormat.TraditionalOpenSSL)},
    "bool as number": {"GOTRUE_DISABLE_SIGNUP": "1"},
    "unknown": {"GOTRUE_NOBODY_KNOWS": "x"},
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_a_start_is_refused(what, backend):
    settings, words = REFUSED[what]
    status, said = backend.refusal(settings)
    assert status == 1
    assert words in said


def test_a_broken_allow_list_is_a_panic(backend):
    status, _ = backend.refusal({"GOTRUE_URI_ALLOW_LIST": "https://[a-z.example.com/**"})
    assert status == 2


@pytest.mark.filterwarnings("ignore:Key size")  # of the short secret, on purpose
@pytest.mark.parametrize("what", ACCEPTED)
def test_a_start_is_not_refused(what, backend):
    assert backend.refusal(ACCEPTED[what]) == (0, "")
