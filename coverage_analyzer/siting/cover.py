"""The covering problem in numbers: which candidates reach which sites, and what limits a plan.

A *row* is a set of sites that the same candidates reach (`reduction`): to a plan they are one site
of their joint weight. A *plan* is a set of candidates, by ascending position.
"""

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from coverage_analyzer.arrays import Bools, Floats, Ints, expand_ranges

Places = npt.NDArray[np.int32]

TOLERANCE = 1e-9
"""Relative error that sums of weights which are not whole numbers may have."""


def weighted_count(at: npt.NDArray[Any], weights: Floats, size: int) -> Floats:
    """Return the sum of weights at each of `size` positions, as floats even without weights."""
    return np.bincount(at, weights=weights, minlength=size).astype(np.float64, copy=False)


@dataclass(frozen=True)
class Cover:
    """Rows of sites and the candidates that reach them, as a sparse matrix by rows.

    Attributes
    ----------
    start
        Where the candidates of each row begin in ``candidate``, shape (rows + 1,).
    candidate
        Positions of candidates, ascending within a row, shape (pairs,).
    weight
        Weight of each row, not negative, shape (rows,).
    need
        How many centers must reach a row so that it counts: 1, or 2 for a backup, shape (rows,).
    group
        Number of the country of each row, shape (rows,).
    n_candidates
        How many candidates there are; some may reach nothing.
    step
        Least difference between the values of two plans: 1 for whole weights, 0 if unknown.
    """

    start: Ints
    candidate: Places
    weight: Floats
    need: npt.NDArray[np.int8]
    group: npt.NDArray[np.int16]
    n_candidates: int
    step: float

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.weight)

    @property
    def total(self) -> float:
        """Weight of all rows together."""
        return float(self.weight.sum())

    def take(self, rows: Ints) -> "Cover":
        """Return a subset of the rows."""
        counts = np.diff(self.start)[rows]
        _, at = expand_ranges(self.start[:-1][rows], counts)
        return dataclasses.replace(
            self,
            start=np.concatenate([[0], np.cumsum(counts)]),
            candidate=self.candidate[at],
            weight=self.weight[rows],
            need=self.need[rows],
            group=self.group[rows],
        )

    def only(self, kept: Bools) -> "Cover":
        """Return the rows with only the pairs of some candidates; shape of ``kept`` (candidates,).

        Rows that lose all their candidates stay, empty.
        """
        pairs = kept[self.candidate]
        ends = np.concatenate([[0], np.cumsum(pairs)])
        return dataclasses.replace(self, start=ends[self.start], candidate=self.candidate[pairs])

    def matrix(self) -> Any:
        """Return the pairs as a 0/1 matrix of SciPy (rows x candidates)."""
        from scipy import sparse

        ones = np.ones(len(self.candidate))
        shape = (len(self), self.n_candidates)
        return sparse.csr_matrix((ones, self.candidate, self.start), shape=shape)

    def by_candidate(self) -> tuple[Ints, Places]:
        """Return the rows of each candidate: where they begin, and the rows, ascending."""
        from scipy import sparse

        marks = np.ones(len(self.candidate), np.int8)
        shape = (len(self), self.n_candidates)
        turned = sparse.csr_matrix((marks, self.candidate, self.start), shape=shape).tocsc()
        return turned.indptr.astype(np.int64), turned.indices.astype(np.int32, copy=False)

    def counts(self, plan: Ints) -> Ints:
        """Return how many centers of a plan reach each row, shape (rows,)."""
        inside = np.zeros(self.n_candidates, np.int64)
        inside[plan] = 1
        ends = np.concatenate([[0], np.cumsum(inside[self.candidate])])
        return np.asarray(ends[self.start[1:]] - ends[self.start[:-1]])

    def served(self, plan: Ints) -> Bools:
        """Return the rows that a plan serves, shape (rows,)."""
        return np.asarray(self.counts(plan) >= self.need)

    def value(self, plan: Ints) -> float:
        """Return the weight that a plan serves."""
        return float(self.weight[self.served(plan)].sum())

    def alone(self) -> Floats:
        """Return the weight within reach of each candidate, shape (candidates,)."""
        lengths = np.diff(self.start)
        weights = np.repeat(self.weight, lengths)
        return weighted_count(self.candidate, weights, self.n_candidates)


@dataclass(frozen=True)
class Side:
    """A limit on the chosen candidates: ``lower <= sum of coefficient over index <= upper``."""

    index: Ints
    coefficient: Floats
    lower: float
    upper: float

    def amount(self, chosen: Floats) -> float:
        """Return what a choice uses; shape of ``chosen`` (candidates,), 0 to 1."""
        return float(self.coefficient @ chosen[self.index])


@dataclass(frozen=True)
class Floor:
    """A least weight that the served rows of some groups must have; no groups: all rows."""

    groups: tuple[int, ...]
    weight: float

    def rows(self, cover: Cover) -> Bools:
        """Return which rows count, shape (rows,)."""
        if not self.groups:
            return np.ones(len(cover), np.bool_)
        return np.isin(cover.group, self.groups)


@dataclass(frozen=True)
class Program:
    """A question to the optimiser.

    Attributes
    ----------
    cover
        Who reaches whom.
    low, high
        Least and greatest value of each candidate: 1 and 1 is forced, 0 and 0 is forbidden; shape
        (candidates,).
    sides
        Limits on the candidates.
    floors
        Least weights.
    cost
        If given, the cost of the plan is minimised, shape (candidates,); otherwise the weight that
        it serves is maximised.
    """

    cover: Cover
    low: Floats
    high: Floats
    sides: tuple[Side, ...] = ()
    floors: tuple[Floor, ...] = ()
    cost: Floats | None = None

    @property
    def step(self) -> float:
        """Least difference between the objectives of two plans; 0 if unknown."""
        if self.cost is None:
            return self.cover.step
        return 1.0 if np.all(self.cost == np.rint(self.cost)) else 0.0

    def chosen(self, plan: Ints) -> Floats:
        """Return a plan as a vector of zeros and ones."""
        result = np.zeros(self.cover.n_candidates)
        result[plan] = 1
        return result

    def objective(self, plan: Ints) -> float:
        """Return what is maximised: the weight served, or the cost with a minus."""
        if self.cost is None:
            return self.cover.value(plan)
        return -float(self.cost[plan].sum())

    def allows(self, plan: Ints) -> bool:
        """Return whether a plan keeps all limits."""
        chosen = self.chosen(plan)
        slack = 1e-6
        if ((chosen < self.low) | (chosen > self.high)).any():
            return False
        for side in self.sides:
            amount = side.amount(chosen)
            room = slack * max(1.0, abs(amount))
            if not side.lower - room <= amount <= side.upper + room:
                return False
        served = self.cover.served(plan) if self.floors else np.zeros(0, np.bool_)
        return all(self._reached(floor, served) for floor in self.floors)

    def _reached(self, floor: Floor, served: Bools) -> bool:
        weight = float(self.cover.weight[served & floor.rows(self.cover)].sum())
        return weight >= floor.weight - TOLERANCE * max(1.0, floor.weight)

    def better_than(self, objective: float) -> float:
        """Return the least objective of a plan that counts as better than one."""
        if self.step:
            return objective + self.step
        return objective + TOLERANCE * max(1.0, abs(objective))

    def is_best(self, objective: float, bound: float) -> bool:
        """Return whether a bound proves that no plan is better than one of an objective."""
        better = self.better_than(objective)
        if self.step:
            return bound < better - 1e-7 * max(1.0, self.step)
        return bound <= better


@dataclass(frozen=True)
class Solution:
    """A plan and what is proved of it.

    Attributes
    ----------
    plan
        Positions of the chosen candidates, ascending; None if no plan was found.
    objective
        Of the plan (`Program.objective`); minus infinity without one.
    bound
        No plan has a greater objective.
    stopped_by
        ``proved``, ``search_limit``, ``time_limit`` or ``interrupt``; ``infeasible`` if it is
        proved that there is no plan.
    """

    plan: Ints | None
    objective: float
    bound: float
    stopped_by: str
