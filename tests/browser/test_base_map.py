"""The base map of the page: land, names that do not overlap, and where zooming ends."""

import json
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from browser.pages import MAP, Opened
from coverage_analyzer.batch._map import redrawn
from coverage_analyzer.maps.base_map import CREDIT
from coverage_analyzer.maps.page import page as page_of
from coverage_analyzer.maps.page_data import Tiles

pytestmark = pytest.mark.xdist_group("browser")

LAND = """([lat, lng]) => {
  const at = document.querySelector(".leaflet-container").getBoundingClientRect();
  const map = %s;
  const { x, y } = map.latLngToContainerPoint([lat, lng]);
  for (const canvas of document.querySelectorAll(".land canvas")) {
    const box = canvas.getBoundingClientRect();
    if (Math.abs(box.width - 256) > 1) continue; // left over from another zoom
    const [right, down] = [at.left + x - box.left, at.top + y - box.top];
    if (right < 0 || down < 0 || right >= box.width || down >= box.height) continue;
    const scale = canvas.width / box.width;
    return canvas.getContext("2d").getImageData(right * scale, down * scale, 1, 1).data[3] > 0;
  }
  return null;
}"""


@pytest.fixture(scope="module")
def opened(browser: Browser, demo: Path) -> Iterator[Opened]:
    """Give the map of the sample data."""
    page = Opened(browser, demo / "map.html")
    yield page
    assert page.requests == [(demo / "map.html").as_uri()]
    assert page.complaints == []


def names(opened: Opened, latitude: float, longitude: float, zoom: int) -> list[list[object]]:
    """Return the names of a view, with left, top, width and height in pixels."""
    opened.go(latitude, longitude, zoom)
    text = opened.page.locator("canvas.labels").get_attribute("data-names")
    assert text
    result: list[list[object]] = json.loads(text)
    return result


def is_land(opened: Opened, latitude: float, longitude: float) -> bool:
    """Return whether the middle of the view has land, once its tiles are drawn."""
    opened.page.wait_for_timeout(100)
    opened.drawn()
    return bool(opened.page.evaluate(LAND % MAP, [latitude, longitude]))


@pytest.mark.parametrize(
    ("place", "zoom", "expected"),
    [
        ((41.5, -88.0), 5, {"Chicago", "Detroit", "Nashville"}),
        ((48.1, 11.5), 7, {"Munich\nDE-MUC-1", "Innsbruck", "AUSTRIA"}),
        ((35.6, 139.8), 9, {"Tokyo\nJP-TYO-1", "Yokohama"}),
        ((-17.5, 179.0), 7, {"FIJI", "Labasa"}),
    ],
)
def test_towns_are_named_and_no_name_overlaps(
    opened: Opened, place: tuple[float, float], zoom: int, expected: set[str]
) -> None:
    """A center does not displace the name of its town."""
    found = names(opened, *place, zoom)
    assert expected <= {str(name) for name, *_ in found}
    assert len(found) >= 5
    for (_, x, y, w, h), (_, x2, y2, w2, h2) in combinations(found, 2):
        beside = x + w <= x2 + 1 or x2 + w2 <= x + 1  # type: ignore[operator]
        above = y + h <= y2 + 1 or y2 + h2 <= y + 1  # type: ignore[operator]
        assert beside or above


@pytest.mark.parametrize(
    ("latitude", "longitude", "zoom", "expected"),
    [
        (40.7829, -73.9654, 11, True),  # Central Park
        (40.765, -74.013, 11, False),  # the Hudson beside it
        (43.3, -87.3, 5, False),  # Lake Michigan
        (-16.85, -179.97, 9, True),  # Taveuni, east of 180
        (42.0, 50.5, 4, False),  # the Caspian Sea
        (60.0, 100.0, 5, True),  # Siberia, where there are no sites
    ],
)
def test_land_and_water(
    opened: Opened, latitude: float, longitude: float, zoom: int, *, expected: bool
) -> None:
    """Fine where sites are, coarse elsewhere, and right in both."""
    opened.go(latitude, longitude, zoom)
    assert is_land(opened, latitude, longitude) == expected


def test_zooming_ends_and_sources_are_named(opened: Opened) -> None:
    """At 12 there is nothing more to be seen; the licences want to be named."""
    opened.go(48.1, 11.5, 18)
    assert opened.page.evaluate(f"() => {MAP}.getZoom()") == 12
    shown = opened.page.locator(".leaflet-control-attribution").inner_text()
    assert shown == f"Borders © OpenStreetMap contributors (ODbL){CREDIT}"


def test_names_can_be_switched_off(opened: Opened) -> None:
    """They are a layer like others."""
    box = opened.page.get_by_label("Names of places and centers")
    box.uncheck()
    assert opened.page.locator("canvas.labels").count() == 0
    box.check()
    assert names(opened, 48.1, 11.5, 7)


def test_names_are_legible_on_dark(browser: Browser, demo: Path) -> None:
    """Light names on dark land, drawn anew when the scheme changes."""
    page = Opened(browser, demo / "map.html", color_scheme="dark")
    page.go(48.1, 11.5, 7)
    brightest = """() => {
      const canvas = document.querySelector("canvas.labels");
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      let most = 0;
      for (let i = 0; i < data.length; i += 4) {
        if (data[i + 3] > 250) most = Math.max(most, data[i]);
      }
      return most;
    }"""
    assert page.page.evaluate(brightest) > 180
    page.page.emulate_media(color_scheme="light")
    page.page.wait_for_timeout(300)
    darkest = brightest.replace("let most = 0", "let most = 255").replace("Math.max", "Math.min")
    assert page.page.evaluate(darkest) < 60


def test_with_tiles_there_is_no_base_map(browser: Browser, demo: Path, tmp_path: Path) -> None:
    """Their server's images show land and names; zooming does not end at 12."""
    path = tmp_path / "map.html"
    tiles = Tiles("https://tiles.invalid/{z}/{x}/{y}.png", "T")
    page_of(redrawn(demo, tiles=tiles)).write(path)
    assert 'id="coverage-base"' not in path.read_text("utf-8")
    page = Opened(browser, path)
    assert page.page.evaluate(f"() => {MAP}.getMaxZoom()") == 18
    page.go(48.1, 11.5, 8)
    assert "DE-MUC-1" in str(page.page.locator("canvas.labels").get_attribute("data-names"))
