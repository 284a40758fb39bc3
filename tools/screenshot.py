"""Take the picture of the README: the map of the demo, over Central Europe.

Run from the repository's root after ``make demo``, with Debian's chromium::

    python tools/screenshot.py
"""

import shutil
from pathlib import Path

from playwright.sync_api import sync_playwright

MAP = Path("reports/demo/map.html").resolve()
PICTURE = Path("docs/map.png")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
FLAGS += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
VIEW = "map.setView([47.9, 8.6], 7, { animate: false })"


def main() -> None:
    """Open the map, go there, and keep what is seen."""
    PICTURE.parent.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        page = browser.new_page(viewport={"width": 1200, "height": 760})
        page.goto(MAP.as_uri())
        page.wait_for_function("document.documentElement.dataset.ready === 'yes'")
        page.evaluate(VIEW)
        page.wait_for_timeout(1000)
        page.screenshot(path=PICTURE)
        browser.close()
    print(f"{PICTURE}: {PICTURE.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
