"""Stands in for the Management API of Supabase Cloud (https://api.supabase.com).

An httpx transport with state: projects, a token with its permissions, pages, and how busy it is.
Shapes of answers are those of the API's own description of June 2026.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx

from supamig.management.calls import CALLS, PROJECT, function_body

if TYPE_CHECKING:
    from collections.abc import Mapping

    from supamig.management.calls import Call

_REF_AT = 3
_STARTS = "/v1/projects/"


@dataclass
class FakeManagementApi(httpx.BaseTransport):
    """Answers for ``answers`` (by project, then by the name of a call), and remembers ``seen``.

    ``token`` is the only one it knows.  ``permissions`` of None are all.  ``page`` splits lists.
    ``busy`` answers come as 429 with ``retry_after`` first; less than 0 means for ever.
    ``broken`` answers, or what is raised, stand in place of the right ones, by a call's name.
    """

    answers: Mapping[str, Mapping[str, Any]]
    token: str = "sbp_fake"  # noqa: S105 - no token of anybody
    permissions: frozenset[str] | None = None
    page: int = 0
    busy: int = 0
    retry_after: str = "1"
    broken: Mapping[str, httpx.Response | Exception] = field(default_factory=dict)
    seen: list[httpx.Request] = field(default_factory=list)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request as the API would."""
        self.seen.append(request)
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            return _said(401, "Unauthorized")
        if self.busy:
            self.busy -= 1
            return httpx.Response(429, headers={"Retry-After": self.retry_after})
        path = request.url.path
        ref = path.split("/")[_REF_AT] if path.startswith(_STARTS) else ""
        if request.method != "GET" or ref not in self.answers:
            return _said(404, "Not Found")
        return self._answer(request, ref, path.removeprefix(f"{_STARTS}{ref}"))

    def _answer(self, request: httpx.Request, ref: str, rest: str) -> httpx.Response:
        known = self.answers[ref]
        call = _call(rest, known)
        allowed = self.permissions
        if call is not None and allowed is not None and call.permission not in allowed:
            return _said(403, f"Your access token lacks {call.permission}")
        if call is not None and call.name in self.broken:
            answer = self.broken[call.name]
            if isinstance(answer, Exception):
                raise answer
            return answer
        if call is None or call.name not in known:
            return _said(404, "Not Found")
        if known["project"]["status"] == "INACTIVE" and call is not PROJECT:
            return _said(400, "Project is paused")
        return self._shown(request, call, known[call.name])

    def _shown(self, request: httpx.Request, call: Call, found: Any) -> httpx.Response:
        if isinstance(found, tuple):
            kind, content = found
            return httpx.Response(200, headers={"Content-Type": kind}, content=content)
        if call.name == "api_keys" and request.url.params.get("reveal") != "true":
            found = [key | {"api_key": key["api_key"][:12] + "···"} for key in found]
        if call.is_list and self.page and isinstance(found, list):
            return self._page(request, found)
        return httpx.Response(200, json=found)

    def _page(self, request: httpx.Request, found: list[Any]) -> httpx.Response:
        offset = int(request.url.params.get("offset", "0"))
        after = offset + self.page
        headers = {}
        if after < len(found):
            following = request.url.copy_set_param("offset", str(after))
            headers["Link"] = f'<{following}>; rel="next"'
        return httpx.Response(200, json=found[offset:after], headers=headers)


def opaque(project_ref: str, secret: str) -> str:
    """Return what the API shows of a secret: a digest that is made with the project's name."""
    return hmac.new(project_ref.encode(), secret.encode(), hashlib.sha256).hexdigest()


def _call(rest: str, known: Mapping[str, Any]) -> Call | None:
    if not rest:
        return PROJECT
    for call in CALLS:
        if rest == call.path:
            return call
    for name in known:
        if name.startswith("functions/") and rest == f"/{name}/body":
            return function_body(name.removeprefix("functions/"))
    return None


def _said(status: int, message: str) -> httpx.Response:
    return httpx.Response(status, json={"message": message})
