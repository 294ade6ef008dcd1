"""What `supamig init` has to know: a question each, with what its answer may be.

An answer is a text, and empty where there is nothing of the kind.  No answer is a secret.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, ip_network
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_PROJECT_REF = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_REFERENCE = re.compile(r"[a-z][a-z0-9_+.-]*:(?!//).+")
_DROPLET = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*")
_USER = re.compile(r"[a-z_][a-z0-9_-]*")
_DOMAIN = re.compile(r"([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}")
_HOST_KEY = re.compile(r"(?:\S+ )?((?:ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp\d+) [A-Za-z0-9+/]+=*)")
_EMAIL = re.compile(r"[^@\s,]+@[^@\s,]+\.[^@\s,]+")
_LAST_PORT = 65_535
_LARGEST_GB = 16_384
#: SSH and Postgres; never open to the world.
_PRIVATE = {"22", "5432", "5433", "6543"}
USUAL_PASSWORD = "env:SUPABASE_DB_PASSWORD"  # noqa: S105 - where it is, not what it is


def _required(_: Mapping[str, str]) -> None:
    return None


def _nothing(_: Mapping[str, str]) -> str:
    return ""


def _always(_: Mapping[str, str]) -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question.

    ``check`` returns the answer as it is kept, or raises `ValueError` with what it must be.
    ``usual`` gives what is taken where nobody answers, from the answers before; None has to be
    answered.  ``when`` says whether it is asked at all.
    """

    name: str
    asks: str
    check: Callable[[str], str]
    usual: Callable[[Mapping[str, str]], str | None] = _nothing
    when: Callable[[Mapping[str, str]], bool] = _always

    def kept(self, text: str, usual: str | None) -> str:
        """Return an answer as it is kept; raise `ValueError` with what it must be.

        ``usual`` is None where it has to be answered.
        """
        text = text.strip()
        if not text.isprintable():
            # the files could not be written, or not be read again
            raise ValueError("must be plain text")
        found = self.check(text)
        if not found and usual is None:
            raise ValueError("must be answered")
        return found

    @property
    def option(self) -> str:
        """The option of the command line that answers it."""
        return f"--{self.name.replace('_', '-')}"


def _project_ref(text: str) -> str:
    host = urlsplit(text).hostname or text
    found = host.removesuffix(".supabase.co").removeprefix("db.")
    if not _PROJECT_REF.fullmatch(found):
        raise ValueError("must be the first part of https://REFERENCE.supabase.co")
    return found


def _reference(text: str) -> str:
    # not repeated: it may be the password itself
    if not _REFERENCE.fullmatch(text):
        raise ValueError("must say where it is: env:NAME, file:PATH or cmd:COMMAND")
    return text


def _matches(form: re.Pattern[str], must: str) -> Callable[[str], str]:
    def check(text: str) -> str:
        if text and not form.fullmatch(text):
            raise ValueError(must)
        return text

    return check


def _address(text: str) -> str:
    try:
        return str(IPv4Address(text))
    except AddressValueError:
        raise ValueError("must be an IPv4 address") from None


def _host_key(text: str) -> str:
    found = _HOST_KEY.fullmatch(text.strip())
    if text and not found:
        raise ValueError("must be what `ssh-keyscan -t ed25519 HOST` prints: TYPE BASE64")
    return found[1] if found else ""


def _url(text: str) -> str:
    if urlsplit(text).scheme not in {"http", "https"} or not urlsplit(text).hostname:
        raise ValueError("must be an http(s) URL")
    return text.rstrip("/")


def _list(one: Callable[[str], str]) -> Callable[[str], str]:
    """Check each part of a list with commas."""

    def check(text: str) -> str:
        return ",".join(one(part.strip()) for part in text.split(",") if part.strip())

    return check


def _network(text: str) -> str:
    try:
        network = ip_network(text)
    except ValueError as error:
        raise ValueError(f"must be networks such as 203.0.113.0/24; {error}") from None
    if network.prefixlen == 0:
        raise ValueError(f"must not be the whole world, as `{text}` is")
    return str(network)


def _number(least: int, most: int) -> Callable[[str], str]:
    def check(text: str) -> str:
        if not text.isdecimal() or not least <= int(text) <= most:
            raise ValueError(f"must be a whole number from {least} to {most}")
        return str(int(text))

    return check


def _open_port(text: str) -> str:
    if text in _PRIVATE:
        raise ValueError(f"must not hold {text}, which is never opened to the whole world")
    return _number(1, _LAST_PORT)(text)


def _has_domain(answers: Mapping[str, str]) -> bool:
    return bool(answers.get("domain"))


QUESTIONS = (
    Question(
        name="project_ref",
        asks="Reference of the project, the first part of https://REFERENCE.supabase.co",
        check=_project_ref,
        usual=_required,
    ),
    Question(
        name="password",
        asks="Where its database password is: env:NAME, file:PATH or cmd:COMMAND",
        check=_reference,
        usual=lambda _: USUAL_PASSWORD,
    ),
    Question(
        name="droplet",
        asks="Name or number of the droplet that it moves to",
        check=_matches(_DROPLET, "must be a droplet's name or number"),
        usual=_required,
    ),
    Question(
        name="address",
        asks="The droplet's public address",
        check=_address,
        usual=_required,
    ),
    Question(
        name="user",
        asks="User of the droplet that may use Docker",
        check=_matches(_USER, "must be the name of a user"),
        usual=lambda _: "root",
    ),
    Question(
        name="host_key",
        asks="The droplet's SSH host key, compared on its console (empty: pinned later)",
        check=_host_key,
    ),
    Question(
        name="admin_networks",
        asks="Networks that may use SSH and the database, with commas between",
        check=_list(_network),
        usual=_required,
    ),
    Question(
        name="open_ports",
        asks="Ports of other programs of the droplet that stay open to the world",
        check=_list(_open_port),
    ),
    Question(
        name="domain",
        asks="Domain of the API, with a certificate of its own (empty: plain HTTP)",
        check=_matches(_DOMAIN, "must be a host's name in lower case, without a scheme"),
    ),
    Question(
        name="zone",
        asks="Zone of the account at DigitalOcean that the domain is set in (empty: set elsewhere)",
        check=_matches(_DOMAIN, "must be a domain"),
        usual=lambda answers: answers["domain"].partition(".")[2],
        when=_has_domain,
    ),
    Question(
        name="api_port",
        asks="Port of the API on the droplet",
        check=_number(1, _LAST_PORT),
        usual=lambda _: "8000",
        when=lambda answers: not _has_domain(answers),
    ),
    Question(
        name="site_url",
        asks="URL of the application, to which mail links lead",
        check=_url,
        usual=lambda _: "http://localhost:3000",
    ),
    Question(
        name="backup_gb",
        asks="Size in GB of the volume for backups (0: none)",
        check=_number(0, _LARGEST_GB),
        usual=lambda _: "20",
    ),
    Question(
        name="emails",
        asks="Who is told when a disk is full or nobody answers",
        check=_list(_matches(_EMAIL, "must be addresses of mail")),
    ),
)
