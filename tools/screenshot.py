"""Take the pictures of the documentation, and of an older version beside them.

Run from the repository's root, with Debian's chromium and poppler-utils::

    python tools/screenshot.py [--before COMMIT] [--only WORD] [--million MAP OLDER_MAP]

Everything is made from the sample data: by this tree, and by the commit, which is checked out into
a temporary folder. ``benchmarks/map.py --keep FOLDER`` leaves maps of a million sites behind.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from PIL import Image, ImageColor, ImageDraw, ImageFont
from playwright.sync_api import Browser, Page, sync_playwright

from coverage_analyzer.schema.theme import LIGHT, MARKS

ROOT: Final = Path(__file__).parents[1]
PICTURES: Final = ROOT / "docs" / "img"
BEFORE: Final = "698c2f8"
DAY: Final = "2026-12-01"
FLAGS: Final = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run")
COLORS: Final = 200
THEME: Final = [
    ImageColor.getrgb(color)
    for color in (*(mark.color for mark in MARKS.values()), LIGHT["gained"], LIGHT["lost"])
]
"""Rare colours, which a palette of the most frequent ones would not have."""
MARGIN: Final = 16
TITLE: Final = 34
LAPTOP: Final[dict[str, Any]] = {"viewport": {"width": 1200, "height": 760}}
HALF: Final[dict[str, Any]] = {"viewport": {"width": 960, "height": 680}}
SHEET: Final[dict[str, Any]] = {"viewport": {"width": 860, "height": 1100}}
PLAN: Final[dict[str, Any]] = {"viewport": {"width": 1200, "height": 900}}
PHONE: Final[dict[str, Any]] = {
    "viewport": {"width": 390, "height": 800},
    "is_mobile": True,
    "has_touch": True,
    "device_scale_factor": 2,
}

SEARCH: Final = (
    "document.querySelector('input[type=search]').value = 'LSZH';"
    "document.querySelector('input[type=search]').dispatchEvent("
    "new KeyboardEvent('keydown', { key: 'Enter' })); null"
)
"""Searches for a site and opens what is told of it."""

FILTER: Final = """(country) => {
  const options = [...document.querySelectorAll("select option")];
  const option = options.find(({ text }) => text.startsWith(country));
  option.selected = true;
  option.parentElement.dispatchEvent(new Event("change"));
}"""

TILES: Final = """() => [...document.querySelectorAll("canvas.leaflet-tile")].every(
  ({ classList }) => classList.contains("leaflet-tile-loaded"))"""
"""Whether all tiles are drawn, however busy the machine is."""

Act = Callable[[Page], Any]


def view(latitude: float, longitude: float, zoom: int) -> Act:
    """Return what moves a map."""
    script = f"map.setView([{latitude}, {longitude}], {zoom}, {{ animate: false }}); null"
    return lambda page: page.evaluate(script)


def search(page: Page) -> None:
    """Search for a site, and open its popup."""
    page.evaluate(SEARCH)


def germany(page: Page) -> None:
    """Choose a country in the filter."""
    page.evaluate(FILTER, "Germany")


def try_changes(page: Page) -> None:
    """Close a center, and open one where the map is."""
    page.get_by_text("Try changes of centers").click()
    page.get_by_label("Try with").select_option("US-DAL-1")
    page.get_by_role("button", name="Close it").click()
    page.get_by_role("button", name="Open a center").click()
    page.get_by_role("button", name="Here: the middle").click()
    page.locator(".changes").scroll_into_view_if_needed()


@dataclass(frozen=True)
class Shot:
    """What is done in a page before its picture is taken, and the screen it is seen on."""

    acts: tuple[Act, ...]
    screen: dict[str, Any]


DARK: Final = HALF | {"color_scheme": "dark"}
SINGLE: Final = {
    "map-light": Shot((search, view(47.9, 9.3, 6)), LAPTOP),
    "map-what-if": Shot((view(35.5, -94.3, 6), try_changes), LAPTOP),
}
PAIRS: Final = {
    "map-world": Shot((), HALF),
    "map-germany": Shot((germany,), HALF),
    "map-new-york": Shot((view(40.7, -74.0, 8),), HALF),
    "map-munich": Shot((view(48.14, 11.58, 8),), HALF),
    "map-midwest": Shot((view(41.5, -89.0, 6),), HALF),
    "map-fiji": Shot((view(-17.5, 179.6, 7),), HALF),
    "map-dark": Shot((view(47.9, 8.6, 6),), DARK),
    "map-phone": Shot((search,), PHONE),
}


@contextmanager
def tree(commit: str) -> Iterator[Path]:
    """Give a folder with the files of a commit."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "tree"
        git = ("git", "-C", str(ROOT), "worktree")
        subprocess.run([*git, "add", "--detach", "--quiet", str(folder), commit], check=True)
        try:
            yield folder
        finally:
            subprocess.run([*git, "remove", "--force", str(folder)], check=True)


def command(code: Path, *arguments: str | Path) -> None:
    """Run the command of a tree of files."""
    subprocess.run(
        [sys.executable, "-m", "coverage_analyzer", *map(str, arguments)],
        check=True,
        cwd=code,
        env=os.environ | {"PYTHONPATH": str(code)},
        stdout=subprocess.DEVNULL,
    )


def make(code: Path, folder: Path, *letterhead: str | Path) -> None:
    """Make the run and the letter of the sample data with a tree of files."""
    sites = "data/customer_sites.csv"
    arguments = ("--centers", "data/service_centers.csv", "--as-of", DAY)
    command(code, "run", sites, *arguments, "-o", folder)
    letter = folder / "letter.html"
    command(code, "letter", sites, "--site", "LSZH", *arguments, *letterhead, "-o", letter)


def plan(folder: Path) -> Path:
    """Plan ten centers for the sample data, and return the page."""
    sites, arguments = "data/customer_sites.csv", ("--centers", "data/service_centers.csv")
    command(ROOT, "place", sites, *arguments, "--new", "10", "--as-of", DAY, "-o", folder)
    return folder / "plan.html"


def letterhead(folder: Path) -> Path:
    """Write the letterhead that the guide to the letter shows, without its logo."""
    text = (ROOT / "docs" / "letter.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    lines = [line for line in shown.splitlines() if not line.startswith("logo")]
    path = folder / "letterhead.toml"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def picture(browser: Browser, path: Path, shot: Shot) -> Image.Image:
    """Open a page, act in it, and return what is seen."""
    page = browser.new_context(offline=True, **shot.screen).new_page()
    page.goto(path.resolve().as_uri())
    if path.name != "letter.html":
        drawn = "html[data-ready=yes], html[data-plan=yes]"
        page.wait_for_selector(drawn, state="attached", timeout=120_000)
    page.wait_for_timeout(1000)
    for act in shot.acts:
        act(page)
        page.wait_for_timeout(1500)
    page.wait_for_function(TILES, timeout=120_000)
    with tempfile.NamedTemporaryFile(suffix=".png") as file:
        page.screenshot(path=file.name)
        seen = Image.open(file.name).convert("RGB")
    page.context.close()
    return seen


def printed(browser: Browser, path: Path, *acts: Act, dpi: int = 80) -> Image.Image:
    """Print a page, and return its first sheet."""
    page = browser.new_context(offline=True, **LAPTOP).new_page()
    page.goto(path.resolve().as_uri())
    page.wait_for_timeout(1500)
    for act in acts:
        act(page)
        page.wait_for_timeout(1500)
    with tempfile.TemporaryDirectory() as scratch:
        sheet = Path(scratch) / "sheet"
        page.pdf(path=f"{sheet}.pdf", prefer_css_page_size=True, print_background=True)
        draw = ["pdftoppm", "-png", "-singlefile", "-r", str(dpi), f"{sheet}.pdf", str(sheet)]
        subprocess.run(draw, check=True)
        seen = Image.open(f"{sheet}.png").convert("RGB")
    page.context.close()
    return seen


def keep(name: str, seen: Image.Image) -> None:
    """Write a picture with a palette, in which the colours of all statuses are."""
    path = PICTURES / f"{name}.png"
    often = seen.quantize(COLORS - len(THEME), method=Image.Quantize.MEDIANCUT)
    palette = Image.new("P", (1, 1))
    palette.putpalette([*(often.getpalette() or []), *(c for color in THEME for c in color)])
    small = seen.quantize(palette=palette, dither=Image.Dither.NONE)
    small.save(path, optimize=True)
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size:,} bytes")


def beside(before: Image.Image, now: Image.Image) -> Image.Image:
    """Return two pictures side by side, each with a title."""
    height = TITLE + max(before.height, now.height) + MARGIN
    width = before.width + now.width + 3 * MARGIN
    both = Image.new("RGB", (width, height), "#ffffff")
    draw = ImageDraw.Draw(both)
    font = ImageFont.load_default(20)
    left = MARGIN
    for title, seen in (("Before", before), ("Now", now)):
        draw.text((left, 5), title, fill="#222222", font=font)
        both.paste(seen, (left, TITLE))
        draw.rectangle(
            (left - 1, TITLE - 1, left + seen.width, TITLE + seen.height), outline="#999999"
        )
        left += seen.width + MARGIN
    return both


def pair(browser: Browser, before: Path, now: Path, shot: Shot) -> Image.Image:
    """Return a view of the older map beside that of this one."""
    return beside(*(picture(browser, folder / "map.html", shot) for folder in (before, now)))


def main() -> None:
    """Take all pictures, or some."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--before", default=BEFORE, help="the commit that is shown beside")
    parser.add_argument("--only", default="", help="a part of the names of pictures")
    parser.add_argument("--million", type=Path, nargs=2, help="maps of a million sites")
    args = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as scratch,
        tree(args.before) as older,
        sync_playwright() as playwright,
    ):
        now, before = Path(scratch) / "now", Path(scratch) / "before"
        make(older, before)
        make(ROOT, now, "--letterhead", letterhead(Path(scratch)))
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=list(FLAGS)
        )
        take(browser, now, before, args.only, args.million)
        browser.close()


def take(
    browser: Browser, now: Path, before: Path, only: str, million: tuple[Path, Path] | None
) -> None:
    """Take the pictures whose name has a word."""
    jobs: dict[str, Callable[[], Image.Image]] = {
        name: partial(picture, browser, now / "map.html", shot) for name, shot in SINGLE.items()
    }
    jobs |= {name: partial(pair, browser, before, now, shot) for name, shot in PAIRS.items()}
    jobs["map-print"] = lambda: beside(
        *(printed(browser, folder / "map.html", view(47.9, 9.3, 6)) for folder in (before, now))
    )
    jobs["letter"] = lambda: picture(browser, now / "letter.html", Shot((), SHEET))
    jobs["letter-beside"] = lambda: beside(
        *(printed(browser, folder / "letter.html") for folder in (before, now))
    )
    jobs["summary"] = lambda: printed(browser, now / "summary.html", dpi=90)
    jobs["plan"] = lambda: picture(browser, plan(now / "planned"), Shot((), PLAN))
    if million:
        jobs["map-million"] = lambda: beside(
            *(picture(browser, path, Shot((view(30, 10, 2),), HALF)) for path in million[::-1])
        )
    for name, job in jobs.items():
        if only in name:
            keep(name, job())


if __name__ == "__main__":
    main()
