"""Answers of HTTP servers that may have no end: whoever reads one says how much and how long."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx


def read(answer: httpx.Response, *, longest: int, seconds: float) -> tuple[bytes, bool]:
    """Read until there are more than ``longest`` bytes, or ``seconds`` are over.

    Return what was read, and whether the time was over first.
    """
    deadline = time.monotonic() + seconds
    content = b""
    for part in answer.iter_bytes():
        content += part
        if len(content) > longest:
            break
        if time.monotonic() > deadline:
            return content, True
    return content, False
