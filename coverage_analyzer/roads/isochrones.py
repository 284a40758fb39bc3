"""Isochrone polygons, drawn by querying the cells of a grid like sites.

The centre of each cell is snapped to the roads exactly like a site (`snapping`), so a polygon and
the verdict on a site cannot disagree by more than the drawing error: `TOLERANCE` cells, where a
cell is a sixteenth of the snapping limit (or, for large areas, 1/1,500 of their width). A polygon
drawn around the reached roads would include sites that are nearer to an unreached road, such as one
across a river.
"""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import pyproj
import shapely

from coverage_analyzer.arrays import Bools, Floats
from coverage_analyzer.errors import require
from coverage_analyzer.geometry import split_at_antimeridian

FINEST: Final = 16
"""Maximum cells per margin."""

CELLS: Final = 1_500
"""Maximum cells per side of the grid, without the margin."""

SIMPLIFIED: Final = 0.5
"""Tolerance of simplification, in cells."""

TOLERANCE: Final = 2.0
"""Maximum error of the boundary in cells: half a cell's diagonal, simplification, rounding."""

STEP_DEGREES: Final = 1e-7
"""One centimetre: GeoJSON is written with 7 decimals."""

RADIUS_M: Final = 6_371_008.8
"""Radius of a sphere, sufficient for the plane, as cells are queried in degrees."""


def cell_m(extent_m: float, margin_m: float, cells: int = CELLS) -> float:
    """Return the side of a cell in metres, for the extent of the roads."""
    return max(margin_m / FINEST, extent_m / cells)


def place_polygon(
    lon: float,
    lat: float,
    nodes: tuple[Floats, Floats],
    margin_m: float,
    chosen: Callable[[Floats, Floats], Bools],
    *,
    cells: int = CELLS,
) -> Any:
    """Return all places within a margin of the chosen nodes, as a polygon.

    Parameters
    ----------
    lon, lat
        The middle of the equidistant plane in degrees on WGS 84, so that 180 degrees is not
        special.
    nodes
        Longitude and latitude of the nodes.
    margin_m
        Maximum distance of a place from a node.
    chosen
        Returns which of many places (longitude and latitude, shape (n,)) belong to the polygon.
    cells
        Maximum number of cells per side of the grid.

    Returns
    -------
    polygon
        In degrees on WGS 84, split at 180, valid, even around a single node; empty without nodes.
        It contains each chosen node.

    Raises
    ------
    MissingExtraError
        If the extra ``roads`` is not installed.
    """
    if not len(nodes[0]):
        return shapely.Polygon()
    require("roads", "scipy")
    from scipy.ndimage import distance_transform_edt

    plane = pyproj.Proj(proj="aeqd", lon_0=lon, lat_0=lat, R=RADIUS_M)
    points = np.column_stack(plane(*nodes))
    cell = cell_m(float(np.ptp(points, axis=0).max()), margin_m, cells)
    margin = int(np.ceil(margin_m / cell)) + 2
    corner = points.min(axis=0) - margin * cell
    at = np.rint((points - corner) / cell).astype(np.int64)
    far = np.ones(at.max(axis=0) + margin + 1, np.bool_)
    far[at[:, 0], at[:, 1]] = False
    near = np.nonzero(distance_transform_edt(far) <= margin_m / cell + 1)
    middles = np.column_stack(near) * cell + corner
    far[:] = False  # from here on a boolean per cell
    far[near] = chosen(*plane(middles[:, 0], middles[:, 1], inverse=True))
    own = chosen(*nodes)
    if not (far.any() or own.any()):
        return shapely.Polygon()
    # Integers until here, so that adjacent cells touch exactly.
    shape = shapely.simplify(shapely.union_all(_boxes(far)), SIMPLIFIED)
    lost = ((points - corner) / cell)[own]
    lost = lost[~shapely.intersects_xy(shape, *lost.T)]
    marks = shapely.box(*(lost - 0.5).T, *(lost + 0.5).T)
    shape = shapely.union_all([shape, *marks])
    placed = shapely.transform(shape, lambda xy: xy * cell + corner)
    return _in_degrees(placed, plane, lon)


def parts_not_served(area: Any, served: Any, roads: Any) -> tuple[Any, Any]:
    """Return the parts of a coverage area that are not served by road.

    Parameters
    ----------
    area, served, roads
        Polygons in degrees: the coverage area of a center, the area that it reaches in time (empty
        if the center is on no road), and the area with roads.

    Returns
    -------
    unserved
        The part with roads where the drive takes too long or no route exists.
    no_road_data
        The part where the network has no roads, so that drives are unknown; the whole area if the
        center is on no road.
    """
    if served.is_empty:
        return shapely.Polygon(), area
    not_served = shapely.difference(area, served)
    mapped, unmapped = (
        shapely.intersection(not_served, roads),
        shapely.difference(not_served, roads),
    )
    return polygons_of(mapped), polygons_of(unmapped)


def polygons_of(shape: Any) -> Any:
    """Return the polygons of a geometry, as one, without lines where parts only touch.

    Coordinates are on the grid of `STEP_DEGREES` with which files are written, so that rounding
    keeps a polygon valid.
    """
    parts = shapely.get_parts(shape)
    whole = shapely.union_all(parts[shapely.get_dimensions(parts) == 2])
    return shapely.orient_polygons(shapely.set_precision(whole, STEP_DEGREES))


def _boxes(chosen: Bools) -> Any:
    """Return the chosen cells as boxes, one per run along y, in units of a cell."""
    edge = np.diff(np.pad(chosen, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    row, first = np.nonzero(edge == 1)
    _, last = np.nonzero(edge == -1)
    return shapely.box(row - 0.5, first - 0.5, row + 0.5, last - 0.5)


def _in_degrees(shape: Any, plane: pyproj.Proj, lon: float) -> Any:
    """Return a shape of the plane in degrees, rotated into one piece, then split."""

    def turned(points: Floats) -> Floats:
        x, y = plane(points[:, 0], points[:, 1], inverse=True)
        return np.column_stack([lon + (x - lon + 180) % 360 - 180, y])

    whole = shapely.make_valid(shapely.transform(shape, turned))
    return polygons_of(split_at_antimeridian(np.array([whole], object))[0])
