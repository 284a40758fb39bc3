"""``coverage-analyzer map``."""

from pathlib import Path

import click

from coverage_analyzer.cli.messages import say


@click.command("map")
@click.argument("folder", metavar="DIR")
@click.option("-o", "--output", metavar="FILE", help="The page.  [map.html in DIR, to renew it]")
@click.option("--title", default="", metavar="TEXT", help="Of the map.  [the policy's]")
@click.option(
    "--tiles",
    default="",
    metavar="URL",
    help="Fetch tiles like https://tiles.example.com/{z}/{x}/{y}.png when the page is opened.",
)
@click.option("--tiles-credit", default="", metavar="TEXT", help="Whom to thank for them.")
def map_(folder: str, output: str | None, title: str, tiles: str, tiles_credit: str) -> None:
    """Make the map again from a run's folder: one page that needs no network.

    Tiles are fetched from their server by whoever opens the page; keep to its terms.

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
    data = redrawn(folder, title=title, tiles=server)
    atomic.publish(place, page.page(data))
    if data.told["note"]:
        say(f"Warning: {data.told['note']}")
    say(f"{data.told['total']:,} sites are on {place}; open it in a browser.")


def _place(folder: str, output: str | None, files: list[str]) -> Path:
    """Return where the page is to go.

    Raises
    ------
    InputError
        If it would replace another file of the run.
    click.UsageError
        If that is not said, and the run has no page to be renewed.
    """
    from coverage_analyzer.files.outputs import PAGE, kind_of
    from coverage_analyzer.files.overwriting import refuse_overwriting

    if output:
        others = [Path(folder) / name for name in (*files, "run.json") if name != "map.html"]
        refuse_overwriting({"map": output}, others)
        kind_of(output, PAGE, what="The map is", default=PAGE[0])
        return Path(output)
    if "map.html" not in files:
        msg = f"The run in {folder} has no map.html to renew; say where it is to go with -o FILE."
        raise click.UsageError(msg)
    return Path(folder) / "map.html"
