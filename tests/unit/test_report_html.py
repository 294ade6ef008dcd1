from __future__ import annotations

import base64
import hashlib
import re
import runpy
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import pytest

from supamig.models import Finding, Severity, Verdict
from supamig.report import Reporter, wording
from supamig.report.html import Html, to_html
from supamig.report.html.page import page
from supamig.report.signs import Sign

SAMPLES = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("report_samples.py"))))
VOID = {"meta", "input", "br", "rect", "path", "circle"}


class Document(HTMLParser):
    """The elements of a page, and whether each that was opened was closed."""

    def __init__(self, text):
        super().__init__()
        self.elements = []
        self.open = []
        self.text = {}
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text[self.open[-1] if self.open else ""] = (
            self.text.get(self.open[-1] if self.open else "", "") + data
        )

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def troubled():
    return to_html(SAMPLES.troubled())


def test_html_reporter_holds_to_the_protocol():
    assert isinstance(Html(), Reporter)
    assert Html().suffix == ".html"
    assert Html().render(SAMPLES.perfect()).startswith("<!doctype html>")


def test_the_page_may_load_nothing_and_run_only_its_own_script(troubled):
    document = Document(troubled)
    (policy,) = [m["content"] for m in document.all("meta") if m.get("http-equiv")]
    assert policy.startswith("default-src 'none'; ")
    for tag, directive in (("style", "style-src"), ("script", "script-src")):
        assert document.all(tag) == [{}]
        digest = hashlib.sha256(document.text[tag].encode()).digest()
        assert f"{directive} 'sha256-{base64.b64encode(digest).decode()}'" in policy
    for _, attributes in document.elements:
        assert not {"src", "srcset", "style", "action", "data"} & set(attributes)
        assert not [name for name in attributes if name.startswith("on")]
    assert not re.search(r"url\(|@import", document.text["style"])


def test_links_lead_inside_the_page_or_to_documentation(troubled):
    document = Document(troubled)
    ids = [attributes["id"] for _, attributes in document.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for link in document.all("a"):
        assert link["href"].startswith("https://supabase.com/") or link["href"][1:] in ids
    labels = [a["aria-labelledby"] for _, a in document.elements if "aria-labelledby" in a]
    assert set(labels) <= set(ids)


def test_the_verdict_comes_first(troubled):
    text = re.sub(r"<style.*?</style>|<[^>]+>", " ", troubled, flags=re.DOTALL)
    order = [
        *("Failed", "2 of 22 checks failed.", "Auth users", "Nobody looked at", "Checks"),
        *("policy  members read  is not on the target", "Phases", "Tables", "Servers"),
    ]
    places = [text.index(words) for words in order]
    assert places[0] < places[1] < places[2]
    assert text.index("skipped, extension") < text.index("policy  members read")
    assert "<title>Failed: supamig migrate, 23 November 2026, 16:04 UTC</title>" in troubled


NASTY = [
    *("<script>alert(1)</script>", "\"'><img src=x onerror=alert(1)>", "{{ 7*7 }}", "</style>"),
    *("[/x]", "javascript:alert(1)", "`<b>`", "\x1b[2J", "\u202egnp", "]]>", "\ud800", "`"),
]


@pytest.mark.parametrize("nasty", NASTY)
def test_foreign_text_stays_text(nasty):
    text = to_html(SAMPLES.everywhere(nasty))
    plain, foreign = Document(to_html(SAMPLES.everywhere("word"))), Document(text)
    tags = [tag for tag, _ in foreign.elements if tag != "code"]
    assert tags == [tag for tag, _ in plain.elements if tag != "code"]
    assert foreign.all("a") == plain.all("a")
    assert "49" not in re.findall(r">\s*(49)\s*<", text)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]", text)


def test_documentation_is_linked_only_on_the_web():
    def linked(docs):
        finding = Finding(check="a.b", severity=Severity.ERROR, message="m", docs=docs)
        check = replace(SAMPLES.checks()[0], findings=(finding,))
        return f'href="{docs}"' in to_html(replace(SAMPLES.perfect(), checks=(check,)))

    assert linked("https://example.org/rls")
    check = replace(SAMPLES.troubled().checks[4], docs="https://example.org/extensions")
    about = to_html(replace(SAMPLES.perfect(), checks=(check,)))
    assert 'href="https://example.org/extensions"' in about
    assert not linked("javascript:alert(1)")
    assert not linked("//example.org")


def test_backticks_become_code_only_in_pairs():
    report = replace(SAMPLES.perfect(), notes=("table `a<b` is here", "one ` alone"))
    text = to_html(report)
    assert "table <code>a&lt;b</code> is here" in text
    assert "one ` alone" in text


@pytest.mark.parametrize("verdict", Verdict)
def test_every_verdict_is_said_in_words_and_by_a_shape(verdict):
    text = to_html(replace(SAMPLES.perfect(), verdict=verdict))
    assert f'<header class="verdict {verdict}">' in text
    assert verdict.capitalize() in re.search(r"<h1>.*?</h1>", text, re.DOTALL)[0]


def test_outcomes_are_said_in_words(troubled):
    for sign in Sign:
        assert f">{wording.OUTCOME_WORDS[sign]}</span>" in troubled


def test_a_report_of_nothing_is_still_a_page():
    empty = replace(SAMPLES.perfect(), steps=(), checks=(), tables=(), source=None, target=None,
                    notes=(), started_at="just now", verdict=Verdict.INCOMPLETE)  # fmt: skip
    text = to_html(empty)
    Document(text)
    assert "No check was run." in text
    assert "No server was asked." in text
    assert "just now" in text
    assert 'id="tables"' not in text


def test_ten_thousand_tables_stay_readable():
    report = SAMPLES.huge()
    text = to_html(report)
    assert len(text) < 600_000
    shown = page(report)
    assert len(shown.tables) == 300
    sizes = sorted((copy.bytes for copy in report.tables), reverse=True)
    assert [view.copy.bytes for view in shown.tables[:200]] == sizes[:200]
    assert all(view.anchor for view in shown.tables[200:])
    assert len(shown.tables) + shown.rest.tables == len(report.tables)
    rows = sum(view.copy.rows for view in shown.tables) + shown.rest.rows
    assert rows == report.summary.rows
    assert "and 1,800 more, in the JSON report" in text
    assert not shown.checks[0].is_open


def test_the_worst_checks_come_first():
    checks = page(SAMPLES.troubled()).checks
    shown = [view.sign for view in checks]
    assert shown == sorted(shown, key=list(Sign).index)
    (warned,) = [view for view in checks if view.sign is Sign.WARNED]
    assert warned.result.id == "security.rights"
    # a remark stands before what has nothing to say
    assert checks[shown.index(Sign.PASSED)].result.id == "schema.extensions"


def test_the_timeline_fills_the_wall_clock():
    phases = page(SAMPLES.perfect()).phases
    assert [phase.title for phase in phases] == ["Export", "Import", "Checks and the rest"]
    assert sum(phase.part.width for phase in phases) == pytest.approx(100, abs=0.1)
    starts = [phase.part.start for phase in phases]
    assert starts == sorted(starts)
    assert starts[0] == 0


def test_long_evidence_is_cut():
    finding = Finding(
        check="a.b", severity=Severity.ERROR, message="m", evidence={"source": "x" * 50_000}
    )
    check = replace(SAMPLES.checks()[0], findings=(finding,))
    text = to_html(replace(SAMPLES.perfect(), checks=(check,)))
    assert "… and 48,000 more" in text
    assert len(text) < 150_000
