"""Pages as a reader has them open: without a network, with an ear for all that goes wrong."""

import csv
import re
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
from playwright.sync_api import Browser, Page

import coverage_analyzer as ca

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
SHELL = shutil.which("chromium-headless-shell") or CHROMIUM
"""The engine of the same Chromium without windows: a page costs half as much."""

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
MAP = "Object.values(window).find((v) => v instanceof L.Map)"
READY = "html[data-ready=yes]"
SITE = {"site_id": "S", "latitude": -17.8, "longitude": 178.0, "country": "FJ"}


class Opened:
    """A page that is open, with all that it asked for and complained of."""

    def __init__(self, browser: Browser, path: Path, **context: Any) -> None:
        size = {"viewport": {"width": 1200, "height": 800}}
        self.page: Page = browser.new_context(**({"offline": True} | size | context)).new_page()
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.page.on("request", lambda r: self.requests.append(r.url))
        self.page.on("console", lambda m: self.complaints.append(f"{m.type}: {m.text}"))
        self.page.on("pageerror", lambda e: self.complaints.append(f"error: {e}"))
        self.page.on("dialog", lambda d: self.complaints.append(f"dialog: {d.message}"))
        self.page.goto(path.as_uri())
        self.page.wait_for_selector(READY, state="attached")

    def go(self, latitude: float, longitude: float, zoom: int = 9) -> None:
        """Put a place into the middle of the map, and wait for what is counted there."""
        view = f"{MAP}.setView([{latitude}, {longitude}], {zoom}, {{animate: false}})"
        self.page.evaluate(f"() => {{ {view}; }}")
        self.page.wait_for_timeout(250)

    def click_at(self, latitude: float, longitude: float) -> str:
        """Go to a place, click there with the mouse, and return what the popup says."""
        self.go(latitude, longitude)
        self.page.evaluate(f"() => {{ {MAP}.closePopup(); }}")
        self.page.wait_for_selector(".leaflet-popup", state="detached")
        box = self.page.locator(".leaflet-container").bounding_box()
        assert box
        self.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        return self.popup()

    def popup(self) -> str:
        """Return what the open popup says."""
        self.page.wait_for_selector(".popup h2")
        return self.page.locator(".leaflet-popup-content").inner_text()

    def find(self, words: str) -> list[str]:
        """Search for words, and return what is listed."""
        self.page.locator("[role=status]").evaluate("(said) => { said.textContent = ''; }")
        self.page.get_by_label("Search by").fill(words)
        self.page.wait_for_selector("[role=status]:text-matches('found')")
        return self.page.locator(".results li").all_inner_texts()

    def counts(self) -> dict[str, tuple[int, int]]:
        """Return how many sites of each status the legend says there are, in view and in all."""
        self.page.wait_for_timeout(120)  # counts follow a movement of the map after 80 ms
        result = {}
        for row in self.page.locator(".legend label:not([hidden])").all_inner_texts():
            figures = re.search(r"([\d,]+) / ([\d,]+)", row)
            assert figures
            shown, total = (int(n.replace(",", "")) for n in figures.groups())
            status = row.strip().split(":")[0].split("\n")[0].strip().lower().replace(" ", "_")
            result[status] = shown, total
        return result

    def drawn(self) -> None:
        """Wait until all tiles are drawn, however busy the machine is."""
        tiles = "[...document.querySelectorAll('canvas.leaflet-tile')]"
        loaded = "c.classList.contains('leaflet-tile-loaded')"
        self.page.wait_for_function(f"() => {tiles}.every((c) => {loaded})")

    def ink(self, layer: str) -> int:
        """Return how many pixels of a layer's tiles have something on them."""
        self.drawn()
        inked: int = self.page.evaluate(
            """(layer) => [...document.querySelectorAll(`.${layer} canvas`)].reduce((sum, c) => {
              const { data } = c.getContext("2d").getImageData(0, 0, c.width, c.height);
              for (let i = 3; i < data.length; i += 4) if (data[i]) sum++;
              return sum;
            }, 0)""",
            layer,
        )
        return inked


def rows_of(path: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV file."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def frames(rows: list[dict[str, Any]]) -> tuple[Any, Any, Any]:
    """Return verdicts, centers and areas of a few sites round Suva."""
    center = {"center_id": "SUV", "latitude": -18.1, "longitude": 178.4, "country": "FJ"}
    centers = pd.DataFrame([center])
    verdicts = ca.assess(pd.DataFrame(rows), centers, as_of="2026-12-01")
    return verdicts, centers, ca.coverage_areas(centers, as_of="2026-12-01")
