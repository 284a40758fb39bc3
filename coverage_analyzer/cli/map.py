"""``coverage-analyzer map``."""

from pathlib import Path

import click

from coverage_analyzer.cli.messages import say
from coverage_analyzer.errors import quantity


@click.command("map")
@click.argument("folder", metavar="DIR")
@click.option(
    "-o", "--output", metavar="FILE", help="Output HTML file.  [default: replace DIR/map.html]"
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
def map_(
    folder: str,
    output: str | None,
    title: str,
    tiles: str,
    tiles_credit: str,
    map_columns: str | None,
) -> None:
    """Make the map of the run in DIR again.

    The map is one page that makes no network requests.

    With --tiles, the reader's browser loads the tiles from their server. Observe its terms of use.

    \b
    Example:
      coverage-analyzer map reports/2026-12 -o coverage.html --title "Coverage, December"
    """
    from coverage_analyzer.batch._map import redrawn
    from coverage_analyzer.files import atomic
    from coverage_analyzer.files.run_folder.read_back import run_manifest
    from coverage_analyzer.maps import page
    from coverage_analyzer.maps.page_data import Tiles

    place = _place(folder, output, run_manifest(Path(folder))["files"])
    server = Tiles(tiles, tiles_credit) if tiles or tiles_credit else None
    data = redrawn(folder, title=title, tiles=server, columns=map_columns)
    atomic.publish(place, page.page(data))
    if data.meta["note"]:
        say(f"Warning: {data.meta['note']}")
    say(f"Wrote a map of {quantity(data.meta['total'], 'site')} to {place}. Open it in a browser.")


def _place(folder: str, output: str | None, files: list[str]) -> Path:
    """Return the path of the output page.

    Raises
    ------
    InputError
        If it would replace another file of the run.
    click.UsageError
        If no path is given and the run has no page to replace.
    """
    from coverage_analyzer.files.outputs import PAGE, kind_of
    from coverage_analyzer.files.overwriting import refuse_overwriting

    if output:
        others = [Path(folder) / name for name in (*files, "run.json") if name != "map.html"]
        refuse_overwriting({"map": output}, others)
        kind_of(output, PAGE, what="The map is", default=PAGE[0])
        return Path(output)
    if "map.html" not in files:
        msg = f"The run in {folder} has no map.html to replace. Give an output file: -o FILE."
        raise click.UsageError(msg)
    return Path(folder) / "map.html"
