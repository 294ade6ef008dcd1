"""Keys of a deployment that takes a project over: whose tokens each set accepts.

PyJWT checks what joserfc made: every set of keys accepts the project's tokens and refuses others.
"""

from __future__ import annotations

import json
import time

import jwt
import pytest
from joserfc.jwk import ECKey

from supamig.deployment import DeploymentSettings, describe
from supamig.deployment.cloud.sessions import Taken, brought, public_keys, survival
from supamig.deployment.keys import make
from supamig.management.separation import separate
from supamig.management.snapshot import Snapshot
from supamig.testing.cloud_project import (
    EARLIER,
    JWT_SECRET,
    REF,
    REVOKED,
    SIGNING,
    cloud_project,
)

NOW = int(time.time())
ALL = Taken()
CLAIMS = {"sub": "8f4f1a1c", "role": "authenticated", "aud": "authenticated", "exp": NOW + 86_400}
#: Which variable holds the keys that a service verifies with.
SETS = {
    ("auth", "GOTRUE_JWT_KEYS"): "JWT_KEYS",
    ("rest", "PGRST_JWT_SECRET"): "JWT_JWKS",
    ("realtime", "API_JWT_JWKS"): "JWT_JWKS",
    ("storage", "JWT_JWKS"): "JWT_JWKS",
    ("functions", "SUPABASE_JWKS"): "JWT_PUBLIC_JWKS",
}


def project(**changes):
    answers, secrets = separate(cloud_project(**changes))
    return Snapshot(project_ref=REF, answers=answers, secrets=secrets)


def made(taken=ALL, **changes):
    snapshot = project(**changes)
    also = public_keys(snapshot) if taken.signing_keys else ()
    keys = make({}, now=NOW, brought=brought(snapshot, taken), also=also).values
    return {name: secret.reveal() for name, secret in keys.items()}


def signed(key):
    return jwt.encode(
        CLAIMS,
        jwt.PyJWK(key.as_dict(private=True) | {"alg": "ES256"}).key,
        algorithm="ES256",
        headers={"kid": key.kid},
    )


def shared(secret):
    return jwt.encode(CLAIMS, secret, algorithm="HS256")


def accepts(keys, token):
    """Verify as a service does: the key that the token names, or the one of its algorithm."""
    parsed = json.loads(keys)
    listed = parsed["keys"] if isinstance(parsed, dict) else parsed
    header = jwt.get_unverified_header(token)
    for key in listed:
        if "kid" in header and key.get("kid") != header["kid"]:
            continue
        if key["alg"] != header["alg"] or not {"verify", "sign"} & set(key["key_ops"]):
            continue
        try:
            jwt.decode(token, jwt.PyJWK(key).key, algorithms=[key["alg"]], audience="authenticated")
        except jwt.InvalidTokenError:
            continue
        return True
    return False


@pytest.mark.parametrize(("service", "name"), SETS.items(), ids=lambda one: str(one[0]))
def test_every_service_accepts_the_projects_tokens_and_no_others(service, name):
    container, variable = service
    told = describe(DeploymentSettings()).service(container).environment
    assert told[variable].template() == f"${{{name}}}"
    keys = made()[name]
    assert accepts(keys, signed(SIGNING))
    assert accepts(keys, signed(EARLIER))
    assert not accepts(keys, signed(REVOKED))
    assert not accepts(keys, signed(ECKey.generate_key("P-256", {"kid": SIGNING.kid})))
    assert not accepts(keys, signed(ECKey.generate_key("P-256", {"kid": "unknown"})))
    assert accepts(keys, shared(JWT_SECRET)) == (name != "JWT_PUBLIC_JWKS")
    assert not accepts(keys, shared("another secret of at least 32 characters"))
    late = jwt.encode(CLAIMS | {"exp": NOW - 1}, JWT_SECRET, algorithm="HS256")
    assert not accepts(keys, late)


def test_only_the_deployments_own_key_signs():
    keys = json.loads(made()["JWT_KEYS"])
    (signing,) = [key for key in keys if "sign" in key["key_ops"]]
    assert signing["kid"] not in {SIGNING.kid, EARLIER.kid}
    assert not [key for key in keys if key.get("kid") in {SIGNING.kid, EARLIER.kid} and "d" in key]


@pytest.mark.parametrize(
    ("left", "refused"),
    [(Taken(jwt_secret=False), "HS256"), (Taken(signing_keys=False), "ES256")],
)
def test_what_is_left_behind_is_refused(left, refused):
    keys = made(left)["JWT_KEYS"]
    assert accepts(keys, shared(JWT_SECRET)) == (refused != "HS256")
    assert accepts(keys, signed(SIGNING)) == (refused != "ES256")


@pytest.mark.parametrize("secret", [True, False])
@pytest.mark.parametrize("signing", [True, False])
@pytest.mark.parametrize("api", [True, False])
def test_what_is_said_is_what_happens(secret, signing, api):
    taken = Taken(jwt_secret=secret, signing_keys=signing, api_keys=api)
    snapshot, keys = project(), made(taken)
    said = {one.what: one.lives for one in survival(snapshot, taken)}
    assert said["access tokens signed with HS256"] == accepts(keys["JWT_KEYS"], shared(JWT_SECRET))
    assert said["access tokens signed with ES256"] == accepts(keys["JWT_KEYS"], signed(SIGNING))
    same = keys["ANON_KEY"] == snapshot.secrets["ANON_KEY"].reveal()
    assert said["anon and service role key"] == same
    same = keys["SUPABASE_SECRET_KEY"] == snapshot.secrets["SUPABASE_SECRET_KEY"].reveal()
    assert said["publishable and secret key"] == same
    assert said["refresh tokens"]
    assert said["passwords and second factors"]


def test_with_the_shared_secret_alone_public_keys_are_not_asked():
    said = {one.what: one for one in survival(project(), Taken(), signing="hs256")}
    assert not said["access tokens signed with ES256"].lives
    assert "hs256" in said["access tokens signed with ES256"].because


def test_a_project_that_never_had_a_key_of_its_own():
    snapshot = project(signing_keys={"keys": []})
    assert public_keys(snapshot) == ()
    said = {one.what: one.because for one in survival(snapshot, Taken())}
    assert (
        said["access tokens signed with ES256"] == "the project has no key of its own that signs so"
    )


def test_a_project_that_does_not_show_its_secret():
    snapshot = project(postgrest={"db_schema": "public", "max_rows": 1000})
    said = {one.what: one.lives for one in survival(snapshot, Taken())}
    assert not said["access tokens signed with HS256"]
    assert not said["anon and service role key"]
    # with keys that nothing here signs, the old ones cannot be taken over either
    assert "JWT_SECRET" not in brought(snapshot, Taken())
    assert not {"ANON_KEY", "SERVICE_ROLE_KEY"} & set(brought(snapshot, Taken()))
