"""The page of a comparison in a browser without a network: what it says, and its map."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from browser.pages import Opened
from coverage_analyzer import batch
from coverage_analyzer.schema import theme
from coverage_analyzer.schema.verdict import Status

EVIL = "</script><img src=x onerror=alert(1)>"

CENTERS = "center_id,latitude,longitude,country\nPHL,39.95,-75.16,US\nBOS,42.36,-71.06,US\n"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the page of a comparison in which Boston closed; a name is hostile."""
    folder = tmp_path_factory.mktemp("compared")
    sites = folder / "sites.csv"
    rows = [f'1,"{EVIL}",US,42.40,-71.10', "2,Newton,US,42.30,-71.30", "3,Camden,US,39.90,-75.10"]
    sites.write_text("\n".join(["site_id,name,country,latitude,longitude", *rows, ""]), "utf-8")
    for name, text in (("a", CENTERS), ("b", CENTERS.rsplit("BOS", 1)[0])):
        centers = folder / f"{name}.csv"
        centers.write_text(text, "utf-8")
        options = batch.Options(map=False, areas=False)
        batch.run(sites, centers, folder / name, as_of="2026-12-01", options=options)
    batch.compare(folder / "a", folder / "b", folder / "out")
    return folder / "out" / "compare.html"


def colours(shown: Page, part: int) -> set[str]:
    """Return the colours on the map that are those of a status, with the line at a part."""
    shown.locator("#compare-map input").fill(str(part))
    found = shown.evaluate(
        """() => {
          const map = document.querySelector('#compare-map > canvas');
          const pixels = map.getContext('2d').getImageData(0, 0, map.width, map.height).data;
          const seen = new Set();
          for (let i = 0; i < pixels.length; i += 4) {
            const hex = (k) => pixels[i + k].toString(16).padStart(2, '0');
            seen.add('#' + hex(0) + hex(1) + hex(2));
          }
          return [...seen];
        }"""
    )
    marks = {mark.color.lower(): status.name for status, mark in theme.MARKS.items()}
    return {marks[colour] for colour in found if colour in marks}


@pytest.mark.parametrize("width", [1200, 390])
def test_the_page_shows_totals_map_and_tables(browser: Browser, page: Path, width: int) -> None:
    """It asks for nothing, complains of nothing, and is no wider than the screen."""
    opened = Opened(browser, page, viewport={"width": width, "height": 800})
    shown = opened.page
    assert opened.complaints == []
    assert [url for url in opened.requests if not url.startswith(("file:", "data:", "blob:"))] == []
    assert shown.locator(".facts li").all_inner_texts()[0].split() == ["2", "lost"]
    titles = shown.locator("#compare-body h2").all_inner_texts()
    assert titles[:3] == ["Changes by kind", "Causes", "Sites: lost"]
    assert EVIL in shown.locator("#compare-body").inner_text()
    assert shown.locator("#compare-body img").count() == 0
    assert shown.evaluate("document.documentElement.scrollWidth") <= width


def test_the_line_parts_the_earlier_status_from_the_later_one(browser: Browser, page: Path) -> None:
    """All of A: qualified; all of B: fallback. The keyboard moves and zooms the map."""
    shown = Opened(browser, page, viewport={"width": 1200, "height": 800}).page
    assert colours(shown, 1000) == {Status.qualified.name}
    assert colours(shown, 0) == {Status.fallback.name}
    assert colours(shown, 500) == {Status.qualified.name, Status.fallback.name}
    shown.locator("#compare-map > canvas").focus()
    for _ in range(40):
        shown.keyboard.press("ArrowRight")
    assert colours(shown, 500) == set()  # moved out of sight
    shown.get_by_role("button", name="Show all").click()
    assert colours(shown, 500) == {Status.qualified.name, Status.fallback.name}
    box = shown.locator("#compare-map > canvas").bounding_box()
    assert box is not None
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    shown.mouse.move(*middle)
    shown.mouse.down()
    shown.mouse.move(box["x"] + box["width"], middle[1], steps=3)
    shown.mouse.up()
    assert int(shown.locator("#compare-map input").input_value()) > 950
