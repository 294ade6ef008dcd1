"""Which parts of the answers are secrets, and under which name each is kept instead.

The API shows some as they are (the JWT secret, API keys) and others as a digest, which is of no
use but to compare.  Both leave the answers, where `***` says that there was something.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from supamig.deployment import tokens
from supamig.deployment.cloud.fields import is_secret
from supamig.errors import ConfigError
from supamig.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

HIDDEN = "***"
#: Begins the names of digests that `config/auth` shows in place of secrets.
DIGEST = "DIGEST_"
_ROLES = {"anon": "ANON_KEY", "service_role": "SERVICE_ROLE_KEY"}
_KINDS = {"publishable": "SUPABASE_PUBLISHABLE_KEY", "secret": "SUPABASE_SECRET_KEY"}
_OF_A_KEY = ("name", "type", "id", "description", "inserted_at", "updated_at")
_CONNECTIONS = {"connection_string", "connectionString"}


def separate(answers: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Secret]]:
    """Return the answers without secrets, and the secrets by name."""
    clean, secrets = dict(answers), dict[str, str]()
    if isinstance(auth := answers.get("auth_config"), dict):
        clean["auth_config"], digests = _auth(auth)
        secrets |= digests
    if isinstance(rest := answers.get("postgrest"), dict):
        clean["postgrest"] = _without(rest, "jwt_secret")
        secrets["JWT_SECRET"] = str(rest.get("jwt_secret") or "")
    if isinstance(keys := answers.get("api_keys"), list):
        clean["api_keys"], found = _api_keys(keys)
        secrets |= found
    if isinstance(pgsodium := answers.get("pgsodium"), dict):
        clean["pgsodium"] = _without(pgsodium, "root_key")
        secrets["PGSODIUM_ROOT_KEY"] = str(pgsodium.get("root_key") or "")
    if isinstance(named := answers.get("function_secrets"), list):
        # the values are digests, and which of them belong to a weak secret is nobody's business
        named = [one["name"] for one in _dicts(named) if "name" in one]
        clean["function_secrets"] = [{"name": name} for name in named]
    if isinstance(signing := answers.get("signing_keys"), dict):
        clean["signing_keys"] = {"keys": [_signing_key(one) for one in _dicts(signing.get("keys"))]}
    for name in ("pooler", "pgbouncer"):
        clean[name] = _without_connections(answers.get(name))
        if clean[name] is None:
            del clean[name]
    return clean, {name: Secret(value) for name, value in secrets.items() if value}


def _auth(config: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    clean, digests = dict(config), {}
    for name, value in config.items():
        if value and is_secret(name, value):
            clean[name] = HIDDEN
            digests[f"{DIGEST}{name.upper()}"] = value
    return clean, digests


def _api_keys(keys: list[Any]) -> tuple[list[dict[str, Any]], dict[str, str]]:
    clean, secrets = [], dict[str, str]()
    for key in _dicts(keys):
        clean.append({name: key[name] for name in _OF_A_KEY if key.get(name) is not None})
        value = str(key.get("api_key") or "")
        kind, label = str(key.get("type") or ""), str(key.get("name"))
        name = _KINDS.get(kind) or (_ROLES.get(label) if kind in {"", "legacy"} else None)
        if name and value and (name not in secrets or label == "default"):
            secrets[name] = value
    return clean, secrets


def _signing_key(key: Mapping[str, Any]) -> dict[str, Any]:
    """Return a signing key with the public half alone, whatever the answer held."""
    jwk = key.get("public_jwk")
    try:
        shown = tokens.public_half(jwk) if isinstance(jwk, dict) else None
    except ConfigError:
        shown = None
    if shown is not None:
        shown.setdefault("kid", key.get("id"))
    return {**key, "public_jwk": shown}


def _without(answer: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key: HIDDEN if key == name and value else value for key, value in answer.items()}


def _without_connections(answer: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(answer, list):
        return [_without_connections(one) for one in answer]
    if isinstance(answer, dict):
        return {key: value for key, value in answer.items() if key not in _CONNECTIONS}
    return answer


def _dicts(found: object) -> list[dict[str, Any]]:
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
