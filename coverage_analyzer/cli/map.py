"""``coverage-analyzer map``."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from coverage_analyzer.cli import options
from coverage_analyzer.cli.messages import inform, print_json, say
from coverage_analyzer.errors import quantity

if TYPE_CHECKING:
    from coverage_analyzer.browser import Browser

PRINTED: Final = (".pdf", ".png")


@dataclass(frozen=True)
class TileServer:
    """Where the background tiles of a map come from, if it has any."""

    tiles: str
    tiles_credit: str


@click.command("map")
@click.argument("folder", metavar="DIR")
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    help="Output file: .html, .pdf or .png.  [default: replace DIR/map.html]",
)
@click.option(
    "--title", default="", metavar="TEXT", help="Title of the map.  [default: the policy's title]"
)
@click.option(
    "--tiles",
    default="",
    metavar="URL",
    help="Background tiles, such as https://tiles.example.com/{z}/{x}/{y}.png.",
)
@click.option("--tiles-credit", default="", metavar="TEXT", help="Attribution of the tiles.")
@click.option(
    "--map-columns",
    metavar="NAMES",
    help="Columns of the sites that the map shows of a site, separated by commas; '' for none.  "
    "[default: those of the run]",
)
@options.paper
@options.browser
@options.as_json
@options.collected("server", TileServer)
def map_(
    folder: str,
    output: str | None,
    title: str,
    server: TileServer,
    map_columns: str | None,
    paper: str,
    browser: "Browser",
    as_json: bool,
) -> None:
    """Make the map of the run in DIR again.

    The map is one page that makes no network requests. As PDF or PNG it is printed by the Chromium,
    Chrome or Edge that is installed.

    With --tiles, the reader's browser loads the tiles from their server. Observe its terms of use.

    \b
    Examples:
      coverage-analyzer map reports/2026-12 -o coverage.html --title "Coverage, December"
      coverage-analyzer map reports/2026-12 -o coverage.pdf --paper Letter
    """
    from coverage_analyzer.batch._map import redrawn
    from coverage_analyzer.browser import find_browser
    from coverage_analyzer.files import atomic
    from coverage_analyzer.files.run_folder.read_back import run_manifest
    from coverage_analyzer.maps import page
    from coverage_analyzer.maps.page_data import Tiles

    place, kind = _place(folder, output, run_manifest(Path(folder))["files"])
    tiles = Tiles(*dataclasses.astuple(server)) if any(dataclasses.astuple(server)) else None
    if kind in PRINTED:
        find_browser(browser)  # before the work
        if tiles is not None:
            say("Warning: the background tiles are left out: a printed map loads nothing.")
    tiled = None if kind in PRINTED else tiles
    data = redrawn(folder, title=title, tiles=tiled, columns=map_columns)
    html = str(page.page(data))
    atomic.publish(place, _print_page(html, kind, paper, browser) if kind in PRINTED else html)
    if data.meta["note"]:
        say(f"Warning: {data.meta['note']}")
    if as_json:
        print_json({"sites": data.meta["total"], "file": str(place), "note": data.meta["note"]})
    then = "" if kind in PRINTED else " Open it in a browser."
    inform(f"Wrote a map of {quantity(data.meta['total'], 'site')} to {place}.{then}")


def _print_page(html: str, kind: str, paper: str, browser: "Browser") -> bytes:
    """Return the page as a PDF or a PNG."""
    from coverage_analyzer.browser import Paper, Picture, render
    from coverage_analyzer.maps.page import DRAWN, SHEET

    output = Paper(paper, landscape=True) if kind == ".pdf" else Picture(shown=SHEET)
    return render(html, output, browser, ready=DRAWN)


def _place(folder: str, output: str | None, files: list[str]) -> tuple[Path, str]:
    """Return the path of the output, and its kind.

    Raises
    ------
    InputError
        If it would replace another file of the run.
    click.UsageError
        If no path is given and the run has no page to replace.
    """
    from coverage_analyzer.files.outputs import PRINTABLE, kind_of
    from coverage_analyzer.files.overwriting import refuse_overwriting

    if output:
        others = [Path(folder) / name for name in (*files, "run.json") if name != "map.html"]
        refuse_overwriting({"map": output}, others)
        return Path(output), kind_of(output, PRINTABLE, what="The map is", default=".html")
    if "map.html" not in files:
        msg = f"The run in {folder} has no map.html to replace. Give an output file: -o FILE."
        raise click.UsageError(msg)
    return Path(folder) / "map.html", ".html"
