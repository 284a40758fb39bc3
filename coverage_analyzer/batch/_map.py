"""Regenerate the map of a run folder from its files, without assessing again."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from coverage_analyzer import countries
from coverage_analyzer.batch.network import WhatIfReader, heading_of, network_of, with_road_parts
from coverage_analyzer.files import own_columns
from coverage_analyzer.files.run_folder import service_areas
from coverage_analyzer.files.run_folder.drive_times import NAME, DriveTimesReader
from coverage_analyzer.files.run_folder.manifest import style_of
from coverage_analyzer.files.run_folder.read_back import (
    map_columns,
    report_columns,
    report_table,
    verdict_columns,
    watched_run,
)
from coverage_analyzer.fingerprint import unchanged_during
from coverage_analyzer.maps.page_data import Heading, Payload, Tiles, payload
from coverage_analyzer.maps.sites import Details, DrawnSites, Drive
from coverage_analyzer.roads.limits import minutes_shown


def redrawn(
    folder: str | Path,
    *,
    title: str = "",
    tiles: Tiles | None = None,
    columns: Sequence[str] | str | None = None,
) -> Payload:
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
    columns
        Own columns of the sites to show; by default those of the run.

    Raises
    ------
    InputError
        If it is not a run folder, or a file in it cannot be used or changed meanwhile.
    """
    folder = Path(folder)
    watched, manifest = watched_run(folder)
    with unchanged_during(watched):
        heading = heading_of(manifest, title)
        return _redrawn(folder, manifest, heading, tiles, _columns_shown(manifest, columns))


def _columns_shown(
    manifest: dict[str, Any], columns: Sequence[str] | str | None
) -> tuple[str, ...]:
    """Return the own columns to show."""
    return map_columns(manifest) if columns is None else own_columns.named(columns)


def _redrawn(
    folder: Path,
    manifest: dict[str, Any],
    heading: Heading,
    tiles: Tiles | None,
    columns_shown: tuple[str, ...],
) -> Payload:
    """Return the map data of a run."""
    world = countries.load()
    table = report_table(folder, manifest)
    own = report_columns(table, manifest, columns_shown)
    network = network_of(folder, manifest)
    drives = None
    if NAME in manifest["files"]:
        drives = DriveTimesReader(folder / NAME, style_of(manifest), network.centers.center_id)
    map_sites, trial = DrawnSites(columns_shown), WhatIfReader(folder, manifest, table)
    for rows in table.rows():
        where, verdict = rows.coordinates, verdict_columns(table, rows)
        labels = table.labels(rows.block)
        drive = None if drives is None else Drive(*drives.next(labels[0], verdict["center_id"]))
        texts = own_columns.texts(table, rows.block, own)
        details = Details(texts, drive, trial.sites(rows, verdict))
        map_sites.add(where.lon, where.lat, *labels, verdict, details)
    if service_areas.NAME in manifest["files"]:
        minutes = minutes_shown(manifest["roads"]["minutes"])
        network = with_road_parts(network, folder / service_areas.NAME, minutes)
    network = dataclasses.replace(network, what_if=trial.rules)
    return payload(heading, map_sites, network, world.names, tiles=tiles)
