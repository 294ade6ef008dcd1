"""The configuration of a cloud project: asked read-only, kept with its secrets apart."""

from __future__ import annotations

import json

import httpx
import pytest

from supamig.errors import AuthenticationFailed, ConfigError, PermissionMissing, Unreachable
from supamig.management import ManagementApi
from supamig.management.calls import AUTH, CALLS, FUNCTIONS, PROJECT, SIGNING_KEYS, STORAGE
from supamig.management.separation import HIDDEN
from supamig.management.snapshot import configuration_files, function_files, read, take
from supamig.management.sources import ARCHIVE, read_source
from supamig.secret import Secret
from supamig.testing.cloud_project import (
    JWT_SECRET,
    PGSODIUM,
    PUBLISHABLE,
    REF,
    REVOKED,
    SECRET,
    SIGNING,
    auth_config,
    cloud_project,
)
from supamig.testing.management import FakeManagementApi


def fake(**changes):
    answers = changes.pop("answers", None) or {REF: cloud_project()}
    return FakeManagementApi(answers, **changes)


def connect(server, *, token=None, waits=None):
    waited = [] if waits is None else waits
    return ManagementApi(Secret(token or server.token), transport=server, sleep=waited.append)


def taken(server=None):
    with connect(server or fake()) as api:
        return take(api, REF)


def test_everything_is_asked_and_nothing_is_written():
    server = fake()
    snapshot = taken(server)
    assert {request.method for request in server.seen} == {"GET"}
    asked = {request.url.path.removeprefix(f"/v1/projects/{REF}") for request in server.seen}
    assert asked >= {call.path for call in CALLS}
    assert set(snapshot.answers) | set(snapshot.missing) >= {call.name for call in CALLS}
    none = ("pgbouncer", "postgres", "custom_hostname", "upgrade_eligibility", "addons")
    assert snapshot.missing == dict.fromkeys(none, "the project has none")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_request_that_would_change_something_never_leaves(method):
    server = fake()
    with connect(server) as api, pytest.raises(RuntimeError, match="only read"):
        api._client.request(method, f"/v1/projects/{REF}")
    assert server.seen == []


def test_the_token_goes_nowhere_else():
    with connect(fake()) as api, pytest.raises(RuntimeError, match="Management API alone"):
        api._client.get("https://example.com/v1/projects")


@pytest.mark.parametrize("size", [1, 2, 3])
def test_lists_come_in_pages(size):
    whole = taken().answers
    assert taken(fake(page=size)).answers == whole


def test_pages_by_offset_and_count():
    pages = [[{"slug": "a"}, {"slug": "b"}], [{"slug": "c"}]]
    seen = []

    def answer(request):
        seen.append(str(request.url.query, "ascii"))
        paging = {"offset": 2 * (len(seen) - 1), "limit": 2, "count": 3}
        return httpx.Response(200, json={"items": pages[len(seen) - 1], "pagination": paging})

    with ManagementApi(Secret("t"), transport=httpx.MockTransport(answer)) as api:
        found = api.ask(FUNCTIONS, REF)
    assert [one["slug"] for one in found] == ["a", "b", "c"]
    assert seen == ["", "offset=2"]


def test_a_link_to_another_host_is_not_followed():
    def answer(request):
        link = '<https://evil.example/v1>; rel="next"'
        return httpx.Response(200, json=[{"slug": "a"}], headers={"Link": link})

    with ManagementApi(Secret("t"), transport=httpx.MockTransport(answer)) as api:
        assert api.ask(FUNCTIONS, REF) == [{"slug": "a"}]


def test_a_list_without_end_is_left(monkeypatch):
    monkeypatch.setattr("supamig.management.client._MOST_PAGES", 3)

    def answer(request):
        return httpx.Response(200, json=[1], headers={"Link": f'<{request.url}>; rel="next"'})

    with (
        ManagementApi(Secret("t"), transport=httpx.MockTransport(answer)) as api,
        pytest.raises(Unreachable, match="without end"),
    ):
        api.ask(FUNCTIONS, REF)


def test_each_permission_that_is_needed_and_missing_is_named_at_once():
    server = fake(permissions=frozenset({PROJECT.permission, "data_api_config_read"}))
    with connect(server) as api, pytest.raises(PermissionMissing) as caught:
        take(api, REF)
    assert caught.value.exit_code == 3
    assert "the configuration of Auth" in caught.value.message
    for permission in ("auth_config_read", "auth_signing_keys_read", "api_gateway_keys_read"):
        assert f"`{permission}`" in caught.value.hint
    assert "data_api_config_read" not in caught.value.hint


def test_what_is_not_needed_is_noted_as_missing():
    allowed = {call.permission for call in (PROJECT, *CALLS)} - {STORAGE.permission}
    snapshot = taken(fake(permissions=frozenset(allowed)))
    assert snapshot.missing["storage"] == "the access token lacks `storage_config_read`"
    assert "storage" not in snapshot.answers


@pytest.mark.parametrize(
    ("name", "answer", "reason"),
    [
        ("upgrade_eligibility", httpx.Response(400, json={"message": "no add-on"}), "no add-on"),
        ("pgsodium", httpx.Response(500), "status 500"),
        ("addons", httpx.ReadTimeout("?"), "too long"),
        ("functions/hello", httpx.Response(404), "source cannot be had"),
    ],
)
def test_what_is_refused_and_not_needed_is_noted(name, answer, reason):
    snapshot = taken(fake(broken={name: answer}))
    assert reason in snapshot.missing[name]
    assert snapshot.auth


def test_what_is_refused_and_needed_ends_it():
    server = fake(broken={"postgrest": httpx.ReadTimeout("?")})
    with connect(server) as api, pytest.raises(Unreachable, match="too long to say the settings"):
        take(api, REF)


def test_a_wrong_token_ends_it():
    with connect(fake(), token="sbp_old") as api, pytest.raises(AuthenticationFailed) as caught:
        take(api, REF)
    assert caught.value.exit_code == 3
    assert "sbp_old" not in caught.value.message


def test_a_project_that_is_not_there():
    with connect(fake()) as api, pytest.raises(ConfigError, match="there is no project"):
        take(api, "zzzzzzzzzzzzzzzzzzzz")


@pytest.mark.parametrize(
    ("status", "message"),
    [("INACTIVE", "is paused"), ("PAUSING", "is paused"), ("RESTORING", "status is RESTORING")],
)
def test_a_project_that_is_not_awake(status, message):
    project = cloud_project()
    project["project"] = {**project["project"], "status": status}
    server = fake(answers={REF: project})
    with connect(server) as api, pytest.raises(Unreachable, match=message) as caught:
        take(api, REF)
    assert caught.value.hint
    assert len(server.seen) == 1


def test_too_many_requests_for_ever():
    waits = []
    server = fake(busy=-1, retry_after="9999")
    with connect(server, waits=waits) as api, pytest.raises(Unreachable, match="too often"):
        take(api, REF)
    assert waits == [60.0, 60.0, 60.0]


def test_a_busy_moment_is_waited_for():
    waits = []
    server = fake(busy=2, retry_after="3")
    with connect(server, waits=waits) as api:
        assert take(api, REF).project_ref == REF
    assert waits == [3.0, 3.0]


def test_an_answer_that_is_no_json():
    server = fake(broken={"auth_config": httpx.Response(200, text="<html>")})
    with connect(server) as api, pytest.raises(Unreachable, match="not JSON"):
        take(api, REF)


@pytest.mark.parametrize("answer", ["x", 5, True, [None], [1], {}])
@pytest.mark.parametrize("name", ["api_keys", "functions", "function_secrets", "pooler"])
def test_an_answer_of_another_shape_is_no_list(name, answer):
    assert taken(fake(answers={REF: cloud_project(**{name: answer})})).project_ref == REF


def test_a_failure_of_theirs_is_repeated_in_one_line():
    broken = httpx.Response(500, json={"message": "a\x1b[31m very\nbad " + "x" * 900})
    server = fake(broken={"auth_config": broken})
    with connect(server) as api, pytest.raises(Unreachable, match="status 500: a") as caught:
        take(api, REF)
    assert "\x1b" not in caught.value.message
    assert len(caught.value.message) < 300


def test_secrets_are_apart():
    snapshot = taken()
    files = configuration_files(snapshot) | function_files(snapshot)
    text = b"\n".join(files.values()).decode("utf-8", "replace")
    for secret in snapshot.secrets.values():
        assert secret.reveal() not in text
    revealed = {name: secret.reveal() for name, secret in snapshot.secrets.items()}
    assert revealed["JWT_SECRET"] == JWT_SECRET
    assert revealed["PGSODIUM_ROOT_KEY"] == PGSODIUM
    assert revealed["SUPABASE_PUBLISHABLE_KEY"] == PUBLISHABLE
    assert revealed["SUPABASE_SECRET_KEY"] == SECRET
    assert revealed["ANON_KEY"].startswith("eyJ")
    assert "DIGEST_SMTP_PASS" in revealed
    assert snapshot.auth["smtp_pass"] == HIDDEN
    assert snapshot.auth["external_apple_secret"] is None
    assert snapshot.answers["function_secrets"] == [
        {"name": "STRIPE_KEY"},
        {"name": "SUPABASE_URL"},
    ]


def test_no_field_that_is_new_shows_a_secret():
    project = cloud_project(auth_config=auth_config(external_new_secret="s3cret", foo_token="t0k"))
    auth = taken(fake(answers={REF: project})).auth
    assert (auth["external_new_secret"], auth["foo_token"]) == (HIDDEN, HIDDEN)


def test_a_private_half_would_not_be_kept():
    keys = {"keys": [{"id": "k", "status": "in_use", "public_jwk": SIGNING.as_dict(private=True)}]}
    project = cloud_project(signing_keys=keys)
    (kept,) = taken(fake(answers={REF: project})).answers["signing_keys"]["keys"]
    assert "d" not in kept["public_jwk"]
    assert kept["public_jwk"]["kid"] == SIGNING.kid


def test_files_are_read_back(tmp_path):
    snapshot = taken()
    for path, content in (configuration_files(snapshot) | function_files(snapshot)).items():
        place = tmp_path / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    again = read(tmp_path)
    assert again.answers == snapshot.answers
    assert again.project_ref == REF
    assert not again.secrets
    assert again.hosts == snapshot.hosts == (f"{REF}.supabase.co", f"{REF}.functions.supabase.co")


def test_what_is_no_snapshot(tmp_path):
    with pytest.raises(ConfigError, match="holds no configuration") as caught:
        read(tmp_path)
    assert "SUPABASE_ACCESS_TOKEN" in caught.value.hint
    (tmp_path / "project.json").write_text("{")
    with pytest.raises(ConfigError, match="not JSON"):
        read(tmp_path)


def test_a_function_comes_as_its_files_or_as_an_archive():
    sources = taken().sources
    assert sources["hello"].files == {"source/index.ts": b"Deno.serve(() => new Response())\n"}
    assert sources["send-email"].is_archive
    files = function_files(taken())
    assert json.loads(files["functions/hello/function.json"])["verify_jwt"] is True
    assert files[f"functions/send-email/{ARCHIVE}"].startswith(b"ESZIP")


@pytest.mark.parametrize("path", ["../../etc/cron.d/x", "/etc/cron.d/x", "./../x"])
def test_a_path_does_not_lead_out_of_the_function(path):
    head = f'Content-Disposition: form-data; filename="a"\r\nSupabase-Path: {path}'
    form = f"--e\r\n{head}\r\n\r\nx\r\n--e--\r\n"
    files = read_source("multipart/form-data; boundary=e", form.encode()).files
    assert set(files) == {"x"}


def test_custom_names_of_the_project_are_known():
    project = cloud_project(
        custom_hostname={"custom_hostname": "api.example.com", "status": "5_services_reconfigured"},
        vanity_subdomain={"status": "active", "custom_domain": "example.supabase.co"},
    )
    hosts = taken(fake(answers={REF: project})).hosts
    assert {"api.example.com", "example.supabase.co"} <= set(hosts)


def test_signing_keys_are_asked_with_their_own_permission():
    assert SIGNING_KEYS.permission == "auth_signing_keys_read"
    assert AUTH.needed
    assert REVOKED.kid != SIGNING.kid
