"""Every question that is asked of the Management API, and the permission that each needs.

All are GET.  What only answers a POST (network bans, a temporary login) is never asked.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Call:
    """One question: ``path`` follows `/v1/projects/REF`, ``name`` is the answer's in a bundle.

    ``permission`` is what a fine-grained token must be allowed, ``what`` people's word for it.
    """

    name: str
    path: str
    permission: str
    what: str
    _: KW_ONLY
    query: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    #: Whether a deployment cannot be made like the project without it.
    needed: bool = False
    #: Whether the answer is a list, which may come in pages.
    is_list: bool = False


_SERVICES = ("auth", "db", "pooler", "realtime", "rest", "storage")

PROJECT = Call("project", "", "project_admin_read", "the project", needed=True)
AUTH = Call(
    "auth_config", "/config/auth", "auth_config_read", "the configuration of Auth", needed=True
)
SIGNING_KEYS = Call(
    *("signing_keys", "/config/auth/signing-keys", "auth_signing_keys_read"),
    "the public keys that sign tokens",
    needed=True,
)
POSTGREST = Call(
    "postgrest", "/postgrest", "data_api_config_read", "the settings of PostgREST", needed=True
)
API_KEYS = Call(
    *("api_keys", "/api-keys", "api_gateway_keys_read", "the API keys"),
    query={"reveal": "true"},
    needed=True,
    is_list=True,
)
STORAGE = Call("storage", "/config/storage", "storage_config_read", "the settings of Storage")
FUNCTIONS = Call(
    "functions", "/functions", "edge_functions_read", "the edge functions", is_list=True
)
POOLER = Call(
    *("pooler", "/config/database/pooler", "database_pooling_config_read"),
    "the pooler's settings",
    is_list=True,
)
#: What a snapshot asks, after the project itself; bodies of functions are asked one by one.
CALLS: tuple[Call, ...] = (
    AUTH,
    SIGNING_KEYS,
    POSTGREST,
    API_KEYS,
    STORAGE,
    FUNCTIONS,
    POOLER,
    Call(
        *("legacy_api_keys", "/api-keys/legacy", "api_gateway_keys_read"),
        "whether the old API keys are in use",
    ),
    Call(
        *("sso_providers", "/config/auth/sso/providers", "auth_config_read"),
        "the providers of single sign-on",
        is_list=True,
    ),
    Call(
        *("third_party_auth", "/config/auth/third-party-auth", "auth_config_read"),
        "other issuers whose tokens are accepted",
        is_list=True,
    ),
    Call("realtime", "/config/realtime", "realtime_config_read", "the limits of Realtime"),
    Call(
        *("function_secrets", "/secrets", "edge_functions_secrets_read"),
        "the names of the edge functions' secrets",
        is_list=True,
    ),
    # the root key is handed to those alone who could change it
    Call("pgsodium", "/pgsodium", "project_admin_write", "the root key of pgsodium"),
    Call(
        *("pgbouncer", "/config/database/pgbouncer", "database_read"),
        "the dedicated pooler's settings",
    ),
    Call("postgres", "/config/database/postgres", "database_config_read", "settings of Postgres"),
    Call("buckets", "/storage/buckets", "storage_read", "the buckets", is_list=True),
    Call(
        *("ssl_enforcement", "/ssl-enforcement", "database_ssl_config_read"),
        "whether TLS is enforced",
    ),
    Call(
        *("network_restrictions", "/network-restrictions", "database_network_restrictions_read"),
        "the networks that may connect",
    ),
    Call("custom_hostname", "/custom-hostname", "custom_domain_read", "the custom hostname"),
    Call("vanity_subdomain", "/vanity-subdomain", "vanity_subdomain_read", "the vanity subdomain"),
    Call(
        *("upgrade_eligibility", "/upgrade/eligibility", "project_admin_read"),
        "what an upgrade would stumble over",
    ),
    Call(
        *("health", "/health", "project_admin_read", "the services' health"),
        query={"services": _SERVICES},
    ),
    Call(
        *("readonly", "/readonly", "database_readonly_config_read"),
        "whether the database is read-only",
    ),
    Call("backups", "/database/backups", "backups_read", "the backups"),
    Call("addons", "/billing/addons", "infra_add_ons_read", "the add-ons"),
)


def function_body(slug: str) -> Call:
    """Return the question for what a function was deployed from."""
    what = f"the source of the function `{slug}`"
    return Call(f"functions/{slug}", f"/functions/{slug}/body", "edge_functions_read", what)
