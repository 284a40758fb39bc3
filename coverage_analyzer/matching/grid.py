"""A grid of the globe, and a cache of the shortlists of centers of its cells.

This module computes no distances: `nearest` finds the shortlists, and reads them for many sites.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from coverage_analyzer import geodesy
from coverage_analyzer.arrays import Floats, Ints

NO_CENTER: Final = -1
"""No center. In coordinate arrays it is the last entry, infinitely far away."""


class Grid(NamedTuple):
    """A grid of the globe with cells of some degrees, numbered from the South Pole and 180 W."""

    degrees: float

    @property
    def columns(self) -> int:
        """Number of cells from west to east."""
        return round(360 / self.degrees)

    @property
    def rows(self) -> int:
        """Number of cells from south to north."""
        return round(180 / self.degrees)

    def cell(self, lon: Floats, lat: Floats) -> Ints:
        """Return the cell number of each place; 180 E is in the last column."""
        column = np.minimum(((lon + 180) / self.degrees).astype(np.int64), self.columns - 1)
        row = np.minimum(((lat + 90) / self.degrees).astype(np.int64), self.rows - 1)
        return row * self.columns + column

    def middle(self, cell: Ints) -> tuple[Floats, Floats]:
        """Return the longitude and latitude of the middle of cells, in degrees."""
        row, column = np.divmod(cell, self.columns)
        return (column + 0.5) * self.degrees - 180, (row + 0.5) * self.degrees - 90

    def radius_m(self, lat: Floats) -> Floats:
        """Return an upper bound of the chord from the middle of a cell to its points, by latitude.

        In cylinder coordinates, with *q* the distance from the axis, the square of a chord is
        ``dq**2 + dz**2 + 4 q q' sin(dlon/2)**2``. The first two terms are a chord of the meridian,
        no longer than its arc, and thus than ``R dlat``, with *R* the greatest radius of curvature;
        *q* is at most ``R cos(lat)``, evaluated where the cell is widest.
        """
        half = self.degrees / 2
        widest = np.cos(np.radians(np.maximum(np.abs(lat) - half, 0)))
        step = geodesy.GREATEST_RADIUS_M * np.radians(half)
        radius: Floats = step * np.sqrt(1 + widest**2) + geodesy.CHORD_ERROR_M
        return radius


GRIDS: Final = (Grid(4.0), Grid(1.0), Grid(0.25))
"""Sizes of the largest cells, of those inside them, and of the small cells that sites look up."""


@dataclass(frozen=True)
class Shortlists:
    """Centers of a group that can matter to a cell. Shape (n,) each, except one.

    Attributes
    ----------
    cell, group
        Cell and group of each shortlist.
    start, count
        Range of the shortlist in ``center``; if empty, ``center[start]`` is `NO_CENTER`.
    near
        Number of centers in it that may be the nearest of a point in the cell: the first ones.
    certain
        Number of other centers of the group that reach the whole cell.
    center
        Centers of all shortlists; in each, those that may be the nearest and the others ascend.
    """

    cell: Ints
    group: Ints
    start: Ints
    count: Ints
    near: Ints
    certain: Ints
    center: Ints

    def take(self, which: Ints) -> "Shortlists":
        """Return a subset of the shortlists."""
        return Shortlists(
            self.cell[which],
            self.group[which],
            self.start[which],
            self.count[which],
            self.near[which],
            self.certain[which],
            self.center,
        )


class ShortlistCache:
    """Immutable cache of the shortlists of grid cells; `with_added` returns a new cache.

    Entry 0 means "not cached". Each cell points to its newest entry, each entry to the previous
    entry of the same cell (another group). Most cells hold one group, so one look-up usually
    succeeds.
    """

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        zero, none = np.zeros(1, np.int64), np.full(1, NO_CENTER)
        self.shortlists = Shortlists(none, none, zero, zero, zero, zero, none)
        self._latest = np.zeros(grid.columns * grid.rows, np.int32)
        self._before = np.zeros(1, np.int64)

    def numbers(self, cell: Ints, group: Ints) -> Ints:
        """Return the entry of each group on each cell; 0 if not cached."""
        number = self._latest.take(cell).astype(np.int64)
        others = np.flatnonzero(self.shortlists.group.take(number) != group)
        while len(others):
            earlier = self._before.take(number[others])
            number[others] = earlier
            search = (self.shortlists.group.take(earlier) != group[others]) & (earlier > 0)
            others = others[search]
        return number

    def with_added(self, more: Sequence[Shortlists]) -> "ShortlistCache":
        """Return a cache with added shortlists, of cells and groups that had none."""
        parts = [self.shortlists, *more]
        shift = np.cumsum([0, *(len(p.center) for p in parts[:-1])])
        joined = {n: np.concatenate([getattr(p, n) for p in parts]) for n in vars(self.shortlists)}
        start = np.concatenate([p.start + s for p, s in zip(parts, shift, strict=True)])
        joined["start"] = np.where(joined["count"] > 0, start, 0)  # which contain no site
        result = ShortlistCache(self.grid)
        result.shortlists = Shortlists(**joined)
        old = len(self.shortlists.cell)
        order = old + np.argsort(joined["cell"][old:], kind="stable")
        cell = joined["cell"][order]
        first = np.diff(cell, prepend=NO_CENTER) != 0
        result._before = np.concatenate([self._before, np.zeros(len(order), np.int64)])
        result._before[order] = np.where(first, self._latest[cell], np.roll(order, 1))
        result._latest = self._latest.copy()
        result._latest[cell] = order  # of several in a cell the last one is kept
        return result
