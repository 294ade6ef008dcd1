"""Progress: JSON lines for machines, plain lines for logs, bars for people."""

from __future__ import annotations

import io
import json
import pty
import re

import pytest
from rich.console import Console

from supamig.cli.progress import Bars, Plain
from supamig.models import Event, EventKind, Outcome, Severity, Stage

ANSI = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


def event(kind, subject="public.a", **fields):
    given = {"stage": Stage.EXPORT, "step": "rows", **fields}
    return Event(kind=kind, subject=subject, **given)


def test_ndjson_is_one_object_a_line_and_the_report_is_last(run, api):
    ended = run("migrate", "--yes", "--output", "ndjson")
    lines = [json.loads(line) for line in ended.out.splitlines()]
    assert [line["kind"] for line in lines[:3]] == ["step-started", "item-started", "item-progress"]
    assert lines[2]["bytes"] == 1_000_000
    assert lines[-1]["kind"] == "report"
    assert lines[-1]["verdict"] == "passed"
    assert ended.err == ""


def test_json_is_one_document_and_progress_stays_on_stderr(run, api):
    ended = run("migrate", "--yes", "--output", "json")
    assert json.loads(ended.out)["verdict"] == "passed"
    assert "Copy [/rows] ..." in ended.err


def test_plain_lines_where_stderr_is_no_terminal(run, api):
    ended = run("migrate", "--yes")
    assert ended.err.splitlines() == [
        "[export] Copy [/rows] ...",
        "[export] note: a ␛[31m note",
        "[export] ✓ Copy [/rows], 20 rows, 2.0 MB, 1.0 MB/s, 2.0 s",
        "[verify] ✗ Rows are the same, failed, 1 finding, 100 ms",
    ]
    assert "\x1b" not in ended.out + ended.err


@pytest.mark.parametrize(
    ("severity", "line"),
    [
        (Severity.WARNING, "[export] ! a.b, warned, 2 findings, 0 ms\n"),
        (Severity.ERROR, "[export] ✗ a.b, failed, 2 findings, 0 ms\n"),
    ],
)
def test_a_check_that_only_warns_is_not_told_as_failed(severity, line):
    stream = io.StringIO()
    with Plain(stream, str) as tell:
        tell(
            event(
                EventKind.CHECK_FINISHED,
                "a.b",
                step="",
                outcome=Outcome.FAILED,
                severity=severity,
                items=2,
            )
        )
    assert stream.getvalue() == line


def test_quiet_shows_the_result_alone(run, api):
    ended = run("migrate", "--yes", "--quiet")
    assert ended.err == ""
    assert "PASSED" in ended.out


def test_a_long_table_is_heard_of_every_five_seconds():
    clock = [0.0]
    stream = io.StringIO()
    with Plain(stream, str, clock=lambda: clock[0]) as tell:
        tell(event(EventKind.ITEM_STARTED, expected=4_000_000))
        for second in range(1, 13):
            clock[0] = float(second)
            moved = second * 100_000
            tell(event(EventKind.ITEM_PROGRESS, rows=second, bytes=moved, expected=4_000_000,
                       seconds=float(second)))  # fmt: skip
        tell(event(EventKind.ITEM_FINISHED))
    assert stream.getvalue().splitlines() == [
        "[export]   public.a: 5 rows, 500 kB, 100 kB/s, 35 s left",
        "[export]   public.a: 10 rows, 1.0 MB, 100 kB/s, 30 s left",
    ]


def test_bars_show_tables_and_leave_lines():
    console = Console(file=io.StringIO(), force_terminal=True, width=120, markup=False)
    with Bars(console, lambda text: text.replace("c4n4ry", "***")) as tell:
        bars = tell.__self__
        tell(event(EventKind.STEP_STARTED, "rows", message="Copy [/rows] c4n4ry", expected=100))
        tell(event(EventKind.ITEM_STARTED, expected=50))
        tell(event(EventKind.ITEM_PROGRESS, bytes=30, expected=50))
        assert [task.description for task in bars._progress.tasks] == [
            "Copy [/rows] ***",
            "  public.a",
        ]
        assert [task.completed for task in bars._progress.tasks] == [30, 30]
        # an item may be heard of first when it moves, and may end without its numbers
        tell(event(EventKind.ITEM_PROGRESS, "public.b", bytes=20))
        tell(event(EventKind.ITEM_FINISHED))
        assert [task.completed for task in bars._progress.tasks] == [50, 20]
        tell(event(EventKind.ITEM_PROGRESS, "public.b", bytes=80))
        assert [(task.completed, task.total) for task in bars._progress.tasks] == [
            (110, 110),
            (80, None),
        ]
        tell(event(EventKind.ITEM_FINISHED, "public.b", bytes=85))
        tell(event(EventKind.NOTE, message="a [/note]"))
        tell(event(EventKind.STEP_FINISHED, "rows", outcome=Outcome.ERRORED, message="no [/x]"))
        tell(event(EventKind.CHECK_STARTED, "core.rows", step="", message="Rows", expected=2))
        tell(event(EventKind.CHECK_STARTED, "core.roles", step="", message="Roles", expected=2))
        tell(event(EventKind.CHECK_FINISHED, "core.rows", step="", outcome=Outcome.PASSED))
        (bar,) = bars._progress.tasks
        assert (bar.description, bar.completed, bar.total) == ("Export: Roles", 1, 2)
        tell(event(EventKind.CHECK_FINISHED, "core.roles", step="", outcome=Outcome.ERRORED))
        assert bars._progress.tasks == []
    shown = ANSI.sub("", console.file.getvalue())
    assert "note: a [/note]" in shown
    assert "! Copy [/rows] ***, errored, no [/x], 0 ms" in shown
    assert "✓ Rows" not in shown
    assert "! Roles, errored, 0 ms" in shown
    assert "✗ Export, 1 of 2 checks passed, " in shown


def test_a_bar_is_one_line_however_long_its_title():
    console = Console(file=io.StringIO(), force_terminal=True, width=80)
    with Bars(console, str) as tell:
        bars = tell.__self__
        tell(event(EventKind.CHECK_STARTED, "a.b", step="", message="Word " * 30, expected=43))
        shown = console.render_lines(bars._progress.get_renderable())
    (line,) = ["".join(part.text for part in one) for one in shown]
    assert line.startswith("Export: Word Word")
    assert "0 of 43 checks" in line


@pytest.mark.parametrize(("no_color", "coloured"), [("", True), ("1", False)])
def test_a_terminal_gets_bars_and_colours_unless_told_otherwise(
    start, stubbed, read_all, no_color, coloured
):
    ours, theirs = pty.openpty()
    environ = {
        "SUPAMIG_SOURCE_DSN": "host=s",
        "SUPAMIG_TARGET_DSN": "host=t",
        "TERM": "xterm-256color",
        "NO_COLOR": no_color,
    }
    start("migrate", "--yes", code=stubbed(), environ=environ, terminal=theirs)
    text = read_all(ours)
    assert "PASSED" in text
    assert ("\x1b[32m" in text or "\x1b[1;32m" in text) is coloured
    # the cursor is hidden while bars are drawn, and comes back
    assert text.rindex("\x1b[?25h") > text.index("\x1b[?25l")
