"""The globe in cells, and a notebook of what groups of centers have to know of each.

Nothing here knows what a center is: `nearness` writes the notes, and reads them for many sites at
once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from coverage_analyzer import geodesy
from coverage_analyzer.arrays import Floats, Ints

NOBODY: Final = -1
"""No center. In arrays of places it stands at the end, infinitely far away."""


class Grid(NamedTuple):
    """The globe in cells of some degrees, numbered from the South Pole and 180 W."""

    degrees: float

    @property
    def columns(self) -> int:
        """How many cells there are from west to east."""
        return round(360 / self.degrees)

    @property
    def rows(self) -> int:
        """How many cells there are from south to north."""
        return round(180 / self.degrees)

    def cell(self, lon: Floats, lat: Floats) -> Ints:
        """Return the number of the cell of each place; 180 E is in the last column."""
        column = np.minimum(((lon + 180) / self.degrees).astype(np.int64), self.columns - 1)
        row = np.minimum(((lat + 90) / self.degrees).astype(np.int64), self.rows - 1)
        return row * self.columns + column

    def middle(self, cell: Ints) -> tuple[Floats, Floats]:
        """Return longitude and latitude of the middle of cells, in degrees."""
        row, column = np.divmod(cell, self.columns)
        return (column + 0.5) * self.degrees - 180, (row + 0.5) * self.degrees - 90

    def radius_m(self, lat: Floats) -> Floats:
        """Return a chord from the middle of a cell, at a latitude, that none of its points exceeds.

        In cylinder coordinates, with *q* the distance from the axis, the square of a chord is
        ``dq**2 + dz**2 + 4 q q' sin(dlon/2)**2``. The first two are a chord of the meridian, no
        longer than its arc, so than ``R dlat``, with *R* the greatest radius of curvature; *q* is
        at most ``R cos(lat)``, taken where the cell is widest.
        """
        half = self.degrees / 2
        widest = np.cos(np.radians(np.maximum(np.abs(lat) - half, 0)))
        step = geodesy.GREATEST_RADIUS_M * np.radians(half)
        radius: Floats = step * np.sqrt(1 + widest**2) + geodesy.CHORD_ERROR_M
        return radius


GRIDS: Final = (Grid(2.0), Grid(0.25))
"""The large cells, and the small ones inside them."""


@dataclass(frozen=True)
class Notes:
    """What some groups have to know of some cells, note by note: shape (notes,) each but one.

    Attributes
    ----------
    cell, group
        Whose note it is.
    start, count
        Which part of ``center`` are the candidates of the cell; without any, ``center[start]`` is
        `NOBODY`.
    surely
        How many others of the group reach the whole cell.
    center
        Candidates, from note to note, ascending in each.
    """

    cell: Ints
    group: Ints
    start: Ints
    count: Ints
    surely: Ints
    center: Ints

    def some(self, which: Ints) -> "Notes":
        """Return some of the notes."""
        return Notes(
            self.cell[which],
            self.group[which],
            self.start[which],
            self.count[which],
            self.surely[which],
            self.center,
        )


class Notebook:
    """The notes on the cells of a grid, never changed: a fuller notebook is a new one.

    Note 0 says that nothing is known. For each cell the notebook knows the latest note, for each
    note the one before it on the same cell, which is another group's: most cells lie in the country
    of all their sites, so that one look finds the note.
    """

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        zero, nobody = np.zeros(1, np.int64), np.full(1, NOBODY)
        self.notes = Notes(nobody, nobody, zero, zero, zero, nobody)
        self._latest = np.zeros(grid.columns * grid.rows, np.int32)
        self._before = np.zeros(1, np.int64)

    def numbers(self, cell: Ints, group: Ints) -> Ints:
        """Return the number of the note of each group on each cell; 0 if there is none."""
        number = self._latest.take(cell).astype(np.int64)
        others = np.flatnonzero(self.notes.group.take(number) != group)
        while len(others):
            earlier = self._before.take(number[others])
            number[others] = earlier
            search = (self.notes.group.take(earlier) != group[others]) & (earlier > 0)
            others = others[search]
        return number

    def fuller(self, more: Sequence[Notes]) -> "Notebook":
        """Return a notebook with further notes, on cells and for groups that had none."""
        parts = [self.notes, *more]
        shift = np.cumsum([0, *(len(p.center) for p in parts[:-1])])
        joined = {n: np.concatenate([getattr(p, n) for p in parts]) for n in vars(self.notes)}
        start = np.concatenate([p.start + s for p, s in zip(parts, shift, strict=True)])
        joined["start"] = np.where(joined["count"] > 0, start, 0)  # where nobody stands
        result = Notebook(self.grid)
        result.notes = Notes(**joined)
        old = len(self.notes.cell)
        order = old + np.argsort(joined["cell"][old:], kind="stable")
        cell = joined["cell"][order]
        first = np.diff(cell, prepend=NOBODY) != 0
        result._before = np.concatenate([self._before, np.zeros(len(order), np.int64)])
        result._before[order] = np.where(first, self._latest[cell], np.roll(order, 1))
        result._latest = self._latest.copy()
        result._latest[cell] = order  # of several on a cell the last one stays
        return result
