"""Every seeded fault is found by the check whose business it is, and by no other."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from supamig.api import validate_cutover
from supamig.models import Outcome
from supamig.secret import Secret

pytestmark = [pytest.mark.pg, pytest.mark.timeout(300)]

OTHER = "another-secret-that-is-long-enough-to-sign"
GRACE = "where id = '00000000-0000-4000-8000-000000000002'"
#: Checks that cost next to nothing look at every fault; the others where one is theirs.
ALWAYS = (
    "auth.admin-api",
    "auth.clock",
    "auth.health",
    "auth.jwks",
    "auth.keys",
    "auth.refuses",
    "auth.rows",
    "auth.same-database",
    "auth.settings",
)


@dataclass(frozen=True)
class Fault:
    """What is done to the deployment or said of it, what else looks, and all that is found."""

    name: str
    found: set[str]
    looks: tuple[str, ...] = ()
    statements: tuple[str, ...] = ()
    environment: dict[str, str | None] = field(default_factory=dict)
    secret: str = ""
    clock_offset: float = 0.0
    keys: dict[str, str] = field(default_factory=dict)


def _set(name, value, *found, looks=()):
    short = name.removeprefix("GOTRUE_").lower().replace("_", "-")
    return Fault(short, set(found), looks=looks, environment={name: value})


def _row(name, statement, *found, looks=()):
    return Fault(name, set(found), looks=looks, statements=(statement,))


FAULTS = [
    # what stands in the rows
    _row("null-token", f"update auth.users set confirmation_token = null {GRACE}",
         "auth.rows-null", "auth.admin-api"),
    _row("other-instance", f"update auth.users set instance_id = null {GRACE}",
         "auth.rows-instance"),
    _row("other-audience", f"update auth.users set aud = 'customers' {GRACE}",
         "auth.rows-audience"),
    _row("encrypted-password",
         f"""update auth.users set encrypted_password = '{{"key_id": "1"}}' {GRACE}""",
         "auth.rows-encrypted"),
    _row("password-of-another-kind",
         f"update auth.users set encrypted_password = 'pbkdf2_sha256$260000$c2FsdA$' {GRACE}",
         "auth.rows-passwords"),
    _row("no-identity", f"delete from auth.identities {GRACE.replace('id', 'user_id')}",
         "auth.rows-identities"),
    _row("identity-without-date",
         f"update auth.identities set created_at = null {GRACE.replace('id', 'user_id')}",
         "auth.rows-identity-dates"),
    _row("sequence-behind", "select setval('auth.refresh_tokens_id_seq', 1, false)",
         "auth.rows-sequence", "auth.sign-in", "auth.sign-in-existing", looks=("auth.sign-in",)),
    _row("tokens-not-copied", "delete from auth.refresh_tokens",
         "auth.sessions", looks=("auth.sessions",)),
    _row("sessions-not-copied", "delete from auth.sessions",
         "auth.sessions", "auth.rows-sessions", looks=("auth.sessions",)),
    _row("trigger-fails",
         "create function public.fails() returns trigger language plpgsql as"
         " $$ begin raise 'no new users'; end $$;"
         " create trigger fails before insert on auth.users execute function public.fails();"
         " alter table auth.users enable always trigger fails",
         "auth.sign-in", looks=("auth.sign-in",)),
    # what is set otherwise than on the source
    _set("GOTRUE_DISABLE_SIGNUP", "true", "auth.settings"),
    _set("GOTRUE_EXTERNAL_EMAIL_ENABLED", "false",
         "auth.settings", "auth.sign-in", "auth.sign-in-existing", looks=("auth.sign-in",)),
    _set("GOTRUE_MAILER_AUTOCONFIRM", "true", "auth.settings"),
    _set("GOTRUE_EXTERNAL_ANONYMOUS_USERS_ENABLED", "true", "auth.settings"),
    _set("GOTRUE_SECURITY_REFRESH_TOKEN_ROTATION_ENABLED", "false",
         "auth.rotation", looks=("auth.rotation",)),
    _set("GOTRUE_SECURITY_REFRESH_TOKEN_REUSE_INTERVAL", "0",
         "auth.reuse-interval", looks=("auth.reuse-interval",)),
    _set("GOTRUE_JWT_EXP", "600", "auth.token-lifetime", looks=("auth.token",)),
    _set("GOTRUE_SITE_URL", "https://elsewhere.example.com",
         "auth.site-url", looks=("auth.site-url",)),
    _set("GOTRUE_MAILER_URLPATHS_RECOVERY", "/verify", "auth.links", looks=("auth.links",)),
    _set("API_EXTERNAL_URL", "https://elsewhere.example.com/auth/v1",
         "auth.links", looks=("auth.links",)),
    _set("GOTRUE_MFA_TOTP_ENROLL_ENABLED", "false", "auth.mfa", looks=("auth.mfa",)),
    _set("GOTRUE_JWT_DEFAULT_GROUP_NAME", "", "auth.token-claims", looks=("auth.token-claims",)),
    Fault("hook-is-not-there", {"auth.sign-in", "auth.sign-in-existing"}, looks=("auth.sign-in",),
          environment={
              "GOTRUE_HOOK_CUSTOM_ACCESS_TOKEN_ENABLED": "true",
              "GOTRUE_HOOK_CUSTOM_ACCESS_TOKEN_URI": "pg-functions://postgres/public/not_there",
          }),
    # secrets, keys and clocks
    Fault("another-secret", {"auth.sessions-secret"}, looks=("auth.sessions", "auth.token-sig"),
          secret=OTHER),
    Fault("secret-that-is-not-used", {"auth.keys", "auth.token-signature"},
          looks=("auth.token-signature",), secret=OTHER, keys={"jwt_secret": "secret"}),
    Fault("anon-key-of-another-secret", {"auth.keys", "auth.keys-accepted", "auth.health"},
          keys={"anon_key": "stranger"}),
    Fault("service-key-for-anon", {"auth.keys", "auth.refuses-anon"},
          keys={"anon_key": "service_role"}),
    Fault("anon-key-for-service", {"auth.keys", "auth.keys-accepted", "auth.admin-api"},
          keys={"service_role_key": "anon"}),
    Fault("clock-ten-minutes-ahead", {"auth.clock"}, clock_offset=600),
    Fault("clock-ten-minutes-behind", {"auth.clock"}, clock_offset=-600),
]  # fmt: skip


def _keys(fault, api, secret, key_of):
    known = {
        "secret": Secret(secret),
        "stranger": key_of("anon", OTHER),
        "service_role": api.service_role_key,
        "anon": api.anon_key,
    }
    return {name: known[word] for name, word in fault.keys.items()}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_fault_is_found_by_its_check_alone(fault, deploy, settings, key_of, stand):
    options = {"secret": fault.secret} if fault.secret else {}
    deployment = deploy(
        statements=fault.statements,
        environment=fault.environment,
        clock_offset=fault.clock_offset,
        **options,
    )
    given = settings(
        deployment,
        api=_keys(fault, deployment.api, stand.secret, key_of),
        select=(*ALWAYS, *fault.looks),
    )
    report = validate_cutover(given)
    assert {finding.check for finding in report.findings} == fault.found
    errored = [(c.id, c.reason) for c in report.checks if c.outcome is Outcome.ERRORED]
    assert errored == []
    assert all(finding.hint for finding in report.findings)
    assert deployment.left() == []


def test_the_faults_are_many_and_each_check_has_one():
    found = {check for fault in FAULTS for check in fault.found}
    assert len(FAULTS) >= 25
    assert len(found) >= 20
