"""The CRS of frames: the single place that interprets their coordinates.

A GeoDataFrame has a CRS and is reprojected to WGS 84. One without is refused: its numbers may be
degrees of another datum, hundreds of metres off, or metres, and a promise must not depend on a
guess.
"""

from typing import Any, Final

import geopandas as gpd
import numpy as np
import pyproj
import shapely

from coverage_analyzer.errors import InputError
from coverage_analyzer.files.readers.spatial import WGS84, is_on_globe

BOUNDS: Final = (180.0, 90.0)
"""Maximum absolute longitude and latitude in degrees."""

ROUNDING: Final = 1e-9
"""Tolerance in degrees for coordinates that reprojection leaves out of range."""


def geometry_wgs84(frame: Any, what: str) -> Any:
    """Return the geometry of a frame as longitude and latitude in degrees on WGS 84.

    Parameters
    ----------
    frame
        A GeoDataFrame in any CRS.
    what
        What its rows are, for messages: ``sites``.

    Returns
    -------
    geometry
        Array of shapely geometries, shape (n,); invalid polygons are repaired.

    Raises
    ------
    InputError
        If it is not a GeoDataFrame, has no geometry or no CRS, or cannot be reprojected.
    """
    if not isinstance(frame, gpd.GeoDataFrame):
        msg = f"The {what} are not a GeoDataFrame but a {type(frame).__name__}: geometry is needed."
        raise InputError(msg)
    try:
        geometry = frame.geometry
    except AttributeError:
        msg = f"The {what} have no active geometry. Choose one with .set_geometry()."
        raise InputError(msg) from None
    _check_crs(geometry, what)
    try:
        degrees = geometry.to_crs(WGS84).to_numpy()
    except (pyproj.exceptions.ProjError, RuntimeError, ValueError) as error:
        msg = f"The {what} cannot be reprojected from {geometry.crs.name} to WGS 84: {error}."
        raise InputError(msg) from error
    areas = np.flatnonzero(shapely.get_dimensions(degrees) == 2)
    wrong = areas[~shapely.is_valid(degrees[areas])]
    if len(wrong):
        degrees = degrees.copy()
        degrees[wrong] = shapely.make_valid(degrees[wrong])
    return degrees


def areas_wgs84(frame: Any, what: str) -> Any:
    """Return the polygons of a frame as `geometry_wgs84` does; raise for other geometries.

    Raises
    ------
    InputError
        If a geometry is not a (multi)polygon, or is not on the globe.
    """
    degrees = geometry_wgs84(frame, what)
    kinds = shapely.get_type_id(degrees)
    areas = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)
    wrong = ~np.isin(kinds, areas) & (shapely.get_dimensions(degrees) != 2)
    west, south, east, north = shapely.bounds(degrees).T
    limit_x, limit_y = (limit + ROUNDING for limit in BOUNDS)
    beyond = (west < -limit_x) | (east > limit_x) | (south < -limit_y) | (north > limit_y)
    wrong |= beyond | (~np.isfinite(west) & ~shapely.is_empty(degrees))
    if wrong.any():
        first = frame.index[wrong][0]
        msg = (
            f"{wrong.sum()} of the {what} are not polygons on the globe, the first in row "
            f"{first!r}. Check their geometry and their CRS."
        )
        raise InputError(msg)
    return degrees


def _check_crs(geometry: gpd.GeoSeries, what: str) -> None:
    """Raise if a geometry has no CRS, or one in which a pair of coordinates is not a location.

    Raises
    ------
    InputError
        With how to set one; also if the numbers cannot be degrees.
    """
    if geometry.crs is not None:
        if not is_on_globe(geometry.crs):
            msg = (
                f"The {what} are in {geometry.crs.name!r}, which is neither degrees nor a "
                f"projection, so a pair of coordinates is not a location. Reproject them first."
            )
            raise InputError(msg)
        return
    reach = np.nan_to_num(np.abs(geometry.total_bounds)) if len(geometry) else np.zeros(4)
    far, high = reach[::2].max(), reach[1::2].max()
    hint = '"EPSG:4326" for degrees of longitude and latitude'
    if far > BOUNDS[0] or high > BOUNDS[1]:
        hint = f"not degrees, because they reach {far:,.0f} and {high:,.0f}"
    msg = f"The {what} have no CRS. Set it with .set_crs(), {hint}."
    raise InputError(msg)
