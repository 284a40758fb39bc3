"""``coverage-analyzer drive-times``."""

from dataclasses import dataclass
from pathlib import Path

import click

from coverage_analyzer.cli import options
from coverage_analyzer.cli.messages import print_json, say, say_ledger


@dataclass(frozen=True)
class Roads:
    """Where the roads are: in a file, or on a server to be fetched from."""

    osm: str | None
    overpass: str | None
    overpass_url: str | None


@click.command("drive-times")
@click.argument("folder", metavar="DIR")
@click.option(
    "--osm",
    metavar="FILE",
    help="Roads: an OpenStreetMap extract (.osm.pbf, .osm), or .graphml of osmnx.",
)
@click.option(
    "--overpass",
    metavar="WEST,SOUTH,EAST,NORTH",
    help="Fetch the roads of a small box instead; kept, and not fetched again.",
)
@click.option("--overpass-url", metavar="URL", help="The server to fetch from.  [the public one]")
@click.option(
    "--minutes",
    type=click.FloatRange(min=0, min_open=True),
    help="How long a drive may take.  [the delivery clock of the policy's level]",
)
@click.option("--policy", metavar="NAME|FILE", help="Of the run, if it is not built in.")
@options.as_json
@options.collected("roads", Roads)
def drive_times(
    folder: str,
    roads: Roads,
    minutes: float | None,
    policy: str | None,
    as_json: bool,
) -> None:
    """Look at a run's promises by road: DIR gets drive_times.csv, and its report is renewed.

    A site is never promised more by it. What is qualified, but takes longer by road or is on no
    road at all, goes to review: a second look is due. Only where the policy counts miles by road,
    roads decide.

    A drive may take as long as the delivery clock of the level that the site's band buys: 240
    minutes for delivery within 4 hours. A policy without such a clock wants --minutes.

    \b
    Example:
      coverage-analyzer drive-times reports/2026-12 --osm liechtenstein.osm.pbf
    """
    from coverage_analyzer.batch._drive_times import MARK, drive
    from coverage_analyzer.roads.limits import limits_text

    told = drive(folder, _roads(roads), minutes=minutes, policy=policy)
    if as_json:
        print_json(told)
    for warning in told["warnings"]:
        if warning.startswith(MARK):
            say(f"Warning: {warning}")
    say(f"Drive-time limit: {limits_text(told['roads'])}.")
    counts = ", ".join(f"{n:,} {name}" for name, n in told["roads"]["status"].items())
    say(f"{folder}/drive_times.csv: {counts or 'no site has a center'}.")
    say_ledger(told["ledger"])


def _roads(roads: Roads) -> str | Path:
    """Return the file of roads, fetched if that is asked for.

    Raises
    ------
    click.UsageError
        If it is not said, or said twice, where the roads are.
    """
    if roads.osm is not None and roads.overpass is None:
        return roads.osm
    if roads.osm is not None or roads.overpass is None:
        msg = "Say where the roads are: --osm FILE or --overpass WEST,SOUTH,EAST,NORTH."
        raise click.UsageError(msg)
    from coverage_analyzer.roads.overpass import PUBLIC, box, fetch_extract

    return fetch_extract(box(roads.overpass), url=roads.overpass_url or PUBLIC)
