"""Take the pictures of the documentation: the demo's map, a letter, a map of a million sites.

Run from the repository's root after ``make demo``, with Debian's chromium::

    python tools/screenshot.py [MAP_OF_A_MILLION]

``benchmarks/map.py --keep FOLDER`` leaves the map of a million sites behind.
"""

import shutil
import sys
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, sync_playwright

from coverage_analyzer.batch import site_letter

MAP: Final = Path("reports/demo/map.html")
SITES: Final = "data/customer_sites.csv"
CENTERS: Final = "data/service_centers.csv"
PICTURES: Final = Path("docs/img")
FLAGS: Final = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run")
LAPTOP: Final = {"width": 1200, "height": 760}
SHEET: Final = {"width": 860, "height": 1100}
PHONE: Final = {"width": 390, "height": 800}


def view(latitude: float, longitude: float, zoom: int) -> str:
    """Return the script that moves a map."""
    return f"map.setView([{latitude}, {longitude}], {zoom}, {{ animate: false }}); null"


CLICK: Final = (
    "document.querySelector('input[type=search]').value = 'LSZH';"
    "document.querySelector('input[type=search]').dispatchEvent("
    "new KeyboardEvent('keydown', { key: 'Enter' })); null"
)
"""Searches for a site and opens what is told of it."""

SHOTS: Final[dict[str, tuple[list[str], dict[str, Any]]]] = {
    "light": ([CLICK, view(47.6, 8.6, 7)], {"viewport": LAPTOP}),
    "dark": ([view(47.9, 8.6, 7)], {"viewport": LAPTOP, "color_scheme": "dark"}),
    "fiji": ([view(-17.5, 179.6, 7)], {"viewport": LAPTOP}),
    "phone": (
        [view(47.9, 8.6, 6)],
        {"viewport": PHONE, "is_mobile": True, "has_touch": True, "device_scale_factor": 2},
    ),
}


def shoot(browser: Browser, page_: Path, name: str, scripts: list[str], **how: Any) -> None:
    """Open a map, run scripts in it, and keep what is seen."""
    page = browser.new_context(offline=True, **how).new_page()
    page.goto(page_.resolve().as_uri())
    page.wait_for_selector("html[data-ready=yes]", state="attached", timeout=120_000)
    for script in scripts:
        page.evaluate(script)
        page.wait_for_timeout(1500)
    picture = PICTURES / f"map-{name}.png"
    page.screenshot(path=picture)
    page.context.close()
    print(f"{picture}: {picture.stat().st_size:,} bytes")


def letter(browser: Browser) -> None:
    """Take the picture of a letter on a site of the demo."""
    text = site_letter(SITES, "LSZH", CENTERS, as_of="2026-12-01")
    page = browser.new_context(offline=True, viewport=SHEET).new_page()
    page.set_content(text)
    picture = PICTURES / "letter.png"
    page.screenshot(path=picture)
    print(f"{picture}: {picture.stat().st_size:,} bytes")


def main() -> None:
    """Take all pictures."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=list(FLAGS)
        )
        for name, (scripts, how) in SHOTS.items():
            shoot(browser, MAP, name, scripts, **how)
        letter(browser)
        for million in sys.argv[1:]:
            shoot(browser, Path(million), "million", [view(30, 10, 2)], viewport=LAPTOP)
        browser.close()


if __name__ == "__main__":
    main()
