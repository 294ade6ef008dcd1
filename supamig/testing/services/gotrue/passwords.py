"""Stands in for GoTrue's passwords: the kinds of hash it knows, and what it calls weak."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import bcrypt
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from supamig.testing.services.gotrue.problems import Problem, invalid, unexpected

if TYPE_CHECKING:
    from supamig.testing.services.gotrue.environment import Configuration

#: Bytes that bcrypt looks at.
LONGEST = 72
_BCRYPT = re.compile(r"\$2[aby]?\$\d\d\$[./A-Za-z0-9]{53}")
_ARGON2 = re.compile(r"\$argon2id?\$v=19\$m=\d+,t=\d+,p=\d+\$[A-Za-z0-9+/]+\$[A-Za-z0-9+/]+")
_ENCRYPTED = '{"key_id"'


def digest(password: str) -> str:
    """Return the hash of a new password."""
    return bcrypt.hashpw(password.encode()[:LONGEST], bcrypt.gensalt(10)).decode()


def matches(password: str, stored: str) -> bool:
    """Tell whether it is the password; a hash that nobody can read is a 500."""
    if stored.startswith(_ENCRYPTED):
        raise unexpected()
    if stored.startswith("$argon2"):
        try:
            return PasswordHasher().verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False
    if not is_known(stored):
        raise unexpected()
    return bcrypt.checkpw(password.encode()[:LONGEST], stored.encode())


def is_known(stored: str) -> bool:
    """Tell whether a hash is of a kind that may be stored."""
    return bool(_BCRYPT.fullmatch(stored) or _ARGON2.fullmatch(stored))


def check(configuration: Configuration, password: str) -> None:
    """Raise what is answered to a password that is too long or too weak."""
    if len(password.encode()) > LONGEST:
        raise invalid(f"Password cannot be longer than {LONGEST} characters")
    messages, reasons = [], []
    least = configuration.number("PASSWORD_MIN_LENGTH")
    if len(password.encode()) < least:
        reasons.append("length")
        messages.append(f"Password should be at least {least} characters.")
    groups = _groups(configuration.text("PASSWORD_REQUIRED_CHARACTERS"))
    if any(not set(group) & set(password) for group in groups):
        reasons.append("characters")
        listed = ", ".join(groups)
        messages.append(f"Password should contain at least one character of each: {listed}.")
    if reasons:
        raise Problem(422, "weak_password", " ".join(messages), weak=reasons)


def _groups(text: str) -> list[str]:
    r"""Split at colons, of which one after a backslash stands for itself."""
    parts = re.split(r"(?<!\\):", text)
    return [part.replace("\\:", ":") for part in parts if part]
