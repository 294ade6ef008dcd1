"""Environment files: which variables are about the project, by what they hold; never a value."""

from __future__ import annotations

import io
import re

from dotenv.parser import parse_stream

from supamig.scanning.model import KeyKind, Variable
from supamig.scanning.words import addresses_in, keys_in

_NAMED = re.compile(r"SUPABASE|POSTGRES|DATABASE_URL|DIRECT_URL|JWT_SECRET", re.IGNORECASE)
_NAME = re.compile(r"(?:^|/)\.env(?:\..+)?$|\.env$")


def is_environment(path: str) -> bool:
    """Tell whether a file is one: `.env`, `.env.local`, `production.env`."""
    return _NAME.search(path) is not None


def variables_of(path: str, text: str) -> list[Variable]:
    """Return the variables that are about a project, with the kind of what each holds."""
    found = []
    for binding in parse_stream(io.StringIO(text)):
        if binding.key is None:
            continue
        value = binding.value or ""
        holds, ref = _kind_of(value)
        if holds or _NAMED.search(binding.key):
            found.append(
                Variable(
                    path=path,
                    line=binding.original.line + _leading(binding.original.string),
                    name=binding.key,
                    holds=holds or ("another value" if value else "nothing"),
                    project_ref=ref,
                )
            )
    return found


def _leading(text: str) -> int:
    """Count the empty lines that the parser hands over with a binding."""
    return text[: len(text) - len(text.lstrip())].count("\n")


def _kind_of(value: str) -> tuple[str, str]:
    keys = [one for one in keys_in(value.encode()) if one.kind is not KeyKind.PASSWORD]
    if keys:
        return str(keys[0].kind), keys[0].project_ref
    addresses = addresses_in(value)
    if value.startswith(("postgres://", "postgresql://")):
        host = f" of {addresses[0].url.partition('://')[2]}" if addresses else ""
        return f"connection string{host}", addresses[0].project_ref if addresses else ""
    if addresses:
        return addresses[0].url, addresses[0].project_ref
    return "", ""
