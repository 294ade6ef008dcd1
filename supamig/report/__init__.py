"""From results to a report, and from a report to text, JSON, JUnit XML and one HTML page.

All of it is pure but :func:`write`.  The formats are modules, imported where they are wanted:
``report.json``, ``report.junit``, ``report.text``, ``report.html``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

from supamig.report.files import write
from supamig.report.summaries import summary
from supamig.report.verdicts import (
    baseline_of,
    not_checked,
    plugin_check,
    read_baseline,
    verdict,
    without,
)

if TYPE_CHECKING:
    from supamig.models import Report

__all__ = [
    "Reporter",
    "baseline_of",
    "not_checked",
    "plugin_check",
    "read_baseline",
    "summary",
    "verdict",
    "without",
    "write",
]


@runtime_checkable
class Reporter(Protocol):
    """Writes a report in one format; ``suffix`` is that of its files, such as ``.html``."""

    @property
    def name(self) -> str:
        """The word for this format on the command line."""

    @property
    def suffix(self) -> str:
        """The end of a file name of this format, with its dot."""

    def render(self, report: Report) -> str:
        """Return the whole report as text."""
