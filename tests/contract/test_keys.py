"""GOTRUE_JWT_KEYS: which tokens are good with which keys."""

from __future__ import annotations

import base64
import json

import jwt
import pytest
from joserfc.jwk import ECKey


def pair(kid):
    made = ECKey.generate_key("P-256").as_dict(private=True)
    return {name: made[name] for name in ("kty", "crv", "x", "y", "d")} | {
        "kid": kid, "alg": "ES256", "key_ops": ["sign", "verify"],
    }  # fmt: skip


def public(key, *names):
    kept = ("kty", "crv", "x", "y", "kid", *names)
    return {name: key[name] for name in kept if name in key}


OWN, CLOUD = pair("own"), pair("cloud")


@pytest.fixture(scope="module")
def shared(secret):
    return {"kty": "oct", "k": base64.urlsafe_b64encode(secret.encode()).decode().rstrip("="),
            "alg": "HS256"}  # fmt: skip


@pytest.fixture
def keys(shared, auth):
    """Auth by what its keys are."""
    verify, sign = {"key_ops": ["verify"]}, {"key_ops": ["sign", "verify"]}
    cloud = public(CLOUD, "alg") | verify
    sets = {
        "pair": [OWN],
        "pair and shared": [OWN, shared | verify],
        "pair, shared, cloud": [OWN, shared | verify, cloud],
        "pair, shared, bare cloud": [OWN, shared | verify, public(CLOUD)],
        "shared and cloud": [shared | sign, cloud],
    }

    def client(what):
        if what == "unset":
            return auth(JWT_KEY_ID="any")
        return auth(JWT_KEYS=json.dumps(sets[what]))

    return client


@pytest.fixture
def cloud_token(user, database, secret):
    """A token that the cloud signed, of a session that is here."""

    def make(algorithm, kid):
        claims = {"sub": str(user["id"]), "role": "authenticated", "aud": "authenticated",
                  "exp": 4_000_000_000}  # fmt: skip
        key = secret
        if algorithm == "ES256":
            key = jwt.PyJWK.from_dict(CLOUD).key
        headers = {"kid": kid} if kid else {}
        return jwt.encode(claims, key, algorithm=algorithm, headers=headers)

    return make


#: By keys: the algorithm of new tokens, and whether old HS256, ES256 of the cloud, API keys hold.
TABLE = {
    "unset": ("HS256", 200, 403, 200),
    "pair": ("ES256", 403, 403, 403),
    "pair and shared": ("ES256", 200, 403, 200),
    "pair, shared, cloud": ("ES256", 200, 200, 200),
    "pair, shared, bare cloud": ("ES256", 200, 200, 200),
    "shared and cloud": ("HS256", 200, 200, 200),
}


@pytest.mark.parametrize("what", TABLE)
def test_which_tokens_hold(what, keys, cloud_token, user, people):
    client = keys(what)
    made = client.sign_in(user["email"], people.password).json()["access_token"]
    header = jwt.get_unverified_header(made)
    found = (
        header["alg"],
        client.get("/user", cloud_token("HS256", None)).status_code,
        client.get("/user", cloud_token("ES256", "cloud")).status_code,
        client.admin("GET", "/admin/users?per_page=1").status_code,
    )
    assert found == TABLE[what]
    assert client.get("/user", made).status_code == 200
    if header["alg"] == "ES256":
        assert header["kid"] == "own"


def test_any_kid_does_for_the_shared_secret(keys, cloud_token):
    client = keys("pair and shared")
    assert client.get("/user", cloud_token("HS256", "whatever")).status_code == 200


def test_the_kid_of_a_pair_must_be_known(keys, cloud_token):
    answer = keys("pair, shared, cloud").get("/user", cloud_token("ES256", "another"))
    assert (answer.status_code, answer.json()["error_code"]) == (403, "bad_jwt")
    assert "unrecognized JWT kid another for algorithm ES256" in answer.json()["msg"]


def test_public_halves_are_shown(keys):
    found = keys("pair, shared, cloud").get("/.well-known/jwks.json").json()["keys"]
    assert sorted(one["kid"] for one in found) == ["cloud", "own"]
    for one in found:
        assert set(one) == {"alg", "crv", "key_ops", "kid", "kty", "use", "x", "y"}
        assert (one["key_ops"], one["use"]) == (["verify"], "sig")
