"""The exact answer where what is left is small enough: one integer program for HiGHS."""

import logging
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from coverage_analyzer.arrays import Floats, Ints
from coverage_analyzer.siting.clock import Clock
from coverage_analyzer.siting.cover import Cover, Program, Solution
from coverage_analyzer.siting.reduction import implied
from coverage_analyzer.siting.remainder import Remainder
from coverage_analyzer.siting.solver import Model, Outcome

log = logging.getLogger(__name__)

NODES: Final = 2_000
"""Nodes of the search tree at most: a count, so that the answer does not depend on the machine."""


MAX_PAIRS: Final = 200_000
"""Pairs of the merged rows at most: with more, HiGHS ends with neither plan nor bound."""


def solve_exactly(
    program: Program, start: Ints | None, clock: Clock, *, nodes: int = NODES
) -> Solution:
    """Return the best plan, or the best found and a bound if a limit ends the search.

    Parameters
    ----------
    program
        The question; candidates whose bounds are equal are fixed.
    start
        A plan that keeps all limits, to begin with.
    clock
        Ends the search early.
    nodes
        Nodes of the search tree at most.
    """
    small = _Compact(program)
    step = program.step
    log.info("integer program: %d candidates, %d pairs", len(small.remainder.kept), small.n_pairs)
    if small.n_pairs > MAX_PAIRS:
        start_value = -np.inf if start is None else program.objective(start)
        return Solution(start, start_value, np.inf, "search_limit")
    outcome, columns = _run(small, start, nodes, clock)
    if not outcome.is_consistent:  # HiGHS 1.16 can report 0 for an optimum that it was given
        outcome, columns = _run(small, None, nodes, clock)
    if outcome.status == "infeasible":
        return Solution(None, -np.inf, -np.inf, "infeasible")
    bound = -outcome.bound + small.remainder.constant if np.isfinite(outcome.bound) else np.inf
    plans = [start] if start is not None else []
    if outcome.values is not None:
        chosen = np.flatnonzero(outcome.values[columns:] > 0.5)
        plans.append(small.remainder.plan(chosen))
    plans = [plan for plan in plans if program.allows(plan)]
    best = max(plans, key=program.objective, default=None)
    value = -np.inf if best is None else program.objective(best)
    ended = "proved" if outcome.status == "optimal" else "search_limit"
    if ended == "proved" and best is not None and step:
        # The bound that HiGHS reports with an optimum may be an old one; the plan's own value is
        # as the optimum's up to its tolerance, which is less than a step.
        optimum = -outcome.objective + small.remainder.constant
        bound = value if value > optimum - step / 2 else min(bound, optimum)
    return Solution(best, value, max(bound, value), "time_limit" if clock.over else ended)


def serve_all(program: Program, start: Ints | None, clock: Clock) -> Solution:
    """Return the cheapest plan that serves every row, by a model without columns for rows.

    Parameters
    ----------
    program
        A question with a cost, in which every row must be served by one center.
    start, clock
        As for `solve_exactly`.
    """
    cover = program.cover
    part = cover.take(np.flatnonzero(~implied(cover)))
    log.info("set cover: %d of %d rows", len(part), len(cover))
    cost = program.cost if program.cost is not None else np.ones(cover.n_candidates)
    model = Model(cost, program.low, program.high)
    model.add_rows(part.matrix(), np.ones(len(part)), np.full(len(part), np.inf))
    for side in program.sides:
        row = np.zeros((1, cover.n_candidates))
        row[0, side.index] = side.coefficient
        model.add_rows(_sparse(row), np.array([side.lower]), np.array([side.upper]))
    model.set_integer(np.arange(cover.n_candidates))
    model.set_options(mip_rel_gap=0.0, mip_max_nodes=NODES)
    outcome = model.run(clock)
    if outcome.status == "infeasible":
        return Solution(None, -np.inf, -np.inf, "infeasible")
    plans = [] if start is None else [start]
    if outcome.values is not None:
        plans.append(np.flatnonzero(outcome.values > 0.5))
    best = max(filter(program.allows, plans), key=program.objective, default=None)
    value = -np.inf if best is None else program.objective(best)
    bound = -outcome.bound
    if outcome.status == "optimal" and outcome.is_consistent:
        bound = min(bound, -outcome.objective)
    return Solution(best, value, max(bound, value), "search_limit")


def _sparse(dense: npt.NDArray[np.float64]) -> Any:
    """Return rows as SciPy's CSR."""
    from scipy import sparse

    return sparse.csr_matrix(dense)


def _run(small: "_Compact", start: Ints | None, nodes: int, clock: Clock) -> tuple[Outcome, int]:
    """Return the outcome, and the number of columns before the candidates."""
    model, columns = small.model()
    model.set_options(mip_rel_gap=0.0, mip_max_nodes=nodes)
    if start is not None:
        model.start_from(small.values(start))
    return model.run(clock), columns


class _Compact:
    """A program as one with a column for each row, which HiGHS solves in whole numbers."""

    def __init__(self, program: Program) -> None:
        self.remainder = Remainder(program)
        self.cover: Cover = self.remainder.program.cover

    @property
    def n_pairs(self) -> int:
        """How many pairs the merged rows have."""
        return len(self.cover.candidate)

    def model(self) -> tuple[Model, int]:
        """Return the integer program and its number of columns before the candidates."""
        from scipy import sparse

        cover, program = self.cover, self.remainder.program
        n, m = len(cover), cover.n_candidates
        gain = np.zeros(n) if program.cost is not None else -cover.weight
        cost = np.zeros(m) if program.cost is None else program.cost
        model = Model(
            np.concatenate([gain, cost]),
            np.zeros(n + m),
            np.ones(n + m),
        )
        need = sparse.diags(cover.need.astype(np.float64), format="csr", shape=(n, n))
        links = sparse.hstack([need, -cover.matrix()], format="csr")
        model.add_rows(links, np.full(n, -np.inf), np.zeros(n))
        matrix, lower, upper = self._limits(n, m)
        model.add_rows(matrix, lower, upper)
        whole = [*np.flatnonzero(cover.need > 1).tolist(), *range(n, n + m)]
        model.set_integer(np.array(whole, np.int32))
        return model, n

    def _limits(self, n: int, m: int) -> tuple[Any, Floats, Floats]:
        """Return the rows of sides and floors."""
        from scipy import sparse

        dense, lower, upper = [], [], []
        for side in self.remainder.program.sides:
            row = np.zeros(n + m)
            np.add.at(row, n + side.index, side.coefficient)
            dense.append(sparse.csr_matrix(row))
            lower.append(side.lower)
            upper.append(side.upper)
        for floor in self.remainder.program.floors:
            row = np.zeros(n + m)
            row[:n] = np.where(floor.rows(self.cover), self.cover.weight, 0.0)
            dense.append(sparse.csr_matrix(row))
            lower.append(floor.weight * (1 - 1e-12))
            upper.append(np.inf)
        matrix = sparse.vstack(dense, format="csr") if dense else sparse.csr_matrix((0, n + m))
        return matrix, np.array(lower, np.float64), np.array(upper, np.float64)

    def values(self, plan: Ints) -> Floats:
        """Return the values of all columns for a plan."""
        part = self.remainder.part(plan)
        served = self.cover.served(part).astype(np.float64)
        return np.concatenate([served, self.remainder.program.chosen(part)])
