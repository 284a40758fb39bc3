"""A browser, and a run to look at, shared by all tests of the map."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from browser.pages import FLAGS, SHELL
from coverage_analyzer import batch

DATA = Path(__file__).parents[2] / "data"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Give headless Chromium."""
    if SHELL is None:
        pytest.skip("Debian's package chromium is not installed")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=SHELL, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the run's folder of the sample data."""
    folder = tmp_path_factory.mktemp("demo")
    sites, centers = DATA / "customer_sites.csv", DATA / "service_centers.csv"
    batch.run(sites, centers, folder, as_of="2026-12-01")
    return folder


@pytest.fixture(autouse=True)
def close_pages(request: pytest.FixtureRequest) -> Iterator[None]:
    """Close the pages that a test opened: a hundred open ones take gigabytes of the browser.

    Those of fixtures with a wider scope were opened before, and stay.
    """
    if "browser" not in request.fixturenames:
        yield
        return
    browser: Browser = request.getfixturevalue("browser")
    before = list(browser.contexts)
    yield
    for context in browser.contexts:
        if context not in before:
            context.close()
