"""Stands in for the services that are only looked at: Storage, Realtime, functions, meta."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

_HOP = {"connection", "transfer-encoding", "content-length", "content-encoding", "host", "date",
        "server"}  # fmt: skip
_SECONDS = 30.0


async def storage(scope: Scope, receive: Receive, send: Send) -> None:
    """Tell that Storage is there; buckets are not served."""
    if scope["path"] == "/status":
        answer = Response()
    else:
        body = {"statusCode": "404", "error": "not_found", "message": "Not Found"}
        answer = JSONResponse(body, status_code=404)
    await answer(scope, receive, send)


async def realtime(scope: Scope, receive: Receive, send: Send) -> None:
    """Tell that Realtime is there; a websocket is not opened."""
    if scope["path"] == "/api/ping":
        answer: Response = JSONResponse({"message": "Success"})
    else:
        answer = Response("Bad Request", status_code=400)
    await answer(scope, receive, send)


async def functions(scope: Scope, receive: Receive, send: Send) -> None:
    """Know no function."""
    body = {"msg": "missing function name in request"}
    await JSONResponse(body, status_code=400)(scope, receive, send)


async def meta(scope: Scope, receive: Receive, send: Send) -> None:
    """Tell that postgres-meta is there."""
    await JSONResponse({"status": "ok"})(scope, receive, send)


def upstream(url: str) -> ASGIApp:
    """Return an application that hands everything on, to a real service behind this gateway."""
    import httpx  # it takes long, and only this needs it

    async def forward(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        headers = [(name, value) for name, value in request.headers.items() if name not in _HOP]
        body = await request.body()
        path = httpx.URL(path=scope["path"], query=scope["query_string"])
        try:
            async with httpx.AsyncClient(base_url=url, timeout=_SECONDS) as client:
                found = await client.request(request.method, path, headers=headers, content=body)
        except httpx.TransportError:
            await Response("no healthy upstream", status_code=503)(scope, receive, send)
            return
        answer = Response(found.content, status_code=found.status_code)
        for name, value in found.headers.multi_items():
            if name not in _HOP:
                answer.headers.append(name, value)
        await answer(scope, receive, send)

    return forward
