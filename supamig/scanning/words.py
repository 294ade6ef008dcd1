"""What stands in texts: keys, addresses of projects, connection strings.

A key is looked for in whole files, comments too: it leaks from there as well.  Addresses are looked
for in the texts of a program and in whole files of settings.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import NamedTuple

from supamig.scanning.model import Feature, KeyKind

#: Cheap and rough: what a file must hold for any of the patterns below to fit.
KEY_MARKS = (b"eyJ", b"sb_secret_", b"sb_publishable_", b"sbp_", b"postgres")
ADDRESS_MARK = b"supabase."

_REF = r"[a-z]{20}"
_ADDRESS = re.compile(
    rf"(?:(?P<scheme>https?|wss?|postgres(?:ql)?(?:\+\w+)?)://)?(?:[^\s/@'\"]*@)?"
    rf"(?P<host>(?:(?P<db>db\.)?(?P<ref>{_REF})\.(?:functions\.|storage\.)?supabase\.(?:co|in|red|net)"
    r"|(?:aws-\d+-)?[a-z0-9-]+\.pooler\.supabase\.com))(?P<port>:\d+)?",
)
_SERVICES = {
    "auth": Feature.AUTH,
    "rest": Feature.REST,
    "storage": Feature.STORAGE,
    "realtime": Feature.REALTIME,
    "functions": Feature.FUNCTIONS,
}
#: What a file must hold for the path of a service to be in it.
PATH_MARKS = tuple(f"/{name}/v1".encode() for name in _SERVICES)
#: An address of a service, or what stands in it behind the project's own.
_PATH = re.compile(
    r"(?P<host>[^\s/]*(?://[^\s/]*)?)"
    rf"(?P<path>/(?P<service>{'|'.join(_SERVICES)})/v1(?:/[\w./-]{{0,200}})?)(?![\w-])"
)
_POOLER_USER = re.compile(rf"postgres(?:ql)?(?:\+\w+)?://[\w%-]+\.(?P<ref>{_REF})[:@]")
_JWT = re.compile(rb"eyJ[A-Za-z0-9_-]{10,}\.(eyJ[A-Za-z0-9_-]{10,})\.[A-Za-z0-9_-]{20,}")
_OPAQUE = re.compile(rb"\b(sb_secret_|sb_publishable_|sbp_)[A-Za-z0-9_-]{16,}")
_PASSWORD = re.compile(
    rb"postgres(?:ql)?(?:\+\w+)?://[^\s:/@'\"]+:(?P<password>[^\s@'\"]+)@(?P<host>[^\s/:'\"]+)"
)
_KINDS = {
    b"sb_secret_": KeyKind.SECRET,
    b"sb_publishable_": KeyKind.PUBLISHABLE,
    b"sbp_": KeyKind.TOKEN,
}
_ROLES = {"anon": KeyKind.ANON, "service_role": KeyKind.SERVICE}
#: A password that is no password: `$PASSWORD`, `${...}`, `[YOUR-PASSWORD]`, `<password>`.
_PLACEHOLDER = re.compile(rb"[\[<{$%*].*|\*+|.*\$\{.*|(?i:your[-_].*|password|postgres|secret|x+)")
_SHOWN = 8


class FoundKey(NamedTuple):
    """A key and where in the content it begins."""

    at: int
    kind: KeyKind
    masked: str
    project_ref: str


class FoundAddress(NamedTuple):
    """A host of a project, without user and password, and where in the text it begins."""

    at: int
    url: str
    project_ref: str


def keys_in(content: bytes) -> list[FoundKey]:
    """Find every key of a project; the values stay here."""
    if not any(mark in content for mark in KEY_MARKS):
        return []
    found = []
    for match in _JWT.finditer(content):
        claims = _claims(match[1])
        kind = _ROLES.get(str(claims.get("role")))
        if kind is not None and (claims.get("ref") or "supabase" in str(claims.get("iss"))):
            ref = claims.get("ref")
            text = match[0].decode()
            found.append(FoundKey(match.start(), kind, _mask(text), _ref(ref)))
    found += [
        FoundKey(match.start(), _KINDS[match[1]], f"{match[1].decode()}***", "")
        for match in _OPAQUE.finditer(content)
    ]
    for match in _PASSWORD.finditer(content):
        if b"supabase." in match["host"] and not _PLACEHOLDER.fullmatch(match["password"]):
            found.append(FoundKey(match.start(), KeyKind.PASSWORD, "***", _ref_of(match[0])))
    return sorted(found)


def addresses_in(text: str) -> list[FoundAddress]:
    """Find every address of a project."""
    if "supabase." not in text:
        return []
    found = []
    for match in _ADDRESS.finditer(text):
        scheme = f"{match['scheme']}://" if match["scheme"] else ""
        ref = match["ref"] or _ref_of(match[0].encode())
        url = f"{scheme}{match['host']}{match['port'] or ''}"
        found.append(FoundAddress(match.start(), url, ref))
    return found


def path_in(text: str) -> tuple[Feature, str] | None:
    """Return the service that a text is an address of, and its path there."""
    match = _PATH.match(text)
    return (_SERVICES[match["service"]], match["path"]) if match else None


def _ref_of(text: bytes) -> str:
    decoded = text.decode("utf-8", "replace")
    match = _POOLER_USER.search(decoded) or re.search(rf"({_REF})\.supabase\.", decoded)
    return match[1] if match else ""


def _ref(value: object) -> str:
    return value if isinstance(value, str) and re.fullmatch(_REF, value) else ""


def _mask(text: str) -> str:
    return f"{text[:_SHOWN]}***"


def _claims(part: bytes) -> dict[str, object]:
    """Return the claims of a token; nothing where it is none."""
    try:
        decoded = json.loads(base64.urlsafe_b64decode(part + b"=" * (-len(part) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        return {}
    return decoded if isinstance(decoded, dict) else {}
