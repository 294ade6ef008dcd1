"""Auth of a deployment that took a cloud project over: it starts, and sessions live as was said."""

from __future__ import annotations

import jwt
import pytest

from supamig.deployment import describe
from supamig.deployment.cloud.carrying import carry
from supamig.deployment.cloud.sessions import Taken, brought, public_keys, survival
from supamig.deployment.keys import make
from supamig.deployment.reading import parse_settings
from supamig.management.separation import separate
from supamig.management.snapshot import Snapshot
from supamig.testing.cloud_project import (
    JWT_SECRET,
    REF,
    REVOKED,
    SIGNING,
    auth_config,
    cloud_project,
    every_provider,
)

PUBLIC_URL = "https://api.example.com"
CHOICES = {
    "all": Taken(),
    "no secret": Taken(jwt_secret=False),
    "no public keys": Taken(signing_keys=False),
    "nothing": Taken(jwt_secret=False, signing_keys=False, api_keys=False),
}


@pytest.fixture(scope="module")
def snapshot():
    answers, secrets = separate(cloud_project())
    return Snapshot(project_ref=REF, answers=answers, secrets=secrets)


@pytest.fixture(params=CHOICES)
def taken(request):
    return CHOICES[request.param]


@pytest.fixture
def deployment(taken, snapshot, auth, secret):
    """Auth with the keys that `supamig keys new --from-cloud` makes."""
    also = public_keys(snapshot) if taken.signing_keys else ()
    keys = make({}, now=1_700_000_000, brought=brought(snapshot, taken), also=also).values
    return auth(JWT_SECRET=keys["JWT_SECRET"].reveal(), JWT_KEYS=keys["JWT_KEYS"].reveal())


def test_sessions_live_as_was_said(deployment, taken, snapshot, auth, user, people):
    source = auth(JWT_SECRET=JWT_SECRET)
    session = source.sign_in(user["email"], people.password).json()
    claims = jwt.decode(session["access_token"], options={"verify_signature": False})

    def signed(key):
        private = jwt.PyJWK(key.as_dict(private=True) | {"alg": "ES256"}).key
        return jwt.encode(claims, private, algorithm="ES256", headers={"kid": key.kid})

    said = {one.what: one.lives for one in survival(snapshot, taken)}
    lives = {True: 200, False: 403}
    old = deployment.get("/user", session["access_token"])
    assert old.status_code == lives[said["access tokens signed with HS256"]]
    paired = deployment.get("/user", signed(SIGNING))
    assert paired.status_code == lives[said["access tokens signed with ES256"]]
    assert deployment.get("/user", signed(REVOKED)).status_code == 403
    again = deployment.refresh(session["refresh_token"])
    assert again.status_code == 200
    assert said["refresh tokens"]
    fresh = again.json()["access_token"]
    assert jwt.get_unverified_header(fresh)["alg"] == "ES256"
    assert deployment.get("/user", fresh).status_code == 200
    assert deployment.sign_in(user["email"], people.password).status_code == 200


@pytest.mark.parametrize("config", [auth_config, every_provider], ids=["usual", "everything"])
def test_auth_starts_with_all_that_is_carried_over(config, auth, snapshot):
    answers, secrets = separate(cloud_project(auth_config=config()))
    result = carry(
        Snapshot(project_ref=REF, answers=answers, secrets=secrets), public_url=PUBLIC_URL
    )
    settings = parse_settings({"public_url": PUBLIC_URL, **result.settings()}, place="test")
    made = describe(settings)
    known = dict(made.variables)
    plain = {
        name.removeprefix("GOTRUE_"): text.fill(known)
        for name, text in made.service("auth").environment.items()
        if text.references <= known.keys() and not name.startswith(("GOTRUE_API_", "GOTRUE_DB_"))
    }
    # what a person gives: neither is read by the stand-in, and a real one ends without them
    plain |= {"SAML_ENABLED": "false", "SECURITY_CAPTCHA_SECRET": "given"}
    client = auth(**plain)
    shown = client.get("/settings").json()
    on = {name for name, is_on in shown["external"].items() if is_on}
    assert on >= {*result.providers, "email"} - {"x"}
    assert shown["disable_signup"] == bool(config()["disable_signup"])
