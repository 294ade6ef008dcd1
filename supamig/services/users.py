"""Users that checks make and throw away: named, marked, noted before they exist, removed after.

A crash leaves the note, so that the next run removes them; where the note is lost too, their
addresses give them away.  `.invalid` is no domain of anybody, so no other user can have one.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import threading
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from supamig.disk import disk_errors
from supamig.protocols import Unavailable
from supamig.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from supamig.services.client import Answer, ServiceClient

DOMAIN = "check.supamig.invalid"
#: In `app_metadata`, which users cannot change themselves.
MARK = "supamig_check"
#: As SQL's `like` has it.
PATTERN = f"supamig-check-%@{DOMAIN}"
_ADDRESS = re.compile(rf"supamig-check-[0-9a-f]+-\d+@{re.escape(DOMAIN)}")
_NOT_FOUND = 404
_REFUSED = range(400, 500)
NOTES = "check-users.jsonl"
#: Which of these ids, whatever they look like, are of users in a database.
KNOWN = "select id::text from auth.users where id::text = any(%s)"


@dataclass(frozen=True, slots=True)
class CheckUser:
    """A user to throw away; ``id`` is empty until the server has said it."""

    id: str
    email: str
    password: Secret


def is_ours(address: str) -> bool:
    """Tell whether an address is one that checks make."""
    return _ADDRESS.fullmatch(address) is not None


class Notes:
    """Which users were made and are not removed yet, in a file of the state directory."""

    def __init__(self, state_dir: Path) -> None:
        self._path = state_dir / NOTES
        self._guard = threading.Lock()

    def add(self, event: str, **facts: Any) -> None:  # noqa: ANN401 - JSON values
        """Add one line and wait until it is on disk."""
        line = json.dumps({"event": event, **facts, "pid": os.getpid()}) + "\n"
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        with self._guard, disk_errors(self._path):
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with os.fdopen(os.open(self._path, flags, 0o600), "wb") as stream:
                # after a torn line this one stands by itself
                stream.write(b"\n" + line.encode())
                stream.flush()
                os.fsync(stream.fileno())

    def left(self, url: str) -> list[dict[str, Any]]:
        """Return what was made at an address, is not removed, and belongs to no live process."""
        made: dict[str, dict[str, Any]] = {}
        for entry in self._entries():
            if entry.get("event") == "making":
                made[str(entry["email"])] = entry
            else:
                made.pop(str(entry.get("email")), None)
        found = [entry for entry in made.values() if entry.get("url") == url]
        return [entry for entry in found if not _is_alive(int(entry.get("pid", 0)))]

    def _entries(self) -> Iterable[dict[str, Any]]:
        try:
            lines = self._path.read_bytes().splitlines()
        except FileNotFoundError:
            return
        for line in lines:
            try:
                entry = json.loads(line)
            except ValueError:
                continue  # torn by a crash: the user of this line was not made
            if isinstance(entry, dict):
                yield entry


def _is_alive(pid: int) -> bool:
    if pid == os.getpid() or pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


class CheckUsers:
    """The users of one check on one side.  ``refusal`` says why none may be made, if so."""

    def __init__(
        self,
        client: ServiceClient,
        notes: Notes,
        *,
        refusal: str = "",
        number: Callable[[], int],
        run: str = "",
    ) -> None:
        self._client = client
        self._notes = notes
        self._refusal = refusal
        self._number = number
        self._run = run or secrets.token_hex(4)
        self._mine: list[CheckUser] = []
        # addresses that the server may still be making a user of
        self._pending: set[str] = set()
        #: Addresses of users that could not be removed.
        self.left: list[str] = []

    def require(self) -> None:
        """Raise `Unavailable` with the reason where no user may be made."""
        if self._refusal:
            raise Unavailable(self._refusal)

    def plan(self, user_id: str = "") -> CheckUser:
        """Note a user that is about to exist, whoever makes it; it is removed with the others."""
        self.require()
        email = f"supamig-check-{self._run}-{self._number()}@{DOMAIN}"
        # long enough for any rule, with every kind of character
        user = CheckUser(user_id, email, Secret(secrets.token_urlsafe(18) + "aA1!"))
        self._notes.add("making", url=self._client.api.url, id=user_id, email=email, at=time.time())
        self._pending.add(email)
        self._mine.append(user)
        return user

    def make(self, *, confirmed: bool = True) -> CheckUser:
        """Make a user by the admin API; raise `Unavailable` if that is refused."""
        user = self.plan(str(uuid.uuid4()))
        answer = self.create(user, confirmed=confirmed)
        if not answer.is_ok:
            raise Unavailable(f"no throw-away user could be made: {answer.said}")
        return user

    def create(self, user: CheckUser, *, confirmed: bool = True) -> Answer:
        """Ask the admin API for a planned user and return what it answers."""
        answer = self._client.call(
            "POST",
            "/auth/v1/admin/users",
            key="service",
            json={
                "id": user.id,
                "email": user.email,
                "password": user.password.reveal(),
                "email_confirm": confirmed,
                "app_metadata": {MARK: self._run},
            },
        )
        self.answered(user, answer)
        return answer

    def answered(self, user: CheckUser, answer: Answer) -> None:
        """Take what the server said of a planned user: one that it refuses, nobody made."""
        self._pending.discard(user.email)
        if answer.status in _REFUSED:
            self._mine = [one for one in self._mine if one.email != user.email]
            self._notes.add("removed", email=user.email)

    def adopt(self, user: CheckUser, user_id: str) -> CheckUser:
        """Take the id that the server gave a planned user."""
        known = CheckUser(user_id, user.email, user.password)
        self._mine = [known if one.email == user.email else one for one in self._mine]
        facts = {"url": self._client.api.url, "email": user.email, "at": time.time()}
        self._notes.add("making", id=user_id, **facts)
        return known

    def remove(self) -> None:
        """Remove the users of this check; those that stay are named in ``left``.

        No more are made: a check that missed its deadline may still be at work.
        """
        self._refusal = "the check is over"
        mine, self._mine = self._mine, []
        for user in mine:
            is_made = user.email not in self._pending
            if not remove(self._client, self._notes, user.id, user.email, is_made=is_made):
                self.left.append(user.email)


def remove(
    client: ServiceClient, notes: Notes, user_id: str, email: str, *, is_made: bool = True
) -> bool:
    """Remove one user and note that it is gone; tell whether it is.

    The server is asked for an id that is not known.  One that it may still be making, as its answer
    never came, is not gone because it is not there yet.
    """
    try:
        user_id = user_id or _id_of(client, email)
        is_gone = not user_id and is_made
        if user_id:
            path = f"/auth/v1/admin/users/{user_id}"
            answer = client.call("DELETE", path, key="service", json={})
            is_gone = answer.is_ok or (answer.status == _NOT_FOUND and is_made)
    except Unavailable:
        return False
    if is_gone:
        notes.add("removed", email=email)
    return is_gone


def _id_of(client: ServiceClient, email: str) -> str:
    """Return the id of a user, or nothing for nobody; raise `Unavailable` where nobody knows."""
    path = f"/auth/v1/admin/users?per_page=50&filter={email}"
    answer = client.call("GET", path, key="service")
    users = answer.get("users")
    if not answer.is_ok or not isinstance(users, list):
        raise Unavailable(f"the list of users is answered {answer.said}")
    found = [one for one in users if isinstance(one, dict) and one.get("email") == email]
    return str(found[0].get("id") or "") if found else ""


def sweep(
    client: ServiceClient, notes: Notes, found: Iterable[tuple[str, str]] = ()
) -> tuple[list[str], list[str]]:
    """Remove what earlier runs left; return the addresses that went and those that stay.

    ``found`` are ids and addresses that the database has under the pattern; what of them is not in
    the notes may belong to a run elsewhere, and is the caller's to choose.
    """
    by_email = {email: user_id for user_id, email in found}
    wanted = {str(one["email"]): str(one.get("id", "")) for one in notes.left(client.api.url)}
    gone: list[str] = []
    stay: list[str] = []
    for email in sorted({*wanted, *by_email}):
        user_id = by_email.get(email) or wanted.get(email, "")
        if not is_ours(email):
            continue
        (gone if remove(client, notes, user_id, email) else stay).append(email)
    return gone, stay
