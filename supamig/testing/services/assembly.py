"""Puts the services together behind the gateway, with the defaults that a deployment has."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from supamig.deployment import tokens as deployment_tokens
from supamig.secret import Secret
from supamig.testing.services import neighbours
from supamig.testing.services.clock import Clock
from supamig.testing.services.database import Database
from supamig.testing.services.gateway import Gateway, Keys
from supamig.testing.services.gotrue import application as gotrue
from supamig.testing.services.rest import application as rest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp

    from supamig.testing.services.wanted import Wanted

_LINKS = ("CONFIRMATION", "INVITE", "RECOVERY", "EMAIL_CHANGE")


def assemble(wanted: Wanted, url: str) -> tuple[Gateway, Keys]:
    """Return the gateway and its keys, or raise `Misconfigured`."""
    whole = {**_defaults(wanted, url), **wanted.env}
    variables = {name: value for name, value in whole.items() if value is not None}
    clock, keys = Clock(wanted.clock_offset), _keys(wanted, variables)
    services: dict[str, ASGIApp] = {
        "auth": _auth(wanted, variables, clock),
        "rest": rest.application(variables, Database(Secret(wanted.dsn), "authenticator"), clock),
        "storage": neighbours.storage,
        "realtime": neighbours.realtime,
        "functions": neighbours.functions,
        "meta": neighbours.meta,
    }
    return Gateway(keys, services, clock), keys


def _auth(wanted: Wanted, variables: Mapping[str, str], clock: Clock) -> ASGIApp:
    if wanted.auth_url:
        return neighbours.upstream(wanted.auth_url)
    given = wanted.env.get("DATABASE_URL") or wanted.env.get("GOTRUE_DB_DATABASE_URL")
    # a login of its own is taken as it is, wrong role and all
    own = Database(Secret(given or wanted.dsn), *(() if given else ("supabase_auth_admin", "auth")))
    return gotrue.application(gotrue.load(variables, database=own, clock=clock))


def _defaults(wanted: Wanted, url: str) -> Mapping[str, str | None]:
    return {
        "API_EXTERNAL_URL": f"{url}/auth/v1",
        "DATABASE_URL": wanted.dsn,
        "GOTRUE_DB_DRIVER": "postgres",
        "GOTRUE_JWT_AUD": "authenticated",
        "GOTRUE_JWT_DEFAULT_GROUP_NAME": "authenticated",
        "GOTRUE_JWT_SECRET": wanted.jwt_secret,
        "GOTRUE_SITE_URL": "http://localhost:3000",
        "PGRST_DB_ANON_ROLE": "anon",
        "PGRST_DB_EXTRA_SEARCH_PATH": "public,extensions",
        "PGRST_DB_SCHEMAS": "public,graphql_public",
        "PGRST_JWT_SECRET": wanted.jwt_secret,
    } | {f"GOTRUE_MAILER_URLPATHS_{path}": "/auth/v1/verify" for path in _LINKS}


def _keys(wanted: Wanted, variables: Mapping[str, str]) -> Keys:
    def made(name: str, role: str) -> str:
        now = int(time.time())
        return variables.get(name) or deployment_tokens.symmetric(role, wanted.jwt_secret, now=now)

    return Keys(
        anon=made("ANON_KEY", "anon"),
        service_role=made("SERVICE_ROLE_KEY", "service_role"),
        publishable=variables.get("SUPABASE_PUBLISHABLE_KEY", ""),
        secret=variables.get("SUPABASE_SECRET_KEY", ""),
        anon_token=variables.get("ANON_KEY_ASYMMETRIC", ""),
        service_role_token=variables.get("SERVICE_ROLE_KEY_ASYMMETRIC", ""),
    )
