"""The polygon round roads that are reached in time, valid for one node and across 180 degrees.

Roads are drawn on a grid, and what lies within the margin of a drawn cell is reached. The exact
buffer of all roads of a city took 85 s where this takes one, and nobody sees the difference: the
rim is off by a cell at most, an eighth of the margin (or, of large areas, a part in 1,500).
"""

from typing import Any, Final

import numpy as np
import pyproj
import shapely

from coverage_analyzer.areas import within_the_world
from coverage_analyzer.arrays import Bools, Floats, Ints, spread
from coverage_analyzer.errors import MissingExtraError
from coverage_analyzer.online.roads.extract import MISSING

FINEST: Final = 8
"""So many cells a margin, at most."""

RADIUS_M: Final = 6_371_008.8
"""Of a sphere, which will do for a margin: it comes out within half a percent."""

CELLS: Final = 1_500
"""So many cells a side of the grid, at most, without the margin."""


def reach_polygon(
    lon: float, lat: float, places: tuple[Floats, Floats], links: Ints, margin_m: float
) -> Any:
    """Return all that lies within a margin of roads, as a polygon in degrees, split at 180.

    Parameters
    ----------
    lon, lat
        Where the drive begins; its plane is drawn round it, equidistant from there, so that
        nothing breaks at 180 degrees.
    places
        Longitude and latitude of the nodes that are reached.
    links
        Pairs of positions among them between which roads run, shape (k, 2); roads are drawn
        straight between them.
    margin_m
        How far from a road counts as reached.

    Returns
    -------
    polygon
        Valid, also where there is one node or two; empty where there is none.

    Raises
    ------
    MissingExtraError
        If the extra ``roads`` is not installed.
    """
    if not len(places[0]):
        return shapely.Polygon()
    try:
        from scipy.ndimage import distance_transform_edt
    except ImportError as error:
        raise MissingExtraError(MISSING) from error
    plane = pyproj.Proj(proj="aeqd", lon_0=lon, lat_0=lat, R=RADIUS_M)
    points = np.column_stack(plane(*places))
    extent = float(np.ptp(points, axis=0).max())
    cell = max(margin_m / FINEST, extent / CELLS)
    margin = int(np.ceil(margin_m / cell)) + 1
    drawn = np.concatenate([points, _along(points, links, cell)])
    corner = points.min(axis=0) - margin * cell
    at = np.rint((drawn - corner) / cell).astype(np.int64)
    far = np.ones(at.max(axis=0) + margin + 1, np.bool_)
    far[at[:, 0], at[:, 1]] = False
    reached = distance_transform_edt(far) * cell <= margin_m
    # Whole numbers until here: what touches does so exactly.
    shape = shapely.simplify(shapely.union_all(_boxes(reached)), 1)
    placed = shapely.transform(shape, lambda cells: cells * cell + corner)
    return _in_degrees(placed, plane, lon)


def _along(points: Floats, links: Ints, cell: float) -> Floats:
    """Return points along links, no farther apart than a cell."""
    begin, end = points[links[:, 0]], points[links[:, 1]]
    steps = np.ceil(np.hypot(*(end - begin).T) / cell).astype(np.int64)
    link, step = spread(np.zeros(len(links), np.int64), steps)
    share = (step / np.maximum(steps[link], 1))[:, None]
    along: Floats = begin[link] + share * (end - begin)[link]
    return along


def _boxes(reached: Bools) -> Any:
    """Return the cells that are reached as boxes, one a run of them along y, a cell a unit."""
    edge = np.diff(np.pad(reached, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    row, first = np.nonzero(edge == 1)
    _, last = np.nonzero(edge == -1)
    return shapely.box(row - 0.5, first - 0.5, row + 0.5, last - 0.5)


def _in_degrees(shape: Any, plane: pyproj.Proj, lon: float) -> Any:
    """Return a shape of the plane in degrees, turned so that it lies in one piece, then split."""

    def turned(points: Floats) -> Floats:
        x, y = plane(points[:, 0], points[:, 1], inverse=True)
        return np.column_stack([lon + (x - lon + 180) % 360 - 180, y])

    whole = shapely.make_valid(shapely.transform(shape, turned))
    split = shapely.get_parts(within_the_world(np.array([whole], object))[0])
    polygons = split[shapely.get_dimensions(split) == 2]  # areas, no lines where they only touch
    return shapely.orient_polygons(shapely.union_all(polygons))
