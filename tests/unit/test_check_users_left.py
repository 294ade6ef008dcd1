"""Users of checks that the server made in spite of what it answered, or late."""

from __future__ import annotations

import httpx
import pytest

from supamig.auth.administration import same_database
from supamig.auth.sign_up import sign_up
from supamig.protocols import Unavailable
from supamig.services.users import Notes, sweep
from supamig.testing.fakes import FakeSide, fake_service_context

OPEN = {"external": {"email": True}, "mailer_autoconfirm": True, "disable_signup": False}
KNOWN = "select id::text from auth.users where id::text = any(%s)"


class Auth:
    """Users by address; `late` answers nothing to whoever makes one, `status` is its answer."""

    def __init__(self, *, status=200, late=False, makes=True):
        self.users = {}
        self.status, self.late, self.makes = status, late, makes

    def __call__(self, request):
        path = request.url.path
        if request.method == "DELETE":
            user_id = path.rpartition("/")[2]
            there = [email for email, one in self.users.items() if one == user_id]
            for email in there:
                del self.users[email]
            return httpx.Response(200 if there else 404, json={})
        if path.endswith("/settings"):
            return httpx.Response(200, json=OPEN)
        if request.method == "GET":
            wanted = request.url.params.get("filter", "")
            found = [{"id": i, "email": e} for e, i in self.users.items() if wanted in e]
            return httpx.Response(200, json={"users": found})
        if path.endswith(("/signup", "/users")):
            body = httpx.Response(200, content=request.content).json()
            if self.makes:
                self.users[body["email"]] = body.get("id", "made-by-the-server")
            if self.late:
                raise httpx.ReadTimeout("too slow", request=request)
            return httpx.Response(self.status, json=body)
        return httpx.Response(404, json={})


@pytest.fixture
def context(tmp_path):
    """Make a context for which a function answers."""

    def make(answer, **options):
        return fake_service_context(answer, state_dir=tmp_path, **options)

    return make


@pytest.mark.parametrize("late", [False, True])
def test_a_sign_up_that_fails_once_the_user_is_there(context, late):
    auth = Auth(status=500, late=late)
    made = context(auth)
    try:
        assert [finding.subject for finding in sign_up.run(made)] == ["a sign-up"]
    except Unavailable:
        assert late
    assert len(auth.users) == 1
    made.users.remove()
    assert auth.users == {}
    assert made.users.left == []


def test_a_user_who_may_still_come_is_not_gone(context, tmp_path):
    auth = Auth(late=True, makes=False)
    made = context(auth)
    with pytest.raises(Unavailable):
        made.throwaway()
    made.users.remove()
    (email,) = made.users.left
    (noted,) = Notes(tmp_path).left("http://target.invalid")
    auth.users[email] = noted["id"]  # now it is there
    assert sweep(made.target_api, Notes(tmp_path)) == ([email], [])
    assert auth.users == {}


def test_a_user_whom_the_server_refused_is_not_left(context, tmp_path):
    made = context(lambda _: httpx.Response(401, json={}))
    with pytest.raises(Unavailable, match="401"):
        made.throwaway()
    made.users.remove()
    assert made.users.left == []
    assert Notes(tmp_path).left("http://target.invalid") == []


def test_nobody_is_made_once_the_check_is_over(context):
    auth = Auth()
    made = context(auth)
    made.throwaway()
    made.users.remove()
    with pytest.raises(Unavailable, match="is over"):
        made.throwaway()
    assert auth.users == {}


def test_a_killed_sign_up_is_swept_without_its_id(context, tmp_path):
    auth = Auth()
    made = context(auth)
    email = made.users.plan().email
    auth.users |= {email: "7", "ada@example.com": "8"}
    assert sweep(made.target_api, Notes(tmp_path)) == ([email], [])
    assert auth.users == {"ada@example.com": "8"}
    assert sweep(made.target_api, Notes(tmp_path)) == ([], [])


def test_services_on_a_copy_of_the_database(context):
    target = FakeSide(label="target", answers={KNOWN: []})
    auth = Auth()
    auth.users["supamig-check-00ff-1@check.supamig.invalid"] = "of another run"
    (finding,) = same_database.run(context(auth, target=target))
    assert "a new user at http://target.invalid is not in the target's database" in finding.message
