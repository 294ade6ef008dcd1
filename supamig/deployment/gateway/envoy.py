"""Envoy's configuration: one static file, without a secret in it.

Keys are read from the environment where they are compared, in `files/gateway/keys.lua`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from supamig.deployment.gateway.routes import Access, Route, Upstream, routes, upstreams
from supamig.deployment.yaml import to_yaml

if TYPE_CHECKING:
    from supamig.deployment.settings import DeploymentSettings
    from supamig.deployment.yaml import Value

_TYPE = "type.googleapis.com/envoy"
_HTTP = f"{_TYPE}.extensions.filters.http"
_METHODS = "GET, POST, PUT, PATCH, DELETE, OPTIONS, HEAD, CONNECT, TRACE"
_LARGEST = 10_000
# a query may hold a key, and logs are kept
_WITHOUT_QUERY: Value = {
    "name": "envoy.formatter.req_without_query",
    "typed_config": {"@type": f"{_TYPE}.extensions.formatter.req_without_query.v3.ReqWithoutQuery"},
}
_ACCESS_LOG = (
    '%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT% - - [%START_TIME(%d/%b/%Y:%H:%M:%S %z)%] "'
    '%REQ(:METHOD)% %REQ_WITHOUT_QUERY(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" '
    '%RESPONSE_CODE% %BYTES_SENT% "%REQ(REFERER)%" "%REQ(USER-AGENT)%"\n'
)


def envoy(settings: DeploymentSettings) -> str:
    """Return the text of `envoy.yaml`."""
    configuration: dict[str, Value] = {
        "admin": {"address": _address("127.0.0.1", 9901)},
        "overload_manager": {
            "resource_monitors": [
                {
                    "name": "envoy.resource_monitors.global_downstream_max_connections",
                    "typed_config": {
                        "@type": f"{_TYPE}.extensions.resource_monitors."
                        "downstream_connections.v3.DownstreamConnectionsConfig",
                        "max_active_downstream_connections": 30_000,
                    },
                }
            ]
        },
        "static_resources": {
            "listeners": [_listener(settings)],
            "clusters": [_cluster(one) for one in upstreams(settings.left_out)],
        },
    }
    return to_yaml(configuration)


def _address(host: str, port: int) -> Value:
    return {"socket_address": {"address": host, "port_value": port}}


def _listener(settings: DeploymentSettings) -> Value:
    manager: dict[str, Value] = {
        "@type": f"{_TYPE}.extensions.filters.network.http_connection_manager"
        ".v3.HttpConnectionManager",
        "stat_prefix": "gateway",
        "use_remote_address": True,
        # a path that two programs read in two ways gets past a check of one of them
        "normalize_path": True,
        "merge_slashes": True,
        "path_with_escaped_slashes_action": "REJECT_REQUEST",
        "common_http_protocol_options": {"headers_with_underscores_action": "REJECT_REQUEST"},
        "upgrade_configs": [{"upgrade_type": "websocket"}],
        "access_log": [
            {
                "name": "envoy.access_loggers.stdout",
                "typed_config": {
                    "@type": f"{_TYPE}.extensions.access_loggers.stream.v3.StdoutAccessLog",
                    "log_format": {
                        "text_format_source": {"inline_string": _ACCESS_LOG},
                        "formatters": [_WITHOUT_QUERY],
                    },
                },
            }
        ],
        "http_filters": _filters(),
        "route_config": {
            "name": "routes",
            "request_headers_to_add": [
                _header("X-Forwarded-Host", "%REQ(:AUTHORITY)%"),
                _header("X-Forwarded-Port", "%DOWNSTREAM_LOCAL_PORT%"),
            ],
            "virtual_hosts": [
                {
                    "name": "all",
                    "domains": ["*"],
                    "typed_per_filter_config": {"envoy.filters.http.cors": _cors([".*"])},
                    "routes": [_route(route, settings) for route in routes(settings.left_out)],
                }
            ],
        },
    }
    return {
        "name": "gateway",
        "address": _address("0.0.0.0", 8000),  # noqa: S104 - inside of the container
        "per_connection_buffer_limit_bytes": 32_768,
        "filter_chains": [
            {
                "filters": [
                    {"name": "envoy.filters.network.http_connection_manager"}
                    | {"typed_config": manager}
                ]
            }
        ],
    }


def _filters() -> Value:
    """Return the filters: a preflight needs no key, so CORS answers it before anybody asks."""
    return [
        {
            "name": "envoy.filters.http.cors",
            "typed_config": {"@type": f"{_HTTP}.cors.v3.Cors"},
        },
        {
            "name": "envoy.filters.http.basic_auth",
            "disabled": True,
            "typed_config": {
                "@type": f"{_HTTP}.basic_auth.v3.BasicAuth",
                "users": {"environment_variable": "DASHBOARD_USERS"},
            },
        },
        {
            "name": "envoy.filters.http.lua",
            "typed_config": {
                "@type": f"{_HTTP}.lua.v3.Lua",
                "default_source_code": {"filename": "/etc/envoy/keys.lua"},
            },
        },
        {
            "name": "envoy.filters.http.router",
            "typed_config": {"@type": f"{_HTTP}.router.v3.Router"},
        },
    ]


def _route(route: Route, settings: DeploymentSettings) -> Value:
    match: dict[str, Value] = {"path" if route.exact else "prefix": route.path}
    made: dict[str, Value] = {"name": route.name, "match": match}
    if route.access is Access.DENIED:
        return made | {"direct_response": {"status": 403}}
    action: dict[str, Value] = {"cluster": route.upstream, "timeout": f"{route.timeout}s"}
    if route.sends != route.path:
        action["prefix_rewrite"] = route.sends
    if route.upstream == "realtime":
        action["host_rewrite_literal"] = "realtime-dev.supabase-realtime"
    made["route"] = action
    filters: dict[str, Value] = {}
    if route.access is Access.DASHBOARD:
        filters["envoy.filters.http.basic_auth"] = {
            "@type": f"{_TYPE}.config.route.v3.FilterConfig",
            "config": {},
        }
        # Studio needs no password, and must not learn this one
        made["request_headers_to_remove"] = ["authorization"]
    else:
        facts: dict[str, Value] = {"access": str(route.access), "kind": route.kind}
        made["metadata"] = {"filter_metadata": {"envoy.filters.http.lua": facts}}
        prefix = route.path.rstrip("/") if route.upstream == "storage" else route.path
        added = [_header("X-Forwarded-Prefix", prefix)]
        if route.name == "graphql":
            added.append(_header("Content-Profile", "graphql_public", replace=True))
        made["request_headers_to_add"] = added
    if route.upstream == "meta":
        own = settings.public_url.replace(".", "\\.")
        here = r"https?://(localhost|127\.0\.0\.1)(:[0-9]+)?"
        filters["envoy.filters.http.cors"] = _cors([own, here])
    return made | ({"typed_per_filter_config": filters} if filters else {})


def _header(name: str, value: str, *, replace: bool = False) -> Value:
    action = "OVERWRITE_IF_EXISTS_OR_ADD" if replace else "ADD_IF_ABSENT"
    return {"header": {"key": name, "value": value}, "append_action": action}


def _cors(origins: list[str]) -> Value:
    return {
        "@type": f"{_HTTP}.cors.v3.CorsPolicy",
        "allow_origin_string_match": [{"safe_regex": {"regex": one}} for one in origins],
        "allow_methods": _METHODS,
        "allow_headers": "*",
        "expose_headers": "*",
        "max_age": "3600",
    }


def _cluster(upstream: Upstream) -> Value:
    check: dict[str, Value] = {
        "timeout": "2s",
        "interval": "5s",
        "unhealthy_threshold": 3,
        "healthy_threshold": 2,
    }
    if upstream.health:
        check["http_health_check"] = {"path": upstream.health}
    else:
        check["tcp_health_check"] = {}
    limits = ("max_connections", "max_pending_requests", "max_requests")
    endpoint: dict[str, Value] = {"address": _address(upstream.host, upstream.port)}
    return {
        "name": upstream.name,
        "type": "STRICT_DNS",
        "dns_refresh_rate": "5s",
        "connect_timeout": "5s",
        "circuit_breakers": {"thresholds": [dict.fromkeys(limits, _LARGEST)]},
        "health_checks": [check],
        "load_assignment": {
            "cluster_name": upstream.name,
            "endpoints": [{"lb_endpoints": [{"endpoint": endpoint}]}],
        },
    }
