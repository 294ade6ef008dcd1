"""Words that plugins hand over, made fit to print: redacted, visible, of bounded length."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

#: No sentence for people is longer; what is longer is a dump of data.
LONGEST = 10_000

# Control characters could repaint a terminal or end an XML file, half a surrogate pair cannot be
# written as UTF-8, and direction overrides show another text than the one that is there.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
# Modules right here, and the command line, stand between a plugin and whoever called it.
_HERE = PurePath(__file__).parent
_MACHINERY = frozenset({_HERE, _HERE / "cli"})


def clean(text: str, redact: Callable[[str], str]) -> str:
    """Return the text without secrets and with everything invisible escaped, cut at ``LONGEST``."""
    shown = _INVISIBLE.sub(_escape, redact(text))
    return shown if len(shown) <= LONGEST else shown[: LONGEST - 1] + "…"


def one_line(text: str) -> str:
    """Return the text with every run of white space as one space."""
    return " ".join(text.split())


def explain(error: BaseException) -> str:
    """Say in one line what was raised and where in the plugin: `ValueError: no (acme.py:12)`."""
    try:
        message = one_line(str(error))
    except BaseException:  # noqa: BLE001 - the error is the plugin's, and so may be its __str__
        message = ""
    if isinstance(error, SyntaxError) and error.filename:
        place = f"{PurePath(error.filename).name}:{error.lineno}"
        message = one_line(str(error.msg))
    else:
        place = _place(error)
    text = type(error).__name__
    if message:
        text += f": {message}"
    return f"{text} ({place})" if place else text


def _place(error: BaseException) -> str:
    """Name the line that the plugin had reached, whatever it called from there."""
    home, line = "", 0
    trace = error.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if not home and not file.startswith("<") and not _is_machinery(file):
            home = file
        if file == home:
            line = trace.tb_lineno
        trace = trace.tb_next
    return f"{PurePath(home).name}:{line}" if home else ""


def _is_machinery(file: str) -> bool:
    path = PurePath(file)
    return path.parent in _MACHINERY or path.parent.name == "importlib"


def _escape(match: re.Match[str]) -> str:
    code = ord(match.group())
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"  # noqa: PLR2004 - one byte
