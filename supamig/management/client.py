"""The client: one access token, GET alone, patience with a server that is busy."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx

from supamig.errors import RequestRefused, Unreachable
from supamig.management import refusals
from supamig.management.calls import POOLER
from supamig.management.pooler import shared_pooler

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType
    from typing import Self

    from supamig.management.calls import Call
    from supamig.management.pooler import PoolerAddress
    from supamig.secret import Secret

API = "https://api.supabase.com"
_ATTEMPTS = 4
#: No list of a project is longer; a server that pages on and on is stopped here.
_MOST_PAGES = 1000


class ManagementApi:
    """A client with one access token; close it, or use it in a ``with`` statement.

    Nothing is ever changed: a request that is no GET is refused before it leaves.
    """

    def __init__(
        self,
        token: Secret,
        *,
        transport: httpx.BaseTransport | None = None,
        timeout: float = 30.0,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._sleep = sleep
        self._clock = clock
        self._client = httpx.Client(
            base_url=API,
            headers={"Authorization": f"Bearer {token.reveal()}", "Accept": "application/json"},
            transport=transport,
            timeout=httpx.Timeout(timeout, connect=min(timeout, 10.0)),
            event_hooks={"request": [_refuse_writing]},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._client.close()

    def session_pooler(self, project_ref: str) -> PoolerAddress | None:
        """Return the address of the shared pooler in session mode, or None if there is none.

        Raise `AuthenticationFailed`, `ConfigError` for an unknown project, or `Unreachable`.
        """
        return shared_pooler(self.ask(POOLER, project_ref), project_ref)

    def ask(self, call: Call, project_ref: str) -> Any:  # noqa: ANN401 - JSON
        """Return the answer to a question; of a list, all its pages.

        Raise `AuthenticationFailed`, which names the permission that the token lacks,
        `ConfigError` for a project that is not there, or `Unreachable`.
        """
        url: str | None = _url(call, project_ref)
        answer = None
        for page in range(_MOST_PAGES):
            response = self._get(url or "", call, project_ref, query=call.query if not page else {})
            found = _json(response)
            answer = _joined(answer, found) if call.is_list else found
            url = _next(response, found) if call.is_list else None
            if url is None:
                return answer
        message = f"the Management API hands out {call.what} without end"
        raise Unreachable(message, hint="Try again later")

    def body(self, call: Call, project_ref: str) -> tuple[str, bytes]:
        """Return the type and the bytes of an answer that is no JSON; errors are those of `ask`."""
        url, accept = _url(call, project_ref), "multipart/form-data"
        response = self._get(url, call, project_ref, headers={"Accept": accept})
        return response.headers.get("Content-Type", ""), response.content

    def _get(
        self,
        url: str,
        call: Call,
        project_ref: str,
        *,
        query: Mapping[str, str | tuple[str, ...]] = {},
        headers: Mapping[str, str] = {},
    ) -> httpx.Response:
        # None keeps what the link to a next page says; an empty mapping would take it away
        parameters = httpx.QueryParams(dict(query)) if query else None
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                response = self._client.get(url, params=parameters, headers=dict(headers))
            except httpx.ReadTimeout as error:
                # it is there, and busy with this one question
                message = f"the Management API takes too long to say {call.what}"
                raise RequestRefused(message, hint="Try again later") from error
            except httpx.TransportError as error:
                message = f"the Management API does not answer: {type(error).__name__}"
                hint = f"Is {API} reachable from here? Without SUPABASE_ACCESS_TOKEN it is not used"
                raise Unreachable(message, hint=hint) from error
            if response.status_code not in refusals.PASSING or attempt == _ATTEMPTS:
                break
            self._sleep(refusals.wait_before(response, attempt=attempt, now=self._clock()))
        if not response.is_success:
            raise refusals.refusal(response, call, project_ref)
        return response


def _refuse_writing(request: httpx.Request) -> None:
    if request.method != "GET":
        raise RuntimeError(f"the Management API is only read: {request.method} was refused")
    if request.url.host != httpx.URL(API).host:
        raise RuntimeError("the access token is for the Management API alone")


def _url(call: Call, project_ref: str) -> str:
    return f"/v1/projects/{quote(project_ref, safe='')}{call.path}"


def _json(response: httpx.Response) -> Any:  # noqa: ANN401 - JSON
    try:
        return response.json()
    except ValueError as error:
        message = "the Management API answered something that is not JSON"
        raise Unreachable(message, hint="Is a proxy in between?") from error


def _joined(before: Any, found: Any) -> Any:  # noqa: ANN401 - JSON
    """Put a page behind those before it; a list may be wrapped in `items` or the like."""
    listed = _listed(found)
    if before is None or listed is None:
        return listed if listed is not None else found
    return [*before, *listed]


def _listed(found: Any) -> list[Any] | None:  # noqa: ANN401 - JSON
    if isinstance(found, list):
        return found
    values = found.values() if isinstance(found, dict) else ()
    lists = [value for value in values if isinstance(value, list)]
    return lists[0] if len(lists) == 1 else None


def _next(response: httpx.Response, found: Any) -> str | None:  # noqa: ANN401 - JSON
    """Return where the next page is: a `Link` header says it, or an offset and a count."""
    link = response.links.get("next", {}).get("url")
    if link:
        url = response.url.join(link)
        return str(url) if url.host == response.url.host else None
    paging = found.get("pagination") if isinstance(found, dict) else None
    if not isinstance(paging, dict):
        return None
    given = [paging.get(name) for name in ("offset", "limit", "count")]
    numbers = [int(number) for number in given if isinstance(number, int | float)]
    if len(numbers) != len(given):
        return None
    offset, limit, count = numbers
    if limit < 1 or offset + limit >= count:
        return None
    return str(response.url.copy_set_param("offset", str(offset + limit)))
