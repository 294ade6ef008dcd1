"""Kong's declarative configuration, a template: `${NAME}` becomes a value when Kong starts.

The values are of letters, digits and `._-` (see `keys`), so they mean nothing to YAML or Lua.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from supamig.deployment.gateway.routes import UPSTREAMS, Access, Route, routes
from supamig.deployment.services.making import shipped
from supamig.deployment.yaml import to_yaml

if TYPE_CHECKING:
    from supamig.deployment.settings import DeploymentSettings
    from supamig.deployment.yaml import Value

_HOSTS = {one.name: f"{one.host}:{one.port}" for one in UPSTREAMS}
#: Milliseconds between two reads; functions may think longer.
_PATIENCE = 150_000
_TOKENS = (
    '{ ["${SUPABASE_PUBLISHABLE_KEY}"] = "${ANON_KEY_ASYMMETRIC}",'
    ' ["${SUPABASE_SECRET_KEY}"] = "${SERVICE_ROLE_KEY_ASYMMETRIC}" }'
)


def kong(settings: DeploymentSettings) -> str:
    """Return the text of the template."""
    translates = settings.signing == "es256"
    new = (["${SUPABASE_PUBLISHABLE_KEY}"], ["${SUPABASE_SECRET_KEY}"]) if translates else ([], [])
    configuration: dict[str, Value] = {
        "_format_version": "3.0",
        "consumers": [
            _consumer("anon", ["${SUPABASE_ANON_KEY}", *new[0]]),
            _consumer("service_role", ["${SUPABASE_SERVICE_KEY}", *new[1]]),
            {
                "username": "dashboard",
                "basicauth_credentials": [
                    {"username": "${DASHBOARD_USERNAME}", "password": "${DASHBOARD_PASSWORD}"}
                ],
            },
        ],
        "services": [_service(route, translates=translates) for route in routes(settings.left_out)],
    }
    return to_yaml(configuration)


def _consumer(role: str, keys: list[str]) -> Value:
    credentials: list[Value] = [{"key": key} for key in keys]
    return {"username": role, "acls": [{"group": role}], "keyauth_credentials": credentials}


def _service(route: Route, *, translates: bool) -> Value:
    made: dict[str, Value] = {"name": route.name, "url": _url(route)}
    if route.kind == "functions":
        made["read_timeout"] = _PATIENCE
    return made | {
        "routes": [_route(route)],
        "plugins": _plugins(route, translates=translates),
    }


def _url(route: Route) -> str:
    if route.access is Access.DENIED:
        return "http://127.0.0.1:9"  # never asked: the request ends before
    # a websocket begins as a request, and Kong passes the upgrade on
    return f"http://{_HOSTS[route.upstream]}{route.sends}"


def _route(route: Route) -> Value:
    if route.exact:
        # only what a prefix matched is stripped, so the prefix is said beside the whole path
        path = f'http.path == "{route.path}" && http.path ^= "{route.path}"'
        return {"name": route.name, "expression": path, "priority": 1000, "strip_path": True}
    return {"name": route.name, "paths": [route.path], "strip_path": True}


def _plugins(route: Route, *, translates: bool) -> Value:
    if route.access is Access.DENIED:
        stop: Value = {"status_code": 403, "message": "Access is forbidden."}
        return [{"name": "request-termination", "config": stop}]
    plugins: list[Value] = []
    if route.upstream != "meta":
        plugins.append({"name": "cors"})
    if route.access is Access.DASHBOARD:
        return [*plugins, {"name": "basic-auth", "config": {"hide_credentials": True}}]
    if route.access in {Access.KEY, Access.ADMIN}:
        groups = ["service_role"] if route.access is Access.ADMIN else ["anon", "service_role"]
        plugins += [
            {"name": "key-auth", "config": {"hide_credentials": False, "key_names": ["apikey"]}},
            {"name": "acl", "config": {"hide_groups_header": True, "allow": groups}},
        ]
    if route.name == "graphql":
        added: Value = {"headers": ["Content-Profile:graphql_public"]}
        plugins.append({"name": "request-transformer", "config": {"add": added}})
    if not route.name.startswith("auth-"):
        code = shipped("gateway/keys_of_kong.lua")
        code = code.replace("${TOKENS}", _TOKENS if translates else "{}")
        code = code.replace("${KIND}", route.kind)
        plugins.append({"name": "post-function", "config": {"access": [code]}})
    return plugins
