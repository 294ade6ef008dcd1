"""What a deployment is made of, in every variant."""

from __future__ import annotations

import dataclasses
import re
import runpy
from pathlib import Path

import pytest

from supamig.deployment import DeploymentSettings, describe
from supamig.deployment.auth_settings import Provider
from supamig.deployment.reading import parse_settings, read_settings
from supamig.deployment.text import plain, text
from supamig.errors import ConfigError

VARIANTS = runpy.run_path(str(Path(__file__).with_name("deployment_samples.py")))["VARIANTS"]
CORE = {
    *("db", "auth", "rest", "realtime", "storage", "imgproxy", "meta", "functions"),
    *("api-gw", "supavisor", "studio"),
}
LOGS = {"analytics", "vector"}


@pytest.fixture(params=VARIANTS)
def deployment(request):
    return describe(VARIANTS[request.param])


def names(settings):
    return {one.name for one in describe(settings).services}


def test_eleven_services_are_the_core():
    assert names(DeploymentSettings()) == CORE
    assert names(VARIANTS["logs"]) == CORE | LOGS
    assert names(VARIANTS["everything"]) == CORE | LOGS | {"caddy"}


def test_what_nobody_uses_can_be_left_out_with_all_that_names_it():
    assert names(VARIANTS["lean"]) == CORE - {"storage", "imgproxy", "realtime", "functions"}
    lean = describe(VARIANTS["lean"])
    (envoy,) = (one.content for one in lean.files if one.path.endswith("envoy.yaml"))
    for left_out in ("/storage/v1", "/realtime/v1", "/functions/v1", "realtime-dev"):
        assert left_out not in envoy
    for kept in ("/auth/v1/", "/rest/v1/", "/graphql/v1", "/pg/"):
        assert kept in envoy
    assert {*lean.secrets, *lean.variables}.isdisjoint({"REALTIME_DB_ENC_KEY", "STORAGE_TENANT_ID"})
    assert "volumes/storage" not in lean.directories
    assert "deno-cache" not in [one.name for one in lean.volumes]


def test_storage_without_imgproxy_serves_images_as_they_are():
    storage = describe(VARIANTS["no images"]).service("storage")
    assert "imgproxy" not in {*storage.depends_on, *names(VARIANTS["no images"])}
    assert "IMGPROXY_URL" not in storage.environment
    assert storage.environment["ENABLE_IMAGE_TRANSFORMATION"] == plain("false")


def test_the_database_cannot_be_left_out():
    with pytest.raises(ConfigError, match=r"deployment\.leave_out\.0"):
        parse_settings({"leave_out": ["db"]}, place="supamig.toml")
    assert parse_settings({"leave_out": ["realtime"]}, place="x").left_out == {"realtime"}


def test_each_service_is_pinned_watched_limited_and_restarted(deployment):
    for one in deployment.services:
        assert re.fullmatch(
            r"[\w./-]+:[\w.-]*\d[\w.-]*(@sha256:[0-9a-f]{64})?", one.image.reference
        )
        assert "latest" not in one.image.tag
        assert one.health.test
        assert one.health.interval > 0
        assert one.memory_mib >= 64
        assert one.restart == "unless-stopped"
        assert one.logging.options == {"max-size": "10m", "max-file": "3"}


def test_each_service_comes_after_those_it_waits_for(deployment):
    started = set()
    for one in deployment.services:
        assert set(one.depends_on) <= started
        started.add(one.name)


def test_no_variable_is_empty(deployment):
    known = deployment.variables
    for service in deployment.services:
        for name, one in service.environment.items():
            values = {**known, **dict.fromkeys(deployment.secrets, "secret")}
            assert one.fill(values) != "", (service.name, name)


def test_each_reference_has_a_value_or_is_a_secret(deployment):
    needed = {name for service in deployment.services for name in service.references}
    assert needed == {*deployment.variables, *deployment.secrets}
    assert not set(deployment.variables) & set(deployment.secrets)


def test_names_of_hosts_and_containers_are_unique(deployment):
    containers = [one.container_name for one in deployment.services]
    hosts = [host for one in deployment.services for host in (one.name, *one.aliases)]
    assert len(set(containers)) == len(containers)
    assert len(set(hosts)) == len(hosts)


def test_each_host_that_a_variable_names_is_a_service(deployment):
    hosts = {host for one in deployment.services for host in (one.name, *one.aliases)}
    values = {**deployment.variables, **dict.fromkeys(deployment.secrets, "secret")}
    inner = re.compile(r"(?:http|ecto|postgres|postgresql)://(?:[^@/]*@)?([a-z][a-z-]*):\d+")
    for service in deployment.services:
        for name, one in service.environment.items():
            for host in inner.findall(one.fill(values)):
                assert host in hosts | {"localhost"}, (service.name, name)


@pytest.mark.parametrize("settings", VARIANTS.values(), ids=VARIANTS)
def test_no_port_is_open_to_the_world_but_the_gateways_unless_it_is_said(settings):
    said = {"db": settings.addresses.database, "supavisor": settings.addresses.pooler}
    for service, port in describe(settings).ports:
        asked_for = said.get(service.name, "127.0.0.1")
        assert port.address in ("127.0.0.1", asked_for) or service.name in ("api-gw", "caddy")


def test_what_is_data_outlives_containers():
    volumes = {one.name: one.holds_data for one in describe(VARIANTS["everything"]).volumes}
    assert volumes == {
        "db-config": True,  # the root key of Vault
        "caddy-data": True,
        "caddy-config": True,
        "deno-cache": False,
    }


def ports(settings):
    found = describe(settings).ports
    return {(one.name, port.container): (port.address, port.host) for one, port in found}


def test_host_ports_are_settings():
    assert ports(DeploymentSettings()) == {
        ("api-gw", 8000): ("0.0.0.0", 8000),
        ("studio", 3000): ("127.0.0.1", 3001),
        ("supavisor", 5432): ("127.0.0.1", 5432),
        ("supavisor", 6543): ("127.0.0.1", 6543),
    }
    assert ports(VARIANTS["droplet"]) == {
        ("api-gw", 8000): ("0.0.0.0", 54321),
        ("db", 5432): ("127.0.0.1", 5434),
        ("supavisor", 5432): ("10.0.0.2", 5433),
        ("supavisor", 6543): ("10.0.0.2", 6543),
    }


def test_there_is_no_way_around_caddy():
    found = ports(VARIANTS["everything"])
    assert not [service for service, _ in found if service == "api-gw"]
    assert found["caddy", 443] == ("0.0.0.0", 443)
    assert "KONG_PORT_MAPS" in describe(VARIANTS["everything"]).service("api-gw").environment


def test_both_gateways_answer_to_the_same_names():
    for variant, container in (("local", "supabase-envoy"), ("kong", "supabase-kong")):
        gateway = describe(VARIANTS[variant]).service("api-gw")
        assert gateway.aliases == ("envoy", "kong")
        assert gateway.container_name == container
    assert ports(VARIANTS["kong"])["api-gw", 8443] == ("0.0.0.0", 8443)


def test_realtimes_container_is_named_for_its_tenant():
    assert describe(DeploymentSettings()).service("realtime").container_name.split(".")[0] == (
        "realtime-dev"
    )


def test_objects_are_on_files_or_in_a_store():
    files, store = (describe(VARIANTS[name]).service("storage") for name in ("local", "spaces"))
    assert [mount.source for mount in files.mounts] == ["volumes/storage"]
    assert store.mounts == ()
    assert store.environment["STORAGE_BACKEND"].template() == "s3"
    assert store.environment["GLOBAL_S3_PROTOCOL"].template() == "https"


def test_without_a_mail_server_nothing_is_said_of_mail():
    variables = describe(DeploymentSettings()).service("auth").environment
    assert not [name for name in variables if "SMTP" in name]


def test_links_in_mail_keep_the_path_of_the_gateway():
    deployment = describe(DeploymentSettings())
    auth = deployment.service("auth").environment
    paths = {name: one for name, one in auth.items() if "MAILER_URLPATHS" in name}
    assert len(paths) == 4
    assert {one.fill(deployment.variables) for one in paths.values()} == {"/auth/v1/verify"}


def test_signing_with_the_shared_secret_needs_no_key_pair():
    deployment = describe(VARIANTS["hs256"])
    assert "JWT_KEYS" not in deployment.secrets
    assert "GOTRUE_JWT_KEYS" not in deployment.service("auth").environment
    rest = deployment.service("rest").environment
    assert rest["PGRST_JWT_SECRET"].references == {"JWT_SECRET"}


def test_only_auth_gets_the_key_that_signs_and_functions_no_more_than_public_keys():
    services = describe(VARIANTS["everything"]).services
    assert {one.name for one in services if "JWT_KEYS" in one.references} == {"auth"}
    functions = describe(VARIANTS["everything"]).service("functions")
    assert functions.environment["SUPABASE_JWKS"].references == {"JWT_PUBLIC_JWKS"}


def test_a_digest_and_a_limit_can_be_chosen():
    database = describe(VARIANTS["everything"]).service("db")
    assert database.image.reference.endswith("@sha256:" + "0" * 64)
    assert database.memory_mib == 4096


def test_the_core_fits_the_machine_that_is_advised():
    assert sum(one.memory_mib for one in describe(DeploymentSettings()).services) <= 8192


@pytest.mark.parametrize("variant", VARIANTS)
def test_describing_twice_gives_equal_values(variant):
    assert describe(VARIANTS[variant]) == describe(dataclasses.replace(VARIANTS[variant]))


def test_a_deployment_cannot_be_changed():
    deployment = describe(DeploymentSettings())
    with pytest.raises(dataclasses.FrozenInstanceError):
        deployment.name = "other"


def test_settings_are_read_from_their_table(tmp_path):
    file = tmp_path / "supamig.toml"
    file.write_text(
        "[source]\nproject_ref = 'x'\n[deployment]\npublic_url = 'http://localhost:54321'\n"
        "[deployment.ports]\napi = 54321\n[deployment.auth.smtp]\nhost = 'h'\n"
        "admin_email = 'a@b.example'\nsender_name = 's'\n"
        "[deployment.auth.providers.google]\nclient_id = 'x'\n"
    )
    settings = read_settings(file)
    assert settings.ports.api == 54321
    assert settings.auth.smtp.port == 587
    assert settings.auth.providers["google"] == Provider(client_id="x")


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"port": {}}, "deployment.port"),
        ({"ports": {"api": "many"}}, "deployment.ports.api"),
        ({"gateway": "nginx"}, "deployment.gateway"),
        ({"auth": {"smtp": {"host": "h", "password": "hunter2"}}}, "deployment.auth.smtp.password"),
    ],
)
def test_a_wrong_setting_is_named_and_its_value_is_not(table, said):
    with pytest.raises(ConfigError) as raised:
        parse_settings(table, place="supamig.toml")
    assert f"`{said}`" in raised.value.message
    assert "hunter2" not in raised.value.message
    assert raised.value.__cause__ is None


def test_text_knows_references_from_dollars():
    one = text("postgres://u:${POSTGRES_PASSWORD}@db/$$x")
    assert one.references == {"POSTGRES_PASSWORD"}
    assert one.fill({"POSTGRES_PASSWORD": "${A}"}) == "postgres://u:${A}@db/$x"
    assert text(one.template()) == one
    assert plain("${A} $").fill({}) == "${A} $"
    assert text(plain("${A} $").template()) == plain("${A} $")
    with pytest.raises(ValueError, match="single"):
        text("costs $5")
