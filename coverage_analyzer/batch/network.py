"""The centers of a run and their coverage areas, as written to the run folder."""

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from coverage_analyzer import countries
from coverage_analyzer.errors import InputError
from coverage_analyzer.files.run_folder import contents, service_areas
from coverage_analyzer.files.run_folder.manifest import style_of
from coverage_analyzer.files.run_folder.read_back import areas_as_drawn, centers_as_used
from coverage_analyzer.files.writers.areas import write_geojson
from coverage_analyzer.files.writers.delimited import Style
from coverage_analyzer.maps.page_data import Heading, Network
from coverage_analyzer.matching import areas
from coverage_analyzer.matching.areas import Areas
from coverage_analyzer.matching.matcher import Matcher


def coverage_areas(matcher: Matcher) -> tuple[Areas | None, list[str]]:
    """Return the areas of a matcher's centers on its day, with warnings.

    There are none if they cannot be drawn, since verdicts do not depend on them.
    """
    trusted, day = matcher.convention.trust_declared, np.datetime64(matcher.as_of, "D")
    network = (matcher.centers, matcher.center_country, matcher.policy, matcher.world, day)
    try:
        drawn = areas.areas(*network, trust_declared=trusted)
    except InputError as error:
        return None, [f"No coverage areas: {error}"]
    return drawn, areas.notes(matcher.policy, trust_declared=trusted)


def write_network(
    matcher: Matcher, drawn: Areas | None, path: Callable[[str], Path], style: Style
) -> None:
    """Write the centers as used, and their areas.

    Parameters
    ----------
    matcher
        The matcher of the centers.
    drawn
        Areas for ``areas.geojson``, if any.
    path
        Returns where a file of the run is written, by its name.
    style
        Style of text files.
    """
    centers, country, names = matcher.centers, matcher.center_country, matcher.world.names
    contents.write_centers(
        path("centers.csv"), contents.center_rows(centers, country, names), style
    )
    if drawn is not None:
        rows = areas.properties(drawn, centers, country, names)
        write_geojson(path("areas.geojson"), rows, drawn.geometry.tolist())


def heading_of(manifest: Mapping[str, Any], title: str = "") -> Heading:
    """Return what a map says above it, by the manifest of a run."""
    policy, ledger = manifest["policy"], manifest.get("ledger", {})
    return Heading(policy["title"], policy.get("promise", ""), ledger.get("rejected", 0), title)


def with_road_parts(network: Network, path: Path, minutes: float | str) -> Network:
    """Return a network with the parts of its areas that roads do not serve, from their file.

    Raises
    ------
    InputError
        If the file cannot be used.
    """
    return dataclasses.replace(
        network,
        unserved=service_areas.parts(path, network.centers, "unserved"),
        no_road_data=service_areas.parts(path, network.centers, "no_road_data"),
        minutes=minutes,
    )


def network_of(folder: Path, manifest: Mapping[str, Any]) -> Network:
    """Return the centers and coverage areas of a run folder, for a map.

    Raises
    ------
    InputError
        If a file in it cannot be used.
    """
    world, covered = countries.load(), None
    centers, country = centers_as_used(folder, world, style_of(manifest))
    if "areas.geojson" in manifest["files"]:
        covered = areas_as_drawn(folder / "areas.geojson", centers)
    day = np.datetime64(manifest["as_of"], "D")
    numbers = world.names.numbers([country[center_id] for center_id in centers.center_id])
    own = manifest["policy"]["same_country"]
    return Network(centers, numbers, covered, day, same_country=own)
