"""The report on a terminal: what it says first and last, in every width."""

from __future__ import annotations

import io
import re
import runpy
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import ANY

import pytest
from rich.console import Console

from supamig.models import (
    CheckResult,
    Finding,
    Outcome,
    Severity,
    Stage,
)
from supamig.report.text import show

SAMPLES = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("report_samples.py"))))


def text_of(report, width=100, **options):
    console = Console(file=io.StringIO(), width=width, color_system=None)
    show(report, console, **options)
    return console.file.getvalue()


def test_text_ends_with_the_migration_summary():
    lines = text_of(SAMPLES.troubled()).splitlines()
    summary = lines[lines.index("Migration summary") :]
    numbers = [re.sub(r"\s{2,}", "=", line.strip()) for line in summary[1:] if line.strip()]
    assert numbers[:2] == ["Public tables=84", "Other tables=0"]
    assert numbers[2:4] == ["Auth tables=20", "Auth users=6"]
    assert numbers[-4] == "Findings=4 errors, 1 warning, 1 remark"
    assert numbers[-3:-1] == ["Not checked=4", "Verdict=✗ FAILED"]
    assert numbers[-1] == "2 of 22 checks failed. 3 could not finish. 1 only warned. 1 was skipped."


def test_text_groups_findings_and_names_what_nobody_looked_at():
    text = text_of(SAMPLES.troubled())
    assert "✗ RLS policies (security.policies): failed, 1 finding\n  ✗ error public.chat" in text
    assert "    hint: revoke select on public.audit_events from anon" in text
    assert "skipped, extension `pg_cron` is not on the source" in text
    assert "✗ 2 failed  ! 2 errored  ! 1 timed out  ! 1 warned  – 1 skipped  ✓ 15 passed" in text  # noqa: RUF001


def test_text_shows_the_worst_findings_and_counts_the_rest():
    text = text_of(SAMPLES.huge(), limit=5)
    assert text.count("rows differ") == 5
    assert "and 1,995 more" in text
    assert "warning public" not in text


def test_text_cuts_no_detail():
    report = SAMPLES.perfect()
    step = replace(report.steps[0], detail=" ".join(["word"] * 30), rows=10, bytes=10)
    for width in (60, 80, 100, 120):
        text = text_of(replace(report, steps=(step,)), width=width)
        assert text.partition("Checks")[0].count("word") == 30


def test_text_of_a_move_that_was_over_is_brief():
    report = replace(SAMPLES.perfect(), notes=("Over", "Other"), earlier=True)
    lines = [line for line in text_of(report).splitlines() if line]
    assert lines[5:] == ["Nothing was changed", "  \N{EN DASH} Over", "Verdict  ✓ PASSED", ANY]


def test_text_says_remarks_quietly():
    remark = Finding(check="a.b", severity=Severity.INFO, message="by the way", hint="never mind")
    check = CheckResult(
        id="a.b", title="t", stage=Stage.VERIFY, outcome=Outcome.PASSED, findings=(remark,) * 12
    )
    text = text_of(replace(SAMPLES.perfect(), checks=(check,)))
    assert text.count("  \N{EN DASH} by the way\n") == 10
    assert "  \N{EN DASH} and 2 more\n" in text
    assert "never mind" not in text


@pytest.mark.parametrize("width", [20, 38, 60, 80, 200])
def test_text_stays_within_the_terminal(width):
    text = text_of(SAMPLES.troubled(), width=width)
    assert max(map(len, text.splitlines())) <= width
    assert "FAILED" in text


def test_text_has_no_colour_where_none_is_wanted():
    def show_to(**options):
        console = Console(file=io.StringIO(), force_terminal=True, **options)
        show(SAMPLES.troubled(), console)
        return console.file.getvalue()

    coloured = show_to(color_system="standard", no_color=False, _environ={})
    assert "\x1b[31m" in coloured
    plain = re.sub(r"\x1b\[[12]?m|\x1b\[0m", "", show_to(_environ={"NO_COLOR": "1"}))
    assert "\x1b" not in plain
    assert "✗ FAILED" in plain


def test_text_reaches_a_terminal_that_knows_only_ascii():
    file = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    show(SAMPLES.troubled(), Console(file=file, width=100))
    file.flush()
    written = file.buffer.getvalue().decode("ascii")
    assert "x FAILED" in written
    assert "x 2 failed  ! 2 errored  ! 1 timed out  ! 1 warned  - 1 skipped  + 15 passed" in written
