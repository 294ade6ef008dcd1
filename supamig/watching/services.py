"""Services through the public URL: does each do a little of its real work, and how fast.

`/auth/v1/health` is no proof: it answers while the database is down.  A list of users or a refused
sign-in is one, for both ask the database.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx

from supamig.models import Severity
from supamig.watching.model import Look, Trouble

if TYPE_CHECKING:
    from collections.abc import Callable

    from supamig.config import Api
    from supamig.watching.model import Moment

_SECONDS = 10.0
#: No such user: `.invalid` is reserved for what cannot be.
_NOBODY = {"email": "watch@supamig.invalid", "password": "supamig-watch"}
#: No such table: PostgREST says so from its cache, which it loses with its database.
_NO_TABLE = "supamig_watch_looks_whether_rest_answers"
#: What a gateway says of a service that is not there.
_GONE = range(500, 600)


@dataclass(frozen=True, slots=True)
class Request:
    """One request, and which answers mean that the service works."""

    method: str
    path: str
    is_good: Callable[[httpx.Response], bool]
    body: dict[str, str] | None = None


class Service:
    """One service of the target, asked through the gateway as an application does."""

    def __init__(
        self,
        name: str,
        api: Api,
        *,
        transport: httpx.BaseTransport | None = None,
        elapsed: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self._api = api
        self._transport = transport
        self._elapsed = elapsed

    def look(self, moment: Moment) -> Look:
        """Ask once."""
        del moment
        request = request_to(self.name, has_admin_key=self._admin is not None)
        began = self._elapsed()
        try:
            with httpx.Client(
                base_url=self._api.url,
                headers=self._headers(),
                timeout=_SECONDS,
                transport=self._transport,
            ) as client:
                answer = client.request(request.method, request.path, json=request.body)
        except httpx.TimeoutException:
            return self._trouble("does not answer in time")
        except httpx.HTTPError as error:
            return self._trouble(f"cannot be reached: {type(error).__name__}")
        milliseconds = round((self._elapsed() - began) * 1000)
        if not request.is_good(answer):
            return self._trouble(f"answers {answer.status_code} to {request.method} {request.path}")
        return Look(readings={f"{self.name}_ms": milliseconds})

    @property
    def _admin(self) -> str | None:
        key = self._api.service_role_key or self._api.secret_key
        return key.reveal() if key else None

    def _headers(self) -> dict[str, str]:
        public = self._api.anon_key or self._api.publishable_key
        key = self._admin or (public.reveal() if public else "")
        if not key:
            return {}
        # the newer keys are no tokens, and a service takes them in `apikey` only
        is_token = not key.startswith("sb_")
        return {"apikey": key} | ({"Authorization": f"Bearer {key}"} if is_token else {})

    def _trouble(self, what: str) -> Look:
        return Look(
            troubles=(
                Trouble(
                    probe=self.name,
                    subject="service",
                    severity=Severity.ERROR,
                    message=f"`{self.name}` {what}",
                    hint=f"Look at the container's log: `docker logs supabase-{self.name}`",
                ),
            )
        )


def request_to(name: str, *, has_admin_key: bool) -> Request:
    """Return the request that shows that a service works, as far as the key at hand lets it."""
    if name == "auth" and has_admin_key:
        return Request("GET", "/auth/v1/admin/users?page=1&per_page=1", _is_ok)
    if name == "auth":
        path = "/auth/v1/token?grant_type=password"
        return Request("POST", path, lambda answer: answer.status_code in {400, 429}, _NOBODY)
    if name == "rest":
        return Request("GET", f"/rest/v1/{_NO_TABLE}?limit=0", _is_about_a_table)
    if name == "storage" and has_admin_key:
        return Request("GET", "/storage/v1/bucket", _is_ok)
    paths = {
        "storage": "/storage/v1/status",
        "realtime": "/realtime/v1/websocket?vsn=1.0.0",
        "functions": "/functions/v1/",
    }
    return Request("GET", paths[name], lambda answer: answer.status_code not in _GONE)


def _is_ok(answer: httpx.Response) -> bool:
    return answer.is_success


def _is_about_a_table(answer: httpx.Response) -> bool:
    """Tell whether PostgREST itself says that there is no such table."""
    try:
        said = answer.json()
    except ValueError:
        return False
    code = str(said.get("code", "")) if isinstance(said, dict) else ""
    return answer.status_code not in _GONE and code in {"PGRST205", "42P01"}
