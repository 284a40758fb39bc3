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
