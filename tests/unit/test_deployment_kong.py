"""Kong's template and its code, run by a shell and by LuaJIT; Kong itself is no wheel."""

from __future__ import annotations

import os
import runpy
import shutil
import subprocess
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from supamig.deployment import describe
from supamig.deployment.gateway.routes import ROUTES, UPSTREAMS, Access
from supamig.deployment.keys import make

SAMPLES = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("deployment_samples.py"))))
VARIANTS = SAMPLES.VARIANTS


@pytest.fixture(scope="module")
def made():
    keys = make({}, now=int(time.time()))
    return {name: secret.reveal() for name, secret in keys.values.items()}


def kong(variant, made, tmp_path):
    """What Kong's own start-up script makes of the template."""
    template = tmp_path / "temp.yml"
    template.write_text(SAMPLES.shipped(variant, "api-gw", "kong.yml"))
    script = tmp_path / "start.sh"
    script.write_text(SAMPLES.shipped(variant, "api-gw", "kong-entrypoint.sh"))
    environment = describe(VARIANTS[variant]).service("api-gw").environment
    values = {**describe(VARIANTS[variant]).variables, **made}
    told = {name: text.fill(values) for name, text in environment.items()}
    told |= {
        "KONG_DECLARATIVE_CONFIG": str(tmp_path / "kong.yml"),
        "TEMPLATE": str(template),
        "ENTRYPOINT": shutil.which("true"),
        "PATH": os.environ["PATH"],
    }
    run = subprocess.run(
        [shutil.which("sh"), script], env=told, capture_output=True, text=True, check=False
    )
    return run, tmp_path / "kong.yml"


def test_kong_gets_values_in_a_file_of_its_own(made, tmp_path):
    run, path = kong("kong", made, tmp_path)
    assert (run.returncode, run.stderr) == (0, "")
    assert path.stat().st_mode & 0o777 == 0o600
    consumers = {one["username"]: one for one in yaml.safe_load(path.read_text())["consumers"]}
    keys = [one["key"] for one in consumers["service_role"]["keyauth_credentials"]]
    assert keys == [made["SERVICE_ROLE_KEY"], made["SUPABASE_SECRET_KEY"]]
    (dashboard,) = consumers["dashboard"]["basicauth_credentials"]
    assert dashboard == {"username": "supabase", "password": made["DASHBOARD_PASSWORD"]}
    assert "${" not in path.read_text()


def test_kong_does_not_start_without_a_value(made, tmp_path):
    run, _ = kong("kong", {**made, "DASHBOARD_PASSWORD": ""}, tmp_path)
    assert run.returncode != 0
    assert "DASHBOARD_PASSWORD is not set" in run.stderr


def test_both_gateways_have_the_same_routes():
    services = yaml.safe_load(SAMPLES.shipped("kong", "api-gw", "kong.yml"))["services"]
    envoy = yaml.safe_load(SAMPLES.shipped("local", "api-gw", "envoy.yaml"))
    (listener,) = envoy["static_resources"]["listeners"]
    manager = listener["filter_chains"][0]["filters"][0]["typed_config"]
    (host,) = manager["route_config"]["virtual_hosts"]
    names = [route.name for route in ROUTES]
    assert [one["name"] for one in services] == names
    assert [one["name"] for one in host["routes"]] == names
    places = {one.name: f"{one.host}:{one.port}" for one in UPSTREAMS}
    for route, service in zip(ROUTES, services, strict=True):
        plugins = {one["name"] for one in service["plugins"]}
        if route.access is Access.DENIED:
            assert plugins == {"request-termination"}
            continue
        assert service["url"].partition("//")[2] == places[route.upstream] + route.sends
        assert ("key-auth" in plugins) == (route.access in (Access.KEY, Access.ADMIN))
        assert ("acl" in plugins) == ("key-auth" in plugins)
        assert ("basic-auth" in plugins) == (route.access is Access.DASHBOARD)


class Kong:
    """The part of Kong's toolkit that the code of routes uses."""

    def __init__(self, lua, headers, query):
        self.lua, self.sent, self.query = lua, dict(headers), dict(query)
        self.ended = None
        table = lua.table_from
        self.api = table(
            {
                "request": table(
                    {
                        "get_header": lambda name: self.sent.get(name.lower()),
                        "get_query_arg": self.query.get,
                        "get_query": lambda: table(self.query),
                    }
                ),
                "service": table(
                    {
                        "request": table(
                            {
                                "set_header": lambda name, value: self.sent.update(
                                    {name.lower(): value}
                                ),
                                "clear_header": lambda name: self.sent.pop(name.lower(), None),
                                "set_query": lambda query: self.query.update(dict(query)),
                            }
                        )
                    }
                ),
                "response": table({"exit": lambda *answer: setattr(self, "ended", answer)}),
            }
        )


@pytest.fixture(scope="module")
def services(made, tmp_path_factory):
    _, path = kong("kong", made, tmp_path_factory.mktemp("kong"))
    return {one["name"]: one for one in yaml.safe_load(path.read_text())["services"]}


def through(services, route, headers, query=()):
    lupa = pytest.importorskip("lupa.luajit21")
    (plugin,) = [one for one in services[route]["plugins"] if one["name"] == "post-function"]
    (code,) = plugin["config"]["access"]
    lua = lupa.LuaRuntime()
    one = Kong(lua, headers, query)
    lua.globals().kong = one.api
    lua.execute(code)
    return one


def test_kong_translates_keys_as_envoy_does(made, services):
    anon, service = made["ANON_KEY_ASYMMETRIC"], made["SERVICE_ROLE_KEY_ASYMMETRIC"]
    publishable, secret = made["SUPABASE_PUBLISHABLE_KEY"], made["SUPABASE_SECRET_KEY"]
    one = through(services, "rest", {"apikey": publishable})
    assert one.sent == {"apikey": anon, "authorization": f"Bearer {anon}"}
    one = through(services, "rest", {"apikey": secret, "authorization": f"Bearer {secret}"})
    assert one.sent["authorization"] == f"Bearer {service}"
    one = through(services, "rest", {"apikey": secret, "authorization": "Bearer a.b.c"})
    assert one.sent["authorization"] == "Bearer a.b.c"
    one = through(services, "realtime", {}, {"apikey": publishable, "vsn": "1"})
    assert one.sent == {"apikey": anon, "x-api-key": anon}
    assert one.query == {"apikey": anon, "vsn": "1"}
    one = through(services, "storage", {"authorization": "AWS4-HMAC-SHA256 x"})
    assert one.sent == {"authorization": "AWS4-HMAC-SHA256 x"}


def test_kong_gives_functions_the_token_beside_what_was_sent(made, services):
    publishable, secret = made["SUPABASE_PUBLISHABLE_KEY"], made["SUPABASE_SECRET_KEY"]
    one = through(services, "functions", {"apikey": secret, "sb-api-key": "forged"})
    assert one.sent == {"apikey": secret, "sb-api-key": made["SERVICE_ROLE_KEY_ASYMMETRIC"]}
    one = through(services, "functions", {"sb-api-key": "forged"})
    assert (one.sent, one.ended) == ({}, None)
    assert through(services, "functions", {"apikey": "sb_secret_x"}).ended[0] == 401
    one = through(
        services, "functions", {"apikey": secret, "authorization": f"Bearer {publishable}"}
    )
    assert one.ended == (401, "Conflicting API keys")
