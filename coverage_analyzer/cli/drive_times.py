"""``coverage-analyzer drive-times``."""

from dataclasses import dataclass
from pathlib import Path

import click

from coverage_analyzer.cli import options
from coverage_analyzer.cli.messages import inform, print_json, say, say_ledger


@dataclass(frozen=True)
class Roads:
    """The source of the roads: a file, or a server to download from."""

    osm: str | None
    overpass: str | None
    overpass_url: str | None


@dataclass(frozen=True)
class Measuring:
    """How drives are measured."""

    minutes_factor: float
    all_sites: bool
    processes: int


@click.command("drive-times")
@click.argument("folder", metavar="DIR")
@click.option(
    "--osm",
    metavar="FILE",
    help="Road data: an OpenStreetMap extract (.osm.pbf, .osm) or a .graphml file of osmnx.",
)
@click.option(
    "--overpass",
    metavar="WEST,SOUTH,EAST,NORTH",
    help="Download the roads of a small box instead; the download is cached.",
)
@click.option(
    "--overpass-url", metavar="URL", help="Overpass server.  [default: the public server]"
)
@click.option(
    "--minutes",
    type=click.FloatRange(min=0, min_open=True),
    help="Drive-time limit.  [default: the delivery clock of the policy's level]",
)
@click.option(
    "--minutes-factor",
    type=click.FloatRange(min=0, min_open=True),
    default=1.0,
    show_default=True,
    help="Multiply all minutes by this factor before they are compared with the limit.",
)
@click.option(
    "--all-sites",
    is_flag=True,
    help="Also measure drives that cannot change a verdict, such as those beyond the limit.",
)
@click.option(
    "--processes",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Maximum number of processes that search roads; results do not depend on it.",
)
@click.option(
    "--policy", metavar="NAME|FILE", help="Policy of the run, if it is not a built-in one."
)
@options.as_json
@options.collected("roads", Roads)
@options.collected("measuring", Measuring)
def drive_times(
    folder: str,
    roads: Roads,
    measuring: Measuring,
    minutes: float | None,
    policy: str | None,
    as_json: bool,
) -> None:
    """Recheck the run in DIR by road. Write drive_times.csv and update the report.

    Drive times never raise a level. A qualified site moves to `review` if the drive exceeds
    --minutes, or no road connects it to its center, and no other center in reach makes it in time.
    Where the policy measures bands by road, road distance decides; where it measures them in
    minutes, the drive from the center that reaches the site first.

    An interrupted command continues where it was when it is started again.

    Without --minutes the limit is the delivery clock of the level of the site's band: 240 minutes
    for delivery within 4 hours. A policy without such a clock requires --minutes.

    \b
    Example:
      coverage-analyzer drive-times reports/2026-12 --osm liechtenstein.osm.pbf
    """
    from coverage_analyzer.batch._drive_times import MARK, drive
    from coverage_analyzer.roads.limits import limits_text
    from coverage_analyzer.roads.needed_drives import drive_options

    how = drive_options(measuring.minutes_factor, measuring.all_sites, measuring.processes)
    manifest = drive(folder, _roads(roads), minutes=minutes, policy=policy, options=how)
    if as_json:
        print_json(manifest)
    for warning in manifest["warnings"]:
        if warning.startswith(MARK):
            say(f"Warning: {warning}")
    inform(f"Drive-time limit: {limits_text(manifest['roads'])}.")
    counts = ", ".join(f"{n:,} {name}" for name, n in manifest["roads"]["status"].items())
    inform(f"{folder}/drive_times.csv: {counts or 'no site has a center'}.")
    say_ledger(manifest["ledger"])


def _roads(roads: Roads) -> str | Path:
    """Return the file of roads, downloaded if requested.

    Raises
    ------
    click.UsageError
        If not exactly one source of roads is given.
    """
    if roads.osm is not None and roads.overpass is None:
        return roads.osm
    if roads.osm is not None or roads.overpass is None:
        msg = "Give one source of roads: --osm FILE or --overpass WEST,SOUTH,EAST,NORTH."
        raise click.UsageError(msg)
    from coverage_analyzer.roads.overpass import PUBLIC, box, fetch_extract

    return fetch_extract(box(roads.overpass), url=roads.overpass_url or PUBLIC)
