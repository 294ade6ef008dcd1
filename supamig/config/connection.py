"""Connection strings: read by libpq's own parser, completed with a password, or derived.

No message of this module repeats a connection string: any part of one may be the password.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from supamig.config.settings import SECRET_OPTIONS
from supamig.errors import ConfigError
from supamig.secret import Secret

if TYPE_CHECKING:
    from supamig.management import PoolerAddress

#: Asks the Management API for a project's session pooler; None where it has none.
AskPooler = Callable[[str, Secret], "PoolerAddress | None"]

#: Begins a source that is a bundle's directory and no server.
BUNDLE = "bundle:"
_REFERENCE = re.compile(r"(env|file|cmd):")
#: A plugin may know further schemes; `postgresql://` is a connection string.
_ANY_REFERENCE = re.compile(r"[a-z][a-z0-9_+.-]*:(?!//)")
_PROJECT_REF = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_DIRECT_HOST = re.compile(r"db\.(?P<ref>[a-z0-9-]+)\.supabase\.co")
_POOLER_HOST = ".pooler.supabase.com"
_CLOUD_HOSTS = (".supabase.co", ".supabase.com")
_TRANSACTION_PORT = "6543"


def is_reference(text: str, *, any_scheme: bool = True) -> bool:
    """Tell whether a text names a secret instead of being one.

    Where a plain secret is allowed too, `any_scheme=False`: it may well hold a colon.
    """
    return (_ANY_REFERENCE if any_scheme else _REFERENCE).match(text) is not None


def holds_password(text: str, *, name: str) -> bool:
    """Tell whether a connection string holds a password, in whichever of its spellings.

    A reference holds none.  ``name`` is what to call the text in a message.
    """
    if is_reference(text) or text.startswith(BUNDLE):
        return False
    parts = _parse(text, name=name)
    return any(parts.get(option) for option in SECRET_OPTIONS)


def complete(dsn: Secret, *, name: str, password: Secret | None) -> Secret:
    """Return the connection string with what it lacks: its password, and what Supabase asks for.

    ``name`` is what to call it in a message.  A password of its own wins over ``password``.
    """
    parts = _parse(dsn.reveal(), name=name)
    if not parts:
        raise ConfigError(f"{name} is empty", hint="Use postgresql://USER@HOST:PORT/DATABASE")
    if password is not None and not parts.get("password"):
        parts["password"] = password.reveal()
    hosts = str(parts.get("host", "")).lower().split(",")
    if all(host.endswith(_CLOUD_HOSTS) for host in hosts):
        _refuse_transaction_pooler(parts, name=name)
        parts.setdefault("sslmode", "require")
        if any(host.endswith(_POOLER_HOST) for host in hosts):
            parts.setdefault("gssencmode", "disable")
    return Secret(make_conninfo("", **parts))


def derive(
    project_ref: str, *, password: Secret, token: Secret | None, ask_pooler: AskPooler
) -> Secret:
    """Make the connection string of a cloud project from its reference and password.

    With an access token the session pooler's host is asked for, since the direct host answers on
    IPv6 only; without one, or where there is no pooler, the direct host it is.
    """
    if not _PROJECT_REF.fullmatch(project_ref):
        message = f"`{project_ref}` is not a project reference"
        raise ConfigError(message, hint="It is the first part of https://REFERENCE.supabase.co")
    pooler = ask_pooler(project_ref, token) if token is not None else None
    address: dict[str, str | int]
    if pooler is None:
        address = {"host": f"db.{project_ref}.supabase.co", "port": 5432, "user": "postgres"}
        address["dbname"] = "postgres"
    else:
        address = {"host": pooler.host, "port": pooler.port, "user": pooler.user}
        address |= {"dbname": pooler.database, "gssencmode": "disable"}
    return Secret(make_conninfo("", **address, sslmode="require", password=password.reveal()))


def project_of(dsn: Secret | None) -> str:
    """Return the reference of the cloud project that a connection string leads to, if it does."""
    if dsn is None:
        return ""
    parts = _parse(dsn.reveal(), name="the source")
    host, user = str(parts.get("host", "")).lower(), str(parts.get("user", ""))
    if host.endswith(_POOLER_HOST):
        _, _, ref = user.partition(".")
    else:
        direct = _DIRECT_HOST.fullmatch(host)
        ref = direct["ref"] if direct else ""
    return ref if _PROJECT_REF.fullmatch(ref) else ""


def _refuse_transaction_pooler(parts: dict[str, str | int | None], *, name: str) -> None:
    """Raise `ConfigError` for a pooler that changes the session between two statements."""
    if _TRANSACTION_PORT in str(parts.get("port", "")).split(","):
        message = f"{name} names the transaction pooler, which cannot hold a session"
        raise ConfigError(message, hint="Use port 5432 of the session pooler or the direct host")


def _parse(text: str, *, name: str) -> dict[str, str | int | None]:
    try:
        return dict(conninfo_to_dict(text))
    except ProgrammingError:
        # libpq's message quotes what it stumbled over, which may be the password itself.
        message = f"{name} is not a connection string that Postgres understands"
        hint = (
            "Use postgresql://USER@HOST:PORT/DATABASE, or a reference env:NAME, file:PATH,"
            " cmd:COMMAND; write special characters of a URI as %XX"
        )
        raise ConfigError(message, hint=hint) from None
