"""What a filter selects: figures, centers and view; and what the page says of itself."""

from collections import Counter
from pathlib import Path

import pytest
from playwright.sync_api import Browser

import coverage_analyzer as ca
from browser.pages import MAP, SITE, Opened, frames, rows_of
from coverage_analyzer import batch
from coverage_analyzer.batch._drive_times import drive
from coverage_analyzer.policy.promise import promise
from coverage_analyzer.schema.actions import STATUS_ACTIONS
from coverage_analyzer.schema.verdict import Status

pytestmark = pytest.mark.xdist_group("browser")

DATA = Path(__file__).parents[2] / "data"


@pytest.fixture(scope="module")
def opened(browser: Browser, demo: Path) -> Opened:
    """Give the demo's map, open."""
    return Opened(browser, demo / "map.html")


def share(part: int, whole: int) -> str:
    """Return a share as the page writes it."""
    return f"{100 * part / whole:.1f} %"


def figures(opened: Opened) -> dict[str, str]:
    """Return the key figures by their words."""
    names = opened.page.locator(".figures dt").all_inner_texts()
    return dict(zip(names, opened.page.locator(".figures dd").all_inner_texts(), strict=True))


@pytest.mark.parametrize(
    ("label", "column", "value"),
    [
        ("Country", "site_country", "DE"),
        ("Country", "site_country", "CA"),
        ("Center", "center_id", "DE-MUC-1"),
        ("Level", "level", "Gold Plus"),
        ("Reason", "reason", "center_opens_later"),
    ],
)
def test_figures_are_those_of_the_filter_beside_the_whole(
    opened: Opened, demo: Path, label: str, column: str, value: str
) -> None:
    """Shares, counts and bar of what is selected equal the report; the whole stands beside."""
    rows = rows_of(demo / "report.csv")
    selected = Counter(row["status"] for row in rows if row[column] == value)
    total, qualified = selected.total(), selected["qualified"]
    whole = Counter(row["status"] for row in rows)
    select = opened.page.get_by_role("combobox", name=label)
    shown = {
        ("Country", "DE"): "Germany",
        ("Country", "CA"): "Canada",
        ("Reason", "center_opens_later"): "but opens later",
    }.get((label, value), value)
    option = select.locator("option", has_text=shown).first
    select.select_option(value=option.get_attribute("value"))
    opened.page.wait_for_timeout(250)
    told = figures(opened)
    assert told["sites"] == f"{total:,} of {len(rows):,}"
    all_ = share(whole["qualified"], len(rows))
    assert told["qualified"] == f"{share(qualified, total)} all: {all_}"
    counts = opened.page.locator(".legend label:not([hidden]) .count").all_inner_texts()
    statuses = [s for s in Status.__members__ if s != "not_covered"]
    for words, status in zip(counts, statuses, strict=True):
        part, some = selected[status], whole[status]
        assert words.split(" / ")[1] == f"{part:,} ({share(part, total)}) of {some:,}"
    grown = "[...document.querySelectorAll('.bar')[0].children].map((e) => +e.style.flexGrow)"
    assert opened.page.evaluate(grown)[:4] == [selected[status] for status in statuses]
    assert opened.page.locator(".bar.whole").is_visible()
    opened.page.get_by_text("Reset filters").click()
    assert figures(opened)["sites"] == f"{len(rows):,}"
    assert opened.page.locator(".bar.whole").is_hidden()


def test_a_filter_by_country_goes_there_and_hides_other_centers(opened: Opened, demo: Path) -> None:
    """The view fits Germany; Munich's center is there, those of Paris and Zurich are not."""
    opened.page.get_by_role("combobox", name="Country").select_option(label="Germany (171)")
    opened.page.wait_for_timeout(300)
    box = opened.page.evaluate(
        f"(() => {{ const b = {MAP}.getBounds(); return [b.getWest(), b.getEast()]; }})()"
    )
    assert -5 < box[0] < 6
    assert 15 < box[1] < 26
    centers = rows_of(demo / "centers.csv")
    german = [c for c in centers if c["center_country"] == "DE"]
    assert figures(opened)["centers open (planned)"].startswith(f"{len(german)} (0) of ")
    munich, zurich = (
        next(c for c in centers if c["center_id"] == name) for name in ("DE-MUC-1", "CH-ZRH-1")
    )
    words = opened.click_at(float(munich["latitude"]), float(munich["longitude"]))
    assert words.startswith("Center DE-MUC-1")
    opened.page.evaluate(f"() => {{ {MAP}.closePopup(); }}")
    opened.go(float(zurich["latitude"]), float(zurich["longitude"]), 12)
    assert opened.ink("centers") == 0
    opened.page.get_by_text("Reset filters").click()
    opened.go(float(zurich["latitude"]), float(zurich["longitude"]), 12)
    assert opened.ink("centers") > 0


def test_the_page_explains_itself(opened: Opened, demo: Path) -> None:
    """The policy's promise, rows that could not be read, what each status means and what to do."""
    header = opened.page.locator(".panel header").inner_text()
    assert promise(ca.Policy.load("appliance-maintenance")) in header
    rejected = len(rows_of(demo / "rejects.csv"))
    assert f"{rejected} rows could not be read, and are not on the map." in header
    opened.page.locator(".legend summary").click()
    meanings = opened.page.locator(".meanings").inner_text()
    for status in Status:
        isthere = status is not Status.not_covered
        assert (STATUS_ACTIONS[status] in meanings) is isthere
    opened.page.locator(".legend summary").click()


def test_every_mark_is_in_the_legend(opened: Opened) -> None:
    """Open, planned and closed centers, and both kinds of areas, each with a mark of its own."""
    rows = opened.page.locator(".layers :is(label, .kind):has(canvas)")
    words = rows.all_inner_texts()
    expected = ["open", "planned: opens later", "Coverage areas", "Planned coverage areas"]
    assert [w for w in words if w in expected] == expected
    marks = opened.page.evaluate(
        "[...document.querySelectorAll('.layers canvas')].map((c) => c.toDataURL())"
    )
    assert len(set(marks)) == len(marks)


def test_a_site_under_a_center_is_listed_with_it(browser: Browser, tmp_path: Path) -> None:
    """One popup has the center and the sites under its mark; each leads to its own page."""
    under = SITE | {"site_id": "under", "latitude": -18.1, "longitude": 178.4}
    near = under | {"site_id": "near", "latitude": -18.1003}
    shown = ca.coverage_map(*frames([under, near, SITE]))
    shown.save(tmp_path / "map.html")
    opened = Opened(browser, tmp_path / "map.html")
    words = opened.click_at(-18.1, 178.4)
    assert words.startswith("Center SUV")
    assert "Sites here: 2" in words
    opened.page.locator(".others button", has_text="under").click()
    page = opened.popup()
    assert page.startswith("under")
    assert "at this location" not in page  # the other is 33 m away
    assert "Also near: 2" in page
    opened.page.locator(".others button", has_text="Center SUV").click()
    assert opened.popup().startswith("Center SUV")


@pytest.mark.parametrize("width", [360, 375, 390, 412])
def test_a_popup_fits_a_phone_and_closes(browser: Browser, demo: Path, width: int) -> None:
    """The whole popup is on the screen, and its button can be touched."""
    size = {"width": width, "height": 740}
    opened = Opened(browser, demo / "map.html", viewport=size, has_touch=True, is_mobile=True)
    row = next(r for r in rows_of(demo / "report.csv") if r["site_id"] == "00NC")
    opened.click_at(float(row["latitude"]), float(row["longitude"]))
    opened.page.wait_for_timeout(400)
    popup = opened.page.locator(".leaflet-popup-content-wrapper").bounding_box()
    close = opened.page.locator(".leaflet-popup-close-button")
    button = close.bounding_box()
    assert popup
    assert button
    assert popup["x"] >= 0
    assert popup["x"] + popup["width"] <= width
    assert button["x"] + button["width"] <= width
    assert min(button["width"], button["height"]) >= 24
    close.tap()
    opened.page.wait_for_selector(".leaflet-popup", state="detached")


def test_roads_have_marks_and_words_of_their_own(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A drive that is too long is no unclear data; minutes are told; unknown roads are unknown."""
    monkeypatch.setenv("COVERAGE_ANALYZER_CACHE", str(tmp_path / "cache"))
    options = batch.Options(trust_declared=True)
    sites, centers, out = DATA / "town_sites.csv", DATA / "town_centers.csv", tmp_path / "out"
    batch.run(sites, centers, out, as_of="2026-12-01", options=options)
    drive(out, DATA / "town.osm", minutes=5)
    opened = Opened(browser, out / "map.html")
    reviewed = [r for r in rows_of(out / "report.csv") if r["reason"].startswith("road_")]
    assert opened.counts()["review_by_road"][1] == len(reviewed) > 0
    assert opened.counts()["review"][1] == 0
    layers = opened.page.locator(".layers").inner_text()
    assert "Not reached by road within 5 minutes" in layers
    assert "No road data" in layers
    minutes = next(r for r in rows_of(out / "drive_times.csv") if r["site_id"] == "south")
    site = next(r for r in rows_of(out / "report.csv") if r["site_id"] == "south")
    opened.go(float(site["latitude"]), float(site["longitude"]), 16)
    words = opened.click_at(float(site["latitude"]), float(site["longitude"]))
    assert f"by road\t{minutes['minutes']} minutes" in words
    assert opened.complaints == []
