"""What the map shows at first and in a link, and how its table is read."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser

import coverage_analyzer as ca
from browser.pages import READY, SITE, Opened, frames, rows_of

pytestmark = pytest.mark.xdist_group("browser")

DESK = {"viewport": {"width": 1366, "height": 768}}
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
FRAME = {"viewport": {"width": 900, "height": 560}}
WIDE = {"viewport": {"width": 2200, "height": 600}}

PLACES = {
    "one site": [(-17.8, 178.0)],
    "ten sites": [(-17.0 - i / 10, 177.5 + i / 10) for i in range(10)],
    "a country": [(-44.0 + 4 * i, 114.0 + 5 * j) for i in range(9) for j in range(8)],
    "both sides of 180": [(-17.8, 179.9), (-16.8, -179.9), (-18.5, 178.2), (-19.0, -178.5)],
    "the north": [(78.2, 15.6), (70.0, -150.0), (69.0, 88.0)],
    "north to south": [(60.0, 10.0), (-40.0, 12.0)],
    "at 180 all round the world": [(-40.0, 180.0), (65.0, -180.0), (0, 0), (10, 90), (9, -90)],
}


@pytest.fixture(scope="module")
def page(browser: Browser, demo: Path) -> Opened:
    """Give the demo's map on a screen of a desk."""
    return Opened(browser, demo / "map.html", **DESK)


def seen(opened: Opened) -> tuple[int, int]:
    """Return how many sites the map has in view, and how many there are."""
    counts = opened.counts().values()
    return sum(n for n, _ in counts), sum(n for _, n in counts)


@pytest.mark.parametrize("size", [DESK, PHONE, FRAME, WIDE], ids=["desk", "phone", "frame", "wide"])
def test_the_first_view_has_all_sites_and_the_world_once(
    browser: Browser, demo: Path, size: dict[str, Any]
) -> None:
    """World data; with no other copy of the world beside it, and no zoom further out."""
    opened = Opened(browser, demo / "map.html", **size)
    opened.page.wait_for_timeout(200)
    assert seen(opened) == (6496, 6496)
    world, width, zoom, least = opened.page.evaluate(
        "() => [256 * 2 ** map.getZoom(), map.getSize().x, map.getZoom(), map.getMinZoom()]"
    )
    assert zoom == least
    cut = opened.page.evaluate("() => map.getPane('tilePane').style.clipPath")
    assert bool(cut) == (world < width - 2)
    opened.page.locator(".leaflet-control-zoom-in").click()
    opened.page.wait_for_timeout(500)
    assert opened.page.evaluate("() => Number.isInteger(map.getZoom())")
    opened.page.get_by_label("Show all sites").click()
    opened.page.wait_for_timeout(200)
    assert seen(opened) == (6496, 6496)
    assert opened.complaints == []


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("places", PLACES.values(), ids=PLACES)
def test_the_first_view_has_all_sites(
    browser: Browser, tmp_path: Path, places: list[tuple[float, float]], size: dict[str, Any]
) -> None:
    """Few or many, in a country or beyond 180 degrees: none under an edge or the credits."""
    rows = [
        SITE | {"site_id": str(n), "latitude": lat, "longitude": lon}
        for n, (lat, lon) in enumerate(places)
    ]
    ca.coverage_map(*frames(rows)).save(tmp_path / "map.html")
    opened = Opened(browser, tmp_path / "map.html", **size)
    name = opened.page.evaluate("() => Object.keys(window).find((k) => window[k] instanceof L.Map)")
    opened.page.wait_for_timeout(150)
    assert seen(opened) == (len(rows), len(rows))
    edges = opened.page.evaluate(
        """([name, places]) => {
          const map = window[name];
          const { x, y } = map.getSize();
          const middle = map.getCenter().lng;
          return places.map(([lat, lon]) => {
            const place = [lat, lon + 360 * Math.round((middle - lon) / 360)];
            const at = map.latLngToContainerPoint(place);
            const foot = map.attributionControl.getContainer().offsetHeight;
            return Math.min(at.x, at.y, x - at.x, y - foot - at.y);
          });
        }""",
        [name, places],
    )
    assert min(edges) >= 5


def test_a_click_on_a_cluster_shows_its_sites(page: Opened) -> None:
    """The pointer tells the shares of a cluster, and a click zooms to what it counts."""
    page.page.get_by_label("Show all sites").click()
    page.page.wait_for_timeout(300)
    box = page.page.locator(".leaflet-container").bounding_box()
    assert box
    x, y = page.page.evaluate(
        "() => { const p = map.latLngToContainerPoint([40.7, -74.0]); return [p.x, p.y] }"
    )
    hint = page.page.locator(".hint")
    for dx, dy in [(0, 0), (10, 0), (-10, 0), (0, 10), (0, -10), (20, 10), (-20, 10)]:
        page.page.mouse.move(box["x"] + x + dx, box["y"] + y + dy)
        page.page.wait_for_timeout(120)
        if hint.count() and " sites" in hint.inner_text():
            break
    words = hint.inner_text().split("\n")
    total = int(words[0].split()[0].replace(",", ""))
    assert sum(int(line.split()[0].replace(",", "")) for line in words[1:]) == total
    zoom = page.page.evaluate("() => map.getZoom()")
    page.page.mouse.down()
    page.page.mouse.up()
    page.page.wait_for_timeout(600)
    assert page.page.evaluate("() => map.getZoom()") > zoom
    assert sum(n for n, _ in page.counts().values()) >= total


def test_a_link_restores_view_filters_and_table(browser: Browser, demo: Path) -> None:
    """What the address of one page holds, another shows; nonsense in it is ignored."""
    first = Opened(browser, demo / "map.html", **DESK)
    assert "#" not in first.page.url
    first.go(50.1, 8.7, 7)
    first.page.get_by_role("combobox", name="Country").select_option(label="Germany (171)")
    first.page.locator(".legend input").nth(2).uncheck()
    first.page.locator(".layers").get_by_label("Centers", exact=True).uncheck()
    first.page.get_by_text("Table of sites in view").click()
    first.page.locator(".sheet thead button", has_text="margin").click()
    for _ in range(20):  # a busy machine may still be on its way to the country
        first.go(50.1, 8.7, 7)
        first.page.wait_for_timeout(500)
        link = first.page.url
        if "map=7/50.1" in link:
            break
    assert "country=DE" in link
    rows = first.page.locator(".sheet tbody").inner_text()
    second = first.page.context.new_page()
    second.goto(link)
    second.wait_for_selector(READY, state="attached")
    second.wait_for_selector(".sheet tbody tr")
    second.wait_for_function("() => map.getZoom() === 7")
    second.wait_for_timeout(400)
    view = "() => [map.getCenter().lat, map.getCenter().lng, map.getZoom()]"
    assert second.evaluate(view) == pytest.approx([50.1, 8.7, 7], abs=0.005)
    country = second.get_by_role("combobox", name="Country")
    assert country.evaluate("(s) => s.selectedOptions[0].text") == "Germany (171)"
    assert not second.locator(".legend input").nth(2).is_checked()
    assert not second.locator(".layers").get_by_label("Centers", exact=True).is_checked()
    assert second.locator(".sheet tbody").inner_text() == rows
    nonsense = "map=9/x/y&country=<b>&status=&center=&table=no&hide=__proto__"
    second.goto(f"{link.split('#')[0]}#{nonsense}")
    second.wait_for_timeout(300)
    assert second.locator(".panel h1").is_visible()
    assert first.complaints == []


def test_the_table_sorts_and_leads_to_a_place_and_back(page: Opened, demo: Path) -> None:
    """By each column in both directions; from a row to its site, and back to the row."""
    page.go(47.6, 7.9, 7)
    page.page.get_by_text("Table of sites in view").click()
    page.page.wait_for_selector(".sheet tbody tr")
    page.page.wait_for_timeout(300)
    rows = [row for row in rows_of(demo / "report.csv") if row["margin_miles"]]
    margins = {row["site_id"]: float(row["margin_miles"]) for row in rows}
    ids = page.page.locator(".sheet tbody th")
    wanted = sorted(margins[site] for site in ids.all_inner_texts())
    head = page.page.locator(".sheet thead button", has_text="margin")
    for direction, order in (("ascending", wanted), ("descending", wanted[::-1])):
        head.click()
        page.page.wait_for_selector(f"th[aria-sort={direction}]")
        assert [margins[site] for site in ids.all_inner_texts()] == order
    before = page.page.evaluate("() => [map.getZoom(), map.getCenter().lat]")
    third = page.page.locator(".sheet tbody button").nth(2)
    name = third.inner_text()
    third.click()
    assert page.popup().startswith(name)
    assert page.page.locator("tr[aria-current] th").inner_text() == name
    assert [margins[site] for site in ids.all_inner_texts()] == wanted[::-1]
    page.page.get_by_text("Back to the earlier view").click()
    page.page.wait_for_timeout(300)
    assert page.page.evaluate("() => [map.getZoom(), map.getCenter().lat]") == pytest.approx(before)
    assert page.page.evaluate("() => document.activeElement.textContent") == name
    assert page.page.locator(".leaflet-popup").count() == 0
    page.page.locator(".tools button", has_text="Fallback").click()
    page.page.wait_for_timeout(200)
    assert not page.page.locator(".legend input").nth(2).is_checked()
    statuses = page.page.locator(".sheet tbody tr td:nth-of-type(2)").all_inner_texts()
    assert statuses
    assert "fallback" not in statuses
    page.page.get_by_text("Reset filters").click()
    page.page.get_by_text("Table of sites in view").click()


def test_a_picture_of_the_view_is_saved(page: Opened, tmp_path: Path) -> None:
    """The map as it is seen, pixel by pixel, below its title; the legend's counts below it."""
    page.go(48.1, 11.6, 6)
    page.drawn()
    view = page.page.locator(".leaflet-container").bounding_box()
    assert view
    shot = page.page.locator(".leaflet-container").screenshot(path=tmp_path / "seen.png")
    assert shot
    with page.page.expect_download() as download:
        page.page.get_by_text("Save as PNG").click()
    assert download.value.suggested_filename == "map-view.png"
    download.value.save_as(tmp_path / "saved.png")
    saved, seen = (Image.open(tmp_path / f"{n}.png").convert("RGB") for n in ("saved", "seen"))
    assert saved.width == view["width"]
    assert saved.height > view["height"] + 60
    part = saved.crop((100, 46 + 60, saved.width - 150, 46 + seen.height - 60))
    same = seen.crop((100, 60, seen.width - 150, seen.height - 60))
    difference = np.abs(np.asarray(part, np.int16) - np.asarray(same, np.int16)).max(axis=2)
    assert (difference > 24).mean() < 0.01
    assert len(np.unique(np.asarray(part).reshape(-1, 3), axis=0)) > 100
    below = np.asarray(saved)[46 + seen.height :]
    assert (below != below[0, 0]).any(axis=(1, 2)).sum() > 20  # rows of text
    assert page.complaints == []
