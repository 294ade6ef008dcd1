"""Stands in for GoTrue's routes: which request is whose business, and who may make it."""

from __future__ import annotations

import contextlib
import logging
from typing import TYPE_CHECKING

import psycopg
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from supamig.testing.services.gotrue import (
    admin,
    captcha,
    environment,
    factors,
    links,
    open_pages,
    problems,
    profile,
    rules,
    signin,
    signup,
    tokens,
    verify,
)
from supamig.testing.services.gotrue.calls import Answer, Call, Service, administrate, authenticate
from supamig.testing.services.gotrue.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from starlette.requests import Request

    from supamig.testing.services.clock import Clock
    from supamig.testing.services.database import Database

_log = logging.getLogger(__name__)


def load(variables: Mapping[str, str], *, database: Database, clock: Clock) -> Service:
    """Read everything a start reads, or raise `Misconfigured`."""
    configuration = environment.read(variables)
    rules.check(configuration)
    keys = tokens.load(configuration)
    return Service(configuration, keys, database, Limits(configuration), clock)


def application(service: Service) -> Starlette:
    """Return GoTrue as an ASGI application, without a prefix."""
    user, admins = (authenticate,), (administrate,)
    person = (captcha.check,)
    otp, verifying, proof = _limited("otp"), _limited("verify"), _limited("factor")
    table = [
        ("GET", "/health", open_pages.health, ()),
        ("GET", "/settings", open_pages.settings, ()),
        ("GET", "/.well-known/jwks.json", open_pages.jwks, ()),
        ("GET", "/authorize", open_pages.authorize, ()),
        ("POST", "/signup", signup.signup, person),
        ("POST", "/token", signin.token, person),
        ("POST", "/recover", links.recover, (otp, *person)),
        ("POST", "/otp", links.otp, (otp, *person)),
        ("POST", "/magiclink", links.magic_link, (otp, *person)),
        ("POST", "/resend", links.resend, (otp, *person)),
        ("GET", "/verify", verify.by_link, (verifying,)),
        ("POST", "/verify", verify.by_post, (verifying,)),
        ("GET", "/user", profile.show, user),
        ("PUT", "/user", profile.change, (*user, otp)),
        ("POST", "/logout", profile.log_out, user),
        ("POST", "/factors", factors.enrol, user),
        ("DELETE", "/factors/{factor_id}", factors.unenrol, user),
        ("POST", "/factors/{factor_id}/challenge", factors.challenge, (*user, proof)),
        ("POST", "/factors/{factor_id}/verify", factors.verify, (*user, proof)),
        ("GET", "/admin/users", admin.list_users, admins),
        ("POST", "/admin/users", admin.create, admins),
        ("GET", "/admin/users/{user_id}", admin.show, admins),
        ("PUT", "/admin/users/{user_id}", admin.change, admins),
        ("DELETE", "/admin/users/{user_id}", admin.delete, admins),
        ("GET", "/admin/users/{user_id}/factors", admin.list_factors, admins),
        ("POST", "/admin/generate_link", links.generate, admins),
        ("POST", "/invite", links.invite, admins),
    ]
    return Starlette(
        routes=[
            Route(path, _endpoint(service, handler, guards), methods=[method])
            for method, path, handler, guards in table
        ],
        exception_handlers={404: _unknown, 405: _unknown},
    )


def _unknown(_: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    return PlainTextResponse("404 page not found\n" if status == 404 else "", status)  # noqa: PLR2004


def _limited(kind: str) -> Callable[[Call], None]:
    return lambda call: call.service.limits.check(kind, call)


def _endpoint(
    service: Service,
    handler: Callable[[Call], Answer],
    guards: Sequence[Callable[[Call], None]],
) -> Callable[[Request], object]:
    async def endpoint(request: Request) -> Response:
        forwarded = request.headers.get("x-forwarded-for", "").partition(",")[0].strip()
        call = Call(
            service=service,
            method=request.method,
            path=request.url.path,
            parameters=request.path_params,
            query=request.query_params,
            headers=request.headers,
            body=await request.body(),
            address=forwarded or (request.client.host if request.client else "127.0.0.1"),
        )
        with contextlib.closing(call):
            return await run_in_threadpool(_answered, call, handler, guards)

    return endpoint


def _answered(
    call: Call, handler: Callable[[Call], Answer], guards: Sequence[Callable[[Call], None]]
) -> Response:
    try:
        for guard in guards:
            guard(call)
        answer = handler(call)
    except problems.Problem as problem:
        return _error(call, problem)
    except (psycopg.Error, problems.Unreadable) as error:
        _log.warning("%s %s: %s", call.method, call.path, error)
        return _error(call, problems.unexpected())
    headers = call.sent | answer.headers
    if answer.body is None:
        return Response(status_code=answer.status, headers=headers)
    return JSONResponse(answer.body, status_code=answer.status, headers=headers)


def _error(call: Call, problem: problems.Problem) -> Response:
    version = call.headers.get(problems.VERSION_HEADER, "")
    status, body, headers = problems.answer(problem, version=version)
    return JSONResponse(body, status_code=status, headers=call.sent | headers)
