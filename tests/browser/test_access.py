"""The map for those who have no mouse, see no colours, hear the page, or hold a phone."""

import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from browser.pages import Opened

pytestmark = pytest.mark.xdist_group("browser")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_serious_violation(browser: Browser, demo: Path, scheme: str) -> None:
    """With popup, results and table open, in both schemes."""
    opened = Opened(browser, demo / "map.html", color_scheme=scheme)
    opened.find("munich")
    opened.page.locator(".results button").first.click()
    opened.page.get_by_text("Table of sites in view").click()
    opened.page.wait_for_selector(".sheet tbody tr")
    found = Axe().run(opened.page).response["violations"]
    serious = [v for v in found if v["impact"] in {"serious", "critical"}]
    assert [(v["id"], v["nodes"][0]["html"]) for v in serious] == []


def test_a_keyboard_is_enough(browser: Browser, demo: Path) -> None:
    """Tab to the search, type, Enter: the popup has the focus; Escape gives it back."""
    opened = Opened(browser, demo / "map.html")
    keyboard = opened.page.keyboard
    keyboard.press("Tab")
    keyboard.type("00NC")
    keyboard.press("Enter")
    assert opened.popup().startswith("00NC")
    opened.page.wait_for_selector(".popup h2:focus")
    keyboard.press("Escape")
    opened.page.wait_for_selector("input[type=search]:focus")
    assert opened.page.locator(".leaflet-popup").count() == 0
    keyboard.press("Tab")
    keyboard.press("Tab")
    keyboard.press("Enter")  # the first result
    assert opened.popup().startswith("00NC")


def test_what_is_found_is_announced(browser: Browser, demo: Path) -> None:
    """A live region says how many there are, of the search and of a filter."""
    opened = Opened(browser, demo / "map.html")
    said = opened.page.locator("[role=status]")
    opened.find("00NC")
    assert said.inner_text() == "1 site found"
    opened.page.locator(".legend input").first.uncheck()
    assert re.search(r"sites? in view$", said.inner_text())


def test_each_status_has_a_shape_of_its_own(browser: Browser, demo: Path) -> None:
    """The marks of the legend differ where colours are taken away."""
    opened = Opened(browser, demo / "map.html")
    marks = '[...document.querySelectorAll(".legend canvas")]'
    shapes = opened.page.evaluate(
        f"() => {marks}"
        """.map((c) => {
      const { data } = c.getContext("2d").getImageData(0, 0, c.width, c.height);
      return data.filter((_, i) => i % 4 === 3).join();
    })"""
    )
    assert len(set(shapes)) == len(shapes) == 6


def test_a_phone_shows_map_and_panel(browser: Browser, demo: Path) -> None:
    """Nothing is wider than the screen; the map keeps more than half of its height."""
    size = {"width": 390, "height": 844}
    opened = Opened(browser, demo / "map.html", viewport=size, has_touch=True, is_mobile=True)
    assert opened.page.evaluate("document.documentElement.scrollWidth") == 390
    box = opened.page.locator(".leaflet-container").bounding_box()
    assert box
    assert box["width"] == 390
    assert box["height"] > 844 / 2
    assert opened.page.locator(".panel h1").is_visible()


def test_a_sheet_of_paper_has_the_map_and_its_legend(browser: Browser, demo: Path) -> None:
    """Printed, what cannot be used on paper is gone, and colours are light ones."""
    opened = Opened(browser, demo / "map.html", color_scheme="dark")
    opened.page.emulate_media(media="print")
    assert opened.page.locator(".legend").is_visible()
    assert opened.page.get_by_label("Search by").is_hidden()
    paper = "getComputedStyle(document.querySelector('.coverage')).backgroundColor"
    assert opened.page.evaluate(paper) == "rgb(255, 255, 255)"
    assert len(opened.page.pdf(landscape=True)) > 10_000
