"""The mail server answers: without it nobody confirms an address or gets a new password."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from supamig.hookspecs import hookimpl
from supamig.models import Finding, Severity
from supamig.protocols import Unavailable
from supamig.services import auth_checker

if TYPE_CHECKING:
    from collections.abc import Iterable

    from supamig.protocols import Validator
    from supamig.services import ServiceContext
    from supamig.services.knocking import Knock

_CHECK = "auth.smtp"
_SECONDS = 10.0
_PORTS = range(1, 65_536)
#: What a mail server that takes mail says first: `220`.
_GREETING = "2"
#: The port on which TLS is spoken from the first byte, so that no greeting is seen.
_TLS_PORT = 465


@auth_checker(_CHECK, title="The mail server can be reached", timeout=30.0)
def smtp(context: ServiceContext) -> Iterable[Finding]:
    """Connect to the mail server and wait for its greeting; send no mail.

    The target's database server connects, which is where the Auth server is; this machine does
    only where that one cannot.
    """
    host = str(context.options.get("smtp_host") or context.expected.get("smtp_host") or "")
    port = context.options.get("smtp_port") or context.expected.get("smtp_port") or 0
    try:
        number = int(str(port))
    except ValueError:
        number = 0
    if not host or number not in _PORTS:
        raise Unavailable(
            "the mail server is not known: set `smtp_host` and `smtp_port` of [plugins.auth]"
        )
    place = "the target's database server"
    try:
        why = _problem(context.knock, host, number)
    except Unavailable as error:
        place = f"here ({error})"
        why = _problem(_knock_from_here, host, number)
    if why:
        yield Finding(
            check=_CHECK,
            severity=Severity.ERROR,
            subject=f"{host}:{number}",
            message=f"the mail server {host}:{number} cannot be reached from {place}: {why}",
            hint="DigitalOcean closes port 25, on newer accounts 465 and 587 too: use port 2525, or"
            " a send-mail hook over HTTPS",
        )


def _problem(knock: Knock, host: str, port: int) -> str:
    try:
        first = knock(host, port)
    except OSError as error:
        return str(error) or type(error).__name__
    if port != _TLS_PORT and first != _GREETING:
        return "it does not greet as a mail server does"
    return ""


def _knock_from_here(host: str, port: int) -> str:
    with socket.create_connection((host, port), timeout=_SECONDS) as connection:
        return "" if port == _TLS_PORT else connection.recv(1).decode("latin-1")


@hookimpl
def supamig_auth_checkers() -> list[Validator]:
    """Hand over the check of the mail server."""
    return [smtp]
