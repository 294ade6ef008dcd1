"""The verbs that begin a session on the source, to be prolonged on the target, and remove it."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
from typing import TYPE_CHECKING

from supamig.checking import Sides
from supamig.cutover import SESSION, Services
from supamig.disk import disk_errors
from supamig.errors import AuthenticationFailed, Unreachable, UsageError
from supamig.protocols import Unavailable
from supamig.services import NoAnswer, SignedIn
from supamig.services.users import CheckUsers, Notes, sweep

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from supamig.config import Settings
    from supamig.services import ServiceClient


def begin_session(settings: Settings) -> Path:
    """Sign in on the source and keep the refresh token in the state directory, for the owner alone.

    As the person of ``settings.auth``; else, where that is allowed, as a user made to throw away,
    which the move takes along: this is the one thing that supamig writes to a source's Auth, and
    :func:`end_session` removes it.  Raise `UsageError`, `AuthenticationFailed` or `Unreachable`.
    """
    with _source(settings) as client, contextlib.ExitStack() as undo:
        email, word = settings.auth.email, settings.auth.password
        if word is None:
            if not settings.auth.throwaway_users:
                message = "there is nobody to sign in as on the source"
                hint = "Set `auth.email` and SUPAMIG_AUTH_PASSWORD, or pass `--throwaway-users`"
                raise UsageError(message, hint=hint)
            numbers = itertools.count(1)
            notes = Notes(settings.state_dir)
            users = CheckUsers(client, notes, number=lambda: next(numbers))
            undo.callback(users.remove)
            user = users.make()
            email, word = user.email, user.password
        body = {"email": email, "password": word.reveal()}
        answer = client.call("POST", "/auth/v1/token?grant_type=password", json=body)
        session = SignedIn.read(answer)
        if session is None:
            message = f"the source refuses to sign `{email}` in: {answer.said}"
            raise AuthenticationFailed(message, hint="Is the password hers on the source?")
        path = _keep(settings.state_dir / SESSION, session)
        undo.pop_all()
    return path


def end_session(settings: Settings) -> list[str]:
    """Remove what `begin_session` made on the source, and the token; return who was removed."""
    with _source(settings) as client:
        gone, stay = sweep(client, Notes(settings.state_dir))
        if stay:
            message = f"{', '.join(stay)} could not be removed from the source"
            raise Unreachable(message, hint="Is the service role key the source's?")
    (settings.state_dir / SESSION).unlink(missing_ok=True)
    return gone


@contextlib.contextmanager
def _source(settings: Settings) -> Iterator[ServiceClient]:
    """Give a client of the source's services, whose problems are raised as errors of the tool."""
    with contextlib.closing(Services(settings, Sides(None, None), None)) as services:
        try:
            yield services.client("source")
        except NoAnswer as error:
            raise Unreachable(str(error), hint="Check SUPABASE_URL") from error
        except Unavailable as error:
            raise UsageError(str(error)) from error


def _keep(path: Path, session: SignedIn) -> Path:
    text = json.dumps({"refresh_token": session.refresh.reveal(), "user": session.user_id})
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        with os.fdopen(os.open(path, flags, 0o600), "w", encoding="utf-8") as stream:
            stream.write(text)
    return path
