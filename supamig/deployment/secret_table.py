"""Every secret of a deployment: what it may look like, and where it comes from.

Services are strict in their own ways.  The database's password goes unescaped into URLs; two keys
must have an exact length, or a service ends with `invalid key size` long after it started.
"""

from __future__ import annotations

import re
import string
from dataclasses import dataclass
from typing import TYPE_CHECKING

from supamig.deployment import saml_key, tokens

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from supamig.secret import Secret

LETTERS_DIGITS = string.ascii_letters + string.digits
HEX = "0123456789abcdef"


@dataclass(frozen=True, slots=True)
class Random:
    """A secret that is made of nothing but chance."""

    name: str
    length: int
    #: How short one may be that a person brings.
    least: int
    alphabet: str = LETTERS_DIGITS
    #: Whether another length ends the service.
    exact: bool = False
    #: What may stand in one that a person brings.
    brought: str = r"[\x21-\x7e]+"

    def problem(self, value: str) -> str:
        """Say what is wrong with a value, in words that do not repeat it; nothing if it is fine."""
        if self.exact and len(value) != self.length:
            return f"`{self.name}` must have exactly {self.length} characters, not {len(value)}"
        if len(value) < self.least:
            return f"`{self.name}` must have {self.least} characters or more, not {len(value)}"
        if not re.fullmatch(self.brought, value):
            return f"`{self.name}` holds characters that a service cannot read"
        return ""


_PLAIN = r"[A-Za-z0-9]+"
RANDOM = (
    Random("POSTGRES_PASSWORD", 32, 12, brought=_PLAIN),
    Random("JWT_SECRET", 40, 32),
    Random("DASHBOARD_PASSWORD", 32, 12, brought=r"""[^\x00-\x1f'"\\|&$]+"""),
    Random("SECRET_KEY_BASE", 64, 64),
    Random("REALTIME_DB_ENC_KEY", 16, 16, exact=True),
    Random("VAULT_ENC_KEY", 32, 32, exact=True),
    Random("PG_META_CRYPTO_KEY", 32, 32),
    Random("LOGFLARE_PUBLIC_ACCESS_TOKEN", 40, 32),
    Random("LOGFLARE_PRIVATE_ACCESS_TOKEN", 40, 32),
    Random("S3_PROTOCOL_ACCESS_KEY_ID", 32, 16, HEX, brought=_PLAIN),
    Random("S3_PROTOCOL_ACCESS_KEY_SECRET", 64, 32, HEX, brought=_PLAIN),
)
#: Made of others: changing what stands right changes what stands left.
DERIVED: Mapping[str, frozenset[str]] = {
    "ANON_KEY": frozenset({"JWT_SECRET"}),
    "SERVICE_ROLE_KEY": frozenset({"JWT_SECRET"}),
    "JWT_KEYS": frozenset({"JWT_SECRET"}),
    "JWT_JWKS": frozenset({"JWT_SECRET", "JWT_KEYS"}),
    "JWT_PUBLIC_JWKS": frozenset({"JWT_KEYS"}),
    "ANON_KEY_ASYMMETRIC": frozenset({"JWT_KEYS"}),
    "SERVICE_ROLE_KEY_ASYMMETRIC": frozenset({"JWT_KEYS"}),
    "SUPABASE_PUBLISHABLE_KEY": frozenset(),
    "SUPABASE_SECRET_KEY": frozenset(),
}
_HOOK_SECRETS = re.compile(r"v1,whsec_[A-Za-z0-9+/]+=*(\|v1,whsec_[A-Za-z0-9+/]+=*)*")
#: All that can be made here; what is not among them (a mail server's password) is brought.
NAMES = (*(one.name for one in RANDOM), *DERIVED)


def problems(values: Mapping[str, Secret]) -> Iterator[str]:
    """Yield what is wrong with secrets, alone and with each other; no message repeats a value."""
    known = {name: secret.reveal() for name, secret in values.items()}
    yield from forms(known)
    for name, value in known.items():
        if not value:
            yield f"`{name}` is empty"
    for name in ("SUPABASE_PUBLISHABLE_KEY", "SUPABASE_SECRET_KEY"):
        if known.get(name) and not tokens.is_api_key(known[name], name=name):
            yield f"`{name}` does not have the form of such a key"
    for name in known.keys() - set(NAMES):
        yield from _problems_of_brought(name, known[name])
    yield from _signatures(known)


def forms(known: Mapping[str, str]) -> Iterator[str]:
    """Yield what is wrong with lengths and alphabets of secrets that are made of chance."""
    for one in RANDOM:
        if one.name in known and (found := one.problem(known[one.name])):
            yield found


def _problems_of_brought(name: str, value: str) -> Iterator[str]:
    """Check what is made elsewhere; the Management API shows a hash in place of such a secret."""
    if re.fullmatch(r"[0-9a-f]{64}", value):
        yield f"`{name}` looks like the hash that Supabase Cloud shows, not like the secret itself"
    if name == "SAML_PRIVATE_KEY" and not saml_key.is_readable(value):
        yield f"`{name}` must be an RSA key of 2048 bits or more: base64 of PKCS#1, without lines"
    if re.fullmatch(r"HOOK_\w+_SECRETS", name) and not _HOOK_SECRETS.fullmatch(value):
        yield f"`{name}` must be v1,whsec_ and base64, or several with `|` between"


def _signatures(known: Mapping[str, str]) -> Iterator[str]:
    """Check that whoever gets a token can verify it, and as the role that it is for."""
    roles = {"ANON_KEY": "anon", "SERVICE_ROLE_KEY": "service_role"}
    for name, role in roles.items():
        if known.get(name) and known.get("JWT_SECRET"):
            verified = tokens.role_by_secret(known[name], known["JWT_SECRET"])
            if verified != role:
                yield f"`{name}` is not signed with `JWT_SECRET` for the role {role}"
        pair = f"{name}_ASYMMETRIC"
        if known.get(pair) and known.get("JWT_JWKS"):
            verified = tokens.role_by_pair(known[pair], known["JWT_JWKS"])
            if verified != role:
                yield f"`{pair}` is not signed with the key of `JWT_KEYS` for the role {role}"
    if known.get("JWT_KEYS") and known.get("JWT_SECRET"):
        yield from tokens.problems_of_keys(known["JWT_KEYS"], known["JWT_SECRET"])
