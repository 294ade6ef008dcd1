"""What faces the world: the gateway, and Caddy in front of it where TLS is wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from supamig.deployment.gateway.envoy import envoy
from supamig.deployment.gateway.kong import kong
from supamig.deployment.model import Condition, File, Mount, Port, Service
from supamig.deployment.services.making import health, image, logging, memory, shipped
from supamig.deployment.text import texts

if TYPE_CHECKING:
    from supamig.deployment.settings import DeploymentSettings

#: Both names work whichever gateway runs: functions and scripts have one of them written in.
_ALIASES = ("envoy", "kong")
_DASHBOARD = {
    "DASHBOARD_USERNAME": "${DASHBOARD_USERNAME}",
    "DASHBOARD_PASSWORD": "${DASHBOARD_PASSWORD}",
}
_NEW_KEYS = {
    "SUPABASE_PUBLISHABLE_KEY": "${SUPABASE_PUBLISHABLE_KEY}",
    "SUPABASE_SECRET_KEY": "${SUPABASE_SECRET_KEY}",
    "ANON_KEY_ASYMMETRIC": "${ANON_KEY_ASYMMETRIC}",
    "SERVICE_ROLE_KEY_ASYMMETRIC": "${SERVICE_ROLE_KEY_ASYMMETRIC}",
}
_KONG = {
    "KONG_DATABASE": "off",
    "KONG_DECLARATIVE_CONFIG": "/usr/local/kong/kong.yml",
    "KONG_ROUTER_FLAVOR": "expressions",
    "KONG_DNS_ORDER": "LAST,A,CNAME",
    "KONG_DNS_NOT_FOUND_TTL": "1",
    "KONG_DNS_VALID_TTL": "5",
    "KONG_PLUGINS": "request-transformer,cors,key-auth,acl,basic-auth,request-termination,"
    "ip-restriction,post-function",
    "KONG_NGINX_PROXY_PROXY_BUFFER_SIZE": "160k",
    "KONG_NGINX_PROXY_PROXY_BUFFERS": "64 160k",
    "KONG_PROXY_ACCESS_LOG": "/dev/stdout combined",
    "SUPABASE_ANON_KEY": "${ANON_KEY}",
    "SUPABASE_SERVICE_KEY": "${SERVICE_ROLE_KEY}",
}
_HASH_AND_RUN = (
    # Caddy reads a line, and one without an end is an error to it
    'PROXY_AUTH_HASH="$(printf "%s\\n" "$PROXY_AUTH_PASSWORD" | caddy hash-password)"'
    " && export PROXY_AUTH_HASH && unset PROXY_AUTH_PASSWORD"
    " && exec caddy run --config /etc/caddy/Caddyfile --adapter caddyfile"
)


def gateway(settings: DeploymentSettings) -> Service:
    """Return the gateway that was chosen; the service has one name for both."""
    return _kong(settings) if settings.gateway == "kong" else _envoy(settings)


def _ports(settings: DeploymentSettings) -> tuple[Port, ...]:
    """Return the gateway's ports of the host: none behind Caddy, or there is a way around it."""
    if settings.tls:
        return ()
    address = settings.addresses.api
    plain = Port(host=settings.ports.api, container=8000, address=address)
    if settings.gateway == "kong" and settings.ports.api_tls:
        return (plain, Port(host=settings.ports.api_tls, container=8443, address=address))
    return (plain,)


def _envoy(settings: DeploymentSettings) -> Service:
    environment = {
        "ANON_KEY": "${ANON_KEY}",
        "SERVICE_ROLE_KEY": "${SERVICE_ROLE_KEY}",
        **_DASHBOARD,
        **(_NEW_KEYS if settings.signing == "es256" else {}),
    }
    return Service(
        name="api-gw",
        container_name="supabase-envoy",
        image=image(settings, "envoy"),
        entrypoint=("/bin/sh", "/etc/envoy/start.sh"),
        environment=texts(environment),
        ports=_ports(settings),
        files=(
            File(
                path="volumes/api/envoy/envoy.yaml",
                target="/etc/envoy/envoy.yaml",
                content=envoy(settings),
            ),
            File(
                path="volumes/api/envoy/keys.lua",
                target="/etc/envoy/keys.lua",
                content=shipped("gateway/keys.lua"),
            ),
            File(
                path="volumes/api/envoy/start.sh",
                target="/etc/envoy/start.sh",
                content=shipped("gateway/envoy.sh"),
            ),
        ),
        health=health("CMD-SHELL", "timeout 1 bash -c '</dev/tcp/127.0.0.1/8000'", every=10),
        depends_on={"studio": Condition.HEALTHY},
        aliases=_ALIASES,
        memory_mib=memory(settings, "api-gw"),
        logging=logging(settings),
    )


def _kong(settings: DeploymentSettings) -> Service:
    environment = {
        **_KONG,
        **_DASHBOARD,
        **(_NEW_KEYS if settings.signing == "es256" else {}),
        **({"KONG_PORT_MAPS": "443:8000,443:8443"} if settings.tls else {}),
    }
    return Service(
        name="api-gw",
        container_name="supabase-kong",
        image=image(settings, "kong"),
        entrypoint=("/bin/sh", "/home/kong/kong-entrypoint.sh"),
        environment=texts(environment),
        ports=_ports(settings),
        files=(
            File(
                path="volumes/api/kong.yml",
                target="/home/kong/temp.yml",
                content=kong(settings),
                label="z",
            ),
            File(
                path="volumes/api/kong-entrypoint.sh",
                target="/home/kong/kong-entrypoint.sh",
                content=shipped("gateway/kong.sh"),
                label="z",
            ),
        ),
        health=health("CMD", "kong", "health", retries=5),
        depends_on={"studio": Condition.HEALTHY},
        aliases=_ALIASES,
        memory_mib=memory(settings, "api-gw"),
        logging=logging(settings),
    )


def caddy(settings: DeploymentSettings) -> Service:
    """Return Caddy: paths of the API go to the gateway, all else to Studio behind a password."""
    ports = settings.ports
    everywhere = "0.0.0.0"  # noqa: S104 - the one service that the world is meant to reach
    return Service(
        name="caddy",
        container_name="supabase-caddy",
        image=image(settings, "caddy"),
        command=("sh", "-c", _HASH_AND_RUN),
        environment=texts(
            {
                "PROXY_DOMAIN": "${PROXY_DOMAIN}",
                "PROXY_AUTH_USERNAME": "${DASHBOARD_USERNAME}",
                "PROXY_AUTH_PASSWORD": "${DASHBOARD_PASSWORD}",
            }
        ),
        ports=(
            Port(host=ports.http, container=80, address=everywhere),
            Port(host=ports.https, container=443, address=everywhere),
            Port(host=ports.https, container=443, address=everywhere, protocol="udp"),
        ),
        mounts=(
            Mount(kind="volume", source="caddy-data", target="/data"),
            Mount(kind="volume", source="caddy-config", target="/config"),
        ),
        files=(
            File(
                path="volumes/proxy/caddy/Caddyfile",
                target="/etc/caddy/Caddyfile",
                content=shipped("Caddyfile"),
            ),
        ),
        health=health("CMD", "wget", "-q", "-O", "/dev/null", "http://127.0.0.1:2019/config/"),
        depends_on={"api-gw": Condition.HEALTHY, "studio": Condition.HEALTHY},
        memory_mib=memory(settings, "caddy"),
        logging=logging(settings),
    )
