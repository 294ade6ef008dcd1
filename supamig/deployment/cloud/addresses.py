"""Addresses of the project, and what takes their place in a deployment."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

if TYPE_CHECKING:
    from collections.abc import Collection

_FUNCTIONS = ".functions.supabase.co"


def moved(uri: str, *, hosts: Collection[str], public_url: str) -> str:
    """Return a URI of the project as one of the deployment; any other as it is."""
    parts = urlsplit(uri)
    host = (parts.hostname or "").lower()
    if parts.scheme not in {"http", "https"} or host not in {one.lower() for one in hosts}:
        return uri
    home = urlsplit(public_url)
    # functions have a second name at the platform, without the path of the gateway
    path = f"/functions/v1{parts.path}" if host.endswith(_FUNCTIONS) else parts.path
    return urlunsplit((home.scheme, home.netloc, path, parts.query, parts.fragment))


def callback(public_url: str) -> str:
    """Return where every OAuth provider must send people back to."""
    return f"{public_url}/auth/v1/callback"


def saml_addresses(public_url: str) -> tuple[str, str]:
    """Return the metadata and the address that an identity provider answers to."""
    start = f"{public_url}/auth/v1/sso/saml"
    return f"{start}/metadata", f"{start}/acs"
