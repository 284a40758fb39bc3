"""Geodesic discs and polygons in degrees: construction, splitting at 180, area."""

import gc
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import shapely

from coverage_analyzer import geodesy
from coverage_analyzer.arrays import Bools, Floats, Ints, distinct, expand_ranges, slices
from coverage_analyzer.errors import InputError
from coverage_analyzer.geodesy import MILE_M

Geometries = npt.NDArray[np.object_]


BOUNDARY_ERROR_M: Final = 5.0
"""Maximum distance in metres of an edge of a disc from the true circle.

Areas are drawn, and nothing is decided by them: 5 m is one pixel of a map of a city.
"""


SAMPLED_ERROR_M: Final = 4.5
"""Maximum deviation of an edge, measured at three of its points."""


GREATEST_DISC_M: Final = 5_000_000.0
"""Maximum radius of a disc."""


POINTS_AT_ONCE: Final = 1 << 16
"""Bounds the memory of reading coordinates."""


def points(lon: Floats, lat: Floats) -> Geometries:
    """Return points, shape (n,).

    Without garbage collection, which would look through all points made so far again and again: a
    million take a quarter of the time. They have no cycles, so that it would find nothing.

    Parameters
    ----------
    lon, lat
        Degrees, shape (n,).
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        return np.asarray(shapely.points(lon, lat), np.object_)
    finally:
        if collecting:
            gc.enable()


def point_coordinates(points: Geometries) -> tuple[Floats, Floats]:
    """Return the longitude and latitude of points, NaN where a point is missing or empty.

    The bounds of a point are its coordinates; they need less than half the time of coordinates.

    Examples
    --------
    >>> lon, lat = point_coordinates(np.array([shapely.Point(7.5, 47), None, shapely.Point()]))
    >>> lon.tolist(), lat.tolist()
    ([7.5, nan, nan], [47.0, nan, nan])
    """
    lon, lat = np.empty((2, len(points)))
    for rows in slices(len(points), POINTS_AT_ONCE):
        lon[rows], lat[rows] = shapely.bounds(points[rows])[:, :2].T
    return lon, lat


FIRST_VERTICES: Final = 360
"""Initial number of vertices; more are added where edges deviate."""


WORLD: Final = (-180.0, -90.0, 180.0, 90.0)


def area_km2(geometry: Geometries) -> Floats:
    """Return areas on the WGS 84 ellipsoid, by Lambert's cylindrical equal-area projection.

    Parameters
    ----------
    geometry
        In degrees, with short edges that are straight in longitude and latitude. Shape (n,).
    """
    result: Floats = shapely.area(shapely.transform(geometry, _equal_area)) / 1e6
    return result


def _equal_area(degrees: Floats) -> Floats:
    """Project to equal-area metres east and north (Snyder, Map projections, eq. 3-12, 10-15)."""
    e = np.sqrt(geodesy.ECCENTRICITY2)
    sine = np.sin(np.radians(degrees[:, 1]))
    q = (1 - e**2) * (sine / (1 - e**2 * sine**2) + np.arctanh(e * sine) / e)
    metres = [np.radians(degrees[:, 0]) * geodesy.EQUATOR_M, q / 2 * geodesy.EQUATOR_M]
    return np.stack(metres, axis=1)


def discs(lon: Floats, lat: Floats, radius_m: Floats) -> Geometries:
    """Return geodesic discs as (multi)polygons in degrees, split at 180, also over the poles.

    Parameters
    ----------
    lon, lat
        Degrees, shape (n,).
    radius_m
        Metres along the ellipsoid, at most `GREATEST_DISC_M`, shape (n,).

    Raises
    ------
    InputError
        If a radius is larger.
    """
    if np.any(radius_m > GREATEST_DISC_M):
        msg = f"Areas can be calculated for limits up to {GREATEST_DISC_M / MILE_M:,.0f} miles."
        raise InputError(msg)
    if not len(lon):
        return np.empty(0, object)
    ring, x, y = _boundary_vertices(lon, lat, radius_m)
    starts = _starts(ring, len(lon))
    first, end = starts[:-1], starts[1:]
    points = np.stack([np.insert(v, end, v[first]) for v in (x, y)], axis=1)
    owner = np.insert(ring, end, ring[first])
    polygons: Geometries = shapely.polygons(shapely.linearrings(points, indices=owner))
    over = (np.abs(np.diff(points[:, 0])) >= 180) & (np.diff(owner) == 0)
    for number in distinct(owner[:-1][over]).tolist():
        polygons[number] = _unwrapped(points[owner == number], lat[number])
    return split_at_antimeridian(polygons)


def _unwrapped(points: Floats, lat: float) -> Any:
    """Return the polygon of a closed ring that passes 180 degrees or a pole."""
    turned = np.unwrap(points[:, 0], period=360)
    points = np.stack([turned, points[:, 1]], axis=1)
    if abs(turned[-1] - turned[0]) > 180:  # around the pole: close the ring over it
        pole = np.copysign(90.0, lat)
        points = np.vstack([points, [[turned[-1], pole], [turned[0], pole]]])
    else:
        points[-1] = points[0]  # which rotation moved by a rounding error
    return shapely.Polygon(points)


def _starts(ring: Ints, rings: int) -> Ints:
    return np.searchsorted(ring, np.arange(rings + 1))


def _boundary_vertices(lon: Floats, lat: Floats, radius_m: Floats) -> tuple[Ints, Floats, Floats]:
    """Return the vertices of circles, enough to keep each edge close: ring, longitude, latitude.

    A circle is symmetrical about the meridian of its center, so that half of it is calculated.
    """
    half = np.arange(FIRST_VERTICES // 2 + 1) * (360 / FIRST_VERTICES)
    ring, azimuth = np.repeat(np.arange(len(lon)), len(half)), np.tile(half, len(lon))
    east, y = geodesy.destination(np.zeros(len(ring)), lat[ring], azimuth, radius_m[ring])
    new = np.flatnonzero(azimuth < 180)  # edges that are not tested yet, by their first vertices
    while True:
        ends = (east[new], y[new], east[new + 1], y[new + 1])
        too_far = new[_exceeds_tolerance(ends, ring[new], lat, radius_m)]
        if not len(too_far):
            return _mirrored(ring, east, y, lon)
        between, circle = (azimuth[too_far] + azimuth[too_far + 1]) / 2, ring[too_far]
        zero = np.zeros(len(circle))
        px, py = geodesy.destination(zero, lat[circle], between, radius_m[circle])
        added = zip((ring, azimuth, east, y), (circle, between, px, py), strict=True)
        ring, azimuth, east, y = (np.insert(old, too_far + 1, more) for old, more in added)
        moved = too_far + np.arange(len(too_far))
        new = np.stack([moved, moved + 1], axis=1).ravel()


def _mirrored(half: Ints, east: Floats, y: Floats, lon: Floats) -> tuple[Ints, Floats, Floats]:
    """Return whole circles by their eastern halves, whose longitudes begin at their centers."""
    starts = _starts(half, len(lon))
    last = np.diff(starts) - 1  # the vertex in the south
    ring, at = expand_ranges(np.zeros_like(last), 2 * last)
    mirror = 2 * last[ring] - at
    source = starts[ring] + np.minimum(at, mirror)
    x = lon[ring] + np.where(at <= mirror, 1, -1) * east[source]
    return ring, np.where(np.abs(x) > 180, x - np.copysign(360, x), x), y[source]


def _exceeds_tolerance(
    ends: tuple[Floats, ...], circle: Ints, lat: Floats, radius_m: Floats
) -> Bools:
    """Return which edges deviate from their circle.

    Parameters
    ----------
    ends
        Longitude and latitude of both ends, in degrees from the meridian of the center.
    circle
        The circle of each edge.
    lat, radius_m
        Of all circles.
    """
    x, y, next_x, next_y = ends
    middle = geodesy.take(geodesy.ecef(0, lat), circle)
    center, radius = lat[circle], radius_m[circle]
    dx = np.mod(next_x - x + 180, 360) - 180
    dy = next_y - y
    result = np.zeros(len(circle), np.bool_)
    far = np.flatnonzero(radius > geodesy.ARC_REACH_M - 2 * SAMPLED_ERROR_M)
    for part in (0.25, 0.5, 0.75):
        px, py = x + part * dx, y + part * dy
        away = geodesy.arc_m(geodesy.ecef(px, py), middle)
        zero = np.zeros(len(far))
        away[far] = geodesy.distance_m(zero, center[far], px[far], py[far])
        result |= np.abs(away - radius) > SAMPLED_ERROR_M
    return result


def split_at_antimeridian(polygons: Geometries) -> Geometries:
    """Return polygons split at 180, with the part beyond moved to the other side."""
    bounds = shapely.bounds(polygons)
    for i in np.flatnonzero((bounds[:, 0] < -180) | (bounds[:, 2] > 180)).tolist():
        turned = [_turned(polygons[i], degrees) for degrees in (-360.0, 0.0, 360.0)]
        polygons[i] = shapely.union_all(shapely.intersection(turned, shapely.box(*WORLD)))
    return polygons


def _turned(polygon: Any, degrees: float) -> Any:
    return shapely.transform(polygon, lambda points: points + np.array([degrees, 0.0]))


def polygons_of(geometry: Any) -> list[Any]:
    """Return the polygons of a geometry, without points and lines where areas only touch."""
    return [p for p in shapely.get_parts(geometry) if p.geom_type == "Polygon" and not p.is_empty]
