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

from coverage_analyzer.arrays import Bools, Floats, Ints
from coverage_analyzer.siting.clock import Clock
from coverage_analyzer.siting.cover import Cover, Floor, Program, Side, weighted_count
from coverage_analyzer.siting.solver import Model

BLOCKS: Final = 800
"""Columns of weight: with few of them the cuts are weak, with many the program is slow."""

ROUNDS: Final = 80
"""Runs of the linear program at most."""

STALLED: Final = 6
"""So many runs that gain less than a millionth end the search for cuts."""

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
    ended
        Whether no cut is missing.
    """

    bound: float = np.inf
    point: Floats = field(default_factory=lambda: np.zeros(0))
    reduced: Floats = field(default_factory=lambda: np.zeros(0))
    at_high: Bools = field(default_factory=lambda: np.zeros(0, np.bool_))
    ended: bool = False


class Master:
    """The program of one question, which can be asked again with other limits of its sides.

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
        self._parts: list[tuple[Any, Floats, Floats]] = []
        self._add(*self._limits(program.sides, program.floors))

    def _add(self, matrix: Any, lower: Floats, upper: Floats) -> None:
        if matrix.shape[0]:
            self.model.add_rows(matrix, lower, upper)
            self._parts.append((matrix, lower, upper))

    def set_side(self, number: int, lower: float, upper: float) -> None:
        """Change the limits of a side, by its position in ``program.sides``."""
        self.model.set_row_bounds(number, lower, upper)
        _, low, high = self._parts[0]
        low[number], high[number] = lower, upper

    def set_bounds(self, low: Floats, high: Floats) -> None:
        """Change the least and the greatest value of the candidates; shape (candidates,) each."""
        self._lower[self.n_blocks :], self._upper[self.n_blocks :] = low, high
        self.model.set_column_bounds(self.n_blocks, low, high)

    def _limits(
        self, sides: tuple[Side, ...], floors: tuple[Floor, ...]
    ) -> tuple[Any, Floats, Floats]:
        """Return the rows of sides and floors."""
        columns = self.n_blocks + self.program.cover.n_candidates
        rows, lower, upper = [], [], []
        for side in sides:
            rows.append((side.index + self.n_blocks, side.coefficient))
            lower.append(side.lower)
            upper.append(side.upper)
        for floor in floors:
            inside = np.unique(self.block[floor.rows(self.program.cover)])
            rows.append((inside, np.ones(len(inside))))
            lower.append(floor.weight * (1 - 1e-9))
            upper.append(np.inf)
        start = np.cumsum([0, *(len(index) for index, _ in rows)])
        index = np.concatenate([np.zeros(0, np.int64), *(i for i, _ in rows)])
        value = np.concatenate([np.zeros(0), *(v for _, v in rows)])
        matrix = self._sparse.csr_matrix((value, index, start), shape=(len(rows), columns))
        return matrix, np.array(lower, np.float64), np.array(upper, np.float64)

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
        self._cut(inner, None)
        for _ in range(ROUNDS):
            outcome = self.model.run(clock)
            if outcome.status == "infeasible":
                result.bound, result.ended = -np.inf, True
                return result
            if outcome.values is None or outcome.duals is None:
                break
            before = result.bound
            self._read(result, outcome.values, outcome.duals)
            stalled = stalled + 1 if before - result.bound < 1e-6 * abs(result.bound) else 0
            if result.bound < enough or stalled >= STALLED or clock.over:
                break
            inner = (inner + result.point) / 2
            if not (self._cut(inner, outcome.values) or self._cut(result.point, outcome.values)):
                result.ended = True
                break
        return result

    def _read(self, result: Relaxation, values: Floats, duals: Floats) -> None:
        """Take point, bound and reduced costs from an answer, the bound from its duals alone."""
        rest, bound, at = self._cost.copy(), 0.0, 0
        for matrix, lower, upper in self._parts:
            dual = duals[at : at + matrix.shape[0]]
            at += matrix.shape[0]
            limit = np.where(dual > 0, lower, upper)
            dual = np.where(np.isfinite(limit), dual, 0.0)
            bound += float(dual @ np.where(np.isfinite(limit), limit, 0.0))
            rest -= matrix.T @ dual
        ends = np.where(rest > 0, self._lower, self._upper)
        bound += float(rest @ ends)
        own = rest[self.n_blocks :]
        result.point = np.clip(values[self.n_blocks :], 0, 1)
        if -bound < result.bound:
            result.bound, result.reduced, result.at_high = -bound, np.abs(own), own <= 0

    def _cut(self, point: Floats, values: Floats | None) -> bool:
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
        some = slope[n_blocks]
        unit = self._sparse.csr_matrix(
            (np.ones(len(n_blocks)), (np.arange(len(n_blocks)), n_blocks)),
            shape=(len(n_blocks), self.n_blocks),
        )
        matrix = self._sparse.hstack([unit, -some], format="csr")
        self._add(matrix, np.full(len(n_blocks), -np.inf), constant[n_blocks])
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
