"""Geodesic discs and polygons in degrees: construction, splitting at 180, area."""

import gc
import itertools
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import shapely

from coverage_analyzer import geodesy
from coverage_analyzer.arrays import Bools, Floats, Ints
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
    ring, x, y = _boundary_vertices(lon, lat, radius_m)
    polygons = np.empty(len(lon), object)
    for number, (start, stop) in enumerate(itertools.pairwise(_starts(ring, len(lon)))):
        turned = np.unwrap(np.append(x[start:stop], x[start]), period=360)
        points = np.stack([turned, np.append(y[start:stop], y[start])], axis=1)
        if abs(turned[-1] - turned[0]) > 180:  # around the pole: close the ring over it
            pole = np.copysign(90.0, lat[number])
            points = np.vstack([points, [[turned[-1], pole], [turned[0], pole]]])
        else:
            points[-1] = points[0]  # which rotation moved by a rounding error
        polygons[number] = shapely.Polygon(points)
    return split_at_antimeridian(polygons)


def _starts(ring: Ints, rings: int) -> Ints:
    return np.searchsorted(ring, np.arange(rings + 1))


def _boundary_vertices(lon: Floats, lat: Floats, radius_m: Floats) -> tuple[Ints, Floats, Floats]:
    """Return the vertices of circles, enough to keep each edge close: ring, longitude, latitude."""
    ring = np.repeat(np.arange(len(lon)), FIRST_VERTICES)
    azimuth = np.tile(np.arange(FIRST_VERTICES) * (360 / FIRST_VERTICES), len(lon))
    while True:
        x, y = geodesy.destination(lon[ring], lat[ring], azimuth, radius_m[ring])
        too_far = np.flatnonzero(_exceeds_tolerance(ring, x, y, (lon, lat, radius_m)))
        if not len(too_far):
            return ring, x, y
        last = np.append(np.diff(ring) != 0, True)
        step = np.where(last, 360, np.roll(azimuth, -1)) - azimuth
        between = azimuth[too_far] + step[too_far] / 2
        azimuth = np.insert(azimuth, too_far + 1, between)
        ring = np.insert(ring, too_far + 1, ring[too_far])


def _exceeds_tolerance(
    ring: Ints, x: Floats, y: Floats, circles: tuple[Floats, Floats, Floats]
) -> Bools:
    """Return which edges, from each vertex to the next of its ring, deviate from the circle."""
    lon, lat, radius_m = (v[ring] for v in circles)
    first = np.searchsorted(ring, ring)
    following = np.where(np.append(np.diff(ring) == 0, False), np.arange(1, len(ring) + 1), first)
    dx = np.mod(x[following] - x + 180, 360) - 180
    dy = y[following] - y
    middle = geodesy.ecef(lon, lat)
    result = np.zeros(len(ring), np.bool_)
    far = radius_m > geodesy.ARC_REACH_M - 2 * SAMPLED_ERROR_M
    for part in (0.25, 0.5, 0.75):
        px, py = x + part * dx, y + part * dy
        away = geodesy.arc_m(geodesy.ecef(px, py), middle)
        away[far] = geodesy.distance_m(lon[far], lat[far], px[far], py[far])
        result |= np.abs(away - radius_m) > SAMPLED_ERROR_M
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
