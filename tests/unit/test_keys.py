"""Secrets of a deployment: their form, what follows from what, and what another library says."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections import Counter

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st

from supamig.deployment import secret_table, tokens
from supamig.deployment.keys import make, random_text
from supamig.deployment.secret_file import edited, read, write
from supamig.deployment.secret_table import DERIVED, NAMES, RANDOM, problems
from supamig.errors import ConfigError, DotenvUnusable, Refused, UsageError
from supamig.secret import Secret

NOW = 1_795_000_000
CLOUD = "super-secret-jwt-token-with-at-least-32-characters-long"


def plain(keys):
    return {name: secret.reveal() for name, secret in keys.values.items()}


def secrets(**values):
    return {name: Secret(value) for name, value in values.items()}


@pytest.fixture(scope="module")
def keys():
    return make({}, now=NOW)


@pytest.fixture(scope="module")
def made(keys):
    return plain(keys)


def verified(token, key, algorithm):
    """Decode as PyJWT does it, at a time when the token is fresh."""
    options = {"verify_exp": False, "verify_iat": False, "enforce_minimum_key_length": True}
    return jwt.decode(token, key, algorithms=[algorithm], options=options)


def test_everything_is_made_once(keys):
    assert set(keys.values) == set(NAMES)
    assert sorted(keys.made) == sorted(NAMES)
    assert keys.replaced == ()


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("POSTGRES_PASSWORD", "[A-Za-z0-9]{32}"),
        ("JWT_SECRET", "[A-Za-z0-9]{40}"),
        ("DASHBOARD_PASSWORD", "[A-Za-z0-9]{32}"),
        ("SECRET_KEY_BASE", "[A-Za-z0-9]{64}"),
        ("REALTIME_DB_ENC_KEY", "[A-Za-z0-9]{16}"),
        ("VAULT_ENC_KEY", "[A-Za-z0-9]{32}"),
        ("PG_META_CRYPTO_KEY", "[A-Za-z0-9]{32}"),
        ("LOGFLARE_PUBLIC_ACCESS_TOKEN", "[A-Za-z0-9]{40}"),
        ("LOGFLARE_PRIVATE_ACCESS_TOKEN", "[A-Za-z0-9]{40}"),
        ("S3_PROTOCOL_ACCESS_KEY_ID", "[0-9a-f]{32}"),
        ("S3_PROTOCOL_ACCESS_KEY_SECRET", "[0-9a-f]{64}"),
        ("SUPABASE_PUBLISHABLE_KEY", r"sb_publishable_[A-Za-z0-9_-]{22}_[A-Za-z0-9_-]{8}"),
        ("SUPABASE_SECRET_KEY", r"sb_secret_[A-Za-z0-9_-]{22}_[A-Za-z0-9_-]{8}"),
    ],
)
def test_each_secret_has_its_form(made, name, form):
    assert re.fullmatch(form, made[name])


@settings(max_examples=60)
@given(one=st.sampled_from(RANDOM))
def test_chance_stays_in_its_alphabet(one):
    value = random_text(one)
    assert len(value) == one.length
    assert set(value) <= set(one.alphabet)
    assert one.problem(value) == ""


def test_chance_uses_all_of_its_alphabet():
    seen = Counter("".join(random_text(RANDOM[0]) for _ in range(400)))
    assert set(seen) == set(RANDOM[0].alphabet)
    assert max(seen.values()) < 3 * min(seen.values())


@settings(max_examples=200)
@given(one=st.sampled_from(RANDOM), value=st.text(max_size=80))
def test_a_value_is_judged_without_being_repeated(one, value):
    said = one.problem(value)
    fits = len(value) >= one.least and (not one.exact or len(value) == one.length)
    assert (said == "") == bool(fits and re.fullmatch(one.brought, value))
    assert len(value) < 10 or value not in said


@pytest.mark.parametrize("name", ["REALTIME_DB_ENC_KEY", "VAULT_ENC_KEY"])
def test_one_character_more_or_less_is_refused(keys, name):
    right = keys.values[name].reveal()
    for wrong in (right + "a", right[1:]):
        assert any(name in said for said in problems({**keys.values, name: Secret(wrong)}))


@pytest.mark.parametrize("value", ["with space in it 123456", "p@ss:word/1234567890", "x" * 11])
def test_a_database_password_goes_into_urls_as_it_is(value):
    with pytest.raises(ConfigError, match="POSTGRES_PASSWORD") as raised:
        make({}, now=NOW, brought=secrets(POSTGRES_PASSWORD=value))
    assert value not in raised.value.message


@pytest.mark.parametrize(
    ("name", "role"), [("ANON_KEY", "anon"), ("SERVICE_ROLE_KEY", "service_role")]
)
def test_keys_of_the_old_form_are_tokens_of_the_shared_secret(made, name, role):
    claims = verified(made[name], made["JWT_SECRET"], "HS256")
    assert claims == {"role": role, "iss": "supabase", "iat": NOW, "exp": NOW + 157_680_000}
    assert jwt.get_unverified_header(made[name]) == {"alg": "HS256", "typ": "JWT"}
    with pytest.raises(jwt.InvalidSignatureError):
        verified(made[name], "x" * 40, "HS256")


@pytest.mark.parametrize(
    ("name", "role"),
    [("ANON_KEY_ASYMMETRIC", "anon"), ("SERVICE_ROLE_KEY_ASYMMETRIC", "service_role")],
)
def test_tokens_behind_the_new_keys_are_of_the_pair(made, name, role):
    header = jwt.get_unverified_header(made[name])
    public = jwt.PyJWKSet.from_json(made["JWT_PUBLIC_JWKS"])[header["kid"]]
    assert verified(made[name], public, "ES256")["role"] == role
    assert header["alg"] == "ES256"
    other = ec.generate_private_key(ec.SECP256R1()).public_key()
    with pytest.raises(jwt.InvalidSignatureError):
        verified(made[name], other, "ES256")


def test_auth_gets_one_key_that_signs_and_the_shared_secret_beside_it(made):
    signing, shared = json.loads(made["JWT_KEYS"])
    assert (signing["kty"], signing["crv"], signing["alg"]) == ("EC", "P-256", "ES256")
    assert signing["key_ops"] == ["sign", "verify"]
    assert (signing["use"], signing["ext"], "d" in signing) == ("sig", True, True)
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", signing["kid"])
    assert "sign" not in shared["key_ops"]
    assert unpadded(shared["k"]) == made["JWT_SECRET"].encode()
    assert "\n" not in made["JWT_KEYS"]


def unpadded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_the_verifying_set_has_no_private_half_and_verifies_both_forms(made):
    pair, shared = json.loads(made["JWT_JWKS"])["keys"]
    assert pair["key_ops"] == ["verify"]
    assert not {"d", "k"} & set(pair)
    assert unpadded(shared["k"]) == made["JWT_SECRET"].encode()
    token = made["ANON_KEY_ASYMMETRIC"]
    assert verified(token, jwt.PyJWK(pair), "ES256")["role"] == "anon"


def test_the_public_set_holds_nothing_that_signs(made):
    (only,) = json.loads(made["JWT_PUBLIC_JWKS"])["keys"]
    assert only["kty"] == "EC"
    assert not {"d", "k"} & set(only)
    assert json.loads(made["JWT_KEYS"])[1]["k"] not in made["JWT_PUBLIC_JWKS"]


@settings(max_examples=50)
@given(key=st.fixed_dictionaries({"kty": st.sampled_from(["EC", "RSA"])}), data=st.data())
def test_a_public_half_never_holds_a_private_part(key, data):
    private = data.draw(st.sets(st.sampled_from(["d", "p", "q", "dp", "dq", "qi", "oth", "k"])))
    half = tokens.public_half({**key, **dict.fromkeys(private, "secret"), "x": "shown"})
    assert not set(half) & {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}
    assert half["x"] == "shown"


@pytest.mark.parametrize("name", ["SUPABASE_PUBLISHABLE_KEY", "SUPABASE_SECRET_KEY"])
def test_keys_of_the_new_form_carry_their_sum(made, name):
    start, end = made[name][:-9], made[name][-8:]
    digest = hashlib.sha256(f"supabase-self-hosted|{start}".encode()).digest()
    assert base64.urlsafe_b64encode(digest).decode()[:8] == end


def test_the_clouds_secret_is_taken_over():
    made = plain(make({}, now=NOW, brought=secrets(JWT_SECRET=CLOUD)))
    assert made["JWT_SECRET"] == CLOUD
    assert verified(made["ANON_KEY"], CLOUD, "HS256")["role"] == "anon"
    assert unpadded(json.loads(made["JWT_KEYS"])[1]["k"]) == CLOUD.encode()


def test_keys_that_applications_hold_are_taken_over():
    held = jwt.encode({"role": "anon", "iss": "supabase", "ref": "abc"}, CLOUD, "HS256")
    made = plain(make({}, now=NOW, brought=secrets(JWT_SECRET=CLOUD, ANON_KEY=held)))
    assert made["ANON_KEY"] == held


@pytest.mark.parametrize(
    "wrong",
    [
        jwt.encode({"role": "anon"}, "another secret of 32 characters!", "HS256"),
        jwt.encode({"role": "service_role"}, CLOUD, "HS256"),
        "not a token",
    ],
)
def test_a_key_that_would_not_be_accepted_is_refused(wrong):
    with pytest.raises(ConfigError, match="`ANON_KEY` is not signed with `JWT_SECRET`") as raised:
        make({}, now=NOW, brought=secrets(JWT_SECRET=CLOUD, ANON_KEY=wrong))
    assert wrong not in raised.value.message


def test_tokens_of_the_clouds_pair_stay_good():
    cloud = plain(make({}, now=NOW))
    also = tokens.read_public(cloud["JWT_KEYS"])
    made = plain(make({}, now=NOW, also=also))
    keys = json.loads(made["JWT_KEYS"])
    assert [key["key_ops"] for key in keys] == [["sign", "verify"], ["verify"], ["verify"]]
    assert len([key for key in keys if "d" in key]) == 1
    kid = jwt.get_unverified_header(cloud["ANON_KEY_ASYMMETRIC"])["kid"]
    for name in ("JWT_JWKS", "JWT_PUBLIC_JWKS"):
        known = {key.get("kid"): key for key in json.loads(made[name])["keys"]}
        assert verified(cloud["ANON_KEY_ASYMMETRIC"], jwt.PyJWK(known[kid]), "ES256")
    assert json.loads(cloud["JWT_KEYS"])[1]["k"] not in made["JWT_KEYS"]


def test_nothing_changes_when_all_is_there(keys):
    again = make(keys.values, now=NOW + 999)
    assert (again.made, again.replaced) == ((), ())
    assert again.values == keys.values


def test_what_is_missing_is_made_of_what_is_there(keys):
    kept = {name: one for name, one in keys.values.items() if name not in DERIVED}
    again = make(kept, now=NOW)
    assert set(again.made) == set(DERIVED)
    assert again.values["ANON_KEY"] == keys.values["ANON_KEY"]


def test_another_value_is_refused_unless_it_is_named(keys):
    with pytest.raises(Refused) as raised:
        make(keys.values, now=NOW, brought=secrets(JWT_SECRET=CLOUD))
    assert "--rotate JWT_SECRET" in raised.value.hint
    again = make(keys.values, now=NOW, brought=secrets(JWT_SECRET=CLOUD), rotate=["JWT_SECRET"])
    assert again.values["JWT_SECRET"].reveal() == CLOUD


@pytest.mark.parametrize(
    ("rotate", "replaced"),
    [
        (["POSTGRES_PASSWORD"], {"POSTGRES_PASSWORD"}),
        (["ANON_KEY"], set()),  # the same at the same time: it follows from the secret
        (["SUPABASE_SECRET_KEY"], {"SUPABASE_SECRET_KEY"}),
        (["JWT_SECRET"], {"JWT_SECRET", "ANON_KEY", "SERVICE_ROLE_KEY", "JWT_KEYS", "JWT_JWKS"}),
        (
            ["JWT_KEYS"],
            {"JWT_KEYS", "JWT_JWKS", "JWT_PUBLIC_JWKS"}
            | {"ANON_KEY_ASYMMETRIC", "SERVICE_ROLE_KEY_ASYMMETRIC"},
        ),
    ],
)
def test_rotation_changes_what_is_named_and_what_follows(keys, rotate, replaced):
    again = make(keys.values, now=NOW, rotate=rotate)
    assert set(again.replaced) == replaced
    assert list(problems(again.values)) == []


def test_a_key_that_is_rotated_later_lives_longer(keys):
    again = plain(make(keys.values, now=NOW + 60, rotate=["ANON_KEY"]))
    assert verified(again["ANON_KEY"], again["JWT_SECRET"], "HS256")["iat"] == NOW + 60


@pytest.mark.parametrize("name", ["JWT_JWKS", "ANON_KEY_ASYMMETRIC", "SMTP_PASS", "nonsense"])
def test_what_cannot_be_rotated_is_said(keys, name):
    with pytest.raises(UsageError, match=name):
        make(keys.values, now=NOW, rotate=[name])


@pytest.mark.parametrize(
    ("name", "value", "is_fine"),
    [
        ("SMTP_PASS", "any word $ at all", True),
        ("SMTP_PASS", hashlib.sha256(b"x").hexdigest(), False),
        ("HOOK_SEND_EMAIL_SECRETS", "v1,whsec_MzQ1Ng==", True),
        ("HOOK_SEND_EMAIL_SECRETS", "v1,whsec_MzQ1Ng==|v1,whsec_YWJj", True),
        ("HOOK_SEND_EMAIL_SECRETS", "whsec_MzQ1Ng==", False),
    ],
)
def test_what_is_made_elsewhere_is_judged_too(keys, name, value, is_fine):
    found = list(problems({**keys.values, name: Secret(value)}))
    assert (found == []) == is_fine
    assert value not in " ".join(found)


@pytest.mark.parametrize("value", ["", "[]", "{}", "[1]", '[{"kty":"oct","k":"eA"}]', "{"])
def test_keys_that_auth_would_not_start_with_are_refused(keys, value):
    found = list(problems({**keys.values, "JWT_KEYS": Secret(value)}))
    assert found
    assert not value or value not in " ".join(found)


def test_the_table_names_everything_once():
    assert len(set(NAMES)) == len(NAMES)
    assert {root for roots in DERIVED.values() for root in roots} <= set(NAMES)
    assert secret_table.NAMES == NAMES


def test_a_file_is_its_owners_and_edited_in_place(tmp_path, keys):
    file = tmp_path / "secrets"
    before = "# mine\nexport OTHER='kept as it is'  # really\nPOSTGRES_PASSWORD=old\n"
    write(file, edited(before, keys.values))
    assert file.stat().st_mode & 0o777 == 0o600
    text = file.read_text()
    assert text.startswith("# mine\nexport OTHER='kept as it is'  # really\nPOSTGRES_PASSWORD=")
    assert "=old" not in text
    assert read(file) == {**keys.values, "OTHER": Secret("kept as it is")}
    assert list(tmp_path.iterdir()) == [file]


def test_a_file_that_others_can_read_is_refused(tmp_path):
    file = tmp_path / "secrets"
    file.write_text("A=b\n")
    file.chmod(0o640)
    with pytest.raises(ConfigError, match="can be read by other users"):
        read(file)


def test_a_file_that_cannot_be_edited_stays(keys):
    with pytest.raises(DotenvUnusable, match="cannot be edited"):
        edited("A='open\nPOSTGRES_PASSWORD=old\n", {"POSTGRES_PASSWORD": Secret("$new")})
    with pytest.raises(DotenvUnusable, match="an open quote"):
        edited("A='open\n", {"POSTGRES_PASSWORD": Secret("$new")})


def test_a_value_of_two_lines_is_replaced():
    text = edited('A="two\nlines"\nB=1\n', {"A": Secret("new")})
    assert text == 'A="new"\nB=1\n'


@settings(max_examples=100)
@given(
    st.dictionaries(
        st.from_regex(r"[A-Z][A-Z_]{0,5}", fullmatch=True),
        st.text(st.characters(categories=("L", "N", "P", "S")), min_size=1, max_size=12),
        max_size=4,
    )
)
def test_what_is_written_reads_back_or_is_refused(values):
    changed = {name: Secret(value) for name, value in values.items()}
    try:
        text = edited("A=1\n", changed)
    except ConfigError:
        assert any({"'", "\\", "$"} & set(value) for value in values.values())
        return
    assert edited(text, {}) == text
    assert edited(text, changed) == text
