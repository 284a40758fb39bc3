"""A bound on every plan: the linear program by Benders cuts, few columns however many sites.

The rows are put into blocks. A column ``theta`` for each block says how much weight of it is
served; for a point y (each candidate between 0 and 1) a row counts ``min(1, sum of y)``, which is
concave, so its slope at any point is a limit that holds everywhere: a *cut*. Cuts are made at a
point between the last answer and a point inside (*in-out*), so that few are needed.

The bound that is reported is computed here from the dual values alone: any of them, however
imprecise, give a valid one (weak duality). So do the costs by which candidates are fixed.
"""

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from coverage_analyzer.arrays import Bools, Floats, Ints, distinct
from coverage_analyzer.siting.clock import Clock
from coverage_analyzer.siting.cover import Cover, Program, Side, weighted_count
from coverage_analyzer.siting.solver import Model

BLOCKS: Final = 800
"""Columns of weight: with few of them the cuts are weak, with many the program is slow."""

ROUNDS: Final = 80
"""Runs of the linear program at most."""

STALLED: Final = 3
SLOW: Final = 0.01
"""After `STALLED` runs that each close less than the share `SLOW` of the remaining gap, the search
for cuts ends: branching closes the rest sooner."""

CUT: Final = -1
FLOOR: Final = -2
"""Kinds of rows that are not a side."""

IDLE: Final = 5
"""A cut that has held nothing back in this many runs is idle: if it is missed later, it is made
again."""

KEPT: Final = 0.7
"""Idle cuts are deleted once the others are less than this share of the rows."""

FULL: Final = 1 - 1e-9
"""From here a row counts as served."""

VIOLATED: Final = 1e-7
"""Relative amount by which a cut must be exceeded."""


@dataclass
class Relaxation:
    """The linear program over blocks and candidates.

    Attributes
    ----------
    bound
        No plan has a greater objective; minus infinity if there is proved to be no plan.
    point
        The last values of the candidates, shape (candidates,).
    reduced
        By how much the bound falls if a candidate is moved to its other end, shape (candidates,).
    at_high
        Whether the bound was computed with a candidate at its upper end, shape (candidates,).
    side_price
        By how much the bound grows for 1 more of each side, shape (sides,).
    ended
        Whether no cut is missing.
    """

    bound: float = np.inf
    point: Floats = field(default_factory=lambda: np.zeros(0))
    reduced: Floats = field(default_factory=lambda: np.zeros(0))
    at_high: Bools = field(default_factory=lambda: np.zeros(0, np.bool_))
    side_price: Floats = field(default_factory=lambda: np.zeros(0))
    ended: bool = False

    def for_sizes(self, program: Program, side: int, sizes: Ints) -> Floats:
        """Return bounds for other upper limits of a side on the number of candidates.

        The prices of rows and of other limits are valid for all of them: without the price of this
        limit each candidate is worth its own, and as many of the most valuable ones can be chosen.

        Parameters
        ----------
        program
            The question that was answered.
        side
            Position of the limit in ``Program.sides``; its coefficients are 1.
        sizes
            The upper limits, shape (n,).

        Returns
        -------
        bounds
            Shape (n,); infinite if this answer has no prices.
        """
        if not np.isfinite(self.bound) or not len(self.side_price):
            return np.full(len(sizes), np.inf)
        limit, price = program.sides[side], float(self.side_price[side])
        worth = np.where(self.at_high, self.reduced, -self.reduced)
        chosen = np.where(self.at_high, program.high, program.low)
        constant = self.bound - price * limit.upper - float((worth * chosen)[limit.index].sum())
        worth, low = worth[limit.index] + price, program.low[limit.index]
        free = (program.high[limit.index] > low) & (worth > 0)
        best = np.concatenate([[0.0], np.cumsum(np.sort(worth[free])[::-1])])
        more = np.clip(sizes - int(low.sum()), 0, len(best) - 1)
        return np.asarray(constant + float((worth * low).sum()) + best[more])


class _Rows:
    """The rows of the linear program: limits of the question, and cuts.

    Parameters
    ----------
    n_columns
        Columns of the linear program.

    Attributes
    ----------
    lower, upper
        What each row may be, shape (rows,).
    side
        Number of the side that a row is, `CUT` or `FLOOR`; shape (rows,).
    idle
        In how many runs a cut has held nothing back, shape (rows,).
    """

    def __init__(self, n_columns: int) -> None:
        from scipy import sparse

        self._stack: Any = sparse.vstack
        self._matrix = sparse.csr_matrix((0, n_columns))
        self._fresh: list[Any] = []
        self.lower, self.upper = np.zeros(0), np.zeros(0)
        self.side, self.idle = np.zeros(0, np.int64), np.zeros(0, np.int64)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.lower)

    def add(self, matrix: Any, lower: Floats, upper: Floats, side: int) -> None:
        """Add rows at the end."""
        n = len(lower)
        self._fresh.append(matrix)
        self.lower = np.concatenate([self.lower, lower])
        self.upper = np.concatenate([self.upper, upper])
        self.side = np.concatenate([self.side, np.full(n, side)])
        self.idle = np.concatenate([self.idle, np.zeros(n, np.int64)])

    @property
    def matrix(self) -> Any:
        """All rows as SciPy's CSR."""
        if self._fresh:
            self._matrix = self._stack([self._matrix, *self._fresh], format="csr")
            self._fresh = []
        return self._matrix

    def use(self, duals: Floats) -> Bools:
        """Count the runs in which cuts are idle; return the rows to keep, shape (rows,)."""
        self.idle = np.where((duals != 0) | (self.side != CUT), 0, self.idle + 1)
        return np.asarray(self.idle < IDLE)

    def keep(self, kept: Bools) -> None:
        """Delete the other rows."""
        self._matrix = self.matrix[kept]
        self.lower, self.upper = self.lower[kept], self.upper[kept]
        self.side, self.idle = self.side[kept], self.idle[kept]


class Master:
    """The program of one question, which can be asked again with other limits.

    Parameters
    ----------
    program
        The question.
    n_blocks
        Columns of weight, about.
    """

    def __init__(self, program: Program, n_blocks: int = BLOCKS) -> None:
        from scipy import sparse

        self.program, cover = program, program.cover
        self._sparse: Any = sparse
        self.block = blocks(cover, n_blocks)
        self.n_blocks = int(self.block.max(initial=-1)) + 1
        self._matrix = cover.matrix()
        self._totals = np.bincount(self.block, weights=cover.weight, minlength=self.n_blocks)
        theta = np.zeros(self.n_blocks)
        gain = -np.ones(self.n_blocks) if program.cost is None else theta
        cost = np.zeros(cover.n_candidates) if program.cost is None else program.cost
        self._cost = np.concatenate([gain, cost])
        self._lower = np.concatenate([theta, program.low])
        self._upper = np.concatenate([self._totals, program.high])
        self.model = Model(self._cost, self._lower, self._upper)
        self._rows = _Rows(len(self._cost))
        self._sides: list[tuple[float, float]] = []
        for side in program.sides:
            self.add_side(side)
        for floor in program.floors:
            inside = distinct(self.block[floor.rows(cover)])
            least = floor.weight * (1 - 1e-9)
            self._add_limit(FLOOR, inside, np.ones(len(inside)), (least, np.inf))

    def _add(self, matrix: Any, lower: Floats, upper: Floats, side: int) -> None:
        self.model.add_rows(matrix, lower, upper)
        self._rows.add(matrix, lower, upper, side)

    def _add_limit(self, side: int, index: Ints, value: Floats, ends: tuple[float, float]) -> None:
        shape = (1, len(self._cost))
        row = self._sparse.csr_matrix((value, index, [0, len(index)]), shape=shape)
        self._add(row, np.array(ends[:1]), np.array(ends[1:]), side)

    def add_side(self, side: Side) -> int:
        """Add a limit on the candidates; return its number."""
        number, ends = len(self._sides), (side.lower, side.upper)
        self._sides.append(ends)
        self._add_limit(number, side.index + self.n_blocks, side.coefficient, ends)
        return number

    def set_side(self, number: int, lower: float, upper: float) -> None:
        """Change a limit by its number: its position in ``program.sides``, or of `add_side`."""
        if self._sides[number] == (lower, upper):
            return
        self._sides[number] = lower, upper
        row = int(np.flatnonzero(self._rows.side == number)[0])
        self.model.set_row_bounds(row, lower, upper)
        self._rows.lower[row], self._rows.upper[row] = lower, upper

    def set_bounds(self, low: Floats, high: Floats) -> None:
        """Change the least and the greatest value of the candidates; shape (candidates,) each."""
        self._lower[self.n_blocks :], self._upper[self.n_blocks :] = low, high
        self.model.set_column_bounds(self.n_blocks, low, high)

    def run(self, inner: Floats, enough: float, clock: Clock) -> Relaxation:
        """Return the bound, after as many cuts as it takes.

        Parameters
        ----------
        inner
            A point from which cuts are deep, such as a plan, shape (candidates,).
        enough
            The search ends as soon as the bound is below this objective.
        clock
            Ends the search early.
        """
        result, stalled = Relaxation(point=inner), 0
        if not (self._rows.side == CUT).any():
            self._add_cuts(inner, None)
        for _ in range(ROUNDS):
            outcome = self.model.run(clock)
            if outcome.status == "infeasible":
                result.bound, result.ended = -np.inf, True
                return result
            if outcome.values is None or outcome.duals is None:
                break
            before = result.bound
            self._read_answer(result, outcome.values, outcome.duals)
            self._forget(outcome.duals)
            gap = result.bound - enough if np.isfinite(enough) else 0.0
            slow = max(SLOW * gap, 1e-6 * abs(result.bound))
            stalled = stalled + 1 if before - result.bound < slow else 0
            if result.bound < enough or stalled >= STALLED or clock.over:
                break
            inner = (inner + result.point) / 2
            if not (
                self._add_cuts(inner, outcome.values)
                or self._add_cuts(result.point, outcome.values)
            ):
                result.ended = True
                break
        return result

    def _read_answer(self, result: Relaxation, values: Floats, duals: Floats) -> None:
        """Take point, bound and reduced costs from an answer, the bound from its duals alone."""
        rows = self._rows
        limit = np.where(duals > 0, rows.lower, rows.upper)
        dual = np.where(np.isfinite(limit), duals, 0.0)
        bound = float(dual @ np.where(np.isfinite(limit), limit, 0.0))
        rest = self._cost - rows.matrix.T @ dual
        ends = np.where(rest > 0, self._lower, self._upper)
        bound += float(rest @ ends)
        own = rest[self.n_blocks :]
        result.point = np.clip(values[self.n_blocks :], 0, 1)
        if -bound < result.bound:
            result.bound, result.reduced, result.at_high = -bound, np.abs(own), own <= 0
            result.side_price = np.zeros(len(self._sides))
            result.side_price[rows.side[rows.side >= 0]] = -dual[rows.side >= 0]

    def _forget(self, duals: Floats) -> None:
        """Delete the cuts that are idle, once they are many."""
        kept = self._rows.use(duals)
        if kept.sum() < KEPT * len(kept):
            self.model.delete_rows(np.flatnonzero(~kept))
            self._rows.keep(kept)

    def _add_cuts(self, point: Floats, values: Floats | None) -> bool:
        """Add the cuts of a point that an answer violates (all, without one); return if any."""
        cover = self.program.cover
        constant, slope = self._slopes(point)
        n_blocks = np.arange(self.n_blocks)
        if values is not None:
            theta, y = values[: self.n_blocks], values[self.n_blocks :]
            excess = theta - (constant + slope @ y)
            n_blocks = np.flatnonzero(excess > VIOLATED * np.maximum(self._totals, 1.0))
            if not len(n_blocks):
                return False
        slopes = slope[n_blocks]
        unit = self._sparse.csr_matrix(
            (np.ones(len(n_blocks)), (np.arange(len(n_blocks)), n_blocks)),
            shape=(len(n_blocks), self.n_blocks),
        )
        matrix = self._sparse.hstack([unit, -slopes], format="csr")
        self._add(matrix, np.full(len(n_blocks), -np.inf), constant[n_blocks], CUT)
        return bool(len(cover))

    def _slopes(self, point: Floats) -> tuple[Floats, Any]:
        """Return for each block the constant and the slopes of its limit at a point."""
        cover = self.program.cover
        inside = np.asarray(self._matrix @ point)
        most = _greatest(cover, point) if (cover.need > 1).any() else np.zeros(len(cover))
        pair = cover.need > 1
        served = np.where(pair, np.minimum(inside / 2, inside - most), inside) >= FULL
        constant = weighted_count(self.block[served], cover.weight[served], self.n_blocks)
        rows = np.flatnonzero(~served)
        part = self._matrix[rows]
        scale = np.repeat(cover.weight[rows], np.diff(part.indptr))
        part.data = scale
        if pair.any():
            self._weaken(part, rows, inside, most, point)
        gather = self._sparse.csr_matrix(
            (np.ones(len(rows)), (self.block[rows], np.arange(len(rows)))),
            shape=(self.n_blocks, len(rows)),
        )
        return constant, (gather @ part).tocsr()

    def _weaken(self, part: Any, rows: Ints, inside: Floats, most: Floats, point: Floats) -> None:
        """Change slopes of rows that need two: half of all, or all but the greatest."""
        cover = self.program.cover
        of = np.repeat(np.arange(len(rows)), np.diff(part.indptr))
        pair = cover.need[rows] > 1
        half = pair & (inside[rows] / 2 <= inside[rows] - most[rows])
        part.data[half[of]] /= 2
        drop = pair & ~half
        tops = np.flatnonzero(drop[of] & (point[part.indices] >= most[rows][of]))
        first = np.concatenate([[True], of[tops][1:] != of[tops][:-1]]) if len(tops) else tops > 0
        part.data[tops[first]] = 0.0


def blocks(cover: Cover, n_blocks: int) -> Ints:
    """Return the block of each row: runs of rows of one group, of about equal numbers of pairs.

    The rows are in an order in which neighbours share candidates (`reduction`).
    """
    if not len(cover):
        return np.zeros(0, np.int64)
    size = max(len(cover.candidate) / n_blocks, 1.0)
    number = (np.cumsum(np.diff(cover.start)) / size).astype(np.int64)
    if len(cover) <= n_blocks:
        number = np.arange(len(cover))
    new = (np.diff(number, prepend=-1) != 0) | (np.diff(cover.group, prepend=-1) != 0)
    return np.asarray(np.cumsum(new) - 1)


def _greatest(cover: Cover, point: Floats) -> Floats:
    """Return the greatest value among the candidates of each row; 0 for an empty row."""
    values = np.append(point[cover.candidate], 0.0)
    result = np.maximum.reduceat(values, np.minimum(cover.start[:-1], len(values) - 1))
    return np.where(np.diff(cover.start) > 0, result, 0.0)
