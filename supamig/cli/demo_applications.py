"""The second half of the demo: services on both sides, and a sample application switched over.

The services are stand-ins, as the real ones are no Python packages.  All of it is in a directory
that is gone at the end, and ends with this process.
"""

from __future__ import annotations

import os
import secrets
import socket
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from supamig.config import Api, AuthProofs, SideName
from supamig.phases import Phase, PhaseResult, Record
from supamig.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future, ThreadPoolExecutor
    from contextlib import AbstractContextManager, ExitStack

    from supamig.cli.invocation import Invocation
    from supamig.cli.output import Output
    from supamig.config import Settings
    from supamig.models import Report
    from supamig.testing.services import Services

Made = TypeVar("Made")

_SIDES: Final[tuple[SideName, SideName]] = ("source", "target")
#: Seconds for a first answer, on a machine that is busy with starting.
_SECONDS: Final = 30.0
#: The first two wait until a refresh token has aged; of the others there is no stand-in.
_IGNORED: Final = (
    "auth.reuse-interval",
    "auth.rotation",
    "endpoints.realtime",
    "endpoints.storage",
)
#: A user of the sample, whose password the application's health check knows.
_USER: Final = "mary@example.com"
_ENVIRONMENT: Final = {
    "GOTRUE_SITE_URL": "https://app.example.com",
    "GOTRUE_RATE_LIMIT_HEADER": "X-Forwarded-For",
    "GOTRUE_MFA_TOTP_ENROLL_ENABLED": "true",
    "GOTRUE_MFA_TOTP_VERIFY_ENABLED": "true",
}


@dataclass(frozen=True, slots=True)
class Applications:
    """Services that are starting, on both sides, and what is needed to go on with them."""

    stack: ExitStack
    source: Future[Services]
    target: Future[Services]
    #: The refresh token of a session that was begun on the source, before the move.
    session: Secret


def start_services(stack: ExitStack, pool: ThreadPoolExecutor, settings: Settings) -> Applications:
    """Start the services of both sides, and begin a session on the source."""
    from supamig.testing.services import serve

    word = secrets.token_urlsafe(30)
    source, target = (
        _beside(stack, pool, serve(settings.require(side), jwt_secret=word, env=_ENVIRONMENT))
        for side in _SIDES
    )
    return Applications(stack, source, target, _sign_in(source.result()))


def _sign_in(services: Services) -> Secret:
    """Sign a user in, as an application would, and return the refresh token."""
    import httpx

    from supamig.testing.sample import PASSWORDS

    answer = httpx.post(
        f"{services.url}/auth/v1/token?grant_type=password",
        headers={"apikey": services.anon_key},
        json={"email": _USER, "password": PASSWORDS[_USER]},
        timeout=_SECONDS,
    )
    return Secret(str(answer.raise_for_status().json()["refresh_token"]))


def _beside(
    stack: ExitStack, pool: ThreadPoolExecutor, context: AbstractContextManager[Made]
) -> Future[Made]:
    """Enter a context in the pool; the stack leaves it, also when it was entered too late."""
    entered = pool.submit(context.__enter__)

    def leave() -> None:
        if entered.exception() is None:
            context.__exit__(None, None, None)

    stack.callback(leave)
    return entered


def switch(
    started: Applications, invocation: Invocation, output: Output, settings: Settings
) -> dict[str, Report]:
    """Switch a backend and a frontend to the target, try its services, and go back."""
    from supamig import api

    settings = _with_applications(started, settings)
    invocation.secrets += settings.secrets()
    verbs: dict[str, Callable[[], Report]] = {}
    reports = {}
    output.hint("\nswitching two applications from the source's services to the target's")
    changes = api.configure_changes(settings)
    if output.is_text:
        output.hint(changes.diff.rstrip("\n"))
    with output.progress() as observer:
        verbs["configure"] = lambda: api.configure(settings, observer=observer)
        verbs["services"] = lambda: api.validate_cutover(settings, observer=observer)
        verbs["rollback"] = lambda: api.rollback(settings, observer=observer)
        for name, verb in verbs.items():
            reports[name] = verb()
    return reports


def _with_applications(started: Applications, settings: Settings) -> Settings:
    """Make two applications on the source, one of them running, and tell the settings of them."""
    from supamig.testing import application
    from supamig.testing.sample import PASSWORDS

    place = Path(started.stack.enter_context(tempfile.TemporaryDirectory(prefix="supamig-demo-")))
    old, new = _api(started.source.result()), _api(started.target.result())
    backend, frontend = place / "backend", place / "frontend"
    keys = {"anon": _text(old.anon_key), "service": _text(old.service_role_key)}
    texts = {
        backend: f"# the backend\nSUPABASE_URL='{old.url}'\nSUPABASE_ANON_KEY={keys['anon']}\n"
        f"export SUPABASE_SERVICE_KEY={keys['service']}\nHEALTH_EMAIL={_USER}\n"
        f"HEALTH_PASSWORD={PASSWORDS[_USER]}\nHEALTH_TABLE=profiles\n",
        frontend: f'VITE_SUPABASE_URL="{old.url}"\nVITE_SUPABASE_ANON_KEY="{keys["anon"]}"\n',
    }
    for path, text in texts.items():
        path.mkdir()
        (path / ".env").write_text(text)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    application.restart(backend, port, os.getpid())
    started.stack.callback(application.stop, backend)
    return replace(
        settings,
        source_api=old,
        target_api=new,
        state_dir=place / "state",
        ignore=_IGNORED,
        auth=AuthProofs(
            throwaway_users=True,
            email=_USER,
            password=Secret(PASSWORDS[_USER]),
            refresh_token=started.session,
        ),
        applications=application.as_configured(backend, frontend, port, os.getpid()),
    )


def _api(services: Services) -> Api:
    return Api(
        url=services.url,
        anon_key=Secret(services.anon_key),
        service_role_key=Secret(services.service_role_key),
        jwt_secret=Secret(services.jwt_secret),
    )


def _text(secret: Secret | None) -> str:
    return secret.reveal() if secret else ""


def record(moved: Report, others: dict[str, Report]) -> Record:
    """Return the record of what the demo did: a move without a bundle, then the applications."""
    phases = {
        Phase.EXPORT: (moved, "read and written at once, without a bundle"),
        Phase.SETUP: (moved, "two servers and their services on this machine"),
        Phase.IMPORT: (moved, "every row compared"),
        Phase.CONFIGURE: (others["configure"], "a backend and a frontend"),
        Phase.VALIDATE: (others["services"], "signing in, tokens, routes, rows by REST and SQL"),
    }
    results = [
        PhaseResult(
            phase=phase,
            state="done" if report.verdict == "passed" else "failed",
            started_at=report.started_at,
            seconds=report.summary.seconds,
            verdict=report.verdict,
            detail=detail,
        )
        for phase, (report, detail) in phases.items()
    ]
    skipped = PhaseResult(phase=Phase.CUTOVER, detail="instead of it, the demo rolled back")
    return Record(
        run_id=moved.run_id,
        started_at=moved.started_at,
        phases=(*results, skipped),
        reports=(
            (Phase.IMPORT, moved),
            (Phase.CONFIGURE, others["configure"]),
            (Phase.VALIDATE, others["services"]),
            (Phase.CUTOVER, others["rollback"]),
        ),
    )


def show(output: Output, reports: dict[str, Report]) -> None:
    """Show in three lines what became of the applications."""
    from supamig.report.wording import duration, plural

    reports = dict(reports)
    back = reports["rollback"]
    writes = [finding for finding in back.findings if finding.check == "rollback.target-writes"]
    passed = [check for check in reports["services"].checks if check.outcome == "passed"]
    told = {
        "configure": "both on the target, the backend healthy: it signs in and reads rows",
        "services": f"{plural(len(passed), 'check')} of sign-in, tokens and routes passed",
        "rollback": "both on the source again; the target took writes in "
        + plural(len(writes), "table"),
    }
    rows = [
        (name, str(reports[name].verdict), duration(reports[name].summary.seconds), what)
        for name, what in told.items()
    ]
    output.data("")
    output.table(("Applications", "Verdict", "Time", "What"), rows)
