"""Stands in for GoTrue's choice of where a link may lead back to."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, quote, urlencode, urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from supamig.testing.services.gotrue.environment import Configuration

_HOST = re.compile(r"[a-zA-Z0-9]([a-zA-Z0-9.-]*[a-zA-Z0-9])?")
_PART = re.compile(r"\*\*|\*|\?|\[!?[^\]]+\]|\{|\}|,|\\.|.", re.DOTALL)


def compiled(glob: str) -> re.Pattern[str]:
    """Turn a pattern of the allow list into an expression; raise `ValueError` if it is broken."""
    depth = 0
    found = []
    for part in _PART.findall(glob):
        if part == "**":
            found.append(".*")
        elif part in {"*", "?"}:
            found.append("[^./]" + ("*" if part == "*" else ""))
        elif part == "{":
            depth += 1
            found.append("(?:")
        elif part == "}":
            depth -= 1
            found.append(")")
        elif part == "," and depth:
            found.append("|")
        elif len(part) > 2 and part[0] == "[":  # noqa: PLR2004 - brackets with something inside
            found.append("[" + part[1:-1].replace("!", "^", 1) + "]")
        elif part == "[":
            raise ValueError("unexpected end of input")
        else:
            found.append(re.escape(part[-1]))
    if depth:
        raise ValueError("unexpected end of input")
    return re.compile("".join(found), re.DOTALL)


def is_allowed(configuration: Configuration, url: str) -> bool:
    """Tell whether a link may lead to ``url``."""
    try:
        base, wanted = urlsplit(configuration.text("SITE_URL")), urlsplit(url)
        home = _is_home(base, wanted)
    except ValueError:
        return False
    return bool(url) and (home or _is_listed(configuration, wanted))


def _is_listed(configuration: Configuration, wanted: SplitResult) -> bool:
    host = wanted.hostname or ""
    if host.isdecimal():
        return False
    if (address := _address(host)) is not None:
        return address.is_loopback
    if wanted.scheme in {"http", "https"} and not _HOST.fullmatch(host):
        return False
    without = wanted._replace(fragment="").geturl()
    globs = configuration.words("URI_ALLOW_LIST")
    return any(compiled(glob).fullmatch(without) for glob in globs)


def choose(configuration: Configuration, *wanted: str) -> str:
    """Return the first URL that is allowed, else the site's own."""
    for url in wanted:
        if is_allowed(configuration, url):
            return url
    return configuration.text("SITE_URL")


def action_link(configuration: Configuration, *, path: str, query: Mapping[str, str]) -> str:
    """Return a link to follow: the path of the external URL is lost, as in the real one."""
    external = urlsplit(configuration.text("API_API_EXTERNAL_URL"))
    target = query["redirect_to"]
    if any(one in target for one in "&=#"):
        target = quote(target, safe="")
    written = urlencode({"token": query["token"], "type": query["type"]})
    return f"{external.scheme}://{external.netloc}{path}?{written}&redirect_to={target}"


def _is_home(base: SplitResult, wanted: SplitResult) -> bool:
    same = (base.hostname, base.scheme) == (wanted.hostname, wanted.scheme)
    address = _address(wanted.hostname or "")
    local = wanted.hostname == "localhost" or (address is not None and address.is_loopback)
    return same and (base.port == wanted.port or local)


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
