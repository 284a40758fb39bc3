"""Which centers could matter to a place: found once for each cell of the globe, then kept.

A cell of 0.25 degree lies in a ball of chord radius *p* round its middle. So, by the triangle
inequality in space, a center at chord *D* from the middle lies at *D - p* to *D + p* from every
point of the cell. That leaves few candidates for the nearest one, tells which centers surely cover
the whole cell (they are only counted), and which may cover a part of it.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from coverage_analyzer import geodesy
from coverage_analyzer.arrays import Bools, Floats, Ints, spread

NOBODY: Final = -1
"""No center."""

CELLS_PER_DEGREE: Final = 4
COLUMNS: Final = 360 * CELLS_PER_DEGREE
ROWS: Final = 180 * CELLS_PER_DEGREE

PAIRS_AT_ONCE: Final = 2_000_000
"""Bounds the memory of looking at new cells."""


@dataclass(frozen=True)
class Cells:
    """What is known of some cells, sorted by key; ``center`` and ``counted`` run on end to end."""

    key: Ints
    start: Ints
    count: Ints
    surely: Ints
    center: Ints
    counted: Bools


class Index:
    """Centers in groups: a site asks only those of its own group.

    Parameters
    ----------
    lon, lat
        Of all centers, degrees on WGS 84, shape (n,).
    members
        For each group the positions of its centers, ascending.
    reach_m
        For each group how far a center reaches.
    list_all
        Whether `in_reach` will be asked, which wants the centers that `nearest` only counts.
    """

    def __init__(
        self, lon: Floats, lat: Floats, members: list[Ints], reach_m: Floats, *, list_all: bool
    ) -> None:
        self._lon, self._lat, self._points = lon, lat, geodesy.ecef(lon, lat)
        self._sizes = np.array([len(m) for m in members], np.int64)
        self._first = np.cumsum(self._sizes) - self._sizes
        self._members = np.concatenate(members) if members else np.zeros(0, np.int64)
        self._reach_m, self._list_all = reach_m, list_all
        none = np.zeros(0, np.int64)
        self._cells = Cells(none, none, none, none, none, none.astype(np.bool_))

    def nearest(self, lon: Floats, lat: Floats, points: Floats, group: Ints) -> tuple[Ints, Ints]:
        """Return the nearest center of each site's group, and how many of the group reach it.

        Parameters
        ----------
        lon, lat, points
            Degrees, and the same as `geodesy.ecef`; shapes (n,), (n,), (n, 3).
        group
            Shape (n,).

        Returns
        -------
        center
            `NOBODY` if the group is empty. Of equally near ones the first.
        in_reach
        """
        site, center, counted, surely = self._candidates(lon, lat, group)
        chord = geodesy.chord_m(points[site], self._points[center])
        pair = (lon[site], lat[site], self._lon[center], self._lat[center])
        reaching = counted.copy()
        reach = self._reach_m[group[site[counted]]]
        some = tuple(p[counted] for p in pair)
        reaching[counted] = geodesy.within_chord(chord[counted], some, reach)
        in_reach = surely + np.bincount(site[reaching], minlength=len(lon))
        return self._first_of(site, center, chord, pair, len(lon)), in_reach

    def _first_of(
        self, site: Ints, center: Ints, chord: Floats, pair: tuple[Floats, ...], sites: int
    ) -> Ints:
        """Return the nearest of each site's candidates.

        By chords, and where they leave a doubt by Karney's geodesic.
        """
        result = np.full(sites, NOBODY, np.int64)
        starts = np.flatnonzero(np.diff(site, prepend=-1))
        if not len(starts):
            return result
        least = np.minimum.reduceat(chord, starts)
        sizes = np.diff(starts, append=len(site))
        rivals = chord <= np.repeat(geodesy.rival_chord_m(least), sizes)
        result[site[rivals]] = center[rivals]
        several = rivals & np.repeat(np.add.reduceat(rivals, starts, dtype=np.int64) > 1, sizes)
        if several.any():
            exact = geodesy.distance_m(*(p[several] for p in pair))
            site, center = site[several], center[several]
            order = np.lexsort((center, exact, site))
            best = order[np.flatnonzero(np.diff(site[order], prepend=-1))]
            result[site[best]] = center[best]
        return result

    def in_reach(self, lon: Floats, lat: Floats, group: Ints) -> tuple[Ints, Ints, Floats]:
        """Return all pairs of a site and a center that reaches it, and their distance in metres."""
        site, center, _, _ = self._candidates(lon, lat, group)
        pair = (lon[site], lat[site], self._lon[center], self._lat[center])
        away = geodesy.distance_m(*pair)
        near = away <= self._reach_m[group[site]] + geodesy.ROUNDING_M
        return site[near], center[near], away[near]

    def _candidates(self, lon: Floats, lat: Floats, group: Ints) -> tuple[Ints, Ints, Bools, Ints]:
        """Return pairs of site and center, whether to count each, and who is counted already."""
        column = np.minimum(((lon + 180) * CELLS_PER_DEGREE).astype(np.int64), COLUMNS - 1)
        row = np.minimum(((lat + 90) * CELLS_PER_DEGREE).astype(np.int64), ROWS - 1)
        keys, cell = np.unique((group * ROWS + row) * COLUMNS + column, return_inverse=True)
        cells = self._known(keys)
        at = np.searchsorted(cells.key, keys)[cell]
        site, entry = spread(cells.start[at], cells.count[at])
        return site, cells.center[entry], cells.counted[entry], cells.surely[at]

    def _known(self, keys: Ints) -> Cells:
        """Return what is known of cells, these among them; it is kept for the next batch."""
        old = self._cells
        new = np.setdiff1d(keys, old.key, assume_unique=True)
        if len(new):
            sizes = np.cumsum(self._sizes[new // (ROWS * COLUMNS)])
            cuts = np.flatnonzero(np.diff(sizes // PAIRS_AT_ONCE)) + 1
            parts = [old, *(self._examined(some) for some in np.split(new, cuts))]
            shift = np.cumsum([0, *(len(p.center) for p in parts[:-1])])
            key, count, surely, center, counted = (
                np.concatenate([getattr(p, name) for p in parts])
                for name in ("key", "count", "surely", "center", "counted")
            )
            start = np.concatenate([p.start + s for p, s in zip(parts, shift, strict=True)])
            order = np.argsort(key)
            self._cells = Cells(
                key[order], start[order], count[order], surely[order], center, counted
            )
        return self._cells

    def _examined(self, keys: Ints) -> Cells:
        """Return the candidates in cells not seen before."""
        group, at = np.divmod(keys, ROWS * COLUMNS)
        row, column = np.divmod(at, COLUMNS)
        half = 0.5 / CELLS_PER_DEGREE
        lon = column / CELLS_PER_DEGREE - 180 + half
        lat = row / CELLS_PER_DEGREE - 90 + half
        cell, member = spread(self._first[group], self._sizes[group])
        center = self._members[member]
        away = geodesy.chord_m(geodesy.ecef(lon, lat)[cell], self._points[center])
        radius = _radius_m(lat, half)[cell]
        inner, outer = geodesy.chord_limits_m(self._reach_m[group])
        surely = (away + radius <= inner[cell]) & (not self._list_all)
        maybe = (away - radius <= outer[cell]) & ~surely
        kept = maybe if self._list_all else maybe | _could_be_nearest(cell, away, radius)
        cells = len(keys)
        count = np.bincount(cell[kept], minlength=cells)
        return Cells(
            key=keys,
            start=np.cumsum(count) - count,
            count=count,
            surely=np.bincount(cell[surely], minlength=cells),
            center=center[kept],
            counted=maybe[kept],
        )


def _could_be_nearest(cell: Ints, away: Floats, radius: Floats) -> Bools:
    """Return which centers may be the nearest one of some point of their cell."""
    starts = np.flatnonzero(np.diff(cell, prepend=-1))
    if not len(starts):
        return np.zeros(0, np.bool_)
    farthest = np.minimum.reduceat(away, starts) + radius[starts]
    sizes = np.diff(starts, append=len(cell))
    return away - radius <= np.repeat(geodesy.rival_chord_m(farthest), sizes)


def _radius_m(lat: Floats, half: float) -> Floats:
    """Return a chord from the middle of a cell that no point of the cell lies beyond.

    The ellipsoid is no longer than a sphere of its greatest radius along any line of latitude and
    longitude; there the chord is at most the root of the squares of both steps, the step in
    longitude taken where the cell is widest. A thousandth more covers the sphere's own bend.
    """
    widest = np.cos(np.radians(np.maximum(np.abs(lat) - half, 0)))
    step = geodesy.GREATEST_RADIUS_M * np.radians(half)
    radius: Floats = 1.001 * step * np.sqrt(1 + widest**2)
    return radius
