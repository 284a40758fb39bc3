"""The base map of the package: land, lakes, borders, regions and places, on a plane.

The plane is Web Mercator, `WORLD` units wide, x east of 180 W and y south of its north edge. It is
cut into `CELLS` x `CELLS` cells, the tiles of zoom 8. Level 0 is the whole world in one row; levels
1 and 2 are cells: 1 good to about a kilometre, 2 to about 100 m. Polygons are land without lakes.
``tools/build_base_map.py`` builds the files; their origin is in ``SOURCE.md``.

Polygons and lines are three strings of bytes: counts, steps in x and steps in y. All are varints
(7 bits a byte, the least first); steps are signed, in zigzag order: 0, -1, 1, -2. Counts are:
number of polygons, for each its number of rings, for each ring its number of vertices; number of
lines, for each its kind and its number of vertices. Steps run on from ring to ring.
"""

import enum
import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from coverage_analyzer import arrays
from coverage_analyzer.arrays import Floats, Ints, distinct

CELLS: Final = 256
SIDE: Final = 4096
"""Width of a cell in units."""

WORLD: Final = CELLS * SIDE

SHIFTS: Final = (5, 3, 1)
"""Coordinates of a level are stored in steps of 2**shift units."""

FINE: Final = 2
"""The most detailed level."""

CREDIT: Final = ", coast too · Names © GeoNames (CC BY 4.0) · Made with Natural Earth"
"""What the base map adds to the attribution of the borders, which is the coast's too."""


class LineKind(enum.IntEnum):
    """Kinds of lines; the kind of a region's boundary is the least zoom at which it is drawn."""

    border = 100
    contested = 101


class PlaceKind(enum.IntEnum):
    """Kinds of places."""

    town = 0
    seat = 1
    capital = 2
    country = 3


def units_of(lon: npt.ArrayLike, lat: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Return the place of points on the plane; what is beyond its edges is at the edge.

    Examples
    --------
    >>> [float(v) for v in units_of(0.0, 0.0)]
    [524288.0, 524288.0]
    """
    sine = np.sin(np.radians(np.asarray(lat, np.float64)))
    with np.errstate(divide="ignore"):
        south = 0.5 - np.arctanh(sine) / (2 * np.pi)
    x = (np.asarray(lon, np.float64) / 360 + 0.5) * WORLD
    return x, np.clip(south, 0, 1) * WORLD


def degrees_of(x: npt.ArrayLike, y: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Return longitude and latitude of points of the plane.

    Examples
    --------
    >>> [round(float(v), 4) for v in degrees_of(0, 0)]
    [-180.0, 85.0511]
    """
    south = np.asarray(y, np.float64) / WORLD
    lat = np.degrees(np.arctan(np.sinh(np.pi * (1 - 2 * south))))
    return np.asarray(x, np.float64) / WORLD * 360 - 180, np.asarray(lat)


@dataclass(frozen=True)
class Shapes:
    """The polygons and lines of a row.

    Attributes
    ----------
    polygons
        Land: for each polygon its rings, shape (n, 2), open, in units.
    lines
        Kind and vertices of each line, shape (n, 2), in units.
    """

    polygons: list[list[Floats]]
    lines: list[tuple[int, Floats]]


@dataclass(frozen=True)
class Places:
    """Names of towns and countries, those of a low zoom first.

    Attributes
    ----------
    x, y
        Units, shape (n,).
    zoom
        Least zoom at which the label has room among more important ones.
    kind
        Values of `PlaceKind`.
    country
        Alpha-2 code, empty for a town in a contested zone.
    name
        Name of a town; empty for a country, whose name is in `countries.Names`.
    """

    x: Ints
    y: Ints
    zoom: Ints
    kind: Ints
    country: pa.Array
    name: pa.Array

    def __len__(self) -> int:
        """Return the number of places."""
        return len(self.x)

    def take(self, at: Ints) -> "Places":
        """Return the places at the given indices."""
        rows = arrays.from_numpy(at)
        return Places(
            self.x[at],
            self.y[at],
            self.zoom[at],
            self.kind[at],
            self.country.take(rows),
            self.name.take(rows),
        )


@dataclass(frozen=True)
class BaseMap:
    """The base map.

    Attributes
    ----------
    level, cell
        Level of each row, and row * `CELLS` + column of its cell; -1 for level 0. Shape (n,).
    counts, x, y
        Packed polygons and lines of each row.
    """

    level: Ints
    cell: Ints
    counts: pa.Array
    x: pa.Array
    y: pa.Array

    @functools.cached_property
    def sizes(self) -> Ints:
        """Bytes of each row."""
        return lengths(self.counts) + lengths(self.x) + lengths(self.y)

    def rows(self, level: int) -> Ints:
        """Return the row of each cell at a level, or -1. Shape (`CELLS` ** 2,)."""
        result = np.full(CELLS * CELLS, -1)
        at = np.flatnonzero(self.level == level)
        result[self.cell[at]] = at
        return result

    def shapes(self, row: int) -> Shapes:
        """Return the polygons and lines of a row."""
        step = 1 << SHIFTS[self.level[row]]
        down, across = divmod(max(int(self.cell[row]), 0), CELLS)
        corner = np.array([across * SIDE, down * SIDE], np.float64)
        counts = _varints(self.counts[row].as_py()).tolist()
        steps = [_signed(_varints(column[row].as_py())) for column in (self.x, self.y)]
        points = np.stack([np.cumsum(s) for s in steps], axis=1) * step + corner
        return _shapes(counts, points)


def places_within(west: float, south: float, east: float, north: float, zoom: int) -> Places:
    """Return the places in a rectangle whose labels have room at a zoom, the important ones first.

    Parameters
    ----------
    west, south, east, north
        Degrees; ``east`` is less than ``west``, or more than 180, if the rectangle crosses 180.
    zoom
        Web Mercator zoom of the picture: its world is 256 * 2**zoom pixels wide.
    """
    found = places()
    x, y = units_of([west, west + (east - west) % 360], [south, north])
    inside = (found.y >= y[1]) & (found.y <= y[0]) & (found.zoom <= zoom)
    inside &= (found.x - x[0]) % WORLD <= x[1] - x[0]
    return found.take(np.flatnonzero(inside))


def cells_within(west: float, south: float, east: float, north: float) -> Ints:
    """Return the cells that a rectangle touches; its sides are as in `places_within`."""
    x, y = units_of([west, west + (east - west) % 360], [south, north])
    columns = np.arange(x[0] // SIDE, x[1] // SIDE + 1).astype(np.int64) % CELLS
    rows = np.arange(max(y[1] // SIDE, 0), min(y[0] // SIDE, CELLS - 1) + 1).astype(np.int64)
    cells: Ints = (rows[:, None] * CELLS + distinct(columns)).ravel()
    return cells


def _shapes(counts: list[int], points: Floats) -> Shapes:
    number, at = iter(counts), 0
    lines: list[tuple[int, Floats]] = []

    def taken(size: int) -> Floats:
        nonlocal at
        at += size
        return points[at - size : at]

    polygons = [[taken(next(number)) for _ in range(next(number))] for _ in range(next(number))]
    for _ in range(next(number)):
        kind = next(number)
        lines.append((kind, taken(next(number))))
    return Shapes(polygons, lines)


def encoded(
    polygons: list[list[Ints]], lines: list[tuple[int, Ints]]
) -> tuple[bytes, bytes, bytes]:
    """Return polygons and lines in steps of a level as counts, x and y; see the module.

    Vertices that repeat the one before are dropped, and rings without area.
    """
    rings = [[r for r in map(_unrepeated, polygon) if len(r) > 2] for polygon in polygons]
    rings = [polygon for polygon in rings if polygon]
    runs = [(kind, _unrepeated(line)) for kind, line in lines]
    runs = [(kind, line) for kind, line in runs if len(line) > 1]
    counts = [len(rings)]
    for polygon in rings:
        counts += [len(polygon), *(len(ring) for ring in polygon)]
    counts.append(len(runs))
    for kind, line in runs:
        counts += [int(kind), len(line)]
    everything = [*(ring for polygon in rings for ring in polygon), *(line for _, line in runs)]
    points = np.concatenate([np.zeros((1, 2), np.int64), *everything])
    steps = np.diff(points, axis=0)
    zigzag = np.where(steps >= 0, 2 * steps, -2 * steps - 1)
    return (
        _varint_bytes(np.array(counts)),
        _varint_bytes(zigzag[:, 0]),
        _varint_bytes(zigzag[:, 1]),
    )


def _unrepeated(points: Ints) -> Ints:
    keep = np.append(True, (np.diff(points, axis=0) != 0).any(axis=1))
    result: Ints = points[keep]
    return result


def _varint_bytes(values: Ints) -> bytes:
    """Return non-negative integers below 2**28 as varints."""
    shifted = values[:, None] >> np.array([0, 7, 14, 21])
    more = np.append(shifted[:, 1:] > 0, np.zeros((len(values), 1), np.bool_), axis=1)
    used = np.append(np.ones((len(values), 1), np.bool_), more[:, :-1], axis=1)
    data = ((shifted & 127) | (more << 7)).astype(np.uint8)
    return bytes(data[used].tobytes())


def _varints(data: bytes) -> Ints:
    """Return the integers of varints."""
    values = np.frombuffer(data, np.uint8).astype(np.int64)
    last = values < 128
    first = np.flatnonzero(np.append(True, last[:-1]))[: last.sum()]
    place = np.arange(len(values)) - np.repeat(first, np.diff(first, append=len(values)))
    result: Ints = np.add.reduceat((values & 127) << (7 * place), first) if len(first) else values
    return result


def _signed(values: Ints) -> Ints:
    result: Ints = (values >> 1) ^ -(values & 1)
    return result


def lengths(cells: pa.Array) -> Ints:
    """Return the number of bytes of each cell of a column of large binaries."""
    result: Ints = arrays.as_numpy(pc.binary_length(cells)).astype(np.int64)
    return result


def content(cells: pa.Array) -> npt.NDArray[np.uint8]:
    """Return all bytes of a column of large binaries, one cell after the other."""
    offsets = np.frombuffer(cells.buffers()[1], np.int64)[cells.offset :][: len(cells) + 1]
    return np.frombuffer(cells.buffers()[2], np.uint8)[offsets[0] : offsets[-1]]


@functools.cache
def load() -> BaseMap:
    """Return the base map bundled with the package."""
    column = arrays.stored("base_map", "base_map.arrow")
    level, cell = (arrays.as_numpy(column[n]).astype(np.int64) for n in ("level", "cell"))
    counts, x, y = (_cells(column, n, pa.large_binary()) for n in ("counts", "x", "y"))
    return BaseMap(level, cell, counts, x, y)


@functools.cache
def places() -> Places:
    """Return the places bundled with the package."""
    column = arrays.stored("base_map", "towns.arrow")
    x, y = (arrays.from_steps(column[f"{n}_low"], column[f"{n}_high"]) for n in ("x", "y"))
    zoom, kind = (arrays.as_numpy(column[n]).astype(np.int64) for n in ("zoom", "kind"))
    name = _cells(column, "name", pa.large_string())
    return Places(x.astype(np.int64), y.astype(np.int64), zoom, kind, column["country"], name)


def _cells(column: Mapping[str, pa.Array], name: str, kind: pa.DataType) -> pa.Array:
    """Return a column of large binaries or texts, of which a file has the sizes and all bytes."""
    sizes = arrays.as_numpy(column[f"{name}_sizes"])
    offsets = np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)])
    content = column[f"{name}_bytes"]
    return pa.Array.from_buffers(
        kind, len(sizes), [None, pa.py_buffer(offsets), content.buffers()[1]]
    )
