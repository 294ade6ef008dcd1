"""The page in a real Chromium: what a unit test cannot see."""

from __future__ import annotations

import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest

from supamig.report.html import to_html

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

SAMPLES = SimpleNamespace(
    **runpy.run_path(str(Path(__file__).parents[1] / "unit" / "report_samples.py"))
)
ARGUMENTS = (
    *("--no-sandbox", "--disable-gpu", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)
PHONE = {"width": 375, "height": 812}
# Contrast of every text with what is really behind it, by the formula of WCAG 2.
CONTRAST = """() => {
  const luminance = ([r, g, b]) => [r, g, b].map((c) => c / 255)
    .map((c) => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const numbers = (color) => color.match(/[\\d.]+/g).map(Number);
  const behind = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const color = numbers(getComputedStyle(e).backgroundColor);
      if (color.length === 3 || color[3] > 0) return color;
    }
    return [255, 255, 255];
  };
  const poor = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
    if (!own || !element.getClientRects().length || element.closest("svg, script")) continue;
    const [a, b] = [numbers(getComputedStyle(element).color), behind(element)].map(luminance);
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) poor.push(`${element.className} ${element.textContent.trim()} ${ratio}`);
  }
  return poor;
}"""


@pytest.fixture(scope="module")
def browser(chromium):
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with sync_api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=str(chromium), args=ARGUMENTS)
        yield running
        running.close()


@pytest.fixture
def visit(browser, tmp_path):
    """Open a report; the page's complaints and requests are looked at in the end."""
    opened = []

    def visit(report, **options):
        path = tmp_path / f"{len(opened)}.html"
        path.write_text(to_html(report), encoding="utf-8", newline="")
        context = browser.new_context(**options)
        page = context.new_page()
        wrong: list[str] = []
        page.on("console", lambda message: wrong.append(message.text))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda request: wrong.append(request.url))
        page.goto(path.as_uri())
        opened.append((context, wrong, path.as_uri()))
        return page

    yield visit
    for context, wrong, address in opened:
        context.close()
        assert wrong == [address]


def visible(page, selector):
    return page.locator(f"{selector}:visible").count()


def width(page):
    return page.evaluate("document.documentElement.scrollWidth")


@pytest.mark.parametrize("sample", ["perfect", "troubled", "huge"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_loads_without_a_complaint_or_a_request(visit, sample, scheme):
    page = visit(getattr(SAMPLES, sample)(), color_scheme=scheme)
    assert page.locator("h1").inner_text().strip() == (
        "Passed" if sample == "perfect" else "Failed"
    )
    assert page.evaluate(CONTRAST) == []


def test_the_policy_stops_a_script_that_got_in(tmp_path, browser):
    text = to_html(SAMPLES.perfect()).replace("</main>", "<script>window.bad = 1</script></main>")
    path = tmp_path / "injected.html"
    path.write_text(text, encoding="utf-8")
    page = browser.new_page()
    page.goto(path.as_uri())
    assert page.evaluate("window.bad") is None
    page.close()


def test_outcome_chips_filter_the_checks(visit):
    page = visit(SAMPLES.troubled())
    assert visible(page, ".check") == 22
    page.get_by_role("button", name="Failed 2").click()
    assert visible(page, ".check") == 2
    assert page.get_by_role("status").first.inner_text() == "Showing 2 of 22 checks, 3 findings"
    assert page.get_by_role("button", name="Failed 2").get_attribute("aria-pressed") == "true"
    page.get_by_role("button", name="All 22").click()
    assert visible(page, ".check") == 22


def test_severity_and_text_filter_the_findings(visit):
    page = visit(SAMPLES.troubled())
    page.get_by_label("Severity").select_option("warning")
    assert visible(page, ".check") == 1
    assert visible(page, ".finding") == 1
    assert "public.audit_events" in page.locator(".finding:visible").inner_text()
    page.get_by_label("Severity").select_option("")
    text = page.get_by_role("search", name="Filter the checks").get_by_role("searchbox")
    text.fill("RAG DOC")
    assert visible(page, ".finding") == 1
    text.fill("")
    # what was opened by the filter closes again
    assert visible(page, ".finding") == 3
    text.fill("no such thing")
    assert visible(page, ".check") == 0


def test_a_fingerprint_finds_its_finding(visit):
    report = SAMPLES.troubled()
    finding = report.findings[0]
    page = visit(report)
    page.get_by_placeholder("table, message").fill(finding.fingerprint)
    assert visible(page, ".finding") == 1
    assert finding.subject in page.locator(".finding:visible").inner_text()


def test_tables_sort_and_filter(visit):
    page = visit(SAMPLES.troubled())

    def rows():
        return page.eval_on_selector_all(".tables tbody tr", "rs => rs.map(r => +r.dataset.rows)")

    assert page.locator("th[aria-sort=descending]").inner_text() == "Size"
    page.get_by_role("button", name="Rows").click()
    assert rows() == sorted(rows(), reverse=True)
    page.get_by_role("button", name="Rows").click()
    assert rows() == sorted(rows())
    page.get_by_role("button", name="Table", exact=True).click()
    names = page.locator(".tables tbody th").all_inner_texts()
    assert names[0].startswith("auth.")
    page.get_by_placeholder("part of a name").fill("auth.")
    assert visible(page, ".tables tbody tr") == 20


def test_a_table_leads_to_its_finding(visit):
    page = visit(SAMPLES.troubled())
    page.locator("tr", has_text="audit_events").get_by_role("link", name="finding").click()
    # its check was closed
    page.locator(".finding:target").wait_for(state="visible")


@pytest.mark.parametrize("sample", ["perfect", "troubled", "huge"])
def test_a_phone_shows_it_all_without_scrolling_sideways(visit, sample):
    page = visit(getattr(SAMPLES, sample)(), viewport=PHONE)
    assert width(page) == 375
    page.evaluate("for (const d of document.querySelectorAll('details')) d.open = true")
    assert width(page) == 375


@pytest.mark.parametrize("word", ["x" * 300, "日本" * 100, "a b " * 100])
def test_long_words_do_not_break_the_page(visit, word):
    for viewport in (PHONE, {"width": 1280, "height": 900}):
        page = visit(SAMPLES.everywhere(word), viewport=viewport)
        page.evaluate("for (const d of document.querySelectorAll('details')) d.open = true")
        assert width(page) == viewport["width"]


def test_dark_is_dark(visit):
    def paper(scheme):
        page = visit(SAMPLES.perfect(), color_scheme=scheme)
        return page.evaluate("getComputedStyle(document.body).backgroundColor")

    assert paper("dark") == "rgb(20, 22, 25)"
    assert paper("light") == "rgb(252, 252, 250)"


def test_paper_shows_closed_findings_and_no_filters(visit):
    page = visit(SAMPLES.troubled(), color_scheme="dark")
    hidden = page.locator(".finding", has_text="anon")
    assert not hidden.is_visible()
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert hidden.is_visible()
    assert visible(page, ".filters") == 0
    assert visible(page, "nav") == 0
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    page.emulate_media(media="screen")
    assert not hidden.is_visible()
    assert page.pdf(format="A4").startswith(b"%PDF")


def test_without_script_nothing_is_missing(visit):
    page = visit(SAMPLES.troubled(), java_script_enabled=False)
    assert visible(page, ".filters") == 0
    assert visible(page, ".check") == 22
    page.locator("summary", has_text="Rights").click()
    assert page.locator(".finding", has_text="anon").is_visible()


def test_the_keyboard_reaches_findings(visit):
    page = visit(SAMPLES.troubled())
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the findings"
    assert page.locator(".skip").bounding_box()["x"] >= 0
    summary = page.locator("summary", has_text="Rights")
    summary.focus()
    page.keyboard.press("Enter")
    assert page.locator(".finding", has_text="anon").is_visible()


def test_landmarks_and_headings_are_there(visit):
    page = visit(SAMPLES.troubled())
    for role in ("banner", "navigation", "main", "contentinfo"):
        assert page.get_by_role(role).count() == 1
    assert page.get_by_role("heading", level=1).count() == 1
    titles = page.get_by_role("heading", level=2).all_inner_texts()
    assert titles == ["Notes", "Nobody looked at", "Checks", "Phases", "Tables", "Servers"]
    assert page.get_by_role("table").count() == 3
