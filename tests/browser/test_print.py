"""What a printer gets of a page: the map with all it shows, its figures, the screen as it was."""

import base64
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from playwright.sync_api import Browser

from browser.pages import Opened
from coverage_analyzer.cli.main import program
from coverage_analyzer.schema import theme
from coverage_analyzer.schema.verdict import Status

pytestmark = [
    pytest.mark.xdist_group("browser"),
    pytest.mark.skipif(shutil.which("pdftoppm") is None, reason="poppler-utils is not installed"),
]

GERMANY = (51.0, 10.0, 6)
MARGINS: Any = dict.fromkeys(("top", "bottom", "left", "right"), "1cm")
SEA, LAND, PAPER = (theme.LIGHT[name] for name in ("sea", "land", "paper"))
CENTER = theme.CENTER["line"]
FALLBACK, QUALIFIED, PENDING = (
    theme.MARKS[status].color for status in (Status.fallback, Status.qualified, Status.pending)
)

Pixels = Any


def rgb(color: str) -> Any:
    """Return a colour as three numbers."""
    return np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)])


def mixed(color: str, ground: str, share: float) -> str:
    """Return a colour that lies over another one and lets it through."""
    values = np.rint(rgb(color) * share + rgb(ground) * (1 - share)).astype(int)
    return "#" + "".join(f"{v:02x}" for v in values)


def pages(pdf: bytes, folder: Path) -> list[Pixels]:
    """Return the pages of a PDF as pixels, 96 to the inch."""
    (folder / "x.pdf").write_bytes(pdf)
    subprocess.run(["pdftoppm", "-r", "96", "x.pdf", "x"], cwd=folder, check=True)
    made = []
    for path in sorted(folder.glob("x-*.ppm")):
        head, data = path.read_bytes().split(b"\n255\n", 1)
        width, height = map(int, head.split()[1:3])
        made.append(np.frombuffer(data, np.uint8).reshape(height, width, 3).astype(int))
        path.unlink()
    return made


def words(pdf: bytes, folder: Path) -> str:
    """Return the text of a PDF."""
    (folder / "x.pdf").write_bytes(pdf)
    ended = subprocess.run(
        ["pdftotext", "-layout", "x.pdf", "-"], cwd=folder, check=True, capture_output=True
    )
    return " ".join(ended.stdout.decode().split())


def share(pixels: Pixels, color: str) -> float:
    """Return how many of some pixels have nearly a colour, of 1."""
    return float((np.abs(pixels - rgb(color)).max(axis=2) <= 4).mean())


@pytest.fixture(scope="module", params=[("light", "A4"), ("dark", "Letter")], ids=str)
def germany(
    browser: Browser, demo: Path, request: pytest.FixtureRequest
) -> Iterator[tuple[Opened, str]]:
    """Give the page of the demo, which shows Germany, and the paper to print it on."""
    scheme, paper = request.param
    made = Opened(browser, demo / "map.html", color_scheme=scheme)
    made.go(*GERMANY)
    made.page.wait_for_timeout(300)
    made.drawn()
    yield made, paper
    made.page.context.close()


def test_the_printed_map_has_all_that_the_screen_has(
    germany: tuple[Opened, str], tmp_path: Path
) -> None:
    """Printed straight from the screen: land, sea, areas, centers, sites; in light colours."""
    opened, size = germany
    before = opened.page.screenshot()
    legend = opened.page.locator(".legend label:not([hidden]) .count")
    shown = [text for text in legend.all_inner_texts() if text.strip()]
    pdf = opened.page.pdf(format=size, landscape=True, print_background=True, margin=MARGINS)
    (sheet,) = pages(pdf, tmp_path)
    map_ = sheet[40:-120, 285:-45]
    assert share(map_, SEA) > 0.05
    assert share(map_, LAND) > 0.3
    assert share(map_, mixed(theme.LIGHT["area"], LAND, 0.1)) > 0.02
    for color in (CENTER, FALLBACK, QUALIFIED):
        assert share(map_, color) > 0.0002, color
    assert share(map_, theme.DARK["sea"]) + share(map_, theme.DARK["land"]) < 0.0001
    assert share(sheet[:30], PAPER) == 1
    # All of the map is drawn, to its right edge.
    edge = int(np.flatnonzero((np.abs(map_ - rgb(PAPER)).max(axis=2) > 4).any(axis=0))[-1])
    right = map_[:, edge - 40 : edge - 10]
    assert share(right, SEA) + share(right, LAND) > 0.5
    told = words(pdf, tmp_path)
    assert len(shown) >= 4
    assert [text for text in shown if " ".join(text.split()) not in told] == []
    assert "As of 2026-12-01" in told
    assert "OpenStreetMap" in told
    assert "Search" not in told
    for _ in range(20):  # the screen is drawn anew, which takes longer on a busy machine
        opened.page.wait_for_timeout(300)
        changed = differing(before, opened.page.screenshot(), opened)
        if changed < 0.001:
            break
    assert changed < 0.001


def differing(one: bytes, other: bytes, opened: Opened) -> float:
    """Return the share of pixels in which two screenshots differ."""
    compared = """async ([one, other]) => {
      const pixels = async (data) => {
        const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
        const image = await createImageBitmap(new Blob([bytes]));
        const context = new OffscreenCanvas(image.width, image.height).getContext("2d");
        context.drawImage(image, 0, 0);
        return context.getImageData(0, 0, image.width, image.height).data;
      };
      const [a, b] = [await pixels(one), await pixels(other)];
      let n = 0;
      for (let i = 0; i < a.length; i += 4) {
        if (Math.max(...[0, 1, 2].map((k) => Math.abs(a[i + k] - b[i + k]))) > 8) n++;
      }
      return n / (a.length / 4);
    }"""
    texts = [base64.b64encode(image).decode() for image in (one, other)]
    return float(opened.page.evaluate(compared, texts))


def test_an_emulated_printer_shows_the_same(germany: tuple[Opened, str], tmp_path: Path) -> None:
    """A medium that changes without the events of printing, then a PDF; and the screen again."""
    opened, _ = germany
    before = opened.page.screenshot()
    opened.page.emulate_media(media="print")
    opened.page.wait_for_timeout(200)
    pdf = opened.page.pdf(format="A4", landscape=True, print_background=True, margin=MARGINS)
    opened.page.emulate_media(media="screen")
    (sheet,) = pages(pdf, tmp_path)
    map_ = sheet[40:-120, 285:-45]
    assert share(map_, LAND) > 0.3
    assert share(map_, mixed(theme.LIGHT["area"], LAND, 0.1)) > 0.02
    assert share(map_, theme.DARK["land"]) < 0.0001
    for _ in range(20):  # the screen is drawn anew, which takes longer on a busy machine
        opened.page.wait_for_timeout(300)
        changed = differing(before, opened.page.screenshot(), opened)
        if changed < 0.001:
            break
    assert changed < 0.001


def test_filters_are_printed(browser: Browser, demo: Path, tmp_path: Path) -> None:
    """Who reads the sheet sees that it does not show everything."""
    opened = Opened(browser, demo / "map.html")
    opened.page.locator(".filters select").first.select_option(label="Germany (171)")
    opened.page.wait_for_timeout(300)
    told = words(opened.page.pdf(landscape=True), tmp_path)
    assert "only Country: Germany (171)" in told
    opened.page.context.close()


def test_without_scripts_the_page_shows_figures_and_a_picture(browser: Browser, demo: Path) -> None:
    """As in the preview of a mail; the figures are those of the report."""
    page = browser.new_context(java_script_enabled=False, offline=True).new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto((demo / "map.html").as_uri())
    assert page.locator(".static h1").inner_text() == "Citrix Appliance Maintenance"
    assert "1,544 of 6,496 sites qualify (23.8 %)" in page.locator(".static").inner_text()
    cells = page.locator(".static tbody td.number").all_inner_texts()
    assert cells[::2] == ["1,544", "58", "4,839", "55"]
    box = page.locator(".static svg.picture").bounding_box()
    assert box
    assert box["width"] > 400
    assert page.locator("#map").is_hidden()
    fill = "getComputedStyle(document.querySelector('.picture path.qualified')).stroke"
    assert page.evaluate(fill) == "rgb(0, 114, 178)"  # the policy lets its style through
    assert said == []
    page.context.close()


def test_with_scripts_nothing_of_it_is_seen(browser: Browser, demo: Path) -> None:
    """The map has the whole window."""
    opened = Opened(browser, demo / "map.html")
    assert opened.page.locator(".static").count() == 0
    assert opened.page.evaluate("document.documentElement.scrollHeight") == 800
    opened.page.context.close()


@pytest.mark.parametrize("kind", ["pdf", "png"])
def test_the_command_makes_a_sheet(demo: Path, tmp_path: Path, kind: str) -> None:
    """With the browser that is installed; tiles of a server are left out."""
    output = tmp_path / f"map.{kind}"
    tiles = ["--tiles", "https://tiles.example/{z}/{x}/{y}.png", "--tiles-credit", "Tiles"]
    arguments = ["map", str(demo), "-o", str(output), "--browser-no-sandbox", "--title", "Board"]
    ended = CliRunner().invoke(program, arguments + (tiles if kind == "png" else []))
    assert ended.exit_code == 0, ended.output
    assert ("tiles are left out" in ended.output) == (kind == "png")
    data = output.read_bytes()
    if kind == "png":
        assert data.startswith(b"\x89PNG")
        return
    (sheet,) = pages(data, tmp_path)
    assert share(sheet[40:-120, 285:-45], LAND) > 0.15
    assert "Board" in words(data, tmp_path)
