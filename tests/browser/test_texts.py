"""Whatever stands in a text that reaches the page is shown as it is, and does nothing."""

import csv
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import Browser

import coverage_analyzer as ca
from browser.pages import Opened
from coverage_analyzer import batch
from coverage_analyzer.batch._map import redrawn
from coverage_analyzer.maps import page
from coverage_analyzer.maps.page_data import Tiles

pytestmark = pytest.mark.xdist_group("browser")

PAYLOADS = {
    "image": "<img src=x onerror=\"window.RUN='RUN'\">",
    "script": "</script><script>window.RUN='RUN'</script>",
    "backtick": "`+(window.RUN='RUN')+`",
    "dollar": "${window.RUN='RUN'}",
    "jinja": "{{ 7*7 }}",
    "jinja block": "{% if true %}RUN{% endif %}",
    "quotes": "\"'><svg onload=\"window.RUN='RUN'\">",
    "link": '<a href="javascript:window.RUN=1">x</a>',
    "comment": "<!-- ]]> --><style>*{background:url(//evil.example/x)}</style>",
    "entity": "&lt;b&gt; &#123; \\u003c \u2028 end",
    "formula": '=HYPERLINK("//evil.example/x")&\'@\t-1',
    "lines": "first\tcell\nsecond\r\nline \u202e turned \U0001f600",
}

HOST = "https://tiles.example"


@pytest.fixture(scope="module", params=PAYLOADS.values(), ids=list(PAYLOADS))
def hostile(
    request: pytest.FixtureRequest, browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Opened, str, Path]:
    """Give a page that has a payload in every text that can reach it, and its folder."""
    folder, text = tmp_path_factory.mktemp("hostile"), request.param
    site = {"site_id": text, "name": text, "country": "FJ", "latitude": -17.8, "longitude": 178}
    site |= {"note": text, "secret": "not asked for"}
    pd.DataFrame([site]).to_csv(folder / "s.csv", index=False)
    center = {"center_id": text, "name": text, "country": "FJ", "latitude": -18.1}
    pd.DataFrame([center | {"longitude": 178.4}]).to_csv(folder / "c.csv", index=False)
    rules = ca.Policy.load()
    levels = tuple(
        level.model_copy(update={"title": f"{level.id} {text}"}) for level in rules.levels
    )
    rules = rules.model_copy(update={"title": f"Policy {text}", "levels": levels})
    options = batch.Options(map_columns=["note"])
    places, out = (folder / "s.csv", folder / "c.csv"), folder / "out"
    batch.run(*places, out, policy=rules, as_of="2026-12-01", options=options)
    tiles = Tiles(f"{HOST}/{{z}}/{{x}}/{{y}}.png", text)
    shown = str(page.page(redrawn(folder / "out", title=f"Title {text}", tiles=tiles)))
    (folder / "map.html").write_text(shown, encoding="utf-8")
    return Opened(browser, folder / "map.html"), text, folder


def told(text: str) -> str:
    """Return a text with blanks as a reader sees them."""
    return " ".join(text.split())


def test_it_is_shown_literally_everywhere(hostile: tuple[Opened, str, Path]) -> None:
    """Site id, name, level, center id and name, policy, title, credit: in each place they go to."""
    opened, text, _ = hostile
    literal = told(text)
    popup = told(opened.click_at(-17.8, 178.0))
    assert popup.startswith(f"{literal} name {literal} level ")
    # and the level's title, the center's id and name, and the own column that was asked for
    assert popup.count(literal) == 6
    assert f"note {literal}" in popup
    assert "not asked for" not in popup
    assert told(opened.click_at(-18.1, 178.4)).startswith(f"Center {literal} name {literal}")
    panel = opened.page.locator(".panel")
    assert told(panel.locator("h1").inner_text()) == f"Title {literal}"
    assert f"Policy {literal}, as of" in told(panel.locator("header").inner_text())
    options = told(" ".join(panel.locator("option").all_inner_texts()))
    assert options.count(literal) >= 3
    assert literal in told(opened.page.locator(".leaflet-control-attribution").inner_text())
    assert told(opened.page.title()) == f"Title {literal}: coverage map"


def test_it_is_found_listed_and_hovered_literally(hostile: tuple[Opened, str, Path]) -> None:
    """The search takes it for words; results, table and hint show it."""
    opened, text, _ = hostile
    literal = told(text)
    words = max(text.replace("\r", "\n").split("\n"), key=len)
    assert [literal in told(row) for row in opened.find(words)] == [True, True]
    opened.page.get_by_text("Table of sites in view").click()
    opened.page.wait_for_selector(".sheet tbody tr")
    row = told(opened.page.locator(".sheet tbody tr").inner_text())
    # as id and name of the site, in its level, as id of the center, and in the own column
    assert row.count(literal) == 5
    opened.page.get_by_text("Table of sites in view").click()
    opened.go(-18.1, 178.4)
    box = opened.page.locator(".leaflet-container").bounding_box()
    assert box
    opened.page.mouse.move(box["x"] + box["width"] / 2 + 1, box["y"] + box["height"] / 2 + 1)
    opened.page.wait_for_selector(".hint")
    assert told(opened.page.locator(".hint").inner_text()) == f"{literal}, {literal}"


def test_the_saved_file_is_safe_and_says_the_same_as_the_report(
    hostile: tuple[Opened, str, Path],
) -> None:
    """The guard of the report is on it, too: the cells are the report's."""
    opened, _, folder = hostile
    with opened.page.expect_download() as download:
        opened.page.get_by_text("Save as CSV").click()
    saved, report = download.value.path(), folder / "out" / "report.csv"
    rows = []
    for path in (saved, report):
        with Path(path).open(encoding="utf-8", newline="") as file:
            rows.append(next(csv.DictReader(file)))
    same = ("site_id", "name", "note", "level", "center_id")
    assert [rows[0][n] for n in same] == [rows[1][n] for n in same]


def test_it_does_nothing(hostile: tuple[Opened, str, Path]) -> None:
    """No script of it ran, no dialog opened, nothing but the tiles that were asked for."""
    opened, _, folder = hostile
    assert opened.page.evaluate("() => window.RUN ?? null") is None
    others = [url for url in opened.requests if not url.startswith(f"{HOST}/")]
    page_, *rest = others
    assert page_ == (folder / "map.html").as_uri()
    assert [url for url in rest if not url.startswith("blob:")] == []
    failed = [c for c in opened.complaints if "ERR_INTERNET_DISCONNECTED" not in c]
    assert failed == []
    assert opened.page.locator("svg[onload], img[onerror], style ~ style + script").count() == 0


@pytest.mark.parametrize(
    "markup",
    [
        "<script>window.RUN='RUN'</script>",
        "<img src=x onerror=\"window.RUN='RUN'\">",
        "<style>h1 { display: none }</style>",
        '<p style="position: fixed; inset: 0">over all</p>',
    ],
    ids=["script", "handler", "style", "style attribute"],
)
def test_markup_that_reached_a_page_would_do_nothing(
    browser: Browser, demo: Path, tmp_path: Path, markup: str
) -> None:
    """The policy allows the page's own scripts and styles by their hashes, not all inline ones."""
    text = (demo / "map.html").read_text("utf-8").replace("<body>", f"<body>{markup}", 1)
    (tmp_path / "map.html").write_text(text, encoding="utf-8")
    opened = Opened(browser, tmp_path / "map.html")
    assert any("Content Security Policy" in words for words in opened.complaints)
    assert opened.page.evaluate("() => window.RUN ?? null") is None
    assert opened.page.locator("h1").is_visible()
    fixed = "[...document.querySelectorAll('p')].some((p) => p.style.position)"
    assert opened.page.evaluate(fixed) is False
