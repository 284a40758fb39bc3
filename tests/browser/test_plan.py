"""The page of a plan in a browser without a network: what it says, on a desk and on a phone."""

import shutil
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from browser.pages import Opened
from coverage_analyzer.batch._place import PlaceInputs, place
from coverage_analyzer.siting.question import Question

DATA = Path(__file__).parents[2] / "data"
EVIL = "</script><img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the page of a plan of which a name is hostile."""
    folder = tmp_path_factory.mktemp("plan")
    candidates = folder / "candidates.csv"
    rows = [
        f'K1,40.2,-83.4,US,"{EVIL}"',
        "K2,42.5,-89.1,US,Rockford",
        "K3,34.2,-82.2,US,Greenwood",
        "K4,34.2,-82.2,US,Twin of Greenwood",
    ]
    header = "candidate_id,latitude,longitude,country,name"
    candidates.write_text("\n".join([header, *rows, ""]), encoding="utf-8")
    inputs = PlaceInputs(
        sites=DATA / "customer_sites.csv",
        centers=DATA / "service_centers.csv",
        candidates=candidates,
    )
    place(inputs, folder / "out", Question(new=3, curve=True), as_of="2026-12-01")
    return folder / "out" / "plan.html"


@pytest.mark.parametrize("width", [1200, 390])
def test_the_page_shows_proof_map_curve_and_tables(
    browser: Browser, page: Path, width: int
) -> None:
    """It asks for nothing, complains of nothing, and is no wider than the screen."""
    opened = Opened(browser, page, viewport={"width": width, "height": 800})
    shown = opened.page
    shown.wait_for_selector("html[data-plan=yes]", state="attached")
    assert opened.complaints == []
    assert [url for url in opened.requests if not url.startswith(("file:", "data:", "blob:"))] == []
    assert "gains more (proved)" in shown.locator(".proof").inner_text()
    assert shown.locator("#plan-body svg circle").count() == 3
    assert shown.locator("#plan-body table").count() == 3
    assert EVIL in shown.locator("#plan-body").inner_text()
    assert shown.locator("#plan-body img").count() == 0
    assert shown.evaluate("document.documentElement.scrollWidth") <= width
    assert "K4" in shown.locator("#plan-body").inner_text()
    assert shown.title().startswith("Plan: open 3 centers, gain ")
    assert "new: opened by this plan" in shown.locator(".legend").first.inner_text()
    assert (
        "reaches the same sites as Greenwood, US (K3)" in shown.locator("#plan-body").inner_text()
    )
    assert shown.locator("#plan-head").bounding_box()["height"] < 250


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="poppler-utils is not installed")
@pytest.mark.parametrize("form", ["A4", "Letter"])
def test_the_page_prints_with_map_curve_and_all_tables(
    browser: Browser, page: Path, tmp_path: Path, form: str
) -> None:
    """On few sheets, with nothing cut off at the right; and the screen is as it was after it."""
    opened = Opened(browser, page, viewport={"width": 1200, "height": 800}, color_scheme="dark")
    shown = opened.page
    shown.wait_for_selector("html[data-plan=yes]", state="attached")
    before = shown.locator("#plan-map").bounding_box()
    printed = tmp_path / "plan.pdf"
    shown.pdf(path=printed, format=form, print_background=True)
    told = subprocess.run(
        ["pdftotext", "-layout", printed, "-"], check=True, capture_output=True, text=True
    ).stdout
    first, *others = told.split("\f")[:-1]
    assert len(others) <= 2
    assert "of all sites with the level" in first
    assert "Made with Natural Earth" in first  # below the map
    words = " ".join(told.split())
    assert "gains more (proved)" in words
    assert "new: opened by this plan" in words
    for heading in shown.locator("#plan-body h2").all_inner_texts():
        assert heading in words
    for cell in shown.locator("#plan-body tr:nth-child(-n + 40) td.number").all_inner_texts():
        assert cell in words
    assert opened.complaints == []
    assert shown.locator("#plan-map").bounding_box() == before
