"""What a value becomes: the source's addresses and keys in it turn to the target's.

A variable is found by its value, never by its name.  Names only make suspicious.
"""

from __future__ import annotations

import base64
import contextlib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from supamig.errors import ConfigError
from supamig.models import Severity
from supamig.switching.databases import URI, Databases

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from supamig.config import Api, Settings
    from supamig.secret import Secret

_ENDS: Final = r"(?=[/?#\s\"'`,;|&<>)\]}]|$)"
#: Hosts of the cloud: of whatever project, they are no part of a deployment.
_CLOUD: Final = re.compile(r"[\w.${}-]+\.supabase\.(?:co|com)\b", re.IGNORECASE)
_TOKEN: Final = re.compile(r"eyJ[\w-]+\.([\w-]+)\.[\w-]*")
_NEW_KEY: Final = re.compile(r"\bsb_(?:publishable|secret)_[\w-]+")
_ROLES: Final = {"anon", "service_role"}


@dataclass(frozen=True, slots=True)
class Replacement:
    """What a value becomes, and in words what was found in it."""

    value: str
    what: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a value that stays looks wrong."""

    severity: Severity
    message: str


@dataclass(frozen=True, slots=True)
class _Rule:
    what: str
    pattern: str
    become: Callable[[re.Match[str]], str]


class Exchange:
    """The source's values and what each becomes; ``found`` gathers what was met."""

    def __init__(self, settings: Settings) -> None:
        self._source, self._target = settings.source_api, settings.target_api
        self._reference = settings.project_ref
        self._databases = Databases(settings)
        self.found: set[str] = set()
        self._rules = list(self._all_rules())
        parts = [f"(?P<r{n}>{rule.pattern})" for n, rule in enumerate(self._rules)]
        self._pattern = re.compile("|".join(parts) or r"(?!)", re.IGNORECASE)

    @property
    def known(self) -> list[str]:
        """What can be found, in words."""
        return list(dict.fromkeys(rule.what for rule in self._rules))

    def replaced(self, value: str) -> Replacement | None:
        """Return what a value becomes, or None where it holds nothing of the source.

        Raise `ConfigError` where the target has no such value.
        """
        what: list[str] = []

        def become(match: re.Match[str]) -> str:
            rule = self._rules[int(str(match.lastgroup)[1:])]
            after = rule.become(match)
            what.append(rule.what)
            return after

        after = self._databases.conninfo(value)
        if after is not None:
            what.append("database address")
        else:
            after = self._pattern.sub(become, value)
            if after == value and value in self._databases.parts:
                name, after = self._databases.parts[value]
                what.append(name)
        self.found.update(what)
        return Replacement(after, tuple(dict.fromkeys(what))) if after != value else None

    def word(self, word: str) -> str:
        """Return the target's part that a word of the settings names."""
        api = self._target
        given: dict[str, str | None] = {
            "url": api.url if api else None,
            "host": urlsplit(api.url).netloc if api else None,
            **{key: _text(getattr(api, key)) if api else None for key in _KEYS},
            **self._databases.target_words(),
        }
        value = given[word]
        if not value:
            raise _missing(word.replace("_", " "))
        return value

    def doubt(self, name: str, value: str) -> Doubt | None:
        """Say why a variable that stays looks like a setting of Supabase, if it does."""
        rest = value
        for held in sorted(self._of_target(), key=len, reverse=True):
            rest = rest.replace(held, "")
        if not rest:
            return None
        if self._reference and self._reference in rest:
            message = "holds the project's reference, and a deployment has none"
            return Doubt(Severity.ERROR, message)
        if _NEW_KEY.search(rest) or _role(rest):
            kind = f"{_role(rest)} key" if _role(rest) else "key"
            message = f"holds a Supabase {kind} that is neither the source's nor the target's"
            return Doubt(Severity.ERROR, message)
        if cloud := _CLOUD.search(rest):
            return Doubt(Severity.ERROR, f"names `{cloud[0]}`, which is not the source")
        if "supabase" in name.lower() and rest == value:
            message = "is named like a setting of Supabase and holds nothing of the source"
            return Doubt(Severity.INFO, message)
        return None

    def _of_target(self) -> set[str]:
        if self._target is None:
            return set()
        keys = {secret.reveal() for secret in self._target.secrets()}
        return {self._target.url, self._target.url + "/", *keys}

    def _all_rules(self) -> Iterator[_Rule]:
        databases = self._databases
        if databases.is_known:
            yield _Rule("database address", URI, lambda found: databases.uri(found[0]))
        if self._source is not None and self._target is not None:
            yield from _key_rules(self._source, self._target)
            yield from _address_rules(self._source.url, self._target.url, self._reference)


_KEYS: Final = {
    "anon_key": ("anon key", "publishable_key"),
    "service_role_key": ("service role key", "secret_key"),
    "publishable_key": ("publishable key", "anon_key"),
    "secret_key": ("secret key", "service_role_key"),
    "jwt_secret": ("JWT secret", "jwt_secret"),
}


def _key_rules(source: Api, target: Api) -> Iterator[_Rule]:
    """Yield a rule a key; the old and the new form of one stand in for each other."""
    for key, (what, instead) in _KEYS.items():
        old = _text(getattr(source, key))
        new = _text(getattr(target, key)) or _text(getattr(target, instead))
        if old:
            pattern = rf"(?-i:(?<![\w-]){re.escape(old)}(?![\w-]))"
            yield _Rule(what, pattern, _constant(what, new))


def _address_rules(source: str, target: str, reference: str) -> Iterator[_Rule]:
    """Yield the rules for addresses, the longer ones first."""
    old, new = urlsplit(source), urlsplit(target)
    tail = "s" if new.scheme == "https" else ""
    if reference:
        functions = rf"https://{reference}\.functions\.supabase\.co{_ENDS}"
        yield _Rule("URL", functions, lambda _: f"{target}/functions/v1")
        storage = rf"https://{reference}\.storage\.supabase\.co{_ENDS}"
        yield _Rule("URL", storage, lambda _: target)
    port = "" if old.port else "(?::443)?" if old.scheme == "https" else "(?::80)?"
    address = rf"(?:http|ws)s?://{re.escape(old.netloc)}{port}{_ENDS}"

    def become(found: re.Match[str]) -> str:
        scheme = "ws" if found[0].lower().startswith("ws") else "http"
        return f"{scheme}{tail}://{new.netloc}"

    yield _Rule("URL", address, become)
    # `localhost` alone says nothing; with its port, or as a name of the internet, it does
    if old.port or re.search(r"[a-z].*\.", old.hostname or ""):
        bare = rf"(?<![\w.@/-]){re.escape(old.netloc)}(?![\w.:-])"
        yield _Rule("host", bare, lambda _: new.netloc)


def _constant(what: str, value: str) -> Callable[[re.Match[str]], str]:
    def become(_: re.Match[str]) -> str:
        if not value:
            raise _missing(what)
        return value

    return become


def _missing(what: str) -> ConfigError:
    hint = "Set it in `[target.api]` or `[target]`, or let `target.api.keys_file` name the file"
    return ConfigError(f"the target's {what} is needed, and not known", hint=hint)


def _text(secret: Secret | None) -> str:
    return secret.reveal() if secret else ""


def _role(value: str) -> str:
    """Return the role that a token of Supabase is for, if the value holds one."""
    for found in _TOKEN.finditer(value):
        with contextlib.suppress(ValueError):
            payload = found[1] + "=" * (-len(found[1]) % 4)
            claims = json.loads(base64.urlsafe_b64decode(payload))
            if isinstance(claims, dict) and claims.get("role") in _ROLES:
                return str(claims["role"])
    return ""
