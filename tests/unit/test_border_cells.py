"""What parts of a cell prove about its edges: they may be wrong only by looking in vain."""

import numpy as np
import pytest
from building import Floats

from coverage_analyzer import countries
from coverage_analyzer.countries.border_cells import (
    CELL,
    COLUMNS,
    PARTS,
    BorderCells,
    Box,
)

COLUMN, ROW = 1875, 1370
"""A cell of the grid."""

PART = CELL // PARTS


def cell_of(x: Floats, y: Floats) -> BorderCells:
    """Return one cell with a line of edges, by its vertices in units from the cell's corner."""
    edges = np.arange(len(x) - 1, dtype=np.int32)
    number = np.array([ROW * COLUMNS + COLUMN])
    offsets = np.array([0, len(edges)])
    return BorderCells(number, offsets, edges, x + COLUMN * CELL, y + ROW * CELL)


def parts_of(cells: BorderCells) -> list[tuple[int, int]]:
    """Return the column and row of the parts that the edges of the first cell touch."""
    bits = int(cells.touched(np.zeros(1, np.int64))[0])
    return [divmod(bit, PARTS) for bit in range(PARTS * PARTS) if bits >> bit & 1]


@pytest.mark.parametrize(
    ("x", "y", "parts"),
    [
        ([1.5, 1.6], [0.5, 0.6], [(1, 0)]),
        ([6.5, 6.5], [7.5, 6.5], [(6, 6), (6, 7)]),
        ([2.0, 1.0], [3.5, 3.5], [(1, 3), (2, 3)]),  # from limit to limit: in both
        ([-5.0, 0.5], [7.5, 20.0], [(0, 7)]),  # only one end is in the cell
    ],
)
def test_an_edge_touches_the_parts_of_its_box(
    x: list[float], y: list[float], parts: list[tuple[int, int]]
) -> None:
    """Set the bits of the box round an edge, as far as it is in the cell."""
    assert parts_of(cell_of(np.array(x) * PART, np.array(y) * PART)) == parts


def test_bits_are_those_of_all_edges_and_stay() -> None:
    """Join the edges of a cell, once and for all."""
    cells = cell_of(np.array([0.5, 1.5, 1.5]) * PART, np.array([0.5, 0.5, 2.5]) * PART)
    expected = [(0, 0), (1, 0), (1, 1), (1, 2)]
    assert parts_of(cells) == parts_of(cells) == expected


def test_no_edge_north_of_a_point_is_left_out() -> None:
    """Return each edge that a ray to the north meets, whatever parts it runs through."""
    rng = np.random.default_rng(1)
    steps = rng.normal(0, 1, (2, 60)) * rng.choice([30, 3_000, 9_000], 60)
    cells = cell_of(*np.clip(CELL / 2 + np.cumsum(steps, axis=1), -20_000, CELL + 20_000).round())
    x, y = rng.uniform(0, CELL, (2, 2_000)) + np.array([[COLUMN], [ROW]]) * CELL
    x[:400] = np.clip(cells.x[rng.integers(0, 60, 400)], COLUMN * CELL, (COLUMN + 1) * CELL - 1)
    pick, edge = cells.edges_north(np.full(2_000, cells.cells[0]), x, y)
    one, other = cells.x[:-1], cells.x[1:]
    meets = (one <= x[:, None]) != (other <= x[:, None])
    with np.errstate(divide="ignore", invalid="ignore"):
        rise = (x[:, None] - one) / (other - one) * np.diff(cells.y)
    at = cells.y[:-1] + rise
    meets &= (at >= y[:, None]) & (at <= (ROW + 1) * CELL)
    assert {*zip(*np.nonzero(meets), strict=True)} <= {*zip(pick, edge, strict=True)}
    assert len(np.unique(pick)) < 1_900  # and for many points there is nothing to look at


def test_a_box_that_leaves_its_cell_proves_nothing() -> None:
    """Tell which boxes are in their cell, limits included."""
    low, high = np.array([0.0, -1.0, 0.0, 5.0]), np.array([CELL, 5.0, CELL + 1.0, 6.0])
    zero = np.zeros(4, np.int64)
    assert Box(low, high, low, high).in_cell(zero, zero).tolist() == [True, False, False, True]


def test_a_border_across_the_limit_of_a_cell_is_near() -> None:
    """Measure to a border that begins a few metres north of the cell of the point."""
    world = countries.load()
    x, y = world.borders._border_cells.x, world.borders._border_cells.y
    vertex = np.flatnonzero((y % CELL < 50) & (np.abs(y - 90e6) < 60e6))
    lon, lat = x[vertex] / 1e6 - 180, (y[vertex] - y[vertex] % CELL - 500) / 1e6 - 90
    every = np.ones((1, len(world.names.codes)), np.bool_)
    away = world.near_m(lon, lat, np.zeros(len(vertex), np.int16), every, 250.0)
    assert len(vertex) > 100
    assert (away < 65).all()


def test_positions_of_cells_are_those_of_the_table() -> None:
    """Find each cell by its number."""
    cells = countries.load().borders._border_cells
    np.testing.assert_array_equal(cells.rank(cells.cells), np.arange(len(cells.cells)))
