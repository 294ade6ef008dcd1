"""PostgREST: rows as the role of the token sees them."""

from __future__ import annotations

import time
import uuid

import jwt
import pytest

OBJECT = {"accept": "application/vnd.pgrst.object+json"}
REPRESENTATION = {"prefer": "return=representation"}


class Rest:
    """A client with a key, and the token of a user or the key's own."""

    def __init__(self, whole, key, token=None):
        self._http = whole.http
        self._headers = {"apikey": key, "authorization": f"Bearer {token or key}"}

    def __call__(self, method, path, *, headers=None, **options):
        headers = self._headers | (headers or {})
        return self._http.request(method, f"/rest/v1/{path}", headers=headers, **options)


@pytest.fixture
def whole(backend):
    return backend.whole({})


@pytest.fixture
def anon(whole):
    return Rest(whole, whole.anon)


@pytest.fixture
def service(whole):
    return Rest(whole, whole.service_role)


@pytest.fixture
def member(whole, people):
    """The user of a token that says `authenticated`."""
    user = people.add()
    body = {"email": user["email"], "password": people.password}
    answer = whole.http.post(
        "/auth/v1/token?grant_type=password", json=body, headers={"apikey": whole.anon}
    )
    found = Rest(whole, whole.anon, answer.json()["access_token"])
    found.id = str(user["id"])
    return found


@pytest.fixture
def numbers(database):
    """A small table that everybody may read and signed-in users may fill."""
    database.execute("""
        create table public.numbers (id int primary key, word text, tags text[], about jsonb);
        insert into public.numbers
        select i, 'w' || i, array['t' || i % 2], jsonb_build_object('n', i)
        from generate_series(1, 5) as i;
        alter table public.numbers enable row level security;
        create policy everybody on public.numbers for select using (true);
        create policy members on public.numbers to authenticated using (true);
        grant select on public.numbers to anon;
        revoke insert, update, delete on public.numbers from anon;
        grant all on public.numbers to authenticated, service_role
    """)
    yield
    database.execute("drop table public.numbers")


def ids(answer):
    return [row["id"] for row in answer.json()]


QUERIES = {
    "id=eq.2": [2],
    "id=neq.2": [1, 3, 4, 5],
    "id=gt.3": [4, 5],
    "id=gte.3&id=lt.5": [3, 4],
    "id=lte.1": [1],
    "word=like.w*": [1, 2, 3, 4, 5],
    "word=ilike.W1": [1],
    "id=in.(1,5)": [1, 5],
    'word=in.("w1",w2)': [1, 2],
    "word=is.null": [],
    "word=not.is.null": [1, 2, 3, 4, 5],
    "id=not.in.(1,2,3)": [4, 5],
    "tags=cs.{t0}": [2, 4],
    "about->>n=eq.3": [3],
    "order=id.desc": [5, 4, 3, 2, 1],
    "order=word.desc.nullslast&limit=2": [5, 4],
    "limit=2&offset=1&order=id": [2, 3],
}


@pytest.mark.parametrize("query", QUERIES)
def test_filters(query, anon, numbers):
    answer = anon("GET", f"numbers?{query}")
    assert answer.status_code == 200
    found = ids(answer)
    assert (found if "order" in query else sorted(found)) == QUERIES[query]


def test_columns(anon, numbers):
    answer = anon("GET", "numbers?select=key:id,word,about->n,text:id::text&id=eq.1")
    assert answer.json() == [{"key": 1, "word": "w1", "n": 1, "text": "1"}]


BAD = {
    "numbers?id=near.1": (400, "PGRST100"),
    "numbers?nope=eq.1": (400, "42703"),
    "numbers?id=eq.x": (400, "22P02"),
    "nowhere": (404, "PGRST205"),
    "rpc/nowhere": (404, "PGRST202"),
}


@pytest.mark.parametrize("path", BAD)
def test_what_cannot_be_answered(path, anon, numbers):
    answer = anon("GET", path)
    assert (answer.status_code, answer.json()["code"]) == BAD[path]
    assert set(answer.json()) == {"code", "details", "hint", "message"}


def test_counts(anon, numbers):
    counted = {"prefer": "count=exact"}
    whole = anon("GET", "numbers", headers=counted)
    assert (whole.status_code, whole.headers["content-range"]) == (200, "0-4/5")
    part = anon("GET", "numbers?order=id", headers=counted | {"range": "1-2"})
    assert (part.status_code, part.headers["content-range"]) == (206, "1-2/5")
    assert ids(part) == [2, 3]
    head = anon("HEAD", "numbers?id=gt.2", headers=counted)
    assert (head.headers["content-range"], head.text) == ("0-2/3", "")
    none = anon("GET", "numbers?id=gt.9", headers=counted)
    assert (none.status_code, none.headers["content-range"]) == (200, "*/0")
    beyond = anon("GET", "numbers?offset=9", headers=counted)
    assert (beyond.status_code, beyond.json()["code"]) == (416, "PGRST103")


def test_one_object(anon, numbers):
    assert anon("GET", "numbers?id=eq.1", headers=OBJECT).json()["word"] == "w1"
    answer = anon("GET", "numbers?id=gt.1", headers=OBJECT)
    assert (answer.status_code, answer.json()["code"]) == (406, "PGRST116")


def test_rows_by_role(anon, member, service, database):
    """The same rows as SQL gives by `set role`."""
    found = {}
    for name, client in {"anon": anon, "authenticated": member, "service_role": service}.items():
        answer = client("GET", "organizations?select=id&order=id")
        rows = "denied" if answer.status_code in {401, 403} else len(answer.json())
        found[name] = rows
    expected = {}
    for role in found:
        with database.transaction():
            database.execute(f"set local role {role}")
            counted = database.execute("select count(*) from public.organizations").fetchone()
            expected[role] = counted["count"]
    assert found == expected
    assert found["service_role"] > found["anon"]


def test_a_user_changes_the_own_row_only(member, anon, database):
    body = {"display_name": "Me"}
    own = member("PATCH", f"profiles?id=eq.{member.id}", json=body, headers=REPRESENTATION)
    assert [row["display_name"] for row in own.json()] == ["Me"]
    other = "00000000-0000-4000-8000-000000000001"
    answer = member("PATCH", f"profiles?id=eq.{other}", json=body, headers=REPRESENTATION)
    assert (answer.status_code, answer.json()) == (200, [])


def test_changes(member, numbers):
    made = member("POST", "numbers", json=[{"id": 6, "word": "six", "tags": ["a"]},
                                           {"id": 7, "word": None, "tags": []}],
                  headers=REPRESENTATION)  # fmt: skip
    assert (made.status_code, ids(made)) == (201, [6, 7])
    silent = member("POST", "numbers", json={"id": 8})
    assert (silent.status_code, silent.text) == (201, "")
    changed = member("PATCH", "numbers?id=gte.7", json={"about": {"x": [1]}})
    assert (changed.status_code, changed.text) == (204, "")
    gone = member("DELETE", "numbers?id=gt.5&select=id", headers=REPRESENTATION)
    assert sorted(ids(gone)) == [6, 7, 8]
    merged = member("POST", "numbers?on_conflict=id", json={"id": 1, "word": "one"}, headers={
        "prefer": "return=representation,resolution=merge-duplicates"})  # fmt: skip
    assert merged.json()[0]["word"] == "one"


def test_changes_that_are_refused(anon, member, numbers):
    found = {
        "as anon": anon("POST", "numbers", json={"id": 9}),
        "twice": member("POST", "numbers", json={"id": 1}),
        "not JSON": member("POST", "numbers", content=b"{"),
        "missing column": member("POST", "numbers", json={"id": 9, "nope": 1}),
    }
    assert {what: (one.status_code, one.json()["code"]) for what, one in found.items()} == {
        "as anon": (401, "42501"),
        "twice": (409, "23505"),
        "not JSON": (400, "PGRST102"),
        "missing column": (400, "PGRST204"),
    }


def test_a_right_that_a_user_lacks(member):
    answer = member("POST", "feature_flags", json={"name": "x"})
    assert (answer.status_code, answer.json()["code"]) == (403, "42501")
    assert "permission denied" in answer.json()["message"]


def test_functions(anon, service):
    assert anon("POST", "rpc/slugify", json={"source": "Ein Wort"}).json() == "ein-wort"
    assert anon("GET", "rpc/slugify?source=Ein%20Wort").json() == "ein-wort"
    rows = service("POST", "rpc/list_tags", json={})
    assert rows.status_code == 200
    assert isinstance(rows.json(), list)
    wrong = anon("POST", "rpc/slugify", json={"nope": 1})
    assert (wrong.status_code, wrong.json()["code"]) == (404, "PGRST202")


def test_the_root_names_tables_and_functions(service):
    answer = service("GET", "")
    assert answer.status_code == 200
    assert {"/profiles", "/organizations", "/rpc/slugify"} <= set(answer.json()["paths"])
    assert "username" in answer.json()["definitions"]["profiles"]["properties"]


def test_a_schema_that_is_not_served(anon):
    answer = anon("GET", "users", headers={"accept-profile": "auth"})
    assert (answer.status_code, answer.json()["code"]) == (406, "PGRST106")


def token(secret, **claims):
    now = int(time.time())
    return jwt.encode({"role": "authenticated", "exp": now + 600} | claims, secret, "HS256")


def test_tokens_that_are_refused(whole, secret):
    now = int(time.time())
    given = {
        "another secret": token("another-secret-that-is-long-enough-to-be-one"),
        "expired": token(secret, exp=now - 60),
        "of the future": token(secret, iat=now + 600),
        "not yet": token(secret, nbf=now + 600),
        "torn": "a.b",
        "unknown role": token(secret, role="nobody"),
        "forbidden role": token(secret, role="supabase_admin"),
    }
    found = {}
    for what, one in given.items():
        answer = Rest(whole, whole.anon, one)("GET", "feature_flags?limit=1")
        found[what] = answer.status_code, answer.json()["code"]
        assert answer.status_code == 403 or "Bearer" in answer.headers["www-authenticate"]
    assert found == {
        "another secret": (401, "PGRST301"),
        "expired": (401, "PGRST303"),
        "of the future": (401, "PGRST303"),
        "not yet": (401, "PGRST303"),
        "torn": (401, "PGRST301"),
        "unknown role": (401, "22023"),
        "forbidden role": (403, "42501"),
    }


def test_thirty_seconds_of_skew_are_forgiven(whole, secret):
    now = int(time.time())
    late = token(secret, exp=now - 20, iat=now + 20)
    answer = Rest(whole, whole.anon, late)("GET", "feature_flags?limit=1")
    assert answer.status_code == 200


def test_claims_reach_policies(whole, secret, database):
    database.execute("""
        create function public.whoami() returns json language sql as $$
        select json_build_object('role', current_user, 'uid', auth.uid(),
                                 'method', current_setting('request.method')) $$
    """)
    try:
        number = str(uuid.uuid4())
        rest = Rest(whole, whole.anon, token(secret, sub=number))
        answer = rest("POST", "rpc/whoami", json={})
        assert answer.json() == {"role": "authenticated", "uid": number, "method": "POST"}
    finally:
        database.execute("drop function public.whoami")
