"""The centers of a run and their coverage areas, as written to the run folder."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from coverage_analyzer.errors import InputError
from coverage_analyzer.files.run_folder import contents
from coverage_analyzer.files.writers.areas import write_geojson
from coverage_analyzer.files.writers.delimited import Style
from coverage_analyzer.matching import areas
from coverage_analyzer.matching.areas import Areas
from coverage_analyzer.matching.matcher import Matcher


def coverage_areas(matcher: Matcher) -> tuple[Areas | None, list[str]]:
    """Return the areas of a matcher's centers on its day, with warnings.

    There are none where they cannot be drawn: the verdicts need no picture.
    """
    trusted, day = matcher.convention.trust_declared, np.datetime64(matcher.as_of, "D")
    network = (matcher.centers, matcher.center_country, matcher.policy, matcher.world, day)
    try:
        drawn = areas.areas(*network, trust_declared=trusted)
    except InputError as error:
        return None, [f"No coverage areas: {error}"]
    return drawn, [areas.UNCUT] if trusted and matcher.policy.qualification.same_country else []


def write_network(
    matcher: Matcher, drawn: Areas | None, path: Callable[[str], Path], style: Style
) -> None:
    """Write the centers as used, and their areas.

    Parameters
    ----------
    matcher
        Whose centers they are.
    drawn
        Written as ``areas.geojson``, if any.
    path
        Returns where a file of the run is written, by its name.
    style
        Of text files.
    """
    centers, country, names = matcher.centers, matcher.center_country, matcher.world.names
    contents.write_centers(path("centers.csv"), centers, country, names, style)
    if drawn is not None:
        rows = areas.properties(drawn, centers, country, names)
        write_geojson(path("areas.geojson"), rows, drawn.geometry.tolist())
