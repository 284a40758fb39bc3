"""Coverage areas: what a center may serve by policy, as polygons to be drawn.

An area is a geodesic disc round the center, cut to its country; where a declared country is
trusted wherever a site lies, no border bounds it, and the disc stays whole. Polygons are for
pictures and for other programs; the rule itself is decided by distance and country (`matching`).
Their rims lie within `RIM_ERROR_M` of the true circle, so beyond that from the rim, being in the
area and being within the limit is the same.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import shapely

from coverage_analyzer import geodesy
from coverage_analyzer.arrays import Bools, Floats, Ints
from coverage_analyzer.centers import Centers
from coverage_analyzer.countries import NONE, Countries, Names, Numbers
from coverage_analyzer.countries.decision import Convention
from coverage_analyzer.errors import InputError
from coverage_analyzer.geodesy import MILE_M
from coverage_analyzer.policy import Policy

Geometries = npt.NDArray[np.object_]

RIM_ERROR_M: Final = 5.0
"""No edge of a rim lies farther from the true circle."""

SAMPLED_ERROR_M: Final = 4.5
"""What an edge may stray where it is measured, at three points of it."""

GREATEST_DISC_M: Final = 5_000_000.0
"""Of the radius of a disc that can be drawn."""

FIRST_VERTICES: Final = 360
"""A rim begins with so many, and gets more where edges stray."""

SQUARE_MILE_KM2: Final = (MILE_M / 1000) ** 2

UNCUT: Final = "Areas are not clipped at borders, because declared countries are trusted."
"""What is said of areas where declared countries stand."""

WORLD: Final = (-180.0, -90.0, 180.0, 90.0)


@dataclass(frozen=True)
class Areas:
    """One area for each center and band, shape (n,) each.

    Attributes
    ----------
    center
        Position in the centers.
    level
        Title of the level that the band buys.
    above_miles, limit_miles
        The band.
    planned
        Whether the center is still to open.
    geometry
        Polygons or multipolygons in degrees on WGS 84, split at 180, exterior rings
        counter-clockwise (RFC 7946); empty where nothing of the disc lies in the country.
    km2
        Area on the ellipsoid.
    """

    center: Ints
    level: tuple[str, ...]
    above_miles: Floats
    limit_miles: Floats
    planned: Bools
    geometry: Geometries
    km2: Floats


def areas(
    centers: Centers,
    country: Numbers,
    policy: Policy,
    world: Countries,
    day: np.datetime64,
    *,
    trust_declared: bool = False,
) -> Areas:
    """Return the coverage areas of all centers that are open on a day, or planned.

    A center has no area of a level that is not offered in its country.

    Parameters
    ----------
    centers, country
        A network, and the country that each of its centers counts as.
    policy
        Bands by country.
    world
        Where countries are.
    day
        The day to judge.
    trust_declared
        Whether a declared country stands wherever a site lies: then areas are not cut.

    Raises
    ------
    InputError
        If the policy serves sites of any country and limits differ between countries: then there
        is no one area of a center.
    """
    codes = world.names.codes
    shown = _shown(centers, day).tolist()
    bands = [
        (i, band)
        for i in shown
        for band in policy.bands_in(codes[country[i]])
        if policy.offered(band.level, codes[country[i]])
    ]
    own = policy.qualification.same_country
    if not own and policy.needs_country:
        msg = f"{policy.name} has no coverage areas: its limits depend on the country of the site."
        raise InputError(msg)
    center = np.array([i for i, _ in bands], np.int64)
    above = np.array([band.above_miles for _, band in bands])
    limit = np.array([band.up_to_miles for _, band in bands])
    geometry = _discs(centers.lon[center], centers.lat[center], above, limit)
    if own and not trust_declared:
        geometry = _cut(geometry, country[center], world, policy.convention(world.names))
    geometry = shapely.orient_polygons(geometry, exterior_cw=False)
    return Areas(
        center=center,
        level=tuple(policy.level(band.level).title for _, band in bands),
        above_miles=above,
        limit_miles=limit,
        planned=centers.is_planned(day)[center],
        geometry=geometry,
        km2=area_km2(geometry),
    )


PROPERTIES: Final = (
    "center_id",
    "name",
    "country",
    "limit_miles",
    "opens_on",
    "level",
    "above_miles",
    "planned",
    "area_km2",
    "area_square_miles",
)
"""What `properties` tells of each area, in this order."""


def properties(
    areas: Areas, centers: Centers, country: Numbers, names: Names
) -> Iterator[dict[str, Any]]:
    """Yield what is told of each area beside its geometry."""
    for i, c in enumerate(areas.center.tolist()):
        opens = centers.opens_on[c]
        yield {
            "center_id": centers.center_id[c],
            "name": centers.name[c],
            "country": names.codes[country[c]],
            "limit_miles": float(areas.limit_miles[i]),
            "opens_on": None if np.isnat(opens) else str(opens),
            "level": areas.level[i],
            "above_miles": float(areas.above_miles[i]),
            "planned": bool(areas.planned[i]),
            "area_km2": round(float(areas.km2[i]), 3),
            "area_square_miles": round(float(areas.km2[i]) / SQUARE_MILE_KM2, 3),
        }


def union_by_country(areas: Areas, country: Numbers) -> dict[int, Any]:
    """Return the union of the areas of each country, by its number."""
    own = country[areas.center]
    return {
        int(number): shapely.union_all(areas.geometry[own == number]) for number in np.unique(own)
    }


def overlap_depth(areas: Areas, country: Numbers) -> Iterator[tuple[int, int, Any]]:
    """Yield, for each country, the parts that one, two, ... of its areas cover.

    Yields
    ------
    country, depth, geometry
        The number of the country, how many areas cover the part, and the part.
    """
    own = country[areas.center]
    for number in np.unique(own).tolist():
        some = areas.geometry[own == number]
        lines = shapely.union_all(shapely.boundary(some))
        cells = shapely.get_parts(shapely.polygonize([lines]))
        inside = shapely.point_on_surface(cells)
        cell, _ = shapely.STRtree(some).query(inside, predicate="intersects")
        depth = np.bincount(cell, minlength=len(cells))
        for deep in np.unique(depth[depth > 0]).tolist():
            yield number, deep, shapely.union_all(cells[depth == deep])


def area_km2(geometry: Geometries) -> Floats:
    """Return areas on the WGS 84 ellipsoid, by Lambert's cylindrical equal-area projection.

    Parameters
    ----------
    geometry
        In degrees, edges straight in longitude and latitude and short. Shape (n,).
    """
    result: Floats = shapely.area(shapely.transform(geometry, _equal_area)) / 1e6
    return result


def _equal_area(degrees: Floats) -> Floats:
    """Return metres east and north that keep areas (Snyder, Map projections, eq. 3-12, 10-15)."""
    e = np.sqrt(geodesy.ECCENTRICITY2)
    sine = np.sin(np.radians(degrees[:, 1]))
    q = (1 - e**2) * (sine / (1 - e**2 * sine**2) + np.arctanh(e * sine) / e)
    metres = [np.radians(degrees[:, 0]) * geodesy.EQUATOR_M, q / 2 * geodesy.EQUATOR_M]
    return np.stack(metres, axis=1)


def _shown(centers: Centers, day: np.datetime64) -> Ints:
    """Return the centers that are open or planned."""
    return np.flatnonzero(centers.is_open(day) | centers.is_planned(day))


def _discs(lon: Floats, lat: Floats, above: Floats, limit: Floats) -> Geometries:
    """Return a disc for each band, without the disc of the band before it."""
    outer = discs(lon, lat, limit * MILE_M)
    inner = np.flatnonzero(above > 0)
    outer[inner] = shapely.difference(
        outer[inner], discs(lon[inner], lat[inner], above[inner] * MILE_M)
    )
    return outer


def discs(lon: Floats, lat: Floats, radius_m: Floats) -> Geometries:
    """Return geodesic discs as (multi)polygons in degrees, split at 180, over the poles too.

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
    ring, x, y = _rims(lon, lat, radius_m)
    polygons = np.empty(len(lon), object)
    for number, (start, stop) in enumerate(itertools.pairwise(_starts(ring, len(lon)))):
        turned = np.unwrap(np.append(x[start:stop], x[start]), period=360)
        points = np.stack([turned, np.append(y[start:stop], y[start])], axis=1)
        if abs(turned[-1] - turned[0]) > 180:  # round the pole: close the ring over it
            pole = np.copysign(90.0, lat[number])
            points = np.vstack([points, [[turned[-1], pole], [turned[0], pole]]])
        else:
            points[-1] = points[0]  # which turning has moved by a rounding error
        polygons[number] = shapely.Polygon(points)
    return within_the_world(polygons)


def _starts(ring: Ints, rings: int) -> Ints:
    return np.searchsorted(ring, np.arange(rings + 1))


def _rims(lon: Floats, lat: Floats, radius_m: Floats) -> tuple[Ints, Floats, Floats]:
    """Return the vertices of circles, as many as keep each edge near: ring, longitude, latitude."""
    ring = np.repeat(np.arange(len(lon)), FIRST_VERTICES)
    azimuth = np.tile(np.arange(FIRST_VERTICES) * (360 / FIRST_VERTICES), len(lon))
    while True:
        x, y = geodesy.destination(lon[ring], lat[ring], azimuth, radius_m[ring])
        stray = np.flatnonzero(_strays(ring, x, y, (lon, lat, radius_m)))
        if not len(stray):
            return ring, x, y
        last = np.append(np.diff(ring) != 0, True)
        step = np.where(last, 360, np.roll(azimuth, -1)) - azimuth
        between = azimuth[stray] + step[stray] / 2
        azimuth = np.insert(azimuth, stray + 1, between)
        ring = np.insert(ring, stray + 1, ring[stray])


def _strays(ring: Ints, x: Floats, y: Floats, circles: tuple[Floats, Floats, Floats]) -> Bools:
    """Return which edges, each from a vertex to the next of its ring, leave the circle's rim."""
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


def within_the_world(polygons: Geometries) -> Geometries:
    """Return polygons cut at 180, what lies beyond brought in on the other side."""
    bounds = shapely.bounds(polygons)
    for i in np.flatnonzero((bounds[:, 0] < -180) | (bounds[:, 2] > 180)).tolist():
        turned = [_turned(polygons[i], degrees) for degrees in (-360.0, 0.0, 360.0)]
        polygons[i] = shapely.union_all(shapely.intersection(turned, shapely.box(*WORLD)))
    return polygons


def _turned(polygon: Any, degrees: float) -> Any:
    return shapely.transform(polygon, lambda points: points + np.array([degrees, 0.0]))


def _cut(
    geometry: Geometries, country: Numbers, world: Countries, convention: Convention
) -> Geometries:
    """Return the parts of discs that lie in their country, with all that counts as it."""
    parts, disc = shapely.get_parts(geometry, return_index=True)
    bounds = shapely.bounds(parts)
    cut: list[list[Any]] = [[] for _ in geometry]
    for number in np.unique(country).tolist():
        faces = np.flatnonzero(_served(number, world, convention))
        lands = [world.borders.polygon(face) for face in faces.tolist()]
        for part in np.flatnonzero(country[disc] == number).tolist():
            for land in lands:
                near = shapely.clip_by_rect(land, *bounds[part])
                cut[disc[part]] += _polygons(shapely.intersection(near, parts[part]))
    result = np.empty(len(geometry), object)
    result[:] = [shapely.union_all(some) if some else shapely.MultiPolygon() for some in cut]
    return result


def _served(number: int, world: Countries, convention: Convention) -> Bools:
    """Return in which faces a site can count as a country, as `countries.decision` has it."""
    served: Bools = convention.fold[world.holder] == number
    contested = world.claimant != NONE
    if convention.contested == "review":
        served &= ~contested
    if convention.contested == "declared":
        served |= contested & (convention.fold[world.claimant] == number)
    return served


def _polygons(geometry: Any) -> list[Any]:
    """Return the polygons of a geometry, without points and lines where areas only touch."""
    return [p for p in shapely.get_parts(geometry) if p.geom_type == "Polygon" and not p.is_empty]
