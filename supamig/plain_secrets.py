"""What of a container holds a secret that everybody could read: by name and by form."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_NAME = re.compile(
    r"(?:PASSWORD|PASSPHRASE|PASS|_PWD|SECRET|SECRET_KEY_BASE|TOKEN|JWKS?|KEYS?|CREDENTIALS?)$",
    re.IGNORECASE,
)
_PASSWORD_IN_URL = re.compile(r"[a-z]+://[^/\s:@]+:[^/\s@]+@")
_TOKEN = re.compile(
    r"\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]+|\bsb_secret_\w+|\bsbp_\w+|-----BEGIN [A-Z ]*PRIVATE KEY"
)
#: What Pulumi shows in place of a secret, and what a preview without secrets has in its place.
_HIDDEN = {"", "[secret]", "not-given"}


def plain_secrets(container: Mapping[str, Any]) -> Iterator[str]:
    """Yield where among a container's inputs something looks like a secret, never a value."""
    for pair in _list(container.get("envs")):
        if _is_secret(str(pair)):
            yield str(pair).partition("=")[0]
    for label in _list(container.get("labels")):
        if not isinstance(label, str) and _is_secret(f"{label.get('label')}={label.get('value')}"):
            yield f"labels.{label.get('label')}"
    health = container.get("healthcheck") or {}
    commands = {name: container.get(name) for name in ("command", "entrypoints")}
    commands["healthcheck"] = None if isinstance(health, str) else health.get("tests")
    for place, parts in commands.items():
        # of a script nothing but the form of its words counts: `PASSWORD=$(cat FILE)` is right
        if any(_is_secret(str(o) if str(o).startswith("-") else f"={o}") for o in _list(parts)):
            yield place


def _list(value: Iterable[Any] | None) -> list[Any]:
    """Return a list; all of it is one word where a part of it is marked as a secret."""
    # a policy is given a list that is no `list`
    return [] if value is None or isinstance(value, str) else list(value)


def _is_secret(pair: str) -> bool:
    name, _, value = pair.partition("=")
    by_name = value not in _HIDDEN and _NAME.search(name)
    return bool(by_name or _PASSWORD_IN_URL.search(pair) or _TOKEN.search(pair))
