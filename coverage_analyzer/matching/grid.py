"""A grid of the globe, and a cache of the shortlists of centers of its cells.

This module computes no distances: `nearest` finds the shortlists, and reads them for many sites.
"""

import threading
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from coverage_analyzer import geodesy
from coverage_analyzer.arrays import Floats, Ints

NO_CENTER: Final = -1
"""No center. In coordinate arrays it is the last entry, infinitely far away."""


class Grid(NamedTuple):
    """A grid of the globe, whose cells are numbered from the South Pole and 180 W.

    Attributes
    ----------
    degrees
        The side of a cell, a power of two.
    """

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
        column, row = (
            np.minimum(((values + end) * (1 / self.degrees)).astype(np.int64), count - 1)
            for values, end, count in ((lon, 180, self.columns), (lat, 90, self.rows))
        )
        row *= self.columns
        row += column
        return row

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
    """Centers of a group that can matter to a cell. Shape (n,) each, except the last.

    Attributes
    ----------
    cell, group
        Cell and group of each shortlist.
    start, count
        Range of the shortlist in ``center``; if empty, ``center[start]`` is `NO_CENTER`.
    certain
        Number of other centers of the group that reach the whole cell.
    before
        The entry in the cache that was the latest of the cell before this one; 0 if none.
    center
        Centers of all shortlists; in each they ascend.
    """

    cell: Ints
    group: Ints
    start: Ints
    count: Ints
    certain: Ints
    before: Ints
    center: Ints

    def take(self, which: Ints) -> "Shortlists":
        """Return a subset of the shortlists, in the same lists of centers."""
        values = {name: v.take(which) for name, v in vars(self).items() if name != "center"}
        return Shortlists(**values, center=self.center)


class _Growing:
    """An array that grows at its end; what was handed out before stays as it was."""

    def __init__(self, values: npt.NDArray[Any]) -> None:
        self._room = self.values = values

    def extend(self, more: npt.NDArray[Any]) -> None:
        """Append values, in place if there is room."""
        size, needed = len(self.values), len(self.values) + len(more)
        if needed > len(self._room):
            self._room = np.empty(2 * needed, self._room.dtype)
            self._room[:size] = self.values
        self._room[size:needed] = more
        self.values = self._room[:needed]


class ShortlistCache:
    """Cache of the shortlists of grid cells, which only grows: no entry ever changes.

    Entry 0 means "not cached". Each cell points to its newest entry, each entry to the previous
    entry of the same cell (another group). Most cells hold one group, so one look-up usually
    succeeds.

    Safe for concurrent use: entries are in ``shortlists`` before a cell points to them. Threads
    that find the same shortlists at the same time add them twice, of which one is used.
    """

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        zero, none = np.zeros(1, np.int64), np.full(1, NO_CENTER)
        self.shortlists = Shortlists(none, none, zero, zero, zero, zero, none)
        self._columns = {name: _Growing(values) for name, values in vars(self.shortlists).items()}
        self._latest = np.zeros(grid.columns * grid.rows, np.int32)
        self._lock = threading.Lock()

    def find(self, cell: Ints, group: Ints) -> tuple[Shortlists, Ints]:
        """Return shortlists, and the entry of each group on each cell; 0 if not cached."""
        number = self._latest.take(cell).astype(np.int64)
        shortlists = self.shortlists  # after the entries that are in it
        others = np.flatnonzero(shortlists.group.take(number) != group)
        while len(others):
            earlier = shortlists.before.take(number[others])
            number[others] = earlier
            search = (shortlists.group.take(earlier) != group[others]) & (earlier > 0)
            others = others[search]
        return shortlists, number

    def add(self, more: Shortlists) -> None:
        """Add shortlists of cells and groups that had none."""
        with self._lock:
            old, listed = len(self.shortlists.cell), len(self.shortlists.center)
            order = np.argsort(more.cell, kind="stable")
            cell, entry = more.cell[order], old + order
            first = np.diff(cell, prepend=NO_CENTER) != 0
            before = np.empty_like(more.before)
            before[order] = np.where(first, self._latest[cell], np.roll(entry, 1))
            start = np.where(more.count > 0, more.start + listed, 0)  # entry 0 has no center
            for name, values in {**vars(more), "start": start, "before": before}.items():
                self._columns[name].extend(values)
            self.shortlists = Shortlists(**{n: c.values for n, c in self._columns.items()})
            self._latest[cell] = entry  # of several in a cell the last one is kept
