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

_CHECK = "auth.smtp"
_SECONDS = 10.0
_GREETING = b"220"
#: The port on which TLS is spoken from the first byte, so that no greeting is seen.
_TLS_PORT = 465


@auth_checker(_CHECK, title="The mail server can be reached", timeout=30.0)
def smtp(context: ServiceContext) -> Iterable[Finding]:
    """Open a connection to the mail server from here and wait for its greeting; send nothing."""
    host = str(context.options.get("smtp_host") or context.expected.get("smtp_host") or "")
    port = context.options.get("smtp_port") or context.expected.get("smtp_port") or 0
    try:
        number = int(str(port))
    except ValueError:
        number = 0
    if not host or not number:
        raise Unavailable(
            "the mail server is not known: set `smtp_host` and `smtp_port` of [plugins.auth]"
        )
    why = _problem(host, number)
    if why:
        yield Finding(
            check=_CHECK,
            severity=Severity.ERROR,
            subject=f"{host}:{number}",
            message=f"the mail server {host}:{number} cannot be reached from here: {why}",
            hint="DigitalOcean closes port 25, on newer accounts 465 and 587 too: use port 2525, or"
            " a send-mail hook over HTTPS.  Try it on the droplet as well",
        )


def _problem(host: str, port: int) -> str:
    try:
        with socket.create_connection((host, port), timeout=_SECONDS) as connection:
            greeting = b"" if port == _TLS_PORT else connection.recv(512)
    except OSError as error:
        return str(error) or type(error).__name__
    if port != _TLS_PORT and not greeting.startswith(_GREETING):
        return "it does not greet as a mail server does"
    return ""


@hookimpl
def supamig_auth_checkers() -> list[Validator]:
    """Hand over the check of the mail server."""
    return [smtp]
