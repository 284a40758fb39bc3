"""The map of a notebook: folium's shell round the same page."""

from pathlib import Path

import folium
import pytest
from playwright.sync_api import Browser

import coverage_analyzer as ca
from browser.pages import READY, SITE, Opened, frames
from coverage_analyzer.errors import InputError

pytestmark = pytest.mark.xdist_group("browser")


def test_the_notebook_map_is_safe_and_whole(browser: Browser, tmp_path: Path) -> None:
    """The same page through folium: no template runs in a name, nothing is fetched."""
    names = "<img src=x onerror=1> {{ 7*7 }} {% if true %}RUN{% endif %} ${1} `x` </script>"
    shown = ca.coverage_map(*frames([SITE | {"name": names}]))
    shown.save(tmp_path / "map.html")
    opened = Opened(browser, tmp_path / "map.html")
    assert names in opened.click_at(-17.8, 178.0)
    assert opened.complaints == []
    assert opened.requests == [(tmp_path / "map.html").as_uri()]


def test_the_notebook_shows_it_inline() -> None:
    """A frame with the whole page in it, as text of an attribute."""
    inline = ca.coverage_map(*frames([SITE]))._repr_html_()
    assert inline.startswith('<iframe sandbox="allow-scripts allow-downloads" srcdoc="')
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
    if not fetching:
        frame.wait_for_selector(READY, state="attached")
        assert frame.locator(".sites canvas").count() > 0
        assert frame.locator(".figures dd").first.inner_text() == "1"
        assert errors == []
    reach = "() => { try { return String(top.secret) } catch (error) { return error.name } }"
    assert frame.evaluate(reach) == "SecurityError"
    policy = frame.locator("meta[http-equiv='Content-Security-Policy']").count()
    assert policy == (0 if fetching else 1)


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


def test_a_title_is_the_maps_own(browser: Browser, tmp_path: Path) -> None:
    """It heads the panel, and the policy follows it."""
    ca.coverage_map(*frames([SITE]), title="December").save(tmp_path / "map.html")
    header = Opened(browser, tmp_path / "map.html").page.locator(".panel header").inner_text()
    assert header.startswith("December\n")
    assert "Citrix Appliance Maintenance, as of 2026-12-01" in header
