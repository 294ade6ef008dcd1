"""Keeps secrets from policies, and by that lets a policy tell a secret from a plain value.

The engine marks secrets.  `pulumi_policy` takes the marks off before a policy sees the values, so
that nobody could say any more whether a password was marked.  Here a marked value becomes a word
before that happens: the one place is the function through which the SDK reads all properties.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi_policy import policy
from pulumi_policy.deserialize import SPECIAL_SECRET_SIG, SPECIAL_SIG_KEY

#: What stands in for a value that was marked.
SECRET = "[secret]"  # noqa: S105 - a word, in place of one


def hidden(value: Any) -> Any:  # noqa: ANN401 - whatever a resource has
    """Return the value with a word in place of each that is marked as a secret."""
    if isinstance(value, Mapping):
        if value.get(SPECIAL_SIG_KEY) == SPECIAL_SECRET_SIG:
            return SECRET
        return {key: hidden(one) for key, one in value.items()}
    return [hidden(one) for one in value] if isinstance(value, list) else value


def hide_secrets() -> None:
    """Let all policies of this process see the word.  Fails where the SDK reads them otherwise."""
    names = vars(policy)
    read = names["deserialize_properties"]

    def reading(properties: dict[str, Any], *rest: Any) -> Any:  # noqa: ANN401 - the SDK's
        return read(hidden(properties), *rest)

    names["deserialize_properties"] = reading
