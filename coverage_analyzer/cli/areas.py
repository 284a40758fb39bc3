"""``coverage-analyzer areas``."""

from pathlib import Path
from typing import Any

import click

from coverage_analyzer.cli import options
from coverage_analyzer.cli.talk import say


@click.command()
@click.argument("centers")
@click.option("-o", "--output", required=True, metavar="FILE", help=".geojson, .gpkg or .parquet")
@options.policy
@options.as_of
@click.option(
    "--merge",
    type=click.Choice(["union", "depth"]),
    help="Join the areas of each country, or part them by how many overlap.",
)
@options.center_column
@options.center_sheet
def areas(
    centers: str,
    output: str,
    policy: str,
    as_of: str | None,
    merge: Any,
    center_columns: dict[str, str],
    center_sheet: str,
) -> None:
    """Write what each center may serve, for any GIS.

    \b
    Example:
      coverage-analyzer areas data/service_centers.csv -o areas.gpkg
    """
    from coverage_analyzer import frames
    from coverage_analyzer.files import spatial

    network = frames.read_centers(centers, columns=center_columns, sheet=center_sheet)
    covered = frames.coverage_areas(network, policy, as_of=as_of, merge=merge)
    spatial.write_areas(covered, output)
    say(f"{len(covered)} areas are in {Path(output)}.")
