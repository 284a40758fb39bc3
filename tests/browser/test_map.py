"""The map as a manager opens it: in a real browser, from a file, without a network."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

import coverage_analyzer as ca
from browser.pages import SITE, Opened, frames, rows_of
from coverage_analyzer import batch
from coverage_analyzer.schema.verdict import VERDICT

pytestmark = pytest.mark.xdist_group("browser")


@pytest.fixture(scope="module")
def shared_page(browser: Browser, demo: Path) -> Opened:
    """Give the demo's map, open; a test leaves it as it found it, but for the view."""
    return Opened(browser, demo / "map.html")


@pytest.fixture
def opened(shared_page: Opened) -> Opened:
    """Give the demo's map with the whole world in view."""
    shared_page.go(20, 0, 1)
    return shared_page


def test_the_demo_opens_without_a_network(opened: Opened, demo: Path) -> None:
    """One request, for the file itself; nothing to complain of; the borders' source is named."""
    opened.page.wait_for_timeout(300)
    assert opened.requests == [(demo / "map.html").as_uri()]
    assert opened.complaints == []
    attribution = opened.page.locator(".leaflet-control-attribution").inner_text()
    assert attribution.startswith("Borders © OpenStreetMap contributors (ODbL)")


def test_the_legend_counts_what_the_report_counts(opened: Opened, demo: Path) -> None:
    """Every status with the number of its rows, in view and in all, and the number of all."""
    counts = Counter(row["status"] for row in rows_of(demo / "report.csv"))
    figures = opened.page.locator(".figures").inner_text()
    assert f"sites\n{sum(counts.values()):,}\n" in figures
    assert opened.counts() == {status: (n, n) for status, n in counts.items()}


def test_a_click_tells_why(opened: Opened, demo: Path) -> None:
    """The popup of a site gives the row of the report, with the reason in words."""
    row = next(r for r in rows_of(demo / "report.csv") if r["site_id"] == "00NC")
    words = opened.click_at(float(row["latitude"]), float(row["longitude"]))
    assert words.startswith("00NC")
    told = (row["name"], row["level"], row["center_id"], f"{row['distance_miles']} mi")
    assert all(text in words for text in told)
    assert f"{row['margin_miles']} mi within the limit" in words
    assert "an open center of its country is within the limit" in words


def test_a_click_on_a_center_tells_whom_it_serves(opened: Opened, demo: Path) -> None:
    """Its name, its state, and how many rows of the report qualify by it."""
    rows = rows_of(demo / "report.csv")
    served = sum(r["center_id"] == "DE-MUC-1" and r["status"] == "qualified" for r in rows)
    center = next(c for c in rows_of(demo / "centers.csv") if c["center_id"] == "DE-MUC-1")
    words = opened.click_at(float(center["latitude"]), float(center["longitude"]))
    assert words.startswith("Center DE-MUC-1")
    assert f"qualified sites\t{served}" in words


def test_a_pointer_over_an_area_tells_its_center(opened: Opened) -> None:
    """Center, radius and sites served, without a click."""
    opened.go(47.9, 11.3, 8)
    box = opened.page.locator(".leaflet-container").bounding_box()
    assert box
    opened.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    hint = opened.page.locator(".hint")
    hint.wait_for()
    assert hint.inner_text() == "DE-MUC-1: 50 mi (80.5 km), 11 qualified sites"


def test_filters_change_what_is_counted(opened: Opened, demo: Path) -> None:
    """Country, reason and status leave the rows of the report that fit; all come back."""
    rows = rows_of(demo / "report.csv")
    german = Counter(r["status"] for r in rows if r["site_country"] == "DE")
    opened.page.get_by_role("combobox", name="Country").select_option(
        label=f"Germany ({german.total()})"
    )
    assert f"{german.total()} sites selected" in opened.page.locator("[role=status]").inner_text()
    opened.go(20, 0, 1)  # some rows of Germany are not located there
    shown = {status: n for status, (n, _) in opened.counts().items()}
    assert shown == {status: german[status] for status in shown}
    reasons = opened.page.get_by_role("combobox", name="Reason")
    reason = reasons.locator("option", has_text="no center of its country is")
    reasons.select_option(value=reason.get_attribute("value"))
    beyond = sum(r["reason"] == "beyond_radius" and r["site_country"] == "DE" for r in rows)
    assert opened.counts()["fallback"][0] == beyond
    opened.page.locator(".legend input").nth(2).uncheck()
    assert sum(n for n, _ in opened.counts().values()) == 0
    assert opened.ink("sites") == 0
    opened.page.get_by_text("Reset filters").click()
    assert sum(n for n, _ in opened.counts().values()) == len(rows)


def test_search_finds_and_narrows(opened: Opened, demo: Path) -> None:
    """By id, by a part of a name in any case, by center; only what is found, if that is wanted."""
    rows = rows_of(demo / "report.csv")
    assert opened.find("00NC")[0].startswith("00NC")
    assert opened.find("de-muc")[0] == "Center DE-MUC-1 Munich"
    fits = sum("regional" in r["name"].lower() or "regional" in r["site_id"].lower() for r in rows)
    assert len(opened.find("REGIONAL")) == min(fits, 50)
    assert f"{fits:,} sites" in opened.page.locator("[role=status]").inner_text()
    opened.page.get_by_label("Show only matching").check()
    opened.page.wait_for_timeout(300)
    assert sum(n for n, _ in opened.counts().values()) == fits
    assert opened.find("no such site anywhere") == []
    said = opened.page.locator("[role=status]")
    assert said.inner_text() == "Nothing found for \u201cno such site anywhere\u201d"
    box, field = said.bounding_box(), opened.page.get_by_label("Search by").bounding_box()
    assert box
    assert field
    assert 0 < box["y"] - field["y"] < 100  # where the reader looks
    opened.page.get_by_text("Reset filters").click()
    assert sum(n for n, _ in opened.counts().values()) == len(rows)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("zurich", ["LSZH Zurich Airport", "Center CH-ZRH-1 Z\u00fcrich"]),
        ("Z\u00fcrich", ["LSZH Zurich Airport", "Center CH-ZRH-1 Z\u00fcrich"]),
        ("SAO PAULO", ["Center BR-SAO-1 S\u00e3o Paulo"]),
        ("dusseldorf", ["Center DE-DUS-1 D\u00fcsseldorf"]),
        ("Country Germany", []),
        ("germany", ["Country Germany"]),
    ],
)
def test_search_takes_no_account_of_accents(
    opened: Opened, words: str, expected: list[str]
) -> None:
    """On either side; centers and countries are found as well as sites."""
    found = opened.find(words)
    assert set(expected) <= set(found)
    assert bool(expected) == bool(found)


def test_the_place_of_that_name_is_the_first_found(opened: Opened) -> None:
    """A town that only begins with the words, such as Kolno, stands behind it."""
    assert opened.find("k\u00f6ln")[0] == "Place K\u00f6ln, Germany"
    assert opened.find("kol")[0] != "Place K\u00f6ln, Germany"


def test_layers_can_be_hidden_and_shown(opened: Opened) -> None:
    """Each box of a layer takes its tiles away and brings them back."""
    opened.go(47.6, 7.9, 6)
    for words, layer in (
        ("Sites", "sites"),
        ("Centers", "centers"),
        ("Coverage areas", "areas"),
    ):
        box = opened.page.locator(".layers").get_by_label(words, exact=True)
        was = box.is_checked()
        box.set_checked(True)
        opened.page.wait_for_timeout(300)
        assert opened.ink(layer) > 0
        box.set_checked(False)
        assert opened.page.locator(f".{layer} canvas").count() == 0
        box.set_checked(was)


def test_the_file_of_the_view_is_the_reports_rows(opened: Opened, demo: Path) -> None:
    """Each row in view with its verdict, word for word and digit for digit."""
    with opened.page.expect_download() as download:
        opened.page.get_by_text("Save as CSV").click()
    saved = rows_of(Path(download.value.path()))
    wanted = ["site_id", "name", *VERDICT]
    report = rows_of(demo / "report.csv")
    given = sorted([[row[n] for n in wanted] for row in report])
    assert sorted([[row[n] for n in wanted] for row in saved]) == given
    with pytest.warns(UserWarning, match="rejected 4 rows"):
        sites = ca.read_sites(Path(__file__).parents[2] / "data" / "customer_sites.csv")
    places = sites.set_index("site_id").geometry
    for row in saved:
        exact = [places[row["site_id"]].y, places[row["site_id"]].x]
        told = [float(row["latitude"]), float(row["longitude"])]
        assert told == pytest.approx(exact, abs=0.6e-5)


def test_the_table_has_the_sites_in_view(opened: Opened, demo: Path) -> None:
    """A table that a screen reader reads, which follows the map; a row leads to its site."""
    opened.go(47.6, 7.9, 8)
    opened.page.get_by_text("Table of sites in view").click()
    opened.page.wait_for_selector(".sheet tbody tr")
    opened.page.wait_for_timeout(250)
    ids = opened.page.locator(".sheet tbody th").all_inner_texts()
    total = sum(n for n, _ in opened.counts().values())
    assert len(ids) == total
    assert opened.page.locator(".sheet caption").inner_text() == f"{total} sites in view"
    assert set(ids) <= {row["site_id"] for row in rows_of(demo / "report.csv")}
    opened.page.locator(".sheet tbody button").first.click()
    assert opened.popup().startswith(ids[0])
    opened.page.get_by_text("Table of sites in view").click()
    assert opened.page.locator(".sheet").is_hidden()


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
    assert opened.counts()["qualified"] == (1, 1)
    assert min(opened.ink("sites"), opened.ink("centers"), opened.ink("areas")) > 0
    if abs(site[0]) < 85:  # Web Mercator ends there
        assert "qualified" in opened.click_at(*site)
        assert "qualified" in opened.click_at(site[0], site[1] - 360)


def test_a_network_across_the_pacific_is_drawn_whole(browser: Browser, tmp_path: Path) -> None:
    """Da Nang and Mexico are within 120 degrees of Greenwich, but nearer over 180: both in view."""
    places = {"DAD": (16.07, 108.2, "VN"), "MEX": (19.4, -99.1, "MX")}
    rows = "".join(f"{k},{lat},{lon},{c}\n" for k, (lat, lon, c) in places.items())
    (tmp_path / "c.csv").write_text(f"center_id,latitude,longitude,country\n{rows}", "utf-8")
    (tmp_path / "s.csv").write_text(f"site_id,latitude,longitude,country\n{rows}", "utf-8")
    batch.run(tmp_path / "s.csv", tmp_path / "c.csv", tmp_path / "out", as_of="2026-12-01")
    opened = Opened(browser, tmp_path / "out" / "map.html")
    assert sum(n for n, _ in opened.counts().values()) == len(places)
    west, east = opened.page.evaluate(
        "() => [map.getBounds().getWest(), map.getBounds().getEast()]"
    )
    assert west < 108.2 < east
    assert west < -99.1 + 360 < east
    assert east - west < 360


def test_sites_at_one_place_are_all_told(browser: Browser, tmp_path: Path) -> None:
    """A thousand sites on one spot: the popup counts them and turns their pages."""
    rows = [SITE | {"site_id": f"S{n}"} for n in range(1000)]
    ca.coverage_map(*frames(rows)).save(tmp_path / "map.html")
    opened = Opened(browser, tmp_path / "map.html")
    first = opened.click_at(-17.8, 178.0)
    assert "Site 1 of 1,000 at this location" in first
    opened.page.get_by_text("Next").click()
    assert "Site 2 of 1,000 at this location" in opened.popup()
    assert opened.popup().split()[0] != first.split()[0]


def test_too_many_sites_are_density_and_said(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond the limit those that qualify are counted, near by in squares; others are drawn."""
    monkeypatch.setattr("coverage_analyzer.maps.sites.MOST_SITES", 3)
    far = SITE | {"site_id": "far", "latitude": -12.5, "longitude": 177.1}
    rows = [SITE, SITE | {"site_id": "T"}, SITE | {"site_id": "U"}, far]
    ca.coverage_map(*frames(rows)).save(tmp_path / "map.html")
    opened = Opened(browser, tmp_path / "map.html")
    words = opened.page.locator(".panel").inner_text()
    assert "4 sites are too many to draw one by one" in words
    assert "\u2013 / 3 (75.0 %)" in words
    assert "1 / 1 (25.0 %)" in words
    assert opened.ink("density") == 0  # they are in a cluster
    shown = opened.ink("sites")
    opened.page.locator(".layers").get_by_label("Sites", exact=True).uncheck()
    assert opened.ink("sites") == 0 < shown
    opened.page.locator(".layers").get_by_label("Sites", exact=True).check()
    name = opened.page.evaluate("() => Object.keys(window).find((k) => window[k] instanceof L.Map)")
    opened.page.evaluate(f"() => {{ {name}.setView([-17.8, 178], 10, {{ animate: false }}) }}")
    opened.page.wait_for_timeout(300)
    assert opened.ink("density") > 0
    assert "fallback" in opened.click_at(-12.5, 177.1)


def test_the_page_says_when_a_browser_is_too_old(browser: Browser, demo: Path) -> None:
    """Without what unpacks the blocks there is a sentence instead of an empty page."""
    page = browser.new_context(offline=True).new_page()
    page.add_init_script("delete window.DecompressionStream")
    page.goto((demo / "map.html").as_uri())
    assert "too old for this map" in page.locator(".failed").inner_text()


def test_the_areas_of_the_run_are_valid(demo: Path) -> None:
    """RFC 7946: one feature a center, longitudes within 180, right-hand rings."""
    collection: dict[str, Any] = json.loads((demo / "areas.geojson").read_text("utf-8"))
    assert collection["type"] == "FeatureCollection"
    names = ["center_id", "name", "country", "limit_miles", "opens_on"]
    assert list(collection["features"][0]["properties"])[:5] == names


def test_a_site_that_is_not_covered_is_shown(
    browser: Browser, tmp_path: Path, opened: Opened
) -> None:
    """With a symbol, words and a filter of its own; without one the legend has no such row."""
    assert "not_covered" not in opened.counts()
    texts = {
        "sites": "site_id,country,latitude,longitude,product\n"
        "A,US,39.8,-94.6,Old\nB,US,39.2,-94.5,\n",
        "centers": "center_id,country,latitude,longitude\nKC,US,39.0997,-94.5786\n",
        "products": "product,extended_ends_on\nOld,2020-12-31\n",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    options = batch.Options(products=tmp_path / "products", areas=False)
    sites, centers, out = tmp_path / "sites", tmp_path / "centers", tmp_path / "out"
    batch.run(sites, centers, out, as_of="2026-12-01", options=options)
    page = Opened(browser, out / "map.html")
    assert page.counts()["not_covered"] == (1, 1)
    words = page.click_at(39.8, -94.6)
    assert "Not covered" in words
    assert "not_covered" in words
    assert "the product is past the support phases" in words
    level = page.page.get_by_role("combobox", name="Level")
    level.select_option(label="Not covered (1)")
    assert page.counts()["not_covered"][0] == 1
    assert page.counts()["qualified"][0] == 0
    page.page.locator(".legend label", has_text="Not covered").locator("input").uncheck()
    assert page.counts()["not_covered"][0] == 0
    page.page.get_by_text("Reset filters").click()
    assert page.counts()["not_covered"][0] == 1
    assert page.complaints == []
