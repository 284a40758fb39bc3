"""The page of a comparison in a browser: it can be read by all, and does nothing."""

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from browser.test_letter import Letter
from browser.test_texts import PAYLOADS
from coverage_analyzer.programmes.catalogue import entries
from coverage_analyzer.programmes.offer_table import Comparison, comparison, written

pytestmark = pytest.mark.xdist_group("browser")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_can_be_read_by_everybody(browser: Browser, tmp_path: Path, scheme: str) -> None:
    """No finding of axe on the tables of all policies and programmes, in both schemes."""
    text = written([comparison(entry) for entry in entries().values()], "html")
    (tmp_path / "c.html").write_text(text, encoding="utf-8")
    page = browser.new_context(bypass_csp=True, color_scheme=scheme).new_page()
    page.goto((tmp_path / "c.html").as_uri())
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("text", PAYLOADS.values(), ids=list(PAYLOADS))
def test_a_text_is_shown_and_does_nothing(browser: Browser, tmp_path: Path, text: str) -> None:
    """In title, head, feature, cell, clause, source and note."""
    table = Comparison(text, (text,), ((text, (text,)),), (text,), text, text)
    path = tmp_path / "c.html"
    path.write_text(written([table], "html"), encoding="utf-8")
    opened = Letter(browser, path)
    assert opened.page.evaluate("() => window.RUN ?? null") is None
    assert opened.heard == [f"request: {path.as_uri()}"]
    shown = opened.page.locator("thead th, tbody th, tbody td").all_inner_texts()
    assert [" ".join(cell.split()) for cell in shown] == [" ".join(text.split())] * 3
    assert opened.page.locator("script, img, a, svg, style ~ style").count() == 0


BROKEN = """() => {
  const broken = [];
  const walker = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode;
    for (const { 0: word, index } of node.data.matchAll(/[A-Za-z']{2,22}/g)) {
      if (node.parentElement.closest(".long") || !node.parentElement.checkVisibility()) continue;
      const range = document.createRange();
      range.setStart(node, index);
      range.setEnd(node, index + word.length);
      if (range.getClientRects().length !== 1) broken.push(word);
    }
  }
  return { broken, tooWide: document.documentElement.scrollWidth - window.innerWidth };
}"""
"""The words that stand on two lines, and by how much the page is wider than its window."""

A4, PHONE = 718, 390
"""Widths in CSS pixels: of A4 without the usual margins, and of a phone."""


@pytest.mark.parametrize(("width", "media"), [(A4, "print"), (PHONE, "screen")])
def test_no_word_is_broken_on_paper_or_a_phone(
    browser: Browser, tmp_path: Path, width: int, media: str
) -> None:
    """All tables, one with six columns and one with ten, and a word that is longer than a line."""
    long = Comparison("T", ("A", "B"), (("x" * 300, ("y" * 300, "z")),), ("",), "S", "N")
    several = [
        Comparison("T", ("Manufacturer's",) * n, (("Replacement", ("authorisation",) * n),), ("",),
                   "S", "N")
        for n in (6, 10)
    ]  # fmt: skip
    shown = [comparison(entry) for entry in entries().values()]
    (tmp_path / "c.html").write_text(written([*shown, *several, long], "html"), encoding="utf-8")
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.emulate_media(media=media)
    page.goto((tmp_path / "c.html").as_uri())
    # A sheet in landscape format is wider than its window here.
    if media == "print":
        widen = "(all) => { for (const each of all) each.style.width = '1045px'; }"
        page.locator(".wide").evaluate_all(widen)
    found = page.evaluate(BROKEN)
    assert found["broken"] == []
    assert media == "print" or found["tooWide"] <= 0
    wide = page.locator("section.plain, section.stacked").evaluate_all(
        "(all) => all.map((s) => s.scrollWidth - s.clientWidth)"
    )
    assert max(wide) <= 0
    page.close()
