"""What a check of services is given, and how a function becomes such a check."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from supamig.models import Finding, Stage
from supamig.protocols import Check, CheckContext, Unavailable, Validator
from supamig.services.sessions import SignedIn

if TYPE_CHECKING:
    from psycopg.sql import Composed

    from supamig.config import Application, Health
    from supamig.secret import Secret
    from supamig.services.client import Answer, ServiceClient
    from supamig.services.knocking import Knock
    from supamig.services.users import CheckUser, CheckUsers

_TOKEN = "/auth/v1/token?grant_type="  # noqa: S105 - a path


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """A person who agreed that a check signs in as her."""

    email: str
    password: Secret


#: Runs one query on the target as a role with the claims of a token, read-only.
AskAs = Callable[[str, Mapping[str, Any], "Composed"], list[tuple[Any, ...]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceContext(CheckContext):
    """Both sides, and the services before them.

    ``expected`` holds the source's Auth settings under the names of the Management API, as far as
    they are known.  ``login`` and ``refresh_token`` are there when the person who runs the checks
    gave them: the token is of a session made on the source before the move.
    """

    source_api: ServiceClient
    target_api: ServiceClient
    users: CheckUsers
    ask_as: AskAs
    knock: Knock
    expected: Mapping[str, Any] = field(default_factory=dict)
    login: Login | None = None
    refresh_token: Secret | None = None
    applications: Sequence[Application] = ()
    http: Sequence[Health] = ()
    clock: Callable[[], float] = time.time

    def throwaway(self, *, confirmed: bool = True) -> CheckUser:
        """Make a user on the target that is removed at the end of the check, also after a crash.

        Raise `Unavailable` where nobody allowed that, or where the Auth server refuses.
        """
        return self.users.make(confirmed=confirmed)

    def ask_for_token(self, grant: str, **body: str) -> Answer:
        """Ask the target for a session: ``grant`` is `password` or `refresh_token`."""
        return self.target_api.call("POST", _TOKEN + grant, json=body)

    def sign_in(self, user: CheckUser | None = None) -> SignedIn:
        """Sign a user in, by default a new throw-away one; raise `Unavailable` if that fails.

        That it fails is for the check of signing in to say.
        """
        user = user or self.throwaway()
        word = user.password.reveal()
        answer = self.ask_for_token("password", email=user.email, password=word)
        session = SignedIn.read(answer)
        if session is None:
            raise Unavailable(f"a throw-away user cannot sign in: {answer.said}")
        return session

    def refresh(self, token: Secret) -> Answer:
        """Exchange a refresh token on the target."""
        return self.ask_for_token("refresh_token", refresh_token=token.reveal())


ServiceCheck = Callable[[ServiceContext], Iterable[Finding]]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthChecker(Validator):
    """A check of the Auth server: a validator of the cutover that is given a `ServiceContext`."""

    stage: Stage = Stage.CUTOVER
    timeout: float = 120.0


def auth_checker(
    id: str,  # noqa: A002 - the word that reports and --select use
    *,
    title: str,
    timeout: float = 120.0,
    needs: tuple[str, ...] = (),
    docs: str = "",
) -> Callable[[ServiceCheck], AuthChecker]:
    """Turn a function that yields findings into an :class:`AuthChecker`."""

    def wrap(run: ServiceCheck) -> AuthChecker:
        return AuthChecker(
            id=id, title=title, run=_given(run), timeout=timeout, needs=needs, docs=docs
        )

    return wrap


def endpoint_validator(
    id: str,  # noqa: A002 - the word that reports and --select use
    *,
    title: str,
    timeout: float = 120.0,
    needs: tuple[str, ...] = (),
    docs: str = "",
) -> Callable[[ServiceCheck], Validator]:
    """Turn a function that yields findings into a validator of the cutover with HTTP clients."""

    def wrap(run: ServiceCheck) -> Validator:
        return Validator(
            id=id,
            title=title,
            run=_given(run),
            stage=Stage.CUTOVER,
            timeout=timeout,
            needs=needs,
            docs=docs,
        )

    return wrap


def _given(run: ServiceCheck) -> Check:
    def check(context: CheckContext) -> Iterable[Finding]:
        if not isinstance(context, ServiceContext):
            raise Unavailable("it needs the services, and only the databases are looked at here")
        return run(context)

    return check
