"""Borders of countries, as a topology that stores every border once.

The plane of longitude and latitude is divided into *faces*: the countries with their territorial
waters, and the zones claimed by two countries. Arcs of straight edges separate them; each arc knows
the faces on its left and right, so neighbours neither overlap nor leave a gap. A grid of 0.1 degree
gives the face of each cell; in cells touched by an edge, a ray is cast north from the point, and
the near side of the first edge it meets is its face. Built by ``tools/build_countries.py``.
"""

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import numpy.typing as npt

from coverage_analyzer import arrays, geodesy
from coverage_analyzer.arrays import Bools, Floats, Ints, expand_ranges

if TYPE_CHECKING:
    import shapely

UNITS: Final = 1_000_000
"""Integer units per degree in the file."""

CELL: Final = UNITS // 10
COLUMNS: Final = 360 * UNITS // CELL
ROWS: Final = 180 * UNITS // CELL
BORDER: Final = 65535
"""Grid value: an edge touches the cell, so its points are tested individually."""

LEAST_DEGREE_M: Final = np.radians(geodesy.LEAST_RADIUS_M)
"""Lower bound of the length of a degree of latitude in metres."""

SIDES: Final[tuple[Literal["left", "right"], ...]] = ("left", "right")
"""Sides of `searchsorted`: before and after a run of equal values."""

SEARCH_M: Final = (300.0, 6_000.0, 50_000.0, 150_000.0, 500_000.0)
"""Border distances are searched within the first radius first, since most are short."""

FAR_M: Final = 6_000.0
"""Beyond this, points are first tested against whole cells, since most have no such border."""

CELL_REACH_M: Final = 9_000.0
"""Maximum distance of a point from the middle of its cell (at the equator: 7.9 km)."""

POINTS_AT_ONCE: Final = 20_000
PAIRS_AT_ONCE: Final = 5_000_000
"""Both bound the memory of a border search."""


@dataclass(frozen=True)
class Borders:
    """The layer, with coordinates in integer units east of 180 W and north of the South Pole.

    Attributes
    ----------
    faces
        Name of each face: an alpha-2 code, or two for a contested zone, the holder first, as in
        ``UA+RU``. Face 0 is no country.
    """

    faces: tuple[str, ...]
    _x: Floats
    _y: Floats
    _left: npt.NDArray[np.uint16]
    _right: npt.NDArray[np.uint16]
    _grid: npt.NDArray[np.uint16]
    _cells: Ints
    _cell_offsets: Ints
    _cell_edges: npt.NDArray[np.int32]
    _rings: tuple[npt.NDArray[Any], ...]

    def face_by_grid(self, lon: Floats, lat: Floats) -> npt.NDArray[np.uint16]:
        """Return the face of each point's grid cell; `BORDER` where an edge touches the cell."""
        _, _, column, row = _cell(lon, lat)
        return self._grid.take(row * COLUMNS + column)

    def may_be_at_sea(self, lon: Floats, lat: Floats) -> Bools:
        """Return which points may be in face 0, by their grid cells: all others are not."""
        _, _, column, row = _cell(lon, lat)
        return self._cells_at_sea.take(row * COLUMNS + column)

    @functools.cached_property
    def _cells_at_sea(self) -> Bools:
        """Which grid cells have a part of face 0: all of them is, or an edge beside it."""
        beside = (self._left.take(self._cell_edges) == 0) | (
            self._right.take(self._cell_edges) == 0
        )
        result: Bools = self._grid == 0
        result[self._cells] = np.logical_or.reduceat(beside, self._cell_offsets[:-1])
        return result

    def located(self, lon: Floats, lat: Floats) -> Ints:
        """Return the face in which each point is located.

        Parameters
        ----------
        lon, lat
            Finite degrees on WGS 84 within their range, shape (n,).
        """
        x, y, column, row = _cell(lon, lat)
        face = self._grid.take(row * COLUMNS + column).astype(np.int64)
        todo, height = np.flatnonzero(face == BORDER), 1
        while len(todo):
            at = column[todo], row[todo]
            face[todo] = self._seen_northward(x[todo], y[todo], *at, height)
            todo = todo[face[todo] == BORDER]
            row[todo] += height
            todo = todo[row[todo] < ROWS]
            height *= 2  # few continue far, along a border that runs north
        face[face == BORDER] = 0
        return face

    def _seen_northward(self, x: Floats, y: Floats, column: Ints, row: Ints, height: int) -> Ints:
        """Return the face below the first edge north of each point within its cell, else `BORDER`.

        The ray passes through the point's own cell and those north of it, as many as ``height``
        says. Where one of these has no edge and none was met before, the answer is that cell's
        face. An edge covers ``x`` from its west end, included, to its east end, excluded, so a ray
        through a vertex meets each border there once.
        """
        point, rise = expand_ranges(np.zeros_like(row), np.minimum(height, ROWS - row))
        cell = (row[point] + rise) * COLUMNS + column[point]
        face = self._grid.take(cell).astype(np.int64)
        free = np.flatnonzero(face != BORDER)
        pick, edge = self._edges_in(cell)
        px = x.take(point[pick])
        crossed = np.flatnonzero((self._x.take(edge) <= px) != (self._x.take(edge + 1) <= px))
        pick, edge, px = pick[crossed], edge[crossed], px[crossed]
        (x1, x2), (y1, y2) = ((v[edge], v[edge + 1]) for v in (self._x, self._y))
        slope = (y2 - y1) / (x2 - x1)
        at = y1 + (px - x1) / (x2 - x1) * (y2 - y1)
        top = (row[point[pick]] + rise[pick] + 1) * CELL
        ahead = np.flatnonzero((at >= y[point[pick]]) & (at <= top))
        under = np.where(x2 > x1, self._right[edge], self._left[edge])[ahead]
        seen = np.concatenate([pick[ahead], free])
        none = np.zeros(len(free))
        at, slope = (np.concatenate([v[ahead], none]) for v in (at, slope))
        first = np.lexsort((slope, at, seen))  # in pairs of point and cell, from south to north
        first = first[np.flatnonzero(np.diff(point[seen[first]], prepend=-1))]
        answer = np.full(len(x), BORDER, np.int64)
        answer[point[seen[first]]] = np.concatenate([under, face[free]])[first]
        return answer

    def _edges_in(self, cell: Ints) -> tuple[Ints, Ints]:
        """Return pairs of a position in ``cell`` and an edge that touches that cell."""
        rank = np.minimum(np.searchsorted(self._cells, cell), len(self._cells) - 1)
        first = self._cell_offsets[rank]
        counts = np.where(self._cells[rank] == cell, self._cell_offsets[rank + 1] - first, 0)
        pick, at = expand_ranges(first, counts)
        return pick, self._cell_edges[at].astype(np.int64)

    def border_m(
        self, lon: Floats, lat: Floats, face_sets: Bools, which: Ints, reach_m: Floats
    ) -> Floats:
        """Return the distance to the nearest border of the given faces in metres, within 0.1 %.

        Parameters
        ----------
        lon, lat
            Degrees, shape (n,).
        face_sets
            Sets of faces, shape (sets, faces): an edge counts if a face of the set is on either
            side.
        which
            Number of each point's set, shape (n,).
        reach_m
            Search radius, shape (n,).

        Returns
        -------
        metres
            Infinite if there is none within reach. The distance is to the border, also from inside.
        """
        result, todo, far = np.full(len(lon), np.inf), np.arange(len(lon)), False
        for step in (*SEARCH_M, np.inf):
            if step > FAR_M and not far:
                far = True
                todo = todo[
                    self._possible(lon[todo], lat[todo], face_sets, which[todo], reach_m[todo])
                ]
            if not len(todo):
                break
            reach = np.minimum(reach_m, step)
            for subset in np.array_split(todo, len(todo) // POINTS_AT_ONCE + 1):
                place = lon[subset], lat[subset], face_sets, which[subset]
                result[subset] = self._border_within(*place, reach[subset])
            todo = todo[np.isinf(result[todo]) & (reach_m[todo] > step)]
        return result

    def _possible(
        self, lon: Floats, lat: Floats, face_sets: Bools, which: Ints, reach: Floats
    ) -> Bools:
        """Return which points have a cell with a relevant border within reach, by chords."""
        points = geodesy.ecef(lon, lat)
        result = np.zeros(len(lon), np.bool_)
        for number in np.unique(which).tolist():
            subset = np.flatnonzero(which == number)
            middles = self._middles(face_sets[number])
            if len(middles):
                for part in np.array_split(subset, len(subset) * len(middles) // PAIRS_AT_ONCE + 1):
                    away = _least_chord_m(points[part], middles)
                    result[part] = away <= reach[part] + CELL_REACH_M
        return result

    def _middles(self, faces: Bools) -> Floats:
        """Return the middles of all cells touched by an edge of the given faces, as `ecef`."""
        face, middles = self._touched
        numbers = np.flatnonzero(faces).astype(face.dtype)  # of equal type, else all are copied
        first, last = (np.searchsorted(face, numbers, side=s) for s in SIDES)
        _, at = expand_ranges(first, last - first)
        return geodesy.take(middles, at)

    @functools.cached_property
    def _touched(self) -> tuple[npt.NDArray[np.uint16], Floats]:
        """Faces, sorted, and for each the middle of a cell that one of its edges touches."""
        face = np.stack([self._left[self._cell_edges], self._right[self._cell_edges]], axis=1)
        cell = np.repeat(self._cells, np.diff(self._cell_offsets) * 2)
        order = np.argsort(face.ravel(), kind="stable")
        face, cell = face.ravel()[order], cell[order]
        new = (np.diff(face, prepend=BORDER) != 0) | (np.diff(cell, prepend=-1) != 0)
        row, column = np.divmod(cell[new], COLUMNS)
        size = CELL / UNITS
        middles = geodesy.ecef((column + 0.5) * size - 180, (row + 0.5) * size - 90)
        return face[new], middles

    def _border_within(
        self, lon: Floats, lat: Floats, face_sets: Bools, which: Ints, reach: Floats
    ) -> Floats:
        point, cell = _cells_within(lon, lat, reach)
        pick, edge = self._edges_in(cell)
        point = point[pick]
        beside = self._beside(lat.take(point), edge, 1.01 * reach.take(point))
        point, edge = point[beside], edge[beside]
        match = (
            face_sets[which[point], self._left[edge]] | face_sets[which[point], self._right[edge]]
        )
        point, edge = point[match], edge[match]
        result = np.full(len(lon), np.inf)
        if len(point):
            origin, axes = geodesy.ecef(lon, lat), _horizon(lon, lat)
            ends = [
                np.einsum("nai,ni->na", axes[point], self._vertices[edge + k] - origin[point])
                for k in (0, 1)
            ]
            first = np.flatnonzero(np.diff(point, prepend=-1))
            result[point[first]] = np.minimum.reduceat(_to_segment(*ends), first)
        return np.where(result <= reach, result, np.inf)

    def _beside(self, lat: Floats, edge: Ints, reach: Floats) -> Ints:
        """Return which edges reach the latitude belt around their point; the others are too far."""
        north = (lat + 90) * UNITS
        high = north + reach / LEAST_DEGREE_M * UNITS
        low = north - reach / LEAST_DEGREE_M * UNITS
        y1, y2 = self._y.take(edge), self._y.take(edge + 1)
        return np.flatnonzero((np.minimum(y1, y2) <= high) & (np.maximum(y1, y2) >= low))

    @functools.cached_property
    def _vertices(self) -> Floats:
        lon, lat = (self._x - 180 * UNITS) / UNITS, (self._y - 90 * UNITS) / UNITS
        return geodesy.ecef(lon, lat)

    def lands_near(self, faces: Ints, bounds: Floats) -> Iterator[tuple[int, "shapely.Geometry"]]:
        """Yield what each of some boxes has of faces, as the position of the box and a geometry.

        A box that no edge touches is in one face as a whole: that is found from the grid, which
        takes a hundredth of the time of clipping a large country.

        Parameters
        ----------
        faces
            Numbers of faces.
        bounds
            West, south, east, north in degrees, shape (n, 4), within -180 ... 180.
        """
        import shapely

        grid, polygons = self._grid.reshape(ROWS, COLUMNS), functools.cache(self.polygon)
        places = np.add(bounds, (180, 90, 180, 90)) * (UNITS / CELL)
        corners = np.clip(places.astype(np.int64), 0, [COLUMNS - 1, ROWS - 1] * 2).tolist()
        for box, limits in enumerate(bounds.tolist()):
            west, south, east, north = corners[box]
            cells = grid[south : north + 1, west : east + 1]
            if not (cells == BORDER).any():
                if cells[0, 0] in faces:
                    yield box, shapely.box(*limits, ccw=False)
                continue
            for face in faces.tolist():
                near = shapely.clip_by_rect(polygons(face), *limits)
                if not near.is_empty:
                    yield box, near

    def polygon(self, face: int) -> "shapely.MultiPolygon":
        """Return a face as a multipolygon in degrees, split at 180."""
        import shapely

        arcs, arc_offsets, ring_offsets, polygon_offsets, face_offsets = self._rings
        own = slice(face_offsets[face], face_offsets[face + 1] + 1)
        rings = ring_offsets[polygon_offsets[own][0] : polygon_offsets[own][-1] + 1]
        parts = arcs[rings[0] : rings[-1]].astype(np.int64)
        first, last = (arc_offsets[np.maximum(parts, ~parts) + end] for end in (0, 1))
        # An arc begins where the one before it in the ring ends: that vertex is taken once.
        joint = np.ones(len(parts), np.int64)
        joint[rings[:-1] - rings[0]] = 0
        part, step = expand_ranges(joint, last - first - joint)
        vertex = np.where(parts[part] >= 0, first[part] + step, last[part] - 1 - step)
        lon, lat = self._x[vertex] - 180 * UNITS, self._y[vertex] - 90 * UNITS
        ring = np.repeat(np.arange(len(rings) - 1), np.diff(rings))[part]
        places = np.stack([lon, lat], axis=1) / UNITS
        polygon = np.repeat(np.arange(len(polygon_offsets[own]) - 1), np.diff(polygon_offsets[own]))
        return shapely.multipolygons(
            shapely.polygons(shapely.linearrings(places, indices=ring), indices=polygon)
        )


def _cell(lon: Floats, lat: Floats) -> tuple[Floats, Floats, Ints, Ints]:
    """Return units east and north, and the grid column and row; 180 E is 180 W."""
    x = lon + 180
    x = np.where(x < 360, x, 0) * UNITS
    y = np.maximum((lat + 90) * UNITS, 0.5)  # just inside the edge along the pole
    column = np.minimum((x / CELL).astype(np.int64), COLUMNS - 1)
    return x, y, column, np.minimum((y / CELL).astype(np.int64), ROWS - 1)


def _cells_within(lon: Floats, lat: Floats, reach_m: Floats) -> tuple[Ints, Ints]:
    """Return pairs of a point and a cell possibly within reach of it, sorted by point."""
    x, y, _, _ = _cell(lon, lat)
    dy = reach_m / LEAST_DEGREE_M
    farthest = np.radians(np.minimum(np.abs(lat) + dy, 90))
    # A circle is widest polewards of its centre: asin(sin d / cos lat), bounded by this.
    dx = np.minimum(dy / np.maximum(np.cos(farthest), 1e-3), 180)
    south = np.maximum((y - dy * UNITS) // CELL, 0).astype(np.int64)
    north = np.minimum((y + dy * UNITS) // CELL, ROWS - 1).astype(np.int64)
    west = ((x - dx * UNITS) // CELL).astype(np.int64)
    width = np.minimum(((x + dx * UNITS) // CELL).astype(np.int64) - west + 1, COLUMNS)
    strip, row = expand_ranges(south, north - south + 1)
    pick, column = expand_ranges(west[strip], width[strip])
    return strip[pick], row[pick] * COLUMNS + column % COLUMNS


def _horizon(lon: Floats, lat: Floats) -> Floats:
    """Return the unit vectors east and north at each point, shape (n, 2, 3)."""
    lam, phi = np.radians(lon), np.radians(lat)
    zero = np.zeros_like(lam)
    east = np.stack([-np.sin(lam), np.cos(lam), zero], axis=-1)
    up = np.stack([np.cos(lam), np.sin(lam)], axis=-1)
    north = np.concatenate([-np.sin(phi)[:, None] * up, np.cos(phi)[:, None]], axis=-1)
    axes: Floats = np.stack([east, north], axis=1)
    return axes


def _least_chord_m(points: Floats, others: Floats) -> Floats:
    """Return the chord from each point to the nearest of the others, by scalar products."""
    squares = np.einsum("ni,ni->n", others, others) - 2 * points @ others.T
    least: Floats = squares.min(axis=1) + np.einsum("ni,ni->n", points, points)
    return np.sqrt(np.maximum(least, 0))


def _to_segment(a: Floats, b: Floats) -> Floats:
    """Return ground distances from the origin to segments in the horizon plane."""
    d = b - a
    length2 = np.einsum("ni,ni->n", d, d)
    along = -np.einsum("ni,ni->n", a, d) / np.where(length2 > 0, length2, 1)
    nearest = a + np.clip(along, 0, 1)[:, None] * d
    flat = np.hypot(nearest[:, 0], nearest[:, 1])
    ground: Floats = geodesy.EQUATOR_M * np.arcsin(np.minimum(flat / geodesy.EQUATOR_M, 1))
    return ground


@functools.cache
def load() -> Borders:
    """Return the layer bundled with the package: about 0.1 s, then cached."""
    path = resources.files("coverage_analyzer") / "resources" / "countries" / "countries.arrow"
    return read(path.read_bytes())


def read(data: bytes) -> Borders:
    """Parse a layer from the bytes of a file written by ``tools/build_countries.py``."""
    import pyarrow as pa

    batch = pa.ipc.open_file(pa.BufferReader(data)).get_batch(0)
    column: dict[str, Any] = {name: batch.column(name).flatten() for name in batch.schema.names}
    numbers = {n: arrays.as_numpy(c) for n, c in column.items() if n != "faces"}
    sizes = numbers["arc_sizes"]
    grid = numbers["grid"]
    return Borders(
        faces=tuple(column["faces"].to_pylist()),
        _x=np.cumsum(numbers["lon"], dtype=np.float64) + 180 * UNITS,
        _y=np.cumsum(numbers["lat"], dtype=np.float64) + 90 * UNITS,
        _left=np.repeat(numbers["arc_left"], sizes),
        _right=np.repeat(numbers["arc_right"], sizes),
        _grid=grid,
        _cells=np.flatnonzero(grid == BORDER),
        _cell_offsets=_offsets(numbers["cell_sizes"]),
        _cell_edges=np.cumsum(numbers["cell_edges"], dtype=np.int32),
        _rings=(
            numbers["ring_arcs"],
            *(_offsets(numbers[f"{n}_sizes"]) for n in ("arc", "ring", "polygon", "face")),
        ),
    )


def _offsets(sizes: npt.NDArray[Any]) -> Ints:
    return np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)])
