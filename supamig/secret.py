"""Secrets: a type that does not show itself, references that name one, and a redactor.

``reveal`` is the one place where a secret becomes text.
"""

from __future__ import annotations

import base64
import contextlib
import functools
import hmac
import html
import json
import os
import re
import shlex
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, Protocol
from urllib.parse import quote, quote_plus

from supamig.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

#: Seconds that the command of a `cmd:` reference may take.
COMMAND_SECONDS = 30.0
MASK = "***"
#: No password is longer; a reference to a device or a disk image is a mistake.
_LARGEST_FILE = 1_000_000
#: Characters up to which a secret is also looked for in mixed encodings.
_LONGEST_SPELLED = 1000
#: Bytes from which the base64 of a secret is no common word by accident.
_LONG = 6


class Secret:
    """A value that must not be seen: ``repr``, ``str`` and ``format`` show ``***``.

    It can be copied but not pickled, so it reaches neither Pulumi's state nor another process.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the text; call it only where the text leaves for a server or a child process."""
        return self._value

    def __repr__(self) -> str:
        return f"Secret({MASK!r})"

    def __str__(self) -> str:
        return MASK

    def __format__(self, format_spec: str) -> str:
        return format(MASK, format_spec)

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        ours, theirs = (s.reveal().encode("utf-8", "surrogatepass") for s in (self, other))
        return hmac.compare_digest(ours, theirs)

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> Secret:
        return self

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a Secret cannot be pickled")

    def __getstate__(self) -> NoReturn:
        raise TypeError("a Secret cannot be pickled")


# A value in quotes, also one whose end was cut off, or everything up to white space.
# A mask with the punctuation behind it is a value that went already.
_VALUE = (
    r"""(?!\*{3}[^\w\s]*(?:\s|$))"""
    r"""(?:'(?:[^'\\]|\\.|'')*'?|"(?:[^"\\]|\\.)*"?|(?:\\.|[^\s\\])+\\?)"""
)
_WORD = "(?:password|passwd|pwd|api_?key)"
# Lengths are bounded so that no text takes quadratic time, and names of tables such as
# `auth.refresh_tokens: 5 rows` keep the number behind their colon.
_PATTERNS = tuple(
    (re.compile(pattern, re.IGNORECASE | re.DOTALL), replacement)
    for pattern, replacement in (
        (r"(-----BEGIN [A-Z ]*PRIVATE KEY-----).*?(-----END [A-Z ]*-----|$)", rf"\1{MASK}\2"),
        # userinfo of a URL: greedy, for a password may hold an `@`; then one that holds blanks
        (r"\b([a-z][a-z0-9+.-]{0,30}://)\S{0,4096}@", rf"\1{MASK}@"),
        (r"(postgres(?:ql)?://)[^\s:/@*]+:(?!\d+(?:[/?\s,]|$))[^\n]{0,4096}?@", rf"\1{MASK}@"),
        (r"(postgres(?:ql)?(?:%(?:25)*3A)(?:%(?:25)*2F){2})\S{0,4096}(%(?:25)*40)", rf"\1{MASK}\2"),
        # conninfo, PGPASSWORD=, api_key=, then JSON, then YAML
        (rf"((?:{_WORD}|secret|token)\w{{0,40}}\s*(?:=|%(?:25)*3D)\s*){_VALUE}", rf"\1{MASK}"),
        (rf"""({_WORD}\w{{0,40}}\\?["']\s*:\s*){_VALUE}""", rf"\1{MASK}"),
        (
            r"""((?:secret|token)\w{0,40}\\?["']\s*:\s*)\\?["'](?:[^"'\\]|\\.)*\\?["']?""",
            rf"\1{MASK}",
        ),
        (rf"((?<![\w.])\w{{0,40}}{_WORD}\w{{0,40}}\s*:\s*){_VALUE}", rf"\1{MASK}"),
        (r"(\bpassword\s+)'(?:[^'\\]|\\.|'')*'?", rf"\1{MASK}"),  # ALTER ROLE ... PASSWORD '...'
        (r"(\bbearer\s+|\bbasic\s+(?=[\w+/=-]{8}))\S+", rf"\1{MASK}"),
        (r"(?-i:eyJ)[\w-]{6,}(?:\.[\w-]*)*", MASK),
        (r"(?:sb_secret_|sbp_)[\w-]+", MASK),
    )
)


class Redactor:
    """Takes secrets out of text: values that are known first, then what looks like one.

    It takes out too much rather than too little, and doing it twice is the same as once.
    """

    def __init__(self, known: Iterable[Secret] = ()) -> None:
        # What consists of asterisks alone looks redacted already.
        values = {value for secret in known if (value := secret.reveal()).strip("*")}
        forms = {form for value in values for form in _forms(value) if form.strip("*")}
        self._values = sorted(values, key=len, reverse=True)
        self._written = _any(re.escape(form) for form in sorted(forms, key=len, reverse=True))

    @functools.cached_property
    def _spelled(self) -> re.Pattern[str]:
        # Slow to compile, and seldom needed.
        return _any(_spelled(value) for value in self._values if len(value) <= _LONGEST_SPELLED)

    def redact(self, text: str) -> str:
        """Return the text with every secret in it as ``***``."""
        # What is left after a replacement may together be a secret again.  Each round that
        # changes anything leaves fewer characters that are not asterisks, so this ends.
        while (after := self._once(text)) != text:
            text = after
        return text

    def _once(self, text: str) -> str:
        text = self._written.sub(MASK, text)
        if any(mark in text for mark in "%\\+"):
            text = self._spelled.sub(MASK, text)
        for pattern, replacement in _PATTERNS:
            text = pattern.sub(replacement, text)
        return text


def _any(patterns: Iterable[str]) -> re.Pattern[str]:
    """Match what any of the patterns matches; none at all if there are none."""
    return re.compile("|".join(patterns) or r"(?!)")


def _forms(value: str) -> set[str]:
    """Write a value in all the ways in which programs write it as a whole."""
    raw = value.encode("utf-8", "surrogatepass")
    escaped = value.replace("\\", "\\\\")
    forms = {
        value,
        quote(raw, safe=""),
        quote(quote(raw, safe=""), safe=""),
        quote(raw),
        quote_plus(raw),
        json.dumps(value)[1:-1],
        json.dumps(value, ensure_ascii=False)[1:-1],
        json.dumps(json.dumps(value))[3:-3],
        repr(value)[1:-1],
        html.escape(value),
        value.replace("'", "''"),
        escaped.replace("'", "\\'"),
        escaped.replace("'", "''"),
        shlex.quote(value).strip("'"),
    }
    if len(raw) >= _LONG:
        forms |= {base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode()}
    # A secret file often ends in a line feed that the text which repeats it does not have.
    return forms | {form.strip() for form in forms}


def _spelled(value: str) -> str:
    """Match a value of which any characters, in any case, are percent-encoded or escaped.

    The groups are atomic: without that a run of backslashes would take exponential time.
    """
    return "".join(f"(?>{'|'.join(_spellings(char))})" for char in value)


def _spellings(char: str) -> list[str]:
    code = ord(char)
    raw = char.encode("utf-8", "surrogatepass")
    percent = "".join(f"%(?:25)*(?i:{byte:02x})" for byte in raw)
    spellings = [percent]
    if code < 0x10000:  # noqa: PLR2004 - above, JSON writes two units
        spellings.append(rf"\\u(?i:{code:04x})")
    if char == " ":
        spellings.append(r"\+")
    if char in "'\\":
        spellings.append(re.escape(char * 2))
    if not char.isalnum():
        spellings.append(r"\\" + re.escape(char))
    spellings.append(re.escape(char))
    return spellings


class Run(Protocol):
    """How the command of a `cmd:` reference is run; see :func:`run_command`."""

    def __call__(
        self, command: list[str], *, environ: Mapping[str, str], timeout: float
    ) -> subprocess.CompletedProcess[bytes]:
        """Run the command; raise ``TimeoutExpired`` or ``OSError`` as ``subprocess.run`` does."""


def run_command(
    command: list[str], *, environ: Mapping[str, str], timeout: float
) -> subprocess.CompletedProcess[bytes]:
    """Run a command and, when it takes too long, end it with all the processes it started."""
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=dict(environ),
        process_group=0,
    )
    with process:
        try:
            out, err = process.communicate(timeout=timeout)
        except BaseException:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            raise
    return subprocess.CompletedProcess(command, process.returncode, out, err)


def resolve(
    reference: str,
    *,
    environ: Mapping[str, str],
    run: Run = run_command,
    elsewhere: Callable[[str], Secret | None] = lambda _: None,
) -> Secret:
    """Return the secret that `env:NAME`, `file:PATH` or `cmd:COMMAND` names.

    References of any other scheme go to ``elsewhere``, which is the hook `supamig_secret`.
    Raise `ConfigError` if there is none; no message repeats a secret, or a reference that may
    have been meant as one.
    """
    scheme, _, rest = reference.partition(":")
    if scheme == "env":
        return _from_environment(rest, environ)
    if scheme == "file":
        return _from_file(rest, environ)
    if scheme == "cmd":
        return _from_command(rest, environ, run)
    found = elsewhere(reference)
    if found is None:
        raise ConfigError(
            "a secret is given in a form that nothing resolves",
            hint="Write env:NAME, file:PATH or cmd:COMMAND, or install a plugin for the scheme",
        )
    return found


def _from_environment(name: str, environ: Mapping[str, str]) -> Secret:
    value = environ.get(name, "")
    if value:
        return Secret(value)
    shown = name if re.fullmatch(r"[A-Za-z_]\w*", name) else MASK
    state = "empty" if name in environ else "not set"
    raise ConfigError(
        f"`env:{shown}` names an environment variable that is {state}",
        hint="Set it, or name another with env:NAME",
    )


def _from_file(name: str, environ: Mapping[str, str]) -> Secret:
    home = environ.get("HOME", "")
    path = Path(home + name[1:]) if home and name.startswith("~/") else Path(name)
    try:
        with path.open("rb") as file:
            raw = file.read(_LARGEST_FILE + 1)
        text = raw.decode()
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "not a text file"
        raise ConfigError(
            f"the secret in `{path}` cannot be read: {why}",
            hint="Name a file that holds nothing but the secret: file:PATH",
        ) from (error if isinstance(error, OSError) else None)
    value = _without_line_end(text)
    if not value or len(raw) > _LARGEST_FILE:
        raise ConfigError(
            f"`{path}` is {'too large for a secret' if value else 'empty'}",
            hint="Name a file that holds nothing but the secret: file:PATH",
        )
    return Secret(value)


def _from_command(line: str, environ: Mapping[str, str], run: Run) -> Secret:
    hint = "Run the command by hand: it must print the secret and nothing else"
    try:
        command = shlex.split(line)
    except ValueError:
        command = []
    if not command:
        raise ConfigError("a `cmd:` reference holds no command, or a quote is open", hint=hint)
    program = f"the command `{Path(command[0]).name}` of a `cmd:` reference"
    try:
        done = run(command, environ=environ, timeout=COMMAND_SECONDS)
    except subprocess.TimeoutExpired:
        # Not chained: the exception holds what the command had printed.
        message = f"{program} did not end within {COMMAND_SECONDS:g} s"
        raise ConfigError(message, hint=hint) from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it cannot be run"
        raise ConfigError(f"{program} did not start: {why}", hint=hint) from error
    printed = _without_line_end(done.stdout.decode("utf-8", "replace"))
    if done.returncode != 0:
        said = _redacted_error(done.stderr, printed, environ)
        raise ConfigError(f"{program} ended with status {done.returncode}{said}", hint=hint)
    if not printed or "\ufffd" in printed:
        state = "something that is not text" if printed else "nothing"
        raise ConfigError(f"{program} printed {state}", hint=hint)
    return Secret(printed)


def _redacted_error(stderr: bytes, printed: str, environ: Mapping[str, str]) -> str:
    """Say what a command complained of, without what it printed and what its environment hides."""
    telling = re.compile("pass|pwd|secret|token|key|dsn|url", re.IGNORECASE)
    known = [Secret(value) for name, value in environ.items() if telling.search(name)]
    known += [Secret(line) for line in (printed, *printed.splitlines())]
    lines = Redactor(known).redact(stderr.decode("utf-8", "replace")).split()
    return f": {' '.join(lines)[:500]}" if lines else ""


def _without_line_end(text: str) -> str:
    """Take off the one line end that an editor or `echo` puts behind a secret."""
    return text.removesuffix("\n").removesuffix("\r") if text.endswith("\n") else text
