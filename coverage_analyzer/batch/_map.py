"""Regenerate the map of a run folder from its files, without assessing again."""

from pathlib import Path
from typing import Any

from coverage_analyzer import countries
from coverage_analyzer.batch.network import heading_of, network_of, with_road_parts
from coverage_analyzer.files.run_folder import service_areas
from coverage_analyzer.files.run_folder.read_back import (
    report_table,
    verdict_columns,
    watched_run,
)
from coverage_analyzer.fingerprint import unchanged_during
from coverage_analyzer.maps.page_data import Payload, Tiles, payload
from coverage_analyzer.maps.sites import DrawnSites
from coverage_analyzer.roads.limits import minutes_shown


def redrawn(folder: str | Path, *, title: str = "", tiles: Tiles | None = None) -> Payload:
    """Return the map data of a run folder, read from its files.

    Parameters
    ----------
    folder
        A run folder with ``run.json``, the report and ``centers.csv``; optionally
        ``areas.geojson``.
    title
        Title of the map; by default that of the policy.
    tiles
        A tile server for the background.

    Raises
    ------
    InputError
        If it is not a run folder, or a file in it cannot be used or changed meanwhile.
    """
    folder = Path(folder)
    watched, manifest = watched_run(folder)
    with unchanged_during(watched):
        return _redrawn(folder, manifest, title, tiles)


def _redrawn(folder: Path, manifest: dict[str, Any], title: str, tiles: Tiles | None) -> Payload:
    """Return the map data of a run."""
    world = countries.load()
    table = report_table(folder, manifest)
    drawn = DrawnSites()
    for rows in table.rows():
        where = rows.coordinates
        drawn.add(where.lon, where.lat, *table.labels(rows.block), verdict_columns(table, rows))
    network = network_of(folder, manifest)
    if service_areas.NAME in manifest["files"]:
        minutes = minutes_shown(manifest["roads"]["minutes"])
        network = with_road_parts(network, folder / service_areas.NAME, minutes)
    return payload(heading_of(manifest, title), drawn, network, world.names, tiles=tiles)
