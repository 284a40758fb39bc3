"""The map as a manager opens it: in a real browser, from a file, without a network."""

import csv
import json
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import folium
import pandas as pd
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

import coverage_analyzer as ca
from coverage_analyzer import batch
from coverage_analyzer.errors import InputError

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DATA = Path(__file__).parents[2] / "data"

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="Debian's package chromium is not installed"),
    pytest.mark.xdist_group("browser"),
]

PAYLOADS = {
    "image": "<img src=x onerror=\"document.title='RUN'\">",
    "script": "</script><script>document.title='RUN'</script>",
    "backtick": "`+(document.title='RUN')+`",
    "dollar": "${document.title='RUN'}",
    "jinja": "{{ 7*7 }}",
    "jinja block": "{% if true %}RUN{% endif %}",
    "quotes": "\"'><svg onload=\"document.title='RUN'\">",
    "link": '<a href="javascript:document.title=1">x</a>',
    "comment": "<!-- ]]> --><style>*{background:url(//evil.example/x)}</style>",
    "entity": "&lt;b&gt; &#123; \\u003c \u2028 \u0000 end",
}


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Give headless Chromium."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        opened.close()


class Opened:
    """A page that is open, with all that it asked for and complained of."""

    def __init__(self, browser: Browser, path: Path) -> None:
        context = browser.new_context(offline=True, viewport={"width": 1200, "height": 800})
        self.page: Page = context.new_page()
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.page.on("request", lambda r: self.requests.append(r.url))
        self.page.on("console", lambda m: self.complaints.append(f"{m.type}: {m.text}"))
        self.page.on("pageerror", lambda e: self.complaints.append(f"error: {e}"))
        self.page.on("dialog", lambda d: self.complaints.append(f"dialog: {d.message}"))
        self.page.goto(path.as_uri())
        self.page.wait_for_function("document.documentElement.dataset.ready === 'yes'")

    def click_at(self, latitude: float, longitude: float) -> str:
        """Go to a place, click there with the mouse, and return what the popup says."""
        map_ = "Object.values(window).find((v) => v instanceof L.Map)"
        self.page.evaluate(f"{map_}.setView([{latitude}, {longitude}], 9, {{animate: false}})")
        box = self.page.locator(".leaflet-container").bounding_box()
        assert box
        self.page.evaluate(f"{map_}.closePopup()")
        self.page.wait_for_function("!document.querySelector('.leaflet-popup')")
        self.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        self.page.wait_for_selector(".leaflet-popup-content")
        return self.page.locator(".leaflet-popup-content").inner_text()


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the run's folder of the sample data."""
    folder = tmp_path_factory.mktemp("demo")
    sites, centers = DATA / "customer_sites.csv", DATA / "service_centers.csv"
    batch.run(sites, centers, folder, as_of="2026-12-01")
    return folder


def test_the_demo_opens_without_a_network(browser: Browser, demo: Path) -> None:
    """One request, for the file itself; nothing to complain of; the borders' source is named."""
    opened = Opened(browser, demo / "map.html")
    opened.page.wait_for_timeout(300)
    assert opened.requests == [(demo / "map.html").as_uri()]
    assert opened.complaints == []
    attribution = opened.page.locator(".leaflet-control-attribution").inner_text()
    assert attribution == "Borders © OpenStreetMap contributors (ODbL)"


def test_the_legend_counts_what_the_report_counts(browser: Browser, demo: Path) -> None:
    """Every status with the number of its rows, and the number of all."""
    with (demo / "report.csv").open(encoding="utf-8", newline="") as file:
        counts = Counter(row["status"] for row in csv.DictReader(file))
    legend = Opened(browser, demo / "map.html").page.locator(".legend")
    words = legend.inner_text()
    assert f"{sum(counts.values()):,} sites" in words
    for status, count in counts.items():
        line = next(label for label in words.splitlines() if label.startswith(status))
        assert f": {count:,} (" in line


def test_a_click_tells_why(browser: Browser, demo: Path) -> None:
    """The popup of a site gives the row of the report, with the reason in words."""
    with (demo / "report.csv").open(encoding="utf-8", newline="") as file:
        row = next(r for r in csv.DictReader(file) if r["site_id"] == "00NC")
    words = Opened(browser, demo / "map.html").click_at(
        float(row["latitude"]), float(row["longitude"])
    )
    assert words.startswith("00NC")
    assert row["name"] in words
    assert f"{row['distance_miles']} mi" in words
    assert row["center_id"] in words
    assert "an open center of its country lies within the limit" in words


def test_layers_and_statuses_can_be_hidden(browser: Browser, demo: Path) -> None:
    """The layer control takes the canvas of sites away; a status in the legend redraws it."""
    page = Opened(browser, demo / "map.html").page
    ink = "() => { const c = document.querySelector('canvas.sites'); return c.toDataURL().length }"
    before = page.evaluate(ink)
    page.locator(".legend input").nth(2).uncheck()
    assert page.evaluate(ink) < before
    page.get_by_label("Sites").uncheck()
    assert page.locator("canvas.sites").count() == 0


@pytest.mark.parametrize(
    ("center", "site"),
    [
        ((-16.6906, -179.877, "FJ"), (-16.796, 179.99)),
        ((68.8683, -179.373, "RU"), (68.9, 179.9)),
        ((-90.0, 0.0, "AQ"), (-89.9, 170.0)),
        ((89.0, 20.0, "NO"), (88.9, 21.0)),
    ],
    ids=["Fiji", "Chukotka", "South Pole", "near the North Pole"],
)
def test_both_sides_of_180_and_the_poles(
    browser: Browser, tmp_path: Path, center: tuple[float, float, str], site: tuple[float, float]
) -> None:
    """Nothing breaks where maps end; a site across the line is one with its center."""
    lat, lon, country = center
    rows = f"center_id,latitude,longitude,country\nC,{lat},{lon},{country}\n"
    (tmp_path / "c.csv").write_text(rows, encoding="utf-8")
    rows = f"site_id,latitude,longitude,country\nS,{site[0]},{site[1]},{country}\n"
    (tmp_path / "s.csv").write_text(rows, encoding="utf-8")
    options = batch.Options(trust_declared=True)
    batch.run(tmp_path / "s.csv", tmp_path / "c.csv", tmp_path / "out", options=options)
    opened = Opened(browser, tmp_path / "out" / "map.html")
    assert opened.complaints == []
    if abs(site[0]) < 85:  # Web Mercator ends there
        assert "qualified" in opened.click_at(*site)


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)
def test_a_name_is_only_a_name(browser: Browser, tmp_path: Path, payload: str) -> None:
    """Whatever stands in a text that reaches the page is shown as it is, and does nothing."""
    shown = payload.replace("\u0000", "")
    site = {"site_id": shown, "name": shown, "country": "FJ", "latitude": -17.8, "longitude": 178}
    center = {"center_id": shown, "name": shown, "country": "FJ"}
    pd.DataFrame([site]).to_csv(tmp_path / "s.csv", index=False)
    where = {"latitude": -18.1, "longitude": 178.4}
    pd.DataFrame([{**center, **where}]).to_csv(tmp_path / "c.csv", index=False)
    policy = ca.Policy.load().model_copy(update={"title": shown})
    batch.run(tmp_path / "s.csv", tmp_path / "c.csv", tmp_path / "out", policy=policy)
    opened = Opened(browser, tmp_path / "out" / "map.html")
    texts = [opened.click_at(-17.8, 178.0), opened.page.locator(".legend h1").text_content() or ""]
    texts.append(opened.click_at(-18.1, 178.4))
    assert all(" ".join(shown.split()) in " ".join(t.split()) for t in texts)
    assert texts[0].count("49") <= shown.count("49") + _digits(texts[0], "49")
    assert opened.complaints == []
    assert opened.page.title() == "Coverage map"
    assert len(opened.requests) == 1


def _digits(text: str, part: str) -> int:
    """Return how often digits stand within other numbers, such as distances."""
    return sum(part in word for word in text.split() if word.replace(".", "").isdigit())


def frames(rows: list[dict[str, Any]]) -> tuple[Any, Any, Any]:
    """Return verdicts, centers and areas of a few sites round Suva."""
    center = {"center_id": "SUV", "latitude": -18.1, "longitude": 178.4, "country": "FJ"}
    centers = pd.DataFrame([center])
    verdicts = ca.assess(pd.DataFrame(rows), centers, as_of="2026-12-01")
    return verdicts, centers, ca.coverage_areas(centers, as_of="2026-12-01")


SITE = {"site_id": "S", "latitude": -17.8, "longitude": 178.0, "country": "FJ"}


def test_the_notebook_map_is_safe_and_whole(browser: Browser, tmp_path: Path) -> None:
    """The same page through folium: no template runs in a name, nothing is fetched."""
    names = " ".join(PAYLOADS.values()).replace("\u0000", "")
    shown = ca.coverage_map(*frames([SITE | {"name": names}]))
    shown.save(tmp_path / "map.html")
    opened = Opened(browser, tmp_path / "map.html")
    assert "{{ 7*7 }}" in opened.click_at(-17.8, 178.0)
    assert opened.complaints == []
    assert opened.requests == [(tmp_path / "map.html").as_uri()]


def test_the_notebook_shows_it_inline() -> None:
    """A frame with the whole page in it, as text of an attribute."""
    inline = ca.coverage_map(*frames([SITE]))._repr_html_()
    assert inline.startswith('<iframe sandbox="allow-scripts" srcdoc="')
    assert "<script" not in inline


@pytest.mark.parametrize("fetching", [False, True], ids=["shut", "with tiles"])
def test_the_notebooks_frame_works_in_its_sandbox(
    browser: Browser, tmp_path: Path, fetching: bool
) -> None:
    """It draws, tells why, and cannot reach the notebook round it; shut unless a layer fetches."""
    shown = ca.coverage_map(*frames([SITE]))
    if fetching:
        folium.TileLayer("https://tiles.example/{z}/{x}/{y}.png", attr="x").add_to(shown)
    text = f"<!DOCTYPE html><script>top.secret = 1</script>{shown._repr_html_()}"
    (tmp_path / "notebook.html").write_text(text, encoding="utf-8")
    page = browser.new_context(offline=True, viewport={"width": 1200, "height": 800}).new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto((tmp_path / "notebook.html").as_uri())
    frame = page.frames[1]
    ready = "document.documentElement.dataset.ready === 'yes'"
    if not fetching:
        frame.wait_for_function(ready)
        assert frame.locator("canvas.sites").count() == 1
        assert "1 sites" in frame.locator(".legend").inner_text()
        assert errors == []
    reach = "() => { try { return String(top.secret) } catch (error) { return error.name } }"
    assert frame.evaluate(reach) == "SecurityError"
    policy = frame.locator("meta[http-equiv='Content-Security-Policy']").count()
    assert policy == (0 if fetching else 1)


def test_a_network_across_the_pacific_is_drawn_whole(browser: Browser, tmp_path: Path) -> None:
    """Da Nang and Mexico are within 120 degrees of Greenwich, but nearer over 180: both in view."""
    places = {"DAD": (16.07, 108.2, "VN"), "MEX": (19.4, -99.1, "MX")}
    rows = "".join(f"{k},{lat},{lon},{c}\n" for k, (lat, lon, c) in places.items())
    (tmp_path / "c.csv").write_text(f"center_id,latitude,longitude,country\n{rows}", "utf-8")
    (tmp_path / "s.csv").write_text(f"site_id,latitude,longitude,country\n{rows}", "utf-8")
    batch.run(tmp_path / "s.csv", tmp_path / "c.csv", tmp_path / "out", as_of="2026-12-01")
    page = Opened(browser, tmp_path / "out" / "map.html").page
    inside = """() => [...document.querySelectorAll("path.leaflet-interactive")].filter((path) => {
      const { x, y, width } = path.getBoundingClientRect();
      return width > 0 && x >= 0 && x < innerWidth && y >= 0 && y < innerHeight;
    }).length"""
    assert page.evaluate(inside) == len(places)


def test_a_folium_layer_that_fetches_is_refused(tmp_path: Path) -> None:
    """Tiles, and pictures of markers, come from a server: only when it is said."""
    for layer in (
        folium.TileLayer("https://tiles.example/{z}/{x}/{y}.png", attr="x"),
        folium.Marker([0, 0]),
    ):
        shown = ca.coverage_map(*frames([SITE]))
        layer.add_to(shown)
        if isinstance(layer, folium.Marker):
            shown.save(tmp_path / "map.html")
            continue
        with pytest.raises(InputError, match="online=True"):
            shown.save(tmp_path / "map.html")
        shown.save(tmp_path / "online.html", online=True)
        assert "tiles.example" in (tmp_path / "online.html").read_text("utf-8")


def test_a_folium_layer_of_lines_can_be_added(browser: Browser, tmp_path: Path) -> None:
    """What needs no server goes into the page."""
    shown = ca.coverage_map(*frames([SITE]))
    folium.PolyLine([[-18, 178], [-17, 179]]).add_to(shown)
    shown.save(tmp_path / "map.html")
    opened = Opened(browser, tmp_path / "map.html")
    assert opened.complaints == []
    assert opened.page.locator("path.leaflet-interactive").count() >= 1


def test_too_many_sites_are_counted_and_said(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is left out in silence."""
    monkeypatch.setattr("coverage_analyzer.maps.payload.MOST_SITES", 1)
    rows = [SITE, SITE | {"site_id": "T"}]
    ca.coverage_map(*frames(rows)).save(tmp_path / "map.html")
    words = Opened(browser, tmp_path / "map.html").page.locator(".legend").inner_text()
    assert "2 sites are too many to draw here." in words
    assert "qualified: 2 (100.0 %)" in words


def test_the_areas_of_the_run_are_valid(demo: Path) -> None:
    """RFC 7946: one feature a center, longitudes within 180, right-hand rings."""
    collection = json.loads((demo / "areas.geojson").read_text("utf-8"))
    assert collection["type"] == "FeatureCollection"
    names = ["center_id", "name", "country", "limit_miles", "opens_on"]
    assert list(collection["features"][0]["properties"])[:5] == names
