"""What the map of a million sites costs: to make in Python, and to look at in a browser.

``python benchmarks/map.py [SITES ...] [--keep FOLDER]``, by default 5,000 and 1,000,000 sites;
needs Debian's chromium. With a folder, the maps stay there.
A browser's time is the CPU time of the page's main thread, which other programs do not lengthen as
they do the time on a clock; frames are those of a map that is dragged at zoom 5.
"""

import argparse
import shutil
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from playwright.sync_api import Browser, CDPSession, Page, sync_playwright
from workload import Places, centers, sites

from coverage_analyzer import arrays, countries
from coverage_analyzer.maps import page, page_data
from coverage_analyzer.maps.sites import DrawnSites
from coverage_analyzer.maps.what_if import WhatIfRules
from coverage_analyzer.matching import areas
from coverage_analyzer.matching.centers import Centers
from coverage_analyzer.matching.matcher import Matcher, Sites
from coverage_analyzer.policy import Policy

if TYPE_CHECKING:
    import pyarrow as pa

FLAGS: Final = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run")
BLOCK: Final = 100_000
CENTERS: Final = 300
DAY: Final = np.datetime64("2026-12-01")

STREETS: Final = ("Main St", "Rue de la Paix", "Hauptstraße", "Via Roma", "High Rd", "Calle Mayor")

FRAMES: Final = """async () => {
  const gaps = [];
  let last = performance.now();
  const box = document.querySelector(".leaflet-container").getBoundingClientRect();
  for (let i = 0; i < 120; i++) {
    await new Promise((next) => requestAnimationFrame(next));
    const now = performance.now();
    gaps.push(now - last);
    last = now;
    map.panBy([i % 60 < 30 ? 12 : -12, i % 40 < 20 ? 5 : -5], { animate: false });
  }
  return gaps;
}"""

SEARCH: Final = """(words) => new Promise((resolve, reject) => {
  const input = document.querySelector("input[type=search]");
  const said = document.querySelector("[role=status]");
  const begun = performance.now();
  const late = setTimeout(() => reject(new Error(`no answer to a search: ${words}`)), 60_000);
  const watch = new MutationObserver((changes) => {
    const words = changes.flatMap(({ addedNodes }) => [...addedNodes].map((n) => n.textContent));
    if (!words.some((text) => /found/i.test(text))) return;
    watch.disconnect();
    clearTimeout(late);
    resolve(performance.now() - begun);
  });
  watch.observe(said, { childList: true });
  input.value = words;
  input.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter" }));
})"""
"""The milliseconds until a search says what it found. The page may say something else at once (what
is in view, once it went to the first result), so that what is said is watched, not read."""


BLOCK_OPEN: Final = """
const block = document.querySelector("fieldset.what-if");
const press = (words) => [...block.querySelectorAll("button")].find(
  ({ textContent }) => textContent === words).click();
const place = (words, lat, lon) => {
  press(words);
  map.fire("click", { latlng: L.latLng(lat, lon) });
};
"""
TRIALS: Final = {
    "prepare": "block.querySelector('details').open = true;",
    "open a center": 'place("Open a center…", 30.5, 114.3);',
    "open another one": 'place("Open a center…", 48.8, 2.3);',
    "close one": (
        'const center = block.querySelector("select"); center.selectedIndex = 8;'
        'center.dispatchEvent(new Event("change")); press("Close it");'
    ),
    "move it": 'place("Move it…", 51.5, 7.2);',
    "start again": 'press("Start again");',
}
"""Changes of centers in the page; the first step computes where all sites are in space."""


def gathered(places: Places, matcher: Matcher) -> tuple[DrawnSites, float]:
    """Return the sites of a map, block by block as the job has them, and its CPU seconds."""
    drawn, seconds = DrawnSites(), 0.0
    random = np.random.default_rng(1)
    for start in range(0, len(places.country), BLOCK):
        part = slice(start, start + BLOCK)
        declared = matcher.world.names.numbers(places.country[part].tolist())
        lon, lat = places.longitude[part], places.latitude[part]
        verdicts = matcher.match(Sites(lon, lat, declared, np.full(len(lon), np.nan)))
        columns = matcher.columns(verdicts)
        numbers, streets = random.integers(1, 999_999, len(lon)), random.integers(0, 6, len(lon))
        names = [f"{STREETS[s]} {n}" for n, s in zip(numbers, streets, strict=True)]
        labels: tuple[pa.Array, pa.Array] = (
            arrays.text_array(places.identifier[part].tolist()),
            arrays.text_array(names),
        )
        began = time.process_time()
        drawn.add(lon, lat, *labels, columns)
        seconds += time.process_time() - began
    return drawn, seconds


def write_page(count: int, path: Path) -> float:
    """Write the map of some sites, and return the CPU seconds that takes beyond the verdicts."""
    world, rules = countries.load(), Policy.load()
    c = centers(CENTERS)
    blank = np.full(CENTERS, "NaT", "datetime64[D]")
    ids = tuple(c.identifier.tolist())
    network = Centers(
        *(ids, ids, tuple(c.country.tolist()), c.longitude, c.latitude, blank, blank, ids),
        ordered_on=blank,
        earliest_on=blank,
    )
    matcher = Matcher(network, rules, world, as_of=DAY.item())
    covered = areas.areas(network, matcher.center_country, rules, world, DAY)
    drawn, seconds = gathered(sites(count), matcher)
    start = time.process_time()
    tried = WhatIfRules.of(matcher, has_rules=False)
    shown = page_data.Network(network, matcher.center_country, covered, DAY, what_if=tried)
    data = page_data.payload(page_data.Heading(rules.title), drawn, shown, world.names)
    page.page(data).write(path)
    return seconds + time.process_time() - start


def cpu(client: CDPSession) -> float:
    """Return the CPU seconds of the page's main thread until now."""
    metrics: list[dict[str, Any]] = client.send("Performance.getMetrics")["metrics"]
    return float(next(m["value"] for m in metrics if m["name"] == "ThreadTime"))


def looked_at(browser: Browser, path: Path) -> dict[str, float]:
    """Return what it costs to open a map, to drag it and to search it."""
    view: Page = browser.new_context(viewport={"width": 1200, "height": 800}).new_page()
    client = view.context.new_cdp_session(view)
    client.send("Performance.enable", {"timeDomain": "threadTicks"})
    start = time.perf_counter()
    view.goto(path.as_uri())
    view.wait_for_selector("html[data-drawn=yes]", state="attached", timeout=120_000)
    measured = {"drawn, CPU s": cpu(client), "drawn, s on the clock": time.perf_counter() - start}
    view.wait_for_selector("html[data-ready=yes]", state="attached", timeout=120_000)
    measured["ready, CPU s"] = cpu(client)
    view.evaluate("map.setView([48, 10], 5, { animate: false })")
    view.wait_for_timeout(1500)
    gaps = sorted(view.evaluate(FRAMES))
    measured["frames, median ms"] = statistics.median(gaps)
    measured["frames, 95 % ms"] = gaps[int(len(gaps) * 0.95)]
    measured["first search ms"] = view.evaluate(SEARCH, "hauptstraße 7777")
    measured["search of one id ms"] = view.evaluate(SEARCH, "S4171")
    measured["search that most fit ms"] = view.evaluate(SEARCH, "st")
    measured["search in vain ms"] = view.evaluate(SEARCH, "in vain")
    for what, act in TRIALS.items():
        begun_cpu = cpu(client)
        view.evaluate(f"() => {{ {BLOCK_OPEN} {act} }}")
        view.wait_for_timeout(200)
        answered = cpu(client) - begun_cpu
        view.wait_for_timeout(2000)
        measured[f"try: {what}, CPU s"] = answered
        measured[f"try: {what}, drawn"] = cpu(client) - begun_cpu
    view.close()
    return measured


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sites", nargs="*", type=int, default=[5_000, 1_000_000])
    parser.add_argument("--keep", type=Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        folder = args.keep or Path(scratch)
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=list(FLAGS)
        )
        for count in args.sites:
            path = folder / f"map-{count}.html"
            seconds = write_page(count, path)
            size = path.stat().st_size / 1e6
            print(f"{count:,} sites: {size:.2f} MB, made in {seconds:.1f} CPU s")
            for what, value in looked_at(browser, path).items():
                print(f"  {what:<26} {value:8.2f}")
        browser.close()


if __name__ == "__main__":
    main()
