"""The routes of the gateway, asked of a real Envoy in front of services that say what they saw."""

from __future__ import annotations

import contextlib
import json
import os
import runpy
import shutil
import subprocess
import time
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
import yaml

from supamig.deployment import DeploymentSettings, describe

SAMPLES = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("deployment_samples.py"))))
KEYS = {
    "ANON_KEY": "anon.of.old",
    "SERVICE_ROLE_KEY": "service.of.old",
    "SUPABASE_PUBLISHABLE_KEY": "sb_publishable_one",
    "SUPABASE_SECRET_KEY": "sb_secret_one",
    "ANON_KEY_ASYMMETRIC": "anon.of.new",
    "SERVICE_ROLE_KEY_ASYMMETRIC": "service.of.new",
    "DASHBOARD_USERNAME": "supabase",
    "DASHBOARD_PASSWORD": "correct horse",
}
ANON, SERVICE = KEYS["ANON_KEY"], KEYS["SERVICE_ROLE_KEY"]
PUBLISHABLE, SECRET = KEYS["SUPABASE_PUBLISHABLE_KEY"], KEYS["SUPABASE_SECRET_KEY"]


def configure(stack, directory, port):
    """Take what is rendered and put this machine's addresses into it, nothing else."""
    gateway = describe(DeploymentSettings()).service("api-gw")
    files = {Path(file.target).name: file.content for file in gateway.files}
    (directory / "keys.lua").write_text(files["keys.lua"])
    (directory / "start.sh").write_text(files["start.sh"])
    configuration = yaml.safe_load(
        files["envoy.yaml"].replace("/etc/envoy/keys.lua", str(directory / "keys.lua"))
    )
    configuration["admin"]["address"]["socket_address"]["port_value"] = SAMPLES.free_port()
    (listener,) = configuration["static_resources"]["listeners"]
    listener["address"]["socket_address"] = {"address": "127.0.0.1", "port_value": port}
    for cluster in configuration["static_resources"]["clusters"]:
        (group,) = cluster["load_assignment"]["endpoints"]
        (one,) = group["lb_endpoints"]
        upstream = {"address": "127.0.0.1", "port_value": SAMPLES.serve(cluster["name"], stack)}
        one["endpoint"]["address"]["socket_address"] = upstream
    (directory / "envoy.yaml").write_text(json.dumps(configuration))
    run = directory / "entrypoint"
    # stands for the image's own entrypoint, which is given `envoy --config-path FILE`
    program, file = SAMPLES.program("envoy"), directory / "envoy.yaml"
    run.write_text(
        f"#!/bin/sh\nexec '{program}' --config-path '{file}' --use-dynamic-base-id"
        " --concurrency 1 --log-level error --file-flush-interval-msec 50\n"
    )
    run.chmod(0o755)


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    directory = tmp_path_factory.mktemp("envoy")
    port = SAMPLES.free_port()
    with contextlib.ExitStack() as stack:
        configure(stack, directory, port)
        log = stack.enter_context((directory / "log").open("w"))
        process = subprocess.Popen(
            [shutil.which("sh"), directory / "start.sh"],
            env={"PATH": os.environ["PATH"], "ENTRYPOINT": str(directory / "entrypoint"), **KEYS},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        stack.callback(process.wait)
        stack.callback(process.terminate)
        client = stack.enter_context(httpx.Client(base_url=f"http://127.0.0.1:{port}"))
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            with contextlib.suppress(httpx.TransportError):
                if client.get("/auth/v1/verify").status_code == 200:
                    break
            assert process.poll() is None, (directory / "log").read_text()
            time.sleep(0.05)
        client.log, client.process = directory / "log", process
        yield client


def ask(gateway, path, *, key=None, **headers):
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    if key:
        names["apikey"] = key
    return gateway.get(path, headers=names)


@pytest.mark.parametrize(
    ("path", "service", "sent"),
    [
        ("/auth/v1/verify?token=x", "auth", "/verify?token=x"),
        ("/auth/v1/callback", "auth", "/callback"),
        ("/auth/v1/authorize?provider=github", "auth", "/authorize?provider=github"),
        ("/auth/v1/.well-known/jwks.json", "auth", "/.well-known/jwks.json"),
        (
            "/.well-known/oauth-authorization-server",
            "auth",
            "/.well-known/oauth-authorization-server",
        ),
        ("/auth/v1/sso/saml/acs", "auth", "/sso/saml/acs"),
        ("/auth/v1/sso/saml/metadata", "auth", "/sso/saml/metadata"),
        ("/functions/v1/hello/there", "functions", "/hello/there"),
        ("/storage/v1/object/public/a/b.png", "storage", "/object/public/a/b.png"),
    ],
)
def test_open_paths_need_no_key(gateway, path, service, sent):
    answer = ask(gateway, path)
    assert answer.status_code == 200
    assert (answer.json()["service"], answer.json()["path"]) == (service, sent)


@pytest.mark.parametrize(
    ("path", "service", "sent"),
    [
        ("/auth/v1/token?grant_type=password", "auth", "/token?grant_type=password"),
        ("/auth/v1/health", "auth", "/health"),
        ("/rest/v1/orders?select=id", "rest", "/orders?select=id"),
        ("/graphql/v1", "rest", "/rpc/graphql"),
        ("/realtime/v1/api/broadcast", "realtime", "/api/broadcast"),
        ("/realtime/v1/websocket", "realtime", "/socket/websocket"),
    ],
)
def test_keyed_paths_want_a_key_that_is_known(gateway, path, service, sent):
    assert ask(gateway, path).status_code == 401
    assert ask(gateway, path, key="stranger").status_code == 401
    # the tokens behind the new keys are the gateway's own
    assert ask(gateway, path, key=KEYS["ANON_KEY_ASYMMETRIC"]).status_code == 401
    for key in (ANON, SERVICE, PUBLISHABLE, SECRET):
        answer = ask(gateway, path, key=key)
        assert answer.status_code == 200
        assert (answer.json()["service"], answer.json()["path"]) == (service, sent)


@pytest.mark.parametrize(("path", "service"), [("/rest/v1/", "rest"), ("/pg/tables", "meta")])
def test_admin_paths_want_the_service_role(gateway, path, service):
    assert ask(gateway, path).status_code == 401
    assert ask(gateway, path, key=ANON).status_code == 403
    assert ask(gateway, path, key=PUBLISHABLE).status_code == 403
    assert ask(gateway, path, key=SERVICE).json()["service"] == service
    assert ask(gateway, path, key=SECRET).json()["service"] == service


@pytest.mark.parametrize(
    "path",
    ["/realtime/v1/api/openapi", "/realtime/v1/api/tenants/x", "/api/mcp", "/mcp"],
)
def test_some_paths_are_denied_to_everybody(gateway, path):
    assert ask(gateway, path, key=SECRET).status_code == 403
    assert ask(gateway, path.replace("/v1/", "/v1//"), key=SECRET).status_code == 403
    assert ask(gateway, path.replace("/v1/", "/v1/x/../"), key=SECRET).status_code == 403


@pytest.mark.parametrize("path", ["/", "/project/default", "/rest/v1", "/auth/v1"])
def test_everything_else_is_the_dashboard_behind_a_password(gateway, path):
    assert ask(gateway, path).status_code == 401
    assert ask(gateway, path, key=SECRET).status_code == 401
    assert gateway.get(path, auth=("supabase", "wrong")).status_code == 401
    answer = gateway.get(path, auth=("supabase", KEYS["DASHBOARD_PASSWORD"])).json()
    assert (answer["service"], answer["path"]) == ("studio", path)
    assert "authorization" not in answer["headers"]


def test_a_key_of_the_new_form_becomes_its_token(gateway):
    seen = ask(gateway, "/rest/v1/orders", key=PUBLISHABLE).json()["headers"]
    assert seen["apikey"] == KEYS["ANON_KEY_ASYMMETRIC"]
    assert seen["authorization"] == f"Bearer {KEYS['ANON_KEY_ASYMMETRIC']}"
    seen = ask(gateway, "/rest/v1/orders", key=SECRET, authorization=f"Bearer {SECRET}").json()
    assert seen["headers"]["authorization"] == f"Bearer {KEYS['SERVICE_ROLE_KEY_ASYMMETRIC']}"


def test_a_key_of_the_old_form_stays(gateway):
    seen = ask(gateway, "/rest/v1/orders", key=ANON).json()["headers"]
    assert (seen["apikey"], seen["authorization"]) == (ANON, f"Bearer {ANON}")


def test_a_users_token_stays(gateway):
    for key in (ANON, PUBLISHABLE):
        seen = ask(gateway, "/rest/v1/orders", key=key, authorization="Bearer user.to.ken").json()
        assert seen["headers"]["authorization"] == "Bearer user.to.ken"


def test_a_key_may_stand_in_the_query(gateway):
    seen = ask(gateway, f"/rest/v1/orders?a=1&apikey={SECRET}&b=2").json()
    assert seen["path"] == f"/orders?a=1&apikey={KEYS['SERVICE_ROLE_KEY_ASYMMETRIC']}&b=2"
    assert seen["headers"]["apikey"] == KEYS["SERVICE_ROLE_KEY_ASYMMETRIC"]
    assert ask(gateway, "/rest/v1/orders?apikey=stranger").status_code == 401
    assert ask(gateway, f"/rest/v1/orders?xapikey={SECRET}").status_code == 401


def test_a_websocket_carries_its_key_in_a_header_of_its_own(gateway):
    path = f"/realtime/v1/websocket?apikey={PUBLISHABLE}&vsn=1.0.0"
    seen = ask(gateway, path).json()
    assert seen["headers"]["x-api-key"] == KEYS["ANON_KEY_ASYMMETRIC"]
    assert seen["headers"]["host"] == "realtime-dev.supabase-realtime"
    assert "authorization" not in seen["headers"]
    assert seen["path"] == (f"/socket/websocket?apikey={KEYS['ANON_KEY_ASYMMETRIC']}&vsn=1.0.0")


def test_functions_get_the_token_beside_what_the_caller_sent(gateway):
    path = "/functions/v1/hello"
    seen = ask(gateway, path, key=SECRET, sb_api_key="forged").json()["headers"]
    assert seen["sb-api-key"] == KEYS["SERVICE_ROLE_KEY_ASYMMETRIC"]
    assert (seen["apikey"], "authorization" in seen) == (SECRET, False)
    seen = ask(gateway, path, authorization=f"Bearer {PUBLISHABLE}").json()["headers"]
    assert seen["sb-api-key"] == KEYS["ANON_KEY_ASYMMETRIC"]
    assert seen["authorization"] == f"Bearer {PUBLISHABLE}"
    assert "sb-api-key" not in ask(gateway, path, sb_api_key="forged").json()["headers"]
    assert ask(gateway, path, key="sb_secret_wrong").text == "Invalid API key"
    answer = ask(gateway, path, key=SECRET, authorization=f"Bearer {PUBLISHABLE}")
    assert (answer.status_code, answer.text) == (401, "Conflicting API keys")


def test_storage_keeps_a_signature_and_takes_keys(gateway):
    signed = "AWS4-HMAC-SHA256 Credential=x"
    seen = ask(gateway, "/storage/v1/s3/bucket", authorization=signed).json()["headers"]
    assert seen["authorization"] == signed
    assert seen["x-forwarded-prefix"] == "/storage/v1"
    seen = ask(gateway, "/storage/v1/bucket", key=SECRET).json()["headers"]
    assert seen["authorization"] == f"Bearer {KEYS['SERVICE_ROLE_KEY_ASYMMETRIC']}"


def test_upstreams_learn_where_the_request_came_in(gateway):
    seen = ask(gateway, "/auth/v1/verify").json()["headers"]
    assert seen["x-forwarded-host"] == gateway.base_url.netloc.decode()
    assert seen["x-forwarded-port"] == str(gateway.base_url.port)
    assert seen["x-forwarded-for"]
    seen = ask(gateway, "/auth/v1/verify", x_forwarded_host="api.example.com").json()["headers"]
    assert seen["x-forwarded-host"] == "api.example.com"


def test_graphql_names_its_schema(gateway):
    seen = ask(gateway, "/graphql/v1", key=ANON, content_profile="public").json()["headers"]
    assert seen["content-profile"] == "graphql_public"


def preflight(gateway, path, origin):
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,x-my-own",
    }
    return gateway.options(path, headers=headers)


def test_a_preflight_needs_no_key(gateway):
    answer = preflight(gateway, "/rest/v1/orders", "https://app.example.com")
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "https://app.example.com"
    assert "POST" in answer.headers["access-control-allow-methods"]
    allowed = answer.headers["access-control-allow-headers"]
    # a browser does not count Authorization among `*`
    assert {"authorization", "x-my-own"} <= set(allowed.replace(" ", "").split(","))


def test_only_the_deployments_own_pages_reach_the_catalog_service(gateway):
    allowed = preflight(gateway, "/pg/tables", "http://localhost:8000")
    assert allowed.headers["access-control-allow-origin"] == "http://localhost:8000"
    refused = preflight(gateway, "/pg/tables", "https://evil.example.com")
    assert "access-control-allow-origin" not in refused.headers


def test_what_two_programs_could_read_in_two_ways_is_refused(gateway):
    assert ask(gateway, "/rest/v1/a%2Fb", key=ANON).status_code == 400
    assert gateway.get("/auth/v1/verify", headers={"x_a": "b"}).status_code == 400


def test_logs_show_the_path_and_no_key(gateway):
    ask(gateway, f"/rest/v1/logged?apikey={SECRET}")
    deadline = time.monotonic() + 15
    while "/rest/v1/logged" not in gateway.log.read_text() and time.monotonic() < deadline:
        time.sleep(0.1)
    text = gateway.log.read_text()
    assert '"GET /rest/v1/logged HTTP/1.1" 200' in text
    assert not [key for key in KEYS.values() if key in text and key != "supabase"]


def test_envoy_keeps_the_hash_and_not_the_password(gateway):
    environ = Path("/proc", str(gateway.process.pid), "environ").read_text()
    assert "DASHBOARD_USERS=supabase:{SHA}" in environ
    assert KEYS["DASHBOARD_PASSWORD"] not in environ
