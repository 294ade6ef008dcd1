"""The certificate of the public address: valid, for this name, and not about to end."""

from __future__ import annotations

import socket
import ssl
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from supamig.hookspecs import hookimpl
from supamig.models import Finding, Severity
from supamig.protocols import Unavailable
from supamig.services import endpoint_validator

if TYPE_CHECKING:
    from collections.abc import Iterable

    from supamig.protocols import Validator
    from supamig.services import ServiceContext

_CHECK = "endpoints.tls"
_SECONDS = 10.0
_PORT = 443
_DAY = 86_400
#: Days; who renews by themselves do so 30 days before the end.
_SOON = 14
_HERE = ("localhost", "127.", "[::1]", "::1")


@endpoint_validator(_CHECK, title="The certificate is valid, for this name and long enough")
def tls(context: ServiceContext) -> Iterable[Finding]:
    """Open a connection to the public address and look at the certificate."""
    url = urlsplit(context.target_api.api.url)
    host = url.hostname or ""
    if url.scheme != "https":
        if host.startswith(_HERE):
            raise Unavailable("the services are reached on this machine, without TLS")
        yield Finding(
            check=_CHECK,
            severity=Severity.ERROR,
            subject=host,
            message=f"`{context.target_api.api.url}` has no TLS: passwords pass in clear",
            hint="Put a proxy with a certificate before the gateway (`supamig deployment`)",
        )
        return
    try:
        left = seconds_left(host, url.port or _PORT, now=context.clock())
    except ssl.SSLCertVerificationError as error:
        yield _bad(host, f"the certificate of `{host}` is refused: {error.verify_message}")
        return
    except OSError as error:
        yield _bad(host, f"no TLS connection to `{host}`: {error}")
        return
    if left < _SOON * _DAY:
        yield Finding(
            check=_CHECK,
            severity=Severity.WARNING,
            subject=host,
            message=f"the certificate of `{host}` ends in {max(0, int(left / _DAY))} days",
            hint="Does the proxy renew it? Ports 80 and 443 must be open for that",
        )


def seconds_left(
    host: str, port: int, *, now: float, context: ssl.SSLContext | None = None
) -> float:
    """Return for how many seconds a server's certificate is still good.

    Raise `ssl.SSLCertVerificationError` for one that is not trusted or of another name.
    """
    trusted = context or ssl.create_default_context()
    with (
        socket.create_connection((host, port), timeout=_SECONDS) as plain,
        trusted.wrap_socket(plain, server_hostname=host) as connection,
    ):
        until = str((connection.getpeercert() or {}).get("notAfter", ""))
    return ssl.cert_time_to_seconds(until) - now


def _bad(host: str, message: str) -> Finding:
    return Finding(
        check=_CHECK,
        severity=Severity.ERROR,
        subject=host,
        message=message,
        hint="Does the name lead to the droplet already? The proxy gets a certificate only then",
    )


@hookimpl
def supamig_validators() -> list[Validator]:
    """Hand over the check of the certificate."""
    return [tls]
