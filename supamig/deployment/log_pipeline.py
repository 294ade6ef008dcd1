"""Vector's configuration: what containers print, in the shape that Studio's log pages ask for.

A service is known by its container's name; under another name its lines would go nowhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from supamig.deployment.yaml import to_yaml

if TYPE_CHECKING:
    from supamig.deployment.yaml import Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """Lines of one service on their way to one source of analytics."""

    name: str
    containers: tuple[str, ...]
    source: str
    program: str


_GATEWAY = """\
line, error = parse_nginx_log(.event_message, "combined")
if error != null { abort }
.timestamp = line.timestamp
request = split(string(line.request) ?? "", " ")
.metadata.request.method = request[0]
.metadata.request.path = request[1]
.metadata.request.protocol = request[2]
.metadata.request.headers.referer = line.referer
.metadata.request.headers.user_agent = line.agent
.metadata.request.headers.cf_connecting_ip = line.client
.metadata.response.status_code = line.status
"""
_AUTH = """\
line, error = parse_json(.event_message)
if error == null && is_object(line) {
  .metadata = object!(line)
  .metadata.timestamp = line.time
}
"""
_REST = """\
line, error = parse_regex(.event_message, r'^.* [+-]\\d{4}: (?P<text>.*)$')
if error == null { .event_message = line.text }
.metadata.host = .project
"""
_REALTIME = """\
if contains(string!(.event_message), "/health") { abort }
.metadata.project = del(.project)
.metadata.external_id = .metadata.project
line, error = parse_regex(.event_message, r'^[\\d:.]+ \\[(?P<level>\\w+)\\] (?P<text>.*)$')
if error == null {
  .event_message = line.text
  .metadata.level = line.level
}
"""
_STORAGE = """\
.metadata.project = del(.project)
.metadata.tenantId = .metadata.project
line, error = parse_json(.event_message)
if error == null && is_object(line) {
  .event_message = line.msg
  .metadata.level = line.level
  .metadata.timestamp = line.time
  .metadata.context[0].host = line.hostname
  .metadata.context[0].pid = line.pid
}
"""
_FUNCTIONS = ".metadata.project_ref = del(.project)\n"
_DATABASE = """\
.metadata.host = "db-default"
.metadata.parsed.timestamp = .timestamp
.metadata.parsed.error_severity = "LOG"
line, error = parse_regex(.event_message, r'(?P<level>NOTICE|WARNING|ERROR|FATAL|PANIC):')
if error == null { .metadata.parsed.error_severity = line.level }
"""

STREAMS = (
    Stream(
        name="gateway",
        containers=("supabase-envoy", "supabase-kong"),
        source="cloudflare.logs.prod",
        program=_GATEWAY,
    ),
    Stream(name="auth", containers=("supabase-auth",), source="gotrue.logs.prod", program=_AUTH),
    Stream(name="rest", containers=("supabase-rest",), source="postgREST.logs.prod", program=_REST),
    Stream(
        name="realtime",
        containers=("realtime-dev.supabase-realtime",),
        source="realtime.logs.prod",
        program=_REALTIME,
    ),
    Stream(
        name="storage",
        containers=("supabase-storage",),
        source="storage.logs.prod.2",
        program=_STORAGE,
    ),
    Stream(
        name="functions",
        containers=("supabase-edge-functions",),
        source="deno-relay-logs",
        program=_FUNCTIONS,
    ),
    Stream(name="db", containers=("supabase-db",), source="postgres.logs", program=_DATABASE),
)

_COMMON = """\
.project = "default"
.event_message = del(.message)
.appname = del(.container_name)
del(.container_created_at)
del(.container_id)
del(.source_type)
del(.stream)
del(.label)
del(.image)
del(.host)
"""

#: Vector ends at start where the variable is missing.
_FROM_ENVIRONMENT = (
    "${LOGFLARE_PUBLIC_ACCESS_FROM_ENVIRONMENT?LOGFLARE_PUBLIC_ACCESS_FROM_ENVIRONMENT is needed}"
)


def vector() -> str:
    """Return the text of `vector.yml`."""
    transforms: dict[str, Value] = {
        "lines": {"type": "remap", "inputs": ["containers"], "source": _COMMON},
        "router": {
            "type": "route",
            "inputs": ["lines"],
            "route": {
                one.name: " || ".join(f'.appname == "{name}"' for name in one.containers)
                for one in STREAMS
            },
        },
    }
    for one in STREAMS:
        transforms[f"{one.name}_lines"] = {
            "type": "remap",
            "inputs": [f"router.{one.name}"],
            # a line of another shape (a start-up message at the gateway) is not kept as a request
            "drop_on_abort": True,
            "source": one.program,
        }
    containers = sorted(name for one in STREAMS for name in one.containers)
    return to_yaml(
        {
            "api": {"enabled": True, "address": "0.0.0.0:9001"},
            "sources": {"containers": {"type": "docker_logs", "include_containers": containers}},
            "transforms": transforms,
            "sinks": {f"{one.name}_to_analytics": _sink(one) for one in STREAMS},
        }
    )


def _sink(one: Stream) -> Value:
    return {
        "type": "http",
        "inputs": [f"{one.name}_lines"],
        "method": "post",
        "uri": f"http://analytics:4000/api/logs?source_name={one.source}",
        "encoding": {"codec": "json"},
        "request": {
            "retry_max_duration_secs": 30,
            "retry_initial_backoff_secs": 1,
            "headers": {"x-api-key": _FROM_ENVIRONMENT},
        },
    }
