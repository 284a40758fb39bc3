"""Changes of centers that are tried in the map: the same counts as the command, and one file."""

import dataclasses
import json
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import what_if_cases
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator

from browser.conftest import DATA
from browser.pages import MAP, Opened, rows_of
from coverage_analyzer import batch, countries
from coverage_analyzer.batch._what_if import WhatIfChange, what_if
from coverage_analyzer.batch.run_again import RunAgain, open_run
from coverage_analyzer.comparison.changes import Change, LevelRanks, classify
from coverage_analyzer.comparison.what_if import NewCenter
from coverage_analyzer.geodesy import destination
from coverage_analyzer.matching.matcher import Matcher
from coverage_analyzer.matching.site_rows import SiteRows
from coverage_analyzer.policy import Policy

pytestmark = pytest.mark.xdist_group("browser")

DAY = "2026-12-01"
OFF_M = (*(-30_000, -5_000, -20, -3, 3, 20, 5_000, 30_000) * 6, -0.6, -0.002, 0.002, 0.6)
"""Metres beyond a limit: few sites are so near that the page's rounding of places matters."""
KINDS = ("gained", "lost", "sooner", "delayed")
TRY = """(edits) => {
  const block = document.querySelector("fieldset.what-if");
  const press = (words, within = block) => {
    [...within.querySelectorAll("button")].find(({ textContent }) => textContent === words).click();
  };
  const choose = (select, value) => {
    select.value = value;
    if (select.value !== value) throw new Error(`no ${value}`);
    select.dispatchEvent(new Event("change"));
  };
  const buttons = () => [...block.querySelectorAll("button")];
  const [center] = block.querySelectorAll("select");
  const clickAt = ([lat, lon]) => { MAP.fire("click", { latlng: L.latLng(lat, lon) }); };
  const doubtful = (text) => text.includes("in doubt") ? "doubt" : text.split(":")[0].split(" ")[0];
  return edits.map((steps) => {
    block.querySelector("details").open = true;
    const again = buttons().find((b) => b.textContent === "Start again");
    if (!again.disabled) again.click();
    for (const { what, id, place, code } of steps) {
      if (what !== "open") choose(center, id);
      if (what === "close") press("Close it");
      if (what === "move") press("Move it…");
      if (what === "open") press("Open a center…");
      if (what !== "close") clickAt(place);
      if (code) choose([...block.querySelectorAll(".edits select")].at(-1), code);
    }
    return Object.fromEntries([...block.querySelectorAll(".changes li")].map((row) => {
      const number = Number(row.querySelector("strong").textContent.replaceAll(",", ""));
      return [doubtful(row.lastChild.textContent), number];
    }));
  });
}""".replace("MAP", MAP)
"""Makes edits one after the other, as a reader does, and returns the counts of each."""


@dataclasses.dataclass(frozen=True)
class Trial:
    """A run, and what its sites and centers are."""

    folder: Path
    places: Sequence[tuple[float, float, str]]
    centers: Sequence[tuple[str, float, float]]


def write_inputs(folder: Path, policy: str, columns: Mapping[str, Sequence[str]]) -> None:
    """Write centers and sites at and around the limits, with own columns for some of them."""
    world, rng = countries.load(), np.random.default_rng(7)
    day = what_if_cases.DAY
    matcher = Matcher(
        what_if_cases.centers(), Policy.load(policy), world, as_of=day, trust_declared=True
    )
    sites = what_if_cases.sites_near(matcher, rng, OFF_M)
    header = ["site_id", "latitude", "longitude", "country", "accuracy_m", *columns]
    lines = [",".join(header)]
    for i in range(len(sites)):
        accuracy = "" if math.isnan(sites.accuracy_m[i]) else str(sites.accuracy_m[i])
        lat, lon = f"{sites.lat[i]:.9f}", f"{sites.lon[i]:.9f}"
        cells = [f"S{i}", lat, lon, world.names.codes[sites.declared[i]], accuracy]
        cells += [values[rng.integers(len(values))] for values in columns.values()]
        lines.append(",".join(cells))
    (folder / "sites.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    rows = [f"{i},{c},{lat},{lon},{d}" for i, c, lat, lon, d in what_if_cases.CENTERS]
    head = "center_id,country,latitude,longitude,opens_on\n"
    (folder / "centers.csv").write_text(head + "\n".join(rows) + "\n", encoding="utf-8")


COLUMNS = {
    "plain": {},
    "two bands": {},
    "rules": {
        "requested_level": ["", "Gold Plus", "Gold", "Silver"],
        "product": ["", "Gate 100", "Gate 200", "unknown"],
        "registered_on": ["", "2026-02-02", "2027-02-02"],
    },
}
PRODUCTS = """product,mainstream_ends_on,extended_ends_on
Gate 100,2028-06-30,2030-06-30
Gate 200,2026-03-31,2027-01-15
"""


@pytest.fixture(scope="module", params=list(COLUMNS))
def trial(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Trial:
    """Give a run with sites at and around the limits."""
    folder = tmp_path_factory.mktemp("trial")
    policy = "hp-call-to-repair" if request.param == "two bands" else "appliance-maintenance"
    write_inputs(folder, policy, COLUMNS[request.param])
    options = batch.Options(trust_declared=True, areas=False, summary=False)
    if request.param == "rules":
        (folder / "products.csv").write_text(PRODUCTS, encoding="utf-8")
        options = dataclasses.replace(options, products=folder / "products.csv")
    inputs = folder / "sites.csv", folder / "centers.csv"
    batch.run(*inputs, folder / "out", policy=policy, as_of=DAY, options=options)
    sites = [
        (float(r["latitude"]), float(r["longitude"]), r["country"]) for r in rows_of(inputs[0])
    ]
    centers = [
        (r["center_id"], float(r["latitude"]), float(r["longitude"])) for r in rows_of(inputs[1])
    ]
    return Trial(folder / "out", sites, centers)


def random_edits(trial: Trial, count: int, seed: int) -> list[list[dict[str, Any]]]:
    """Return edits of one to three steps: what closes, what opens and where, what moves."""
    rng = np.random.default_rng(seed)

    def near(lat: float, lon: float, metres: float) -> list[float]:
        x, y = destination([lon], [lat], [rng.uniform(-180, 180)], [metres])
        return [round(float(y[0]), 5), round(float(x[0]), 5)]

    edits = []
    for _ in range(count):
        chosen = rng.choice(len(trial.centers), 3, replace=False).tolist()
        steps: list[dict[str, Any]] = []
        for kind in rng.permutation(["close", "open", "move"])[: rng.integers(1, 4)].tolist():
            center, lat, lon = trial.centers[chosen.pop()]
            if kind == "close":
                steps.append({"what": kind, "id": center})
            elif kind == "move":
                place = near(lat, lon, rng.choice([10, 5_000, 60_000]))
                steps.append({"what": kind, "id": center, "place": place})
            else:
                lat, lon, code = trial.places[rng.integers(len(trial.places))]
                place = near(lat, lon, rng.choice([100, 40_000, 80_467, 112_654]))
                steps.append({"what": kind, "place": place, "code": code})
        edits.append(steps)
    return edits


def change_of(steps: Sequence[Mapping[str, Any]]) -> WhatIfChange:
    """Return the same edits for the command."""
    texts = {id(s): [str(v) for v in s["place"]] for s in steps if "place" in s}
    return WhatIfChange(
        close=[s["id"] for s in steps if s["what"] == "close"],
        open=[NewCenter(*texts[id(s)], s["code"]) for s in steps if s["what"] == "open"],
        move={s["id"]: NewCenter(*texts[id(s)]) for s in steps if s["what"] == "move"},
    )


def test_counts_are_those_of_the_command(browser: Browser, trial: Trial) -> None:
    """For random edits, but for sites in doubt, which are counted; most edits have none."""
    edits = random_edits(trial, 17, seed=len(trial.places))
    opened = Opened(browser, trial.folder / "map.html")
    shown = opened.page.evaluate(TRY, edits)
    assert opened.complaints == []
    run = open_run(trial.folder)
    rows = [run.report.table.site_rows(block) for block in run.rows()]
    certain = 0
    for steps, counts in zip(edits, shown, strict=True):
        told = changes_of(run, rows, change_of(steps))
        doubt = counts.get("doubt", 0)
        off = {kind: abs(told[kind] - counts.get(kind, 0)) for kind in KINDS}
        assert max(off.values()) <= doubt, (json.dumps(steps), told, counts)
        certain += doubt == 0 and told["gained"] + told["lost"] > 0
    assert certain >= 9
    command = what_if(trial.folder, change_of(edits[0])).manifest["changes"]
    told = changes_of(run, rows, change_of(edits[0]))
    assert {kind: command[kind] for kind in KINDS} == {kind: told[kind] for kind in KINDS}


def changes_of(run: RunAgain, rows: Sequence[SiteRows], change: WhatIfChange) -> Mapping[str, int]:
    """Return what the command counts, without opening the run again."""
    titles = run.spec.policy.titles
    sides = [spec.build() for spec in (run.spec, change.edit(run.spec).apply(run.spec))]
    kinds: Counter[str] = Counter()
    for sites in rows:
        verdicts = [m.columns(m.match(*m.inputs(sites))) for m in sides]
        changes = classify(*verdicts, LevelRanks(titles, titles))
        kinds.update(Change(kind).name for kind in changes.tolist())
    return kinds


@pytest.fixture(scope="module")
def shared_page(browser: Browser, demo: Path) -> Opened:
    """Give the demo's map, open."""
    return Opened(browser, demo / "map.html")


@pytest.fixture
def opened(shared_page: Opened) -> Opened:
    """Give the demo's map with no change tried, and the block open."""
    shared_page.go(39.1, -108.5, 5)
    shared_page.page.evaluate(TRY, [[]])
    return shared_page


def block(opened: Opened) -> Locator:
    """Return the block of the panel."""
    return opened.page.locator("fieldset.what-if")


def press(opened: Opened, words: str) -> None:
    """Press a button of the block."""
    block(opened).get_by_role("button", name=words, exact=True).click()


def counts_of(opened: Opened) -> dict[str, int]:
    """Return how many sites the block says are changed, by kind."""
    rows = block(opened).locator(".changes li").all_inner_texts()
    found = (re.match(r"([\d,]+)\s+(\w+)", row.strip()) for row in rows)
    return {m[2]: int(m[1].replace(",", "")) for m in found if m}


def open_here(opened: Opened) -> None:
    """Open a center in the middle of the map."""
    press(opened, "Open a center…")
    press(opened, "Here: the middle of the map")


def test_a_run_takes_the_saved_centers_and_decides_the_same(
    opened: Opened, demo: Path, tmp_path: Path
) -> None:
    """Each row of the new report, compared with that of the map's run, as the page counted it."""
    steps = [
        {"what": "close", "id": "US-DAL-1"},
        {"what": "move", "id": "US-BOS-1", "place": [43.0, -71.2]},
        {"what": "open", "place": [39.1, -108.5]},
    ]
    (counts,) = opened.page.evaluate(TRY, [steps])
    with opened.page.expect_download() as download:
        press(opened, "Save centers")
    assert download.value.suggested_filename == "centers-tried.csv"
    saved = tmp_path / "centers-tried.csv"
    download.value.save_as(saved)
    options = batch.Options(map=False, areas=False, summary=False)
    batch.run(DATA / "customer_sites.csv", saved, tmp_path / "out", as_of=DAY, options=options)
    ranks = ["Gold Plus", "Gold"]
    before, after = (
        [ranks.index(row["level"]) for row in rows_of(folder / "report.csv")]
        for folder in (demo, tmp_path / "out")
    )
    changes = Counter(b - a for a, b in zip(before, after, strict=True))
    assert counts == {"gained": changes[-1], "lost": changes[1]}
    assert min(counts.values()) > 0
    assert "Nothing is decided here" in block(opened).inner_text()
    tried = {r["center_id"]: r["tried_in_map"] for r in rows_of(saved) if r["tried_in_map"]}
    assert tried == {"US-BOS-1": "moved", "NEW-1": "opened"}


def test_each_step_can_be_taken_back(opened: Opened) -> None:
    """The last one, one of them, all."""
    opened.page.evaluate(TRY, [[{"what": "close", "id": "US-DAL-1"}]])
    lost = counts_of(opened)
    assert lost == {"gained": 0, "lost": 10}
    open_here(opened)
    both = counts_of(opened)
    assert both == {"gained": 2, "lost": 10}
    assert opened.ink("tried") > 0
    press(opened, "Undo last step")
    assert counts_of(opened) == lost
    open_here(opened)
    block(opened).get_by_label("Undo the change of US-DAL-1").click()
    assert counts_of(opened) == {"gained": 2, "lost": 0}
    press(opened, "Undo last step")
    assert counts_of(opened) == both
    press(opened, "Start again")
    assert counts_of(opened) == {}
    assert opened.page.locator(".tried canvas, .drag-handle").count() == 0
    assert block(opened).get_by_role("button", name="Save centers").is_disabled()


def test_a_site_and_a_center_say_what_is_tried(opened: Opened) -> None:
    """A center's popup closes it; the popup of a site that is lost says so."""
    opened.click_at(32.89, -97.04)
    opened.go(33.6, -96.6, 8)
    opened.page.evaluate(TRY, [[{"what": "close", "id": "US-DAL-1"}]])
    popup = opened.page.locator(".leaflet-popup-content")
    opened.find("US-DAL-2")
    opened.page.locator(".results button").first.click()
    opened.page.wait_for_selector(".popup h2")
    popup.get_by_role("button", name="Close it").click()
    assert "US-DAL-2 closed" in block(opened).inner_text()
    assert counts_of(opened)["lost"] > 10
    words = opened.click_at(*_place_of(opened, "US-DAL-2"))
    assert "state\topen" in words  # as in the run: the map itself is not changed


def _place_of(opened: Opened, center: str) -> tuple[float, float]:
    """Return where a center is."""
    row = next(r for r in rows_of(DATA / "service_centers.csv") if r["center_id"] == center)
    return float(row["latitude"]), float(row["longitude"])


def test_a_country_is_asked_for_where_it_is_not_clear(opened: Opened) -> None:
    """Near a border, far from any center, nobody is served until the reader has said it."""
    opened.go(49.0, -119.0, 6)
    open_here(opened)
    country = block(opened).get_by_label("Country of NEW-1")
    assert country.input_value() == ""
    assert "Not clear" in block(opened).inner_text()
    assert counts_of(opened) == {"gained": 0, "lost": 0}
    assert block(opened).get_by_role("button", name="Save centers").is_disabled()
    gained = []
    for code in ("US", "CA"):
        country.select_option(code)
        gained.append(counts_of(opened)["gained"])
        assert "Not clear" not in block(opened).inner_text()
    assert gained[0] != gained[1]


COUNTRIES = """(places) => {
  const block = document.querySelector("fieldset.what-if");
  const press = (words) => [...block.querySelectorAll("button")].find(
    ({ textContent }) => textContent === words).click();
  return places.map(([lat, lon]) => {
    press("Open a center…");
    MAP.fire("click", { latlng: L.latLng(lat, lon) });
    const { value } = block.querySelector(".edits select");
    press("Undo last step");
    return value;
  });
}""".replace("MAP", MAP)


def test_a_country_that_is_not_asked_for_is_right(opened: Opened) -> None:
    """Beside borders and in the open: where the page is sure, the country layer agrees."""
    rng = np.random.default_rng(3)
    centers = rows_of(DATA / "service_centers.csv")
    places = [(float(r["latitude"]), float(r["longitude"])) for r in centers]
    lat, lon = np.array(places)[rng.integers(len(places), size=150)].T
    lon, lat = destination(lon, lat, rng.uniform(-180, 180, 150), rng.uniform(0, 200_000, 150))
    lon, lat = np.append(lon, [7.7, 7.6, -119.0]), np.append(lat, [47.55, 47.53, 49.0])
    codes = opened.page.evaluate(COUNTRIES, np.column_stack([lat, lon]).tolist())
    located = countries.load().locate(lon, lat)
    wrong = [
        (y, x, code, there)
        for y, x, code, there in zip(lat.tolist(), lon.tolist(), codes, located, strict=True)
        if code and there and code != there
    ]
    assert wrong == []
    assert codes[-3:] == ["DE", "CH", ""]
    land = located != ""
    assert np.mean(np.array(codes)[land] != "") > 0.6


def test_a_center_is_moved_by_dragging(opened: Opened) -> None:
    """The handle of a new center follows the pointer, and the figures follow the center."""
    open_here(opened)
    before = block(opened).locator(".edits").inner_text()
    box = opened.page.locator(".drag-handle").bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    mouse = opened.page.mouse
    mouse.move(x, y)
    mouse.down()
    mouse.move(x + 60, y + 10, steps=4)
    mouse.up()
    moved = block(opened).locator(".edits").inner_text()
    assert moved.startswith("NEW-1 opened at")
    assert moved != before
    assert counts_of(opened)["gained"] > 2


def test_a_keyboard_is_enough(opened: Opened) -> None:
    """Open, cancel, open again and take back, without a mouse."""
    keyboard = opened.page.keyboard
    block(opened).get_by_role("button", name="Open a center…").focus()
    keyboard.press("Enter")
    opened.page.wait_for_selector(".placer button:focus")
    keyboard.press("Escape")
    assert not block(opened).locator(".placer").is_visible()
    focused = "() => document.activeElement.textContent"
    assert opened.page.evaluate(focused) == "Open a center…"  # not what is hidden now
    keyboard.press("Enter")
    keyboard.press("Enter")
    assert counts_of(opened) == {"gained": 2, "lost": 0}
    assert opened.page.evaluate(focused) == "Open a center…"
    said = opened.page.locator("[role=status]").inner_text()
    assert said.startswith("Tried, not decided by a run: NEW-1 opened at 39.1000, -108.5000.")
    serious = [
        (v["id"], v["nodes"][0]["html"])
        for v in Axe().run(opened.page).response["violations"]
        if v["impact"] in {"serious", "critical"}
    ]
    assert serious == []


def test_what_is_printed_says_what_is_tried(opened: Opened) -> None:
    """On the sheet, where nobody can ask the page."""
    open_here(opened)
    opened.page.evaluate("() => { window.dispatchEvent(new Event('beforeprint')); }")
    caption = opened.page.locator("figcaption").text_content() or ""
    opened.page.evaluate("() => { window.dispatchEvent(new Event('afterprint')); }")
    assert "Tried, not decided by a run: NEW-1 opened at 39.1000, -108.5000. 2 sites" in caption
    assert re.search(r"0 sites lost, of [\d,]+ sites in all", caption)  # whatever the filters


def test_a_phone_shows_it(browser: Browser, demo: Path) -> None:
    """Nothing is wider than 360 pixels, and buttons are large enough for a finger."""
    phone = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True}
    opened = Opened(browser, demo / "map.html", **phone)
    opened.page.evaluate(TRY, [[{"what": "close", "id": "US-DAL-1"}]])
    opened.go(39.1, -108.5, 5)
    open_here(opened)
    assert counts_of(opened) == {"gained": 2, "lost": 10}
    wide = "() => [document.documentElement, document.querySelector('.panel')]"
    assert opened.page.evaluate(f"{wide}.every((e) => e.scrollWidth <= e.clientWidth)")
    heights = [b.bounding_box() for b in block(opened).locator("button:visible").all()]
    assert min(box["height"] for box in heights if box) >= 24


def test_a_page_that_cannot_says_why(browser: Browser, tmp_path: Path) -> None:
    """In words, without a button."""
    sites, centers = tmp_path / "s.csv", tmp_path / "c.csv"
    sites.write_text("site_id,latitude,longitude,country\nA,48.1,11.5,DE\n", encoding="utf-8")
    centers.write_text(
        "center_id,latitude,longitude,country\n=C,48.2,11.6,DE\nD,48.9,11.6,DE\n", encoding="utf-8"
    )
    options = batch.Options(areas=False, summary=False)
    policy = "watchguard-premium-rma"
    batch.run(sites, centers, tmp_path / "road", policy=policy, as_of=DAY, options=options)
    opened = Opened(browser, tmp_path / "road" / "map.html")
    assert "the policy measures by road" in block(opened).inner_text()
    assert block(opened).locator("button").count() == 0

    # A text that a spreadsheet would run is escaped in the saved file, and read as it was.
    batch.run(sites, centers, tmp_path / "miles", as_of=DAY, options=options)
    opened = Opened(browser, tmp_path / "miles" / "map.html")
    opened.page.evaluate(TRY, [[{"what": "close", "id": "D"}]])
    with opened.page.expect_download() as download:
        press(opened, "Save centers")
    saved = tmp_path / "centers-tried.csv"
    download.value.save_as(saved)
    assert rows_of(saved)[0]["center_id"] == "'=C"
    batch.run(sites, saved, tmp_path / "again", as_of=DAY, options=options)
    assert rows_of(tmp_path / "again" / "report.csv")[0]["center_id"].lstrip("'") == "=C"
