"""One HTML file that needs nothing else: no network, no fonts, no images, readable without script.

The page may load nothing and run only what :func:`to_html` put into it: its content security policy
names the style and the script by their hashes, so that not even a name that slipped through the
escaping could act.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from typing import TYPE_CHECKING, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from supamig.report import wording
from supamig.report.html.page import page

if TYPE_CHECKING:
    from supamig.models import Report

_CLIP: Final = 2000


class Html:
    """The reporter that writes the page for reviewers."""

    name = "html"
    suffix = ".html"

    def render(self, report: Report) -> str:
        """Return the HTML text of ``report``."""
        return to_html(report)


def to_html(report: Report) -> str:
    """Write a report as one self-contained page."""
    environment = _environment()
    style, script = _source("page.css"), _source("page.js")
    policy = "; ".join(
        (
            "default-src 'none'",
            f"style-src '{_hash(style)}'",
            f"script-src '{_hash(script)}'",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )
    return environment.get_template("page.html.jinja").render(
        page=page(report), style=style, script=script, policy=policy
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("supamig.report.html", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    environment.filters |= {
        "code": _code,
        "count": wording.count,
        "duration": wording.duration,
        "size": wording.size,
        "value": wording.value,
    }
    environment.globals |= {
        "MARKS": wording.MARKS,
        "OUTCOME_WORDS": wording.OUTCOME_WORDS,
        "SEVERITIES": wording.SEVERITIES,
        "SEVERITY_MARKS": wording.SEVERITY_MARKS,
        "WORDS": wording.SEVERITY_WORDS,
        "plural": wording.plural,
    }
    return environment


@cache
def _source(name: str) -> Markup:
    environment = _environment()
    assert environment.loader is not None  # noqa: S101 - for the type checker
    text, _, _ = environment.loader.get_source(environment, name)
    return Markup(text)  # noqa: S704 - a file of this package


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _shown(value: object) -> object:
    """Show what cannot be printed, and cut what nobody reads; the template engine escapes it."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    text = value if len(value) <= _CLIP else f"{value[:_CLIP]} … and {len(value) - _CLIP:,} more"
    return wording.printable(text, lines=True)


def _code(text: str) -> Markup:
    """Set what stands between backticks as code."""
    parts = str(_shown(text)).split("`")
    if len(parts) % 2 == 0:
        return escape("`".join(parts))
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if number % 2 else escape(part)
        for number, part in enumerate(parts)
    )
