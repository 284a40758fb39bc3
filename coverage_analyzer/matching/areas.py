"""Coverage areas: what a center may serve by policy, as polygons.

An area is a geodesic disc around the center, clipped to its country, and to the areas of the policy
where their outlines are known; where declared countries are trusted, borders do not limit it, and
the disc is not clipped to the country. Polygons are for display and for
other programs; the rule itself uses distance and country (`matching`). Their boundaries are within
`geometry.BOUNDARY_ERROR_M` of the true circle; farther than that from the boundary, being in the
area and being within the limit are equivalent.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely

from coverage_analyzer.arrays import Bools, Floats, Ints, distinct
from coverage_analyzer.countries import NONE, Countries, Names, Numbers
from coverage_analyzer.countries.assignment import Convention
from coverage_analyzer.errors import InputError
from coverage_analyzer.geodesy import MILE_M
from coverage_analyzer.geometry import Geometries, area_km2, discs
from coverage_analyzer.matching.centers import Centers
from coverage_analyzer.matching.outlines import Outlines, cut, note
from coverage_analyzer.policy import Band, Policy
from coverage_analyzer.policy.distances import Unit

SQUARE_MILE_KM2: Final = (MILE_M / 1000) ** 2

UNCUT: Final = "Areas are not clipped at borders, because declared countries are trusted."
"""Warning about areas where declared countries are trusted."""


@dataclass(frozen=True)
class Areas:
    """One area for each center and band, shape (n,) each.

    Attributes
    ----------
    center
        Position in the centers.
    level
        Title of the level of the band.
    above_miles, limit_miles
        The band.
    planned
        Whether the center is not open yet.
    geometry
        Polygons or multipolygons in degrees on WGS 84, split at 180, exterior rings
        counter-clockwise (RFC 7946); empty if no part of the disc is in the country.
    km2
        Area on the ellipsoid.
    area
        Each ``id`` of an area of the policy to whose bands it belongs, as text; empty outside.
    unit
        The unit of the policy's distances.
    """

    center: Ints
    level: tuple[str, ...]
    above_miles: Floats
    limit_miles: Floats
    planned: Bools
    geometry: Geometries
    km2: Floats
    area: tuple[str, ...]
    unit: Unit = "miles"


def areas(
    centers: Centers,
    country: Numbers,
    policy: Policy,
    world: Countries,
    day: np.datetime64,
    *,
    trust_declared: bool = False,
) -> Areas:
    """Return the coverage areas of all centers that are open or planned on a day.

    A center has no area of a level that is not offered in its country.

    Parameters
    ----------
    centers, country
        The centers, and the country assigned to each.
    policy
        Bands by country.
    world
        The country layer.
    day
        The day of the assessment.
    trust_declared
        Whether to use declared countries even where they disagree with the coordinates; areas are
        then not clipped.

    Raises
    ------
    InputError
        If the policy serves sites of any country and limits differ between countries, so that the
        area of a center is not unique.
    """
    codes = world.names.codes
    shown = _serving(centers, day).tolist()
    outlines = Outlines(policy)
    sectors = [
        (i, sector)
        for i in shown
        for sector in outlines.sectors(codes[country[i]], centers.center_id[i])
        if policy.offered(sector.band.level, codes[country[i]])
    ]
    bands = [(i, sector.band) for i, sector in sectors]
    own = policy.qualification.same_country
    if not own and policy.needs_country:
        msg = f"{policy.name} has no coverage areas: its limits depend on the country of the site."
        raise InputError(msg)
    center = np.array([i for i, _ in bands], np.int64)
    above_m, limit_m, above_miles, limit_miles = _limits([band for _, band in bands])
    geometry = _discs(centers.lon[center], centers.lat[center], above_m, limit_m)
    if policy.by_area:
        geometry[:] = [cut(disc, s) for disc, (_, s) in zip(geometry, sectors, strict=True)]
    if own and not trust_declared:
        geometry = _cut(geometry, country[center], world, policy.convention(world.names))
    geometry = shapely.orient_polygons(geometry, exterior_cw=False)
    return Areas(
        center=center,
        level=tuple(policy.level(band.level).title for _, band in bands),
        above_miles=above_miles,
        limit_miles=limit_miles,
        planned=centers.is_planned(day)[center],
        geometry=geometry,
        km2=area_km2(geometry),
        area=tuple(", ".join(s.areas) for _, s in sectors),
        unit=policy.unit,
    )


def _limits(bands: Sequence[Band]) -> Floats:
    """Return the lower and upper limit of bands in metres, and in miles. Shape (4, n).

    Most centers have the same few bands, whose properties take longer than a look.
    """
    limits = {
        id(band): (band.above_m, band.up_to_m, band.above_in("miles"), band.limit_in("miles"))
        for band in {id(band): band for band in bands}.values()
    }
    return np.array([limits[id(band)] for band in bands], np.float64).reshape(-1, 4).T.copy()


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
"""Names of the values yielded by `properties`, in order."""

KM_PROPERTIES: Final = ("above_km", "limit_km")
"""Names of two more, of a policy in kilometres."""


def names(areas: Areas) -> tuple[str, ...]:
    """Return the names of the values that `properties` yields, in order."""
    further = (
        *(KM_PROPERTIES if areas.unit == "km" else ()),
        *(["area"] if any(areas.area) else []),
    )
    return (*PROPERTIES, *further)


def properties(
    areas: Areas, centers: Centers, country: Numbers, world: Names
) -> Iterator[dict[str, Any]]:
    """Yield the properties of each area besides its geometry."""
    for i, c in enumerate(areas.center.tolist()):
        opens = centers.opens_on[c]
        yield (
            {
                "center_id": centers.center_id[c],
                "name": centers.name[c],
                "country": world.codes[country[c]],
                "limit_miles": float(areas.limit_miles[i]),
                "opens_on": None if np.isnat(opens) else str(opens),
                "level": areas.level[i],
                "above_miles": float(areas.above_miles[i]),
                "planned": bool(areas.planned[i]),
                "area_km2": round(float(areas.km2[i]), 3),
                "area_square_miles": round(float(areas.km2[i]) / SQUARE_MILE_KM2, 3),
            }
            | _in_km(areas, i)
            | ({"area": areas.area[i]} if any(areas.area) else {})
        )


def _in_km(areas: Areas, i: int) -> dict[str, float]:
    """Return the band of an area in kilometres, if the policy states it so."""
    if areas.unit != "km":
        return {}
    miles = areas.above_miles[i], areas.limit_miles[i]
    km = (round(float(m) * MILE_M / 1000, 5) for m in miles)
    return dict(zip(KM_PROPERTIES, km, strict=True))


def union_by_country(areas: Areas, country: Numbers) -> dict[int, Any]:
    """Return the union of the areas of each country, by country number."""
    own = country[areas.center]
    return {
        int(number): shapely.union_all(areas.geometry[own == number]) for number in distinct(own)
    }


def overlap_depth(areas: Areas, country: Numbers) -> Iterator[tuple[int, int, Any]]:
    """Yield, for each country, the parts covered by one, two, ... of its areas.

    Yields
    ------
    country, depth, geometry
        The number of the country, the number of areas that cover the part, and the part.
    """
    own = country[areas.center]
    for number in distinct(own).tolist():
        subset = areas.geometry[own == number]
        lines = shapely.union_all(shapely.boundary(subset))
        cells = shapely.get_parts(shapely.polygonize([lines]))
        inside = shapely.point_on_surface(cells)
        cell, _ = shapely.STRtree(subset).query(inside, predicate="intersects")
        depth = np.bincount(cell, minlength=len(cells))
        for deep in distinct(depth[depth > 0]).tolist():
            yield number, deep, shapely.union_all(cells[depth == deep])


def notes(policy: Policy, *, trust_declared: bool) -> list[str]:
    """Return warnings about how far coverage areas follow the rules."""
    uncut = trust_declared and policy.qualification.same_country
    return [*([UNCUT] if uncut else []), *note(policy)]


def _serving(centers: Centers, day: np.datetime64) -> Ints:
    """Return the centers that are open or planned."""
    return np.flatnonzero(centers.is_open(day) | centers.is_planned(day))


def _discs(lon: Floats, lat: Floats, above_m: Floats, limit_m: Floats) -> Geometries:
    """Return a disc for each band, excluding the disc of the previous band."""
    outer = discs(lon, lat, limit_m)
    inner = np.flatnonzero(above_m > 0)
    outer[inner] = shapely.difference(outer[inner], discs(lon[inner], lat[inner], above_m[inner]))
    return outer


def _cut(
    geometry: Geometries, country: Numbers, world: Countries, convention: Convention
) -> Geometries:
    """Clip discs to their country, and all that counts as it."""
    parts, disc = shapely.get_parts(geometry, return_index=True)
    filled = ~shapely.is_empty(parts)  # a ring between two bands may be
    parts, disc = parts[filled], disc[filled]
    near: list[tuple[int, Any]] = []
    for number in distinct(country).tolist():
        faces = np.flatnonzero(_served(number, world, convention))
        subset = np.flatnonzero(country[disc] == number)
        lands = world.borders.lands_near(faces, shapely.bounds(parts[subset]))
        near += [(int(subset[part]), land) for part, land in lands]
    part = np.array([part for part, _ in near], np.int64)
    shapes = shapely.intersection(np.array([land for _, land in near], object), parts[part])
    pieces, at = shapely.get_parts(shapes, return_index=True)
    is_area = shapely.get_type_id(pieces) == shapely.GeometryType.POLYGON
    keep = is_area & ~shapely.is_empty(pieces)
    pieces, owner = pieces[keep], disc[part[at[keep]]]
    result = np.empty(len(geometry), object)
    result[:] = shapely.MultiPolygon()
    order = np.argsort(owner, kind="stable")
    owners, first = np.unique(owner[order], return_index=True)
    groups = np.split(pieces[order], first[1:])
    for number, group in zip(owners.tolist(), groups, strict=False):  # one empty if there is none
        result[number] = group[0] if len(group) == 1 else shapely.union_all(group)
    return result


def _served(number: int, world: Countries, convention: Convention) -> Bools:
    """Return the faces in which a site can count as a country, as `assign_country` decides."""
    served: Bools = convention.fold[world.holder] == number
    contested = world.claimant != NONE
    if convention.contested == "review":
        served &= ~contested
    if convention.contested == "declared":
        served |= contested & (convention.fold[world.claimant] == number)
    return served
