"""The cells of a grid that borders touch, the edges in each, and a proof that most are not near.

Most points in such a cell are far from its edges. A cell is divided into `PARTS` times `PARTS`
parts, and one bit for each says whether the bounding box of an edge touches it: where no bit is
set, no edge has to be examined. The bits of a cell are computed when they are first needed.
"""

import functools
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from coverage_analyzer.arrays import Bools, Floats, Ints, distinct, expand_ranges

UNITS: Final = 1_000_000
"""Integer units per degree in the file of borders."""

CELL: Final = UNITS // 10
COLUMNS: Final = 360 * UNITS // CELL
ROWS: Final = 180 * UNITS // CELL

PARTS: Final = 8
"""Parts of a cell from west to east, and from south to north: a byte for each column of parts."""

WORD: Final = 64
"""Bits of the integers that hold the parts of a cell, and 64 neighbouring cells of the grid."""

Bits = npt.NDArray[np.uint64]


def _rectangles() -> Bits:
    """Return the bits of all rectangles of parts, by west, east, south and north."""
    first, last = np.indices((PARTS, PARTS))
    number = np.arange(PARTS)
    inside = (first[..., None] <= number) & (number <= last[..., None])
    rows, columns = ((inside << (number * step)).sum(axis=2) for step in (1, PARTS))
    result: Bits = columns.astype(np.uint64)[..., None, None] * rows.astype(np.uint64)
    return result.ravel()


RECTANGLES: Final = _rectangles()


class Box(NamedTuple):
    """Limits in units east of 180 W and north of the South Pole, shape (n,) each."""

    west: Floats
    east: Floats
    south: Floats
    north: Floats

    def in_cell(self, column: Ints, row: Ints) -> Bools:
        """Return which boxes are within a cell of the grid each."""
        x, y = column * CELL, row * CELL
        inside = (self.west >= x) & (self.east <= x + CELL)
        result: Bools = inside & (self.south >= y) & (self.north <= y + CELL)
        return result

    def bits(self, column: Ints, row: Ints) -> Bits:
        """Return the parts of one cell each that the boxes touch."""
        rectangle = np.zeros(len(column), np.int64)
        for start, limits in ((column * CELL, self[:2]), (row * CELL, self[2:])):
            for limit in limits:
                rectangle *= PARTS
                rectangle += _part(limit, start)
        return RECTANGLES.take(rectangle)


@dataclass(frozen=True)
class BorderCells:
    """Cells that an edge touches, by their position in ``cells``.

    Attributes
    ----------
    cells
        Numbers of the cells in the grid, ascending, shape (n,).
    offsets, edges
        The edges in each cell are a range of ``edges``; shapes (n + 1,) and (k,).
    x, y
        The vertices in units; edge *e* is from vertex *e* to vertex *e + 1*.
    """

    cells: Ints
    offsets: Ints
    edges: npt.NDArray[np.int32]
    x: npt.NDArray[np.int32]
    y: npt.NDArray[np.int32]

    @functools.cached_property
    def _bits(self) -> Bits:
        """The parts of each cell that its edges touch; 0 where that is not computed yet.

        Two threads may compute the same bits: each writes them as a whole.
        """
        return np.zeros(len(self.cells), np.uint64)

    @functools.cached_property
    def _ranks(self) -> tuple[Bits, Ints]:
        """The cells as bits, `WORD` in an integer, and their number before each integer."""
        word, bit = np.divmod(self.cells, WORD)
        first = np.flatnonzero(np.diff(word, prepend=-1))
        words = np.zeros(COLUMNS * ROWS // WORD, np.uint64)
        bits = np.uint64(1) << bit.astype(np.uint64)
        words[word[first]] = np.bitwise_or.reduceat(bits, first)
        counts = np.bitwise_count(words).astype(np.int64)
        return words, np.cumsum(counts) - counts

    def rank(self, cell: Ints) -> Ints:
        """Return the position of cells that an edge touches, by their numbers in the grid."""
        words, before = self._ranks
        word = cell // WORD
        lower = (np.uint64(1) << (cell % WORD).astype(np.uint64)) - np.uint64(1)
        return before.take(word) + np.bitwise_count(words.take(word) & lower)

    def edges_of(self, rank: Ints) -> tuple[Ints, Ints]:
        """Return pairs of a position in ``rank`` and an edge that touches that cell, in order."""
        first = self.offsets.take(rank)
        pick, at = expand_ranges(first, self.offsets.take(rank + 1) - first)
        return pick, self.edges.take(at).astype(np.int64)

    def touched(self, rank: Ints) -> Bits:
        """Return the parts of cells that their edges may touch, as bits."""
        bits = self._bits.take(rank)
        new = np.flatnonzero(bits == 0)
        if len(new):
            ranks = distinct(rank[new])
            self._bits[ranks] = self._bits_of(ranks)
            bits[new] = self._bits.take(rank[new])
        return bits

    def _bits_of(self, rank: Ints) -> Bits:
        """Return the parts of cells that their edges touch; each cell has an edge."""
        pick, edge = self.edges_of(rank)
        row, column = np.divmod(self.cells[rank], COLUMNS)
        box = Box(
            *(
                limit(values.take(edge), values.take(edge + 1))
                for values in (self.x, self.y)
                for limit in (np.minimum, np.maximum)
            )
        )
        first = np.flatnonzero(np.diff(pick, prepend=-1))
        result: Bits = np.bitwise_or.reduceat(box.bits(column[pick], row[pick]), first)
        return result

    def edges_north(self, cell: Ints, x: Floats, y: Floats) -> tuple[Ints, Ints]:
        """Return pairs of a point and an edge in a cell that may be north of it, or on it.

        Parameters
        ----------
        cell
            A cell for each point, by its number in the grid, that an edge touches: its own, or one
            north of that; shape (n,).
        x, y
            The points in units, shape (n,).
        """
        rank = self.rank(cell)
        row, column = np.divmod(cell, COLUMNS)
        part = _part(y, row * CELL)
        shift = (_part(x, column * CELL) * PARTS + part).astype(np.uint64)
        height = (PARTS - part).astype(np.uint64)
        ahead = (self.touched(rank) >> shift) & ((np.uint64(1) << height) - np.uint64(1))
        points = np.flatnonzero(ahead)
        pick, edge = self.edges_of(rank.take(points))
        return points.take(pick), edge


def _part(values: Floats | npt.NDArray[np.int32], start: Ints) -> Ints:
    """Return the part of a cell for places in units, clipped to the cell from its ``start`` on.

    The part never decreases with the place, so that what a box contains is in its parts.
    """
    part = np.asarray(values - start, np.float64)
    part /= CELL // PARTS
    np.clip(part, 0, PARTS - 1, out=part)
    return part.astype(np.int64)
