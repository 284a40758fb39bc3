"""The base layer near a place, on a plane with true distance and direction from it."""

import functools
import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import shapely

from coverage_analyzer import geodesy
from coverage_analyzer.arrays import Bools, Floats, Ints
from coverage_analyzer.maps import base_map
from coverage_analyzer.maps.base_map import LineKind, PlaceKind

EDGE_M: Final = 20_000.0
"""Maximum edge length: edges are straight in degrees but curved on the plane."""

POLAR: Final = 84.0
"""Latitude beyond which a rectangle may reach around a pole."""

SEAM_DEGREES: Final = 0.01
"""Distance to 180 degrees or a pole below which an edge is a cut of the layer, not a coast."""


@dataclass(frozen=True)
class Plane:
    """A plane tangent to the earth at a place: azimuthal equidistant, WGS 84, by Karney.

    Metres east and north of the place; distance and direction from it are exact everywhere.
    """

    lon: float
    lat: float

    def metres(self, lon: npt.ArrayLike, lat: npt.ArrayLike) -> tuple[Floats, Floats]:
        """Project points onto the plane."""
        from pyproj import Geod

        degrees = np.broadcast_arrays(*(np.asarray(v, np.float64) for v in (lon, lat)))
        x, y = (g.copy() for g in degrees)
        west, south = np.full_like(x, self.lon), np.full_like(y, self.lat)
        if x.size == 1:  # of which pyproj before 3.8 warns
            one = Geod(ellps="WGS84").inv(self.lon, self.lat, x.item(), y.item())
            azimuth, _, far = (np.full_like(x, value) for value in one)
        else:
            azimuth, _, far = Geod(ellps="WGS84").inv(west, south, x, y)
        turn = np.radians(azimuth)
        return np.asarray(far * np.sin(turn)), np.asarray(far * np.cos(turn))

    def degrees(self, x: float, y: float) -> tuple[float, float]:
        """Return the longitude and latitude of a point of the plane."""
        azimuth, far = np.degrees(np.arctan2(x, y)), np.hypot(x, y)
        lon, lat = geodesy.destination(self.lon, self.lat, azimuth, far)
        return float(lon), float(lat)


@dataclass(frozen=True)
class Outlines:
    """The part of the layer in a rectangle of a plane, in metres.

    Attributes
    ----------
    land
        Polygons, each a country or a part of one.
    coasts, borders
        Lines between land and sea, and between two countries.
    """

    land: list[Any]
    coasts: list[Any]
    borders: list[Any]


@dataclass(frozen=True)
class _Layer:
    """All arcs, concatenated, with vertices added, and the arcs of each ring.

    Attributes
    ----------
    lon, lat
        Degrees on WGS 84.
    first, after
        Start and end of each arc in them.
    shared
        Which arcs are borders between two countries.
    polygons
        Rings of each polygon, as numbers of arcs; ``~n`` is arc n reversed.
    """

    lon: Floats
    lat: Floats
    first: Ints
    after: Ints
    shared: Bools
    polygons: list[list[list[int]]]

    @functools.cached_property
    def arcs_of_polygons(self) -> tuple[Ints, Ints]:
        """The arcs of all polygons, concatenated, and where those of each begin."""
        arcs = [[max(n, ~n) for ring in rings for n in ring] for rings in self.polygons]
        starts = np.cumsum([0, *map(len, arcs)])[:-1]
        return np.concatenate(arcs).astype(np.int64), starts

    @functools.cached_property
    def points(self) -> Floats:
        """The vertices as `geodesy.ecef` returns them."""
        return geodesy.ecef(self.lon, self.lat)

    @functools.cached_property
    def bounds(self) -> Floats:
        """West, south, east and north of the outer ring of each polygon, split at 180."""
        rings = (self.ring(rings[0]) for rings in self.polygons)
        return np.array([(x.min(), y.min(), x.max(), y.max()) for x, y in rings])

    def ring(self, numbers: list[int]) -> tuple[Floats, Floats]:
        """Return the vertices of a ring in degrees."""
        parts = [np.arange(self.first[n], self.after[n]) for n in (max(n, ~n) for n in numbers)]
        turned = [p if n >= 0 else p[::-1] for n, p in zip(numbers, parts, strict=True)]
        at = np.concatenate(turned)
        return self.lon[at], self.lat[at]


@dataclass(frozen=True)
class Detail:
    """The base map in a rectangle of a plane, in metres: good to about 100 m where people live.

    Attributes
    ----------
    land
        Polygons without lakes, cut along the sides of cells: to be filled, not outlined.
    coasts
        Lines between land and water, of lakes too.
    borders, contested, regions
        Borders of countries, those of contested zones (to be dashed), boundaries of regions.
    """

    land: list[Any]
    coasts: list[Any]
    borders: list[Any]
    contested: list[Any]
    regions: list[Any]


@dataclass(frozen=True)
class Town:
    """A town on a plane.

    Attributes
    ----------
    x, y
        Metres.
    name
        Its name.
    zoom
        The less, the more important.
    is_capital
        Whether it is the capital of a country.
    """

    x: float
    y: float
    name: str
    zoom: int
    is_capital: bool


def towns(plane: Plane, box: tuple[float, float, float, float], zoom: int = 10) -> list[Town]:
    """Return the towns in a rectangle of a plane, the important ones first.

    Parameters
    ----------
    plane
        The plane.
    box
        West, south, east and north, in metres.
    zoom
        Web Mercator zoom that the picture resembles; fewer towns have a name at a lower one.
    """
    found = base_map.places_within(*_degrees_box(plane, box), zoom)
    found = found.take(np.flatnonzero(found.kind != PlaceKind.country))
    x, y = plane.metres(*base_map.degrees_of(found.x, found.y))
    inside = np.flatnonzero((x >= box[0]) & (x <= box[2]) & (y >= box[1]) & (y <= box[3]))
    names = found.name.to_pylist()
    return [
        Town(
            float(x[i]),
            float(y[i]),
            names[i],
            int(found.zoom[i]),
            bool(found.kind[i] == PlaceKind.capital),
        )
        for i in inside.tolist()
    ]


def detail(plane: Plane, box: tuple[float, float, float, float], least_m: float = 0.0) -> Detail:
    """Return the base map in a rectangle that contains the tangent point of the plane.

    Parameters
    ----------
    plane
        The plane.
    box
        West, south, east and north, in metres.
    least_m
        Land and lines of which both width and height are smaller are left out, in metres.
    """
    world = base_map.load()
    coarse, fine = (
        world.rows(level)[base_map.cells_within(*_degrees_box(plane, box))]
        for level in (1, base_map.FINE)
    )
    rows = np.where(fine >= 0, fine, coarse)
    cells = [world.shapes(row) for row in rows[rows >= 0].tolist()]
    polygons = [rings for shapes in cells for rings in shapes.polygons]
    rings = [np.concatenate([ring, ring[:1]]) for each in polygons for ring in each]
    lines = [line for shapes in cells for _, line in shapes.lines]
    kinds = np.array([kind for shapes in cells for kind, _ in shapes.lines], np.int64)
    whole = _Chains.of(rings, plane)
    polygon = np.repeat(np.arange(len(polygons)), [len(each) for each in polygons])
    land = shapely.polygons(whole.rings(), indices=polygon) if rings else np.empty(0, object)
    drawn, kind = _Chains.of(lines, plane).parts(np.empty(0, np.bool_))
    kind = kinds[kind]
    borders, contested = kind == LineKind.border, kind == LineKind.contested
    coasts, _ = whole.parts(_cell_sides(whole.units))
    return Detail(
        _within(land, box, least_m, "Polygon"),
        _within(coasts, box, least_m, "LineString"),
        _within(drawn[borders], box, least_m, "LineString"),
        _within(drawn[contested], box, least_m, "LineString"),
        _within(drawn[~borders & ~contested], box, least_m, "LineString"),
    )


@dataclass(frozen=True)
class _Chains:
    """Points of several lines in a row, projected at once.

    Attributes
    ----------
    units
        As in the base map. Shape (n, 2).
    metres
        On the plane. Shape (n, 2).
    chain
        The line of each point. Shape (n,).
    """

    units: Floats
    metres: Floats
    chain: Ints

    @classmethod
    def of(cls, chains: list[Floats], plane: Plane) -> "_Chains":
        """Project lines onto a plane."""
        units = np.concatenate([np.zeros((0, 2)), *chains])
        chain = np.repeat(np.arange(len(chains)), [len(each) for each in chains])
        return cls(units, _projected(plane, units), chain)

    def rings(self) -> Any:
        """Return closed lines as rings."""
        return shapely.linearrings(self.metres, indices=self.chain)

    def parts(self, cut: Bools) -> tuple[Any, Ints]:
        """Return the lines without some edges, and the line of each part.

        Parameters
        ----------
        cut
            Which edges, from a point to the next one, are left out; empty if none.
        """
        ends = np.diff(self.chain) != 0
        ends = ends | cut if len(cut) else ends
        part = np.concatenate([[0], np.cumsum(ends)])[: len(self.chain)]
        long = np.bincount(part, minlength=1)[part] > 1
        if not long.any():
            return np.empty(0, object), np.zeros(0, np.int64)
        _, first, number = np.unique(part[long], return_index=True, return_inverse=True)
        return shapely.linestrings(self.metres[long], indices=number), self.chain[long][first]


def _cell_sides(units: Floats) -> Bools:
    """Return which edges are cuts along the side of a cell. Shape (n - 1,)."""
    side = units % base_map.SIDE == 0
    return np.asarray((side[1:] & side[:-1] & (np.diff(units, axis=0) == 0)).any(axis=1))


def _within(
    shapes: Any, box: tuple[float, float, float, float], least_m: float, kind: str
) -> list[Any]:
    """Return the parts of shapes within a rectangle, without those that are too small."""
    west, south, east, north = shapely.bounds(shapes).reshape(-1, 4).T
    inside = (west < box[2]) & (east > box[0]) & (south < box[3]) & (north > box[1])
    inside &= np.maximum(east - west, north - south) >= least_m
    some = shapes[inside]
    try:
        clipped = shapely.clip_by_rect(some, *box)
    except shapely.errors.GEOSException:  # of a ring that touches itself
        clipped = np.array([_clipped(each, box) for each in some], object)
    return [part for part in shapely.get_parts(clipped) if part.geom_type == kind]


def _projected(plane: Plane, points: Floats) -> Floats:
    return np.column_stack(plane.metres(*base_map.degrees_of(points[:, 0], points[:, 1])))


def _degrees_box(
    plane: Plane, box: tuple[float, float, float, float]
) -> tuple[float, float, float, float]:
    """Return a rectangle in degrees around one of a plane; its east may be beyond 180."""
    reach = float(np.hypot(max(-box[0], box[2]), max(-box[1], box[3])))
    rim_lon, rim_lat = geodesy.destination(plane.lon, plane.lat, np.arange(0.0, 360.0, 5.0), reach)
    away = (np.asarray(rim_lon) - plane.lon + 180) % 360 - 180
    south, north = float(np.min(rim_lat)), float(np.max(rim_lat))
    if max(abs(south), abs(north)) > POLAR:
        return -180.0, south, 179.999, north
    return plane.lon + float(away.min()), south, plane.lon + float(away.max()), north


def outlines(plane: Plane, box: tuple[float, float, float, float]) -> Outlines:
    """Return the layer in a rectangle that contains the tangent point of the plane.

    Parameters
    ----------
    plane
        The plane.
    box
        West, south, east and north, in metres.
    """
    layer = _layer()
    reach = float(np.hypot(max(-box[0], box[2]), max(-box[1], box[3]))) + EDGE_M
    place = geodesy.ecef(plane.lon, plane.lat)
    near = geodesy.chord_m(layer.points, place) <= reach
    counts = np.concatenate([[0], np.cumsum(near)])
    reached = counts[layer.after] > counts[layer.first]
    arcs, starts = layer.arcs_of_polygons
    near_polygon = np.logical_or.reduceat(reached[arcs], starts)
    west, south, east, north = layer.bounds.T
    holds = (west <= plane.lon) & (plane.lon <= east) & (south <= plane.lat) & (plane.lat <= north)
    some = np.flatnonzero(near_polygon | holds).tolist()
    return Outlines(
        [shape for n in some for shape in _land(layer, layer.polygons[n], plane, box)],
        list(_lines(layer, np.flatnonzero(reached & ~layer.shared), plane, box)),
        list(_lines(layer, np.flatnonzero(reached & layer.shared), plane, box)),
    )


def _land(
    layer: _Layer,
    rings: list[list[int]],
    plane: Plane,
    box: tuple[float, float, float, float],
) -> Iterator[Any]:
    """Yield the part of a polygon within the rectangle."""
    corners = [np.column_stack(plane.metres(*layer.ring(ring))) for ring in rings]
    clipped = _clipped(shapely.Polygon(corners[0], corners[1:]), box)
    yield from (p for p in shapely.get_parts(clipped) if p.geom_type == "Polygon" and p.area > 0)


def _clipped(polygon: Any, box: tuple[float, float, float, float]) -> Any:
    """Return the part of a polygon within the rectangle.

    The fast method fails on rings that touch themselves, which the simplified layer may have.
    """
    try:
        return shapely.clip_by_rect(polygon, *box)
    except shapely.errors.GEOSException:
        return shapely.intersection(shapely.make_valid(polygon), shapely.box(*box))


def _lines(
    layer: _Layer, arcs: Ints, plane: Plane, box: tuple[float, float, float, float]
) -> Iterator[Any]:
    """Yield the parts of arcs within the rectangle, without the layer's cuts."""
    for arc in arcs.tolist():
        at = np.arange(layer.first[arc], layer.after[arc])
        lon, lat = layer.lon[at], layer.lat[at]
        east = np.abs(lon) > 180 - SEAM_DEGREES
        pole = np.abs(lat) > 90 - SEAM_DEGREES
        seam = (east[1:] & east[:-1]) | (pole[1:] & pole[:-1])
        x, y = plane.metres(lon, lat)
        for part in np.split(np.arange(len(at)), np.flatnonzero(seam) + 1):
            if len(part) > 1:
                line = shapely.LineString(np.column_stack([x[part], y[part]]))
                clipped = shapely.get_parts(shapely.clip_by_rect(line, *box))
                yield from (p for p in clipped if not p.is_empty)


@functools.cache
def _layer() -> _Layer:
    """Return the base layer bundled with the package."""
    folder = resources.files("coverage_analyzer") / "resources" / "countries"
    topology = json.loads(gzip.decompress((folder / "land.topojson.gz").read_bytes()))
    scale, translate = (np.array(topology["transform"][k]) for k in ("scale", "translate"))
    arcs = [np.cumsum(np.array(arc), axis=0) * scale + translate for arc in topology["arcs"]]
    dense = [_dense(np.clip(arc, (-180, -90), (180, 90))) for arc in arcs]
    after = np.cumsum([len(arc) for arc in dense])
    polygons: list[list[list[int]]] = []
    for geometry in topology["objects"]["faces"]["geometries"]:
        parts = geometry.get("arcs", [])
        polygons += [parts] if geometry["type"] == "Polygon" else parts
    used = np.zeros(len(arcs), np.int64)
    for polygon in polygons:
        np.add.at(used, [max(n, ~n) for ring in polygon for n in ring], 1)
    corners = np.concatenate(dense)
    first = np.concatenate([[0], after[:-1]])
    return _Layer(corners[:, 0], corners[:, 1], first, after, used > 1, polygons)


def _dense(arc: Floats) -> Floats:
    """Return an arc with vertices added to long edges. Shape (n, 2)."""
    places = geodesy.ecef(arc[:, 0], arc[:, 1])
    steps = np.ceil(geodesy.chord_m(places[:-1], places[1:]) / EDGE_M).astype(np.int64)
    steps = np.maximum(steps, 1)
    if (steps == 1).all():
        return arc
    edge = np.repeat(np.arange(len(steps)), steps)
    part = (np.arange(len(edge)) - np.repeat(np.cumsum(steps) - steps, steps)) / steps[edge]
    between = arc[edge] + part[:, None] * (arc[edge + 1] - arc[edge])
    return np.concatenate([between, arc[-1:]])
