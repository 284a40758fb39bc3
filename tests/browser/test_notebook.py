"""The map of a notebook: folium's shell round the same page."""

from pathlib import Path
from typing import Any

import folium
import pytest
from folium import plugins
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


BROKEN = {
    "an icon of fonts": (lambda: folium.Marker([0, 0], icon=folium.Icon()), "folium.Icon needs"),
    "an icon in markup": (
        lambda: folium.Marker([0, 0], icon=folium.DivIcon(html='<i class="fa fa-car"></i>')),
        "Font Awesome",
    ),
    "a popup with a page": (
        lambda: folium.CircleMarker([0, 0], popup=folium.Popup(folium.IFrame("<p>x"))),
        "<iframe> in the text",
    ),
    "a popup with a picture of a folder": (
        lambda: folium.CircleMarker([0, 0], popup="<img src='x.png'>"),
        "from the network",
    ),
    "a popup with a handler": (
        lambda: folium.CircleMarker([0, 0], popup=folium.Popup("<b onclick='x()'>", lazy=True)),
        "onclick",
    ),
    "a plug-in": (lambda: plugins.MarkerCluster([[0, 0]]), "from the network"),
}


@pytest.mark.parametrize(("layer", "words"), BROKEN.values(), ids=BROKEN)
def test_a_folium_layer_that_would_be_broken_is_refused(layer: Any, words: str) -> None:
    """What a page without a network shows only in part is an error that says what to use."""
    shown = ca.coverage_map(*frames([SITE]))
    layer().add_to(shown)
    with pytest.raises(InputError, match=words) as error:
        shown.html()
    assert "online=True" in str(error.value)
    assert shown._repr_html_().startswith("<iframe")


def test_folium_popups_and_markers_work_whole(browser: Browser, tmp_path: Path) -> None:
    """Markers have their picture; popups open with their markup, at once or when clicked."""
    shown = ca.coverage_map(*frames([SITE]))
    link = "<a href='https://tiles.example/'>more</a> `5` costs $(5), $.10"
    folium.Marker([-17.8, 177.0], popup=link, tooltip="depot").add_to(shown)
    folium.CircleMarker(
        [-17.8, 179.0], fill=True, popup=folium.Popup("<b>later</b>", lazy=True)
    ).add_to(shown)
    folium.Marker([-18.5, 178.0], icon=folium.DivIcon(html="<b>here</b>")).add_to(shown)
    feature = {"type": "Feature", "properties": {"who": "Ann"}, "geometry": None}
    feature["geometry"] = {"type": "Point", "coordinates": [178.0, -17.0]}
    folium.GeoJson(
        {"type": "FeatureCollection", "features": [feature]}, popup=folium.GeoJsonPopup(["who"])
    ).add_to(shown)
    folium.LayerControl().add_to(shown)
    shown.save(tmp_path / "map.html")
    opened = Opened(browser, tmp_path / "map.html")
    opened.go(-17.6, 178.0, 8)
    picture = "(p) => [p.naturalWidth, p.naturalHeight]"
    markers = opened.page.locator("img.leaflet-marker-icon")
    assert [markers.nth(i).evaluate(picture) for i in range(markers.count())] == [[25, 41]] * 2
    content = opened.page.locator(".leaflet-popup-content")
    for mark, words in (
        (markers.first, "more `5` costs $(5), $.10"),
        (opened.page.locator("path.leaflet-interactive").first, "later"),
        (markers.last, "Ann"),
    ):
        mark.click()
        opened.page.wait_for_timeout(50)
        assert words in content.last.inner_text()
    assert opened.page.locator(".leaflet-div-icon, .empty").filter(has_text="here").count() == 1
    assert opened.complaints == []
    assert opened.requests == [(tmp_path / "map.html").as_uri()]


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
