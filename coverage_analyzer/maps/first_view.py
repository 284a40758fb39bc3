"""The part of the world that a map shows at first."""

from typing import Final

import numpy as np

from coverage_analyzer.arrays import Floats, distinct

WIDE_GAP: Final = 60.0
"""Degrees of longitude without a site from which on the map is cut there."""

PACIFIC: Final = (165.0, 225.0)
"""Between these longitudes, continued beyond 180, world maps are cut where no gap is wide."""


def first_view(lon: Floats, lat: Floats) -> list[list[float]] | None:
    """Return the bounding box of places, as south-west and north-east corners.

    It begins east of the widest gap between the places, so that those on both sides of 180 are
    together; its longitudes continue beyond 180. If the places are all round the world and no gap
    is wide, it begins at the widest gap of the Pacific, as readers expect of a world map.

    Parameters
    ----------
    lon, lat
        Degrees on WGS 84, in any order; shape (n,) and (m,).

    Returns
    -------
    corners
        Each latitude and longitude; None if there is no place.

    Examples
    --------
    >>> first_view(np.array([179.0, -178.0]), np.array([-16.0, -18.0]))
    [[-18.0, 179.0], [-16.0, 182.0]]
    """
    places = distinct(lon)
    if not len(places):
        return None
    gaps = np.diff(places, append=places[0] + 360)
    at = _cut(places, gaps)
    west, east = float(places[(at + 1) % len(places)]), float(places[at])
    return [[float(lat.min()), west], [float(lat.max()), east + 360 * (east < west)]]


def _cut(places: Floats, gaps: Floats) -> int:
    """Return the index of the gap at which the world is cut."""
    if gaps.max() < WIDE_GAP:
        middle = (places + gaps / 2) % 360
        pacific = (middle > PACIFIC[0]) & (middle < PACIFIC[1])
        gaps = np.where(pacific, gaps, 0)
    return int(np.argmax(gaps))
