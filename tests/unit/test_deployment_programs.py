"""What is written for other programs, run by them: Vector's language, Deno, a shell."""

from __future__ import annotations

import json
import os
import runpy
import shutil
import subprocess
import textwrap
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from supamig.deployment import describe
from supamig.deployment.keys import make
from supamig.deployment.log_pipeline import STREAMS

SAMPLES = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("deployment_samples.py"))))
VARIANTS = SAMPLES.VARIANTS


@pytest.fixture(scope="module")
def made():
    keys = make({}, now=int(time.time()))
    return {name: secret.reveal() for name, secret in keys.values.items()}


# Vector

LINES = {
    "gateway": (
        '10.0.0.1 - - [23/Nov/2026:17:00:00 +0000] "GET /rest/v1/x HTTP/1.1" 200 12 "-" "curl/8"',
        {
            ("metadata", "request", "method"): "GET",
            ("metadata", "request", "path"): "/rest/v1/x",
            ("metadata", "request", "protocol"): "HTTP/1.1",
            ("metadata", "response", "status_code"): 200,
        },
    ),
    "auth": (
        '{"level":"info","msg":"hello","time":"2026-11-23T17:00:00Z"}',
        {("metadata", "level"): "info", ("metadata", "timestamp"): "2026-11-23T17:00:00Z"},
    ),
    "rest": ("23/Nov/2026:17:00:00 +0000: Listening", {("event_message",): "Listening"}),
    "realtime": (
        "17:00:00.123 [warning] hello",
        {("event_message",): "hello", ("metadata", "level"): "warning"},
    ),
    "storage": (
        '{"level":"info","msg":"hello","time":1,"hostname":"h","pid":3}',
        {("event_message",): "hello", ("metadata", "tenantId"): "default"},
    ),
    "functions": ("serving", {("metadata", "project_ref"): "default"}),
    "db": (
        "2026-11-23 17:00:00 UTC [1] FATAL:  too many connections",
        {("metadata", "parsed", "error_severity"): "FATAL"},
    ),
}


def remapped(stream, line):
    vrl = pytest.importorskip("vrl_python")
    pipeline = yaml.safe_load(SAMPLES.shipped("logs", "vector", "vector.yml"))["transforms"]
    event = {
        "message": line,
        "container_name": stream.containers[0],
        "timestamp": "2026-11-23T17:00:00Z",
        **dict.fromkeys(("host", "stream", "image", "source_type", "container_id"), "x"),
        "label": {},
    }
    for name in ("lines", f"{stream.name}_lines"):
        event = vrl.VRLRuntime.run(pipeline[name]["source"], event, None).processed_event
    return event


@pytest.mark.parametrize("stream", STREAMS, ids=lambda one: one.name)
def test_lines_get_the_shape_that_studio_asks_for(stream):
    line, wanted = LINES[stream.name]
    event = remapped(stream, line)
    for place, value in wanted.items():
        found = event
        for part in place:
            found = found[part]
        assert found == value, place
    assert not {"image", "host", "label", "container_id"} & set(event)


@pytest.mark.parametrize("stream", STREAMS, ids=lambda one: one.name)
def test_a_line_of_another_shape_passes_or_is_dropped_and_breaks_nothing(stream):
    try:
        event = remapped(stream, "anything else")
    except RuntimeError as error:
        assert "aborted" in str(error)  # noqa: PT017 - dropping is one of two right answers
    else:
        assert event["event_message"] == "anything else"


def test_logs_come_from_the_containers_that_there_are():
    pipeline = yaml.safe_load(SAMPLES.shipped("logs", "vector", "vector.yml"))
    there = {
        one.container_name
        for variant in ("logs", "kong")
        for one in describe(VARIANTS[variant]).services
    }
    assert set(pipeline["sources"]["containers"]["include_containers"]) <= there


# The router of functions

STUB = """\
let handle
const environment = JSON.parse(Deno.args[0])
Deno.serve = (handler) => { handle = handler }
Deno.env.get = (name) => environment[name]
Deno.env.toObject = () => environment
globalThis.EdgeRuntime = { userWorkers: { create: (given) => {
  if (given.servicePath.endsWith('/broken')) throw new Error('no such function')
  const slug = Object.fromEntries(given.envVars).SUPABASE_FUNCTION_SLUG
  const made = { path: given.servicePath, memory: given.memoryLimitMb, slug }
  return { fetch: () => Response.json(made) }
} } }
await import(Deno.args[1])
const answers = []
for (const { path, method, token } of JSON.parse(Deno.args[2])) {
  const headers = token ? { authorization: token } : {}
  const answer = await handle(new Request(`http://x${path}`, { method: method ?? 'GET', headers }))
  const { status } = answer
  answers.push({ status, error: answer.headers.get('sb-error-code'), body: await answer.json() })
}
console.log(JSON.stringify(answers))
"""


def route(tmp_path, environment, *requests):
    (tmp_path / "main.ts").write_text(SAMPLES.shipped("local", "functions", "index.ts"))
    (tmp_path / "stub.mjs").write_text(STUB)
    arguments = [json.dumps(environment), "./main.ts", json.dumps(requests)]
    run = subprocess.run(
        [
            SAMPLES.program("deno"),
            "run",
            "--no-remote",
            "--allow-read",
            tmp_path / "stub.mjs",
            *arguments,
        ],
        env={"PATH": os.environ["PATH"], "DENO_DIR": str(tmp_path / "deno"), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def test_the_router_finds_the_function_by_its_name(tmp_path):
    answers = route(
        tmp_path,
        {"VERIFY_JWT": "false"},
        {"path": "/hello/there?x=1"},
        {"path": "/"},
        {"path": "/broken"},
        {"path": "/..%2Fmain"},
    )
    assert answers[0]["body"] == {
        "path": "/home/deno/functions/hello",
        "memory": 150,
        "slug": "hello",
    }
    assert (answers[1]["status"], answers[1]["body"]["msg"]) == (
        400,
        "missing function name in request",
    )
    assert answers[2]["status"] == 500
    assert answers[3]["status"] == 400


def test_the_router_lets_in_who_shows_a_token(tmp_path, made):
    import jwt

    others = make({}, now=int(time.time())).values
    expired = jwt.encode({"role": "anon", "exp": 1}, made["JWT_SECRET"], "HS256")
    nobodys = jwt.encode({"role": "service_role"}, None, "none")
    environment = {
        "VERIFY_JWT": "true",
        "JWT_SECRET": made["JWT_SECRET"],
        "SUPABASE_JWKS": made["JWT_PUBLIC_JWKS"],
    }
    expected = {
        f"Bearer {made['ANON_KEY']}": None,
        f"Bearer {made['ANON_KEY_ASYMMETRIC']}": None,
        "": "UNAUTHORIZED_NO_AUTH_HEADER",
        "Bearer nonsense": "UNAUTHORIZED_INVALID_JWT_FORMAT",
        f"Bearer {made['SUPABASE_SECRET_KEY']}": "UNAUTHORIZED_INVALID_JWT_FORMAT",
        f"Bearer {expired}": "UNAUTHORIZED_LEGACY_JWT",
        f"Bearer {others['ANON_KEY'].reveal()}": "UNAUTHORIZED_LEGACY_JWT",
        f"Bearer {others['ANON_KEY_ASYMMETRIC'].reveal()}": "UNAUTHORIZED_ASYMMETRIC_JWT",
        f"Bearer {nobodys}eHh4": "UNAUTHORIZED_UNSUPPORTED_TOKEN_ALGORITHM",
    }
    requests = [{"path": "/hello", "token": token} for token in expected]
    answers = route(tmp_path, environment, *requests, {"path": "/hello", "method": "OPTIONS"})
    assert [one["error"] for one in answers] == [*expected.values(), None]
    for one in answers:
        assert (one["status"] == 401) == bool(one["error"])
        assert not one["error"] or one["body"]["code"] == one["error"]


def test_shell_scripts_have_no_syntax_error(tmp_path):
    for name in ("start.sh", "kong-entrypoint.sh"):
        variant = "kong" if name.startswith("kong") else "local"
        script = tmp_path / name
        script.write_text(SAMPLES.shipped(variant, "api-gw", name))
        run = subprocess.run([shutil.which("sh"), "-n", script], check=False, capture_output=True)
        assert (run.returncode, textwrap.dedent(run.stderr.decode())) == (0, "")
