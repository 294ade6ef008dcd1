"""The checks of the cutover: both sides' services beside their databases, opened for each check."""

from __future__ import annotations

import itertools
import json
import secrets
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

import psycopg

from supamig.checking import said
from supamig.errors import ConfigError, SupamigError, Unreachable, UsageError
from supamig.models import CheckResult, Finding, Outcome, Severity, Stage
from supamig.protocols import Unavailable
from supamig.runner import Opened
from supamig.secret import Secret
from supamig.services.client import NoAnswer, ServiceClient
from supamig.services.context import Login, ServiceContext
from supamig.services.knocking import knock_from
from supamig.services.pacing import Pace
from supamig.services.roles import ask_as
from supamig.services.users import KNOWN, PATTERN, CheckUsers, Notes, is_ours, sweep
from supamig.wording import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import httpx

    from supamig.checking import Sides
    from supamig.config import Api, Settings, SideName
    from supamig.postgres import Server
    from supamig.protocols import CheckContext, Validator

AUTH_CONFIG = "auth_config.json"
#: Where `begin_session` keeps the refresh token of a session of the source.
SESSION = "session.json"
_REACHABLE = ("services.reachable", "The services of the target answer")
_LEFT = ("services.check-users", "No user that checks made is left")
#: Seconds after which a user that nobody noted here belongs to no run that still works.
_OLD = 900
_LEFT_BEHIND = """
select id::text, email from auth.users
where email like %s and created_at < now() - make_interval(secs => %s) and id::text <> %s
"""
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
#: Seconds for one answer; the first one of a service that was just started takes long.
SECONDS = 15.0


class Services:
    """The services of both sides for one run of checks; close it at the end."""

    def __init__(
        self,
        settings: Settings,
        sides: Sides,
        target: Server | None,
        *,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        import httpx

        refuse_same(settings)
        self._settings = settings
        self._sides = sides
        self._target = target
        self._http = httpx.Client(
            timeout=httpx.Timeout(SECONDS, connect=settings.connect_timeout), transport=transport
        )
        self._paces = {"source": Pace(), "target": Pace()}
        self._notes = Notes(settings.state_dir)
        self._numbers = itertools.count(1)
        self._run = secrets.token_hex(4)
        self._refusal = _refusal(settings)
        self._expected = expected(settings)
        self._token = _token(settings)
        self._left: list[str] = []
        self._swept: list[str] = []

    def client(
        self, side: SideName, cancelled: Callable[[], bool] = lambda: False
    ) -> ServiceClient:
        """Return a client of one side's services that stops when ``cancelled`` says so."""
        api: Api | None = getattr(self._settings, f"{side}_api")
        pace = self._paces[side]
        return ServiceClient(side, api, self._http, pace=pace, cancelled=cancelled)

    def reach(self) -> CheckResult:
        """Say whether the target's services answer at all.

        Raise `Unreachable` where nothing does, or where they are elsewhere.
        """
        client = self.client("target")
        if not client.is_known:
            reason = "no address of the target's services is given: set SUPAMIG_TARGET_URL"
            return replace(_said(_REACHABLE, []), outcome=Outcome.ERRORED, reason=reason)
        try:
            answer = client.call("GET", "/auth/v1/health", key="none")
        except NoAnswer as error:
            hint = "Check SUPAMIG_TARGET_URL, and on the droplet `docker compose ps`"
            raise Unreachable(str(error), hint=hint) from error
        if answer.status in _REDIRECTS:
            there = urlsplit(urljoin(client.api.url, str(answer.headers.get("location", ""))))
            message = f"{client.api.url} sends everybody on to {there.scheme}://{there.netloc}"
            raise Unreachable(message, hint="Set SUPAMIG_TARGET_URL to where the services are")
        return _said(_REACHABLE, [])

    def begin(self) -> None:
        """Remove what a run that crashed has left, and see whose services these are."""
        client = self.client("target")
        if self._refusal or not client.is_known:
            return
        try:
            client.key("service")
            self._refusal = self._stranger(client)
            # a session that is yet to be proved needs its user
            needed = str(_kept(self._settings).get("user", ""))
            found = self._ask(_LEFT_BEHIND, PATTERN, _OLD, needed)
        except Unavailable as error:
            self._refusal = str(error)
        except psycopg.Error as error:
            self._refusal = f"the target's `auth.users` cannot be read: {one_line(str(error))}"
        if not self._refusal:
            self._swept, self._left = sweep(client, self._notes, found)

    def _stranger(self, client: ServiceClient) -> str:
        """Say why no user may be made behind these services: they have another database."""
        answer = client.call("GET", "/auth/v1/admin/users?per_page=20", key="service")
        users = answer.get("users")
        if self._target is None or not answer.is_ok or not isinstance(users, list):
            return ""
        # another run makes users and removes them meanwhile
        found = [user for user in users if isinstance(user, dict)]
        listed = [str(one.get("id")) for one in found if not is_ours(str(one.get("email")))]
        known = {row[0] for row in self._ask(KNOWN, listed)}
        if set(listed) - known:
            return f"the services at {client.api.url} work on another database than the target's"
        return ""

    def _ask(self, query: str, *params: object) -> list[tuple[Any, ...]]:
        if self._target is None:
            return []
        with self._target.session() as connection:
            return connection.execute(query, params or None).fetchall()

    def open(
        self, validator: Validator, cancelled: Callable[[], bool], settings: Settings
    ) -> Opened:
        """Make the context of one check."""
        opened = self._sides.open(validator, cancelled, settings)
        users = CheckUsers(
            self.client("target"),  # one that goes on when the check is over
            self._notes,
            refusal=self._refusal,
            number=lambda: next(self._numbers),
            run=self._run,
        )
        context = self._context(opened.context, users, cancelled)

        def close() -> None:
            users.remove()
            self._left += users.left
            opened.close()

        return Opened(context, close, opened.cancel)

    def _context(
        self, context: CheckContext, users: CheckUsers, cancelled: Callable[[], bool]
    ) -> ServiceContext:
        auth = self._settings.auth
        login = Login(email=auth.email, password=auth.password) if auth.password else None
        return ServiceContext(
            source=context.source,
            target=context.target,
            options=context.options,
            cancelled=context.cancelled,
            ask_as=ask_as(self._target),
            knock=knock_from(self._target),
            source_api=self.client("source", cancelled),
            target_api=self.client("target", cancelled),
            users=users,
            expected=self._expected,
            login=login,
            refresh_token=self._token,
            applications=self._settings.applications,
            http=self._settings.http,
        )

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    def left(self) -> CheckResult:
        """Say which users could not be removed, and which were left by an earlier run."""
        findings = [
            Finding(
                check=_LEFT[0],
                severity=Severity.ERROR,
                subject=email,
                message=f"the throw-away user `{email}` could not be removed from the target",
                hint="The next run with `--throwaway-users` tries again",
            )
            for email in self._left
        ]
        findings += [
            Finding(
                check=_LEFT[0],
                severity=Severity.INFO,
                subject=email,
                message=f"`{email}`, left by a run that was interrupted, was removed",
            )
            for email in self._swept
        ]
        return _said(_LEFT, findings)


def _said(check: tuple[str, str], findings: list[Finding]) -> CheckResult:
    return said(*check, findings, stage=Stage.CUTOVER)


def refuse_same(settings: Settings) -> None:
    """Raise `UsageError` where source and target are one address: checks write to the target."""
    source, target = settings.source_api, settings.target_api
    if source and target and source.url.rstrip("/").lower() == target.url.rstrip("/").lower():
        message = f"source and target have the same services: {target.url}"
        raise UsageError(
            message, hint="SUPABASE_URL is the source's, SUPAMIG_TARGET_URL the target's"
        )


def _refusal(settings: Settings) -> str:
    if settings.auth.throwaway_users:
        return ""
    return (
        "it needs a throw-away user on the target, which nobody allowed: `--throwaway-users`, or"
        " `auth.throwaway_users` in supamig.toml"
    )


def _token(settings: Settings) -> Secret | None:
    """Return the refresh token that is given, else the one that `begin_session` kept."""
    if settings.auth.refresh_token is not None:
        return settings.auth.refresh_token
    token = _kept(settings).get("refresh_token")
    return Secret(token) if isinstance(token, str) else None


def _kept(settings: Settings) -> Mapping[str, Any]:
    """Read what `begin_session` kept, if it did."""
    path = settings.state_dir / SESSION
    return _read(path) if path.is_file() else {}


def expected(settings: Settings) -> Mapping[str, Any]:
    """Read the source's Auth settings from the file that is named, or from the bundle's own."""
    named, bundle = settings.auth.config_file, settings.source_bundle
    if named is not None:
        return _read(named)
    own = bundle / AUTH_CONFIG if bundle else None
    return _read(own) if own is not None and own.is_file() else {}


def _read(path: Path) -> Mapping[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        # not chained: what the file holds may be a secret
        raise ConfigError(f"`{path}` cannot be read: {type(error).__name__}") from None
    if not isinstance(found, dict):
        raise ConfigError(f"`{path}` holds no JSON object")
    return found


def answers(server: Server | None) -> bool:
    """Tell whether a database answers; one that cannot be reached is left out of the checks."""
    if server is None:
        return False
    try:
        _ = server.facts
    except SupamigError as error:
        if not error.exit_code.is_about_connecting:
            raise
        return False
    return True
