"""Every variable that the auth service reads, and what each may hold.

It reads all of them before anything else: one value of another type, and nobody signs in.  The
table is of auth 2.196.0, the release that `images` pins.
"""

from __future__ import annotations

import difflib
import re
from functools import cache

from supamig.deployment.upstream import table

#: What Go's `time.ParseDuration` takes; no variable wants less than nothing.
DURATION = re.compile(r"(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+|0")
_NUMBER = re.compile(r"\d+(\.\d+)?")
_PAIR = r"[^:,]+:[^:,]*"
#: By type: what a value may be, and how people are told.
_TYPES = {
    "bool": (re.compile(r"true|false|1|0|t|f|T|F|TRUE|FALSE|True|False"), "`true` or `false`"),
    "int": (re.compile(r"-?\d+"), "a whole number"),
    "float": (_NUMBER, "a number"),
    "duration with unit": (DURATION, "a duration with its unit, such as `60s`"),
    "rate: N or N/duration": (
        re.compile(rf"{_NUMBER.pattern}(/({DURATION.pattern}))?"),
        "a number, or a number and a time such as `30/1h`",
    ),
    "map k:v,k:v": (re.compile(rf"{_PAIR}(,{_PAIR})*"), "pairs such as `NAME:VALUE,NAME:VALUE`"),
    "RFC 3339 time": (
        re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)"),
        "a time such as `2027-01-31T00:00:00Z`",
    ),
}
#: By name, on top of the type.
_NAMES = (
    (
        re.compile(r"GOTRUE_MAILER_TEMPLATES_.*"),
        re.compile(r"(https?://|/)\S+"),
        "a URL or a path: text of its own gives mail without any",
    ),
    (
        re.compile(r"GOTRUE_SESSIONS_(TIMEBOX|INACTIVITY_TIMEOUT|ALLOW_LOW_AAL)"),
        re.compile(r".*[1-9].*"),
        "more than nothing; leave it out for no limit",
    ),
    (
        re.compile(r"GOTRUE_SECURITY_CAPTCHA_PROVIDER"),
        re.compile(r"hcaptcha|turnstile"),
        "`hcaptcha` or `turnstile`",
    ),
    (
        re.compile(r"GOTRUE_SECURITY_REFRESH_TOKEN_ALGORITHM_VERSION"),
        re.compile(r"[012]"),
        "0, 1 or 2",
    ),
)


@cache
def types() -> dict[str, str]:
    """Return the type of each variable, under every name that it is read by."""
    found = {}
    for row in table("gotrue_environment"):
        for name in filter(None, (row["name"], row["also_accepted_as"])):
            found[name] = row["type"]
    return found


def problem_of(name: str, value: str) -> str:
    """Say what a variable must be where it is not that; nothing for a value that can be read.

    An empty value is left out of the environment, so it is no problem.
    """
    kind = types().get(name)
    if kind is None:
        close = difflib.get_close_matches(name, types(), n=1, cutoff=0.8)
        return "a variable that auth reads" + (f", such as `{close[0]}`" if close else "")
    rules = [_TYPES[kind]] if kind in _TYPES else []
    rules += [(allowed, what) for names, allowed, what in _NAMES if names.fullmatch(name)]
    broken = (what for allowed, what in rules if value and not allowed.fullmatch(value))
    return next(broken, "")
