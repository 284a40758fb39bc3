"""A question answered: a good plan, a bound, and what is left between them made small.

1. `search`: greedy choice and exchanges.
2. `bounds`: the linear program.
3. `tree` on the candidates that the linear program uses, or `mip`: a better plan.
4. Candidates that no better plan can use (or do without) are fixed by their reduced costs.
5. `tree` on what is left, and `mip` if that is small enough; neither if nearly all is left.

All limits are counts, so that the answer is the same on each machine; only a time limit or an
interrupt ends the work earlier. Whatever ends it, plan and bound are valid.
"""

import dataclasses
import logging
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from coverage_analyzer.arrays import Bools, Floats, Ints
from coverage_analyzer.siting.bounds import Master, Relaxation
from coverage_analyzer.siting.clock import Clock
from coverage_analyzer.siting.cover import Program, Solution
from coverage_analyzer.siting.mip import serve_all, solve_exactly
from coverage_analyzer.siting.remainder import restricted
from coverage_analyzer.siting.search import Rules, first_of_equals, search, search_backup
from coverage_analyzer.siting.separate import solve_apart
from coverage_analyzer.siting.tree import Tree

log = logging.getLogger(__name__)

SMALL_PAIRS: Final = 6_000
"""Up to this many pairs, the integer program is solved at once."""

SHORT_SEARCH: Final = 60
LONG_SEARCH: Final = 2_000
"""How often a plan is disturbed, before the bound is known and after."""

SEARCHES: Final = (0.15, 0.85)
"""Shares of the long search, each followed by an attempt to prove what was found."""

CORE: Final = 500
SMALL_CORE: Final = 120
"""Candidates of a search after the linear program besides those that it uses: nearly used ones. The
first search and a tree are among few."""

CORE_ROUNDS: Final = 400
CORE_NODES: Final = 100
"""How often a plan is disturbed in the first of these searches; nodes of the tree at most."""

MANY_PAIRS: Final = 1_000_000
"""With more pairs a plan is disturbed only after the linear program, among few candidates."""

FIXED: Final = 0.5
"""With less than this share of the candidates fixed, and this many pairs left, a long search comes
first; branching only if the better plan fixes more."""

TABLE: Final = 60_000_000
"""Maximum number of entries of the table of exchanges."""


@dataclass
class Shared:
    """A linear program that several questions share, which differ in one limit.

    Attributes
    ----------
    master
        The program.
    side
        Position of the limit in ``Program.sides``.
    last
        The last answer.
    """

    master: Master
    side: int
    last: Relaxation = field(default_factory=Relaxation)

    def run(self, program: Program, inner: Floats, enough: float, clock: Clock) -> Relaxation:
        """Return the answer to one of the questions; the cuts of earlier ones stay."""
        side = program.sides[self.side]
        self.master.set_side(self.side, side.lower, side.upper)
        self.last = self.master.run(inner, enough, clock)
        return self.last


@dataclass(frozen=True)
class Effort:
    """Limits of the search, all of them counts.

    Attributes
    ----------
    rounds
        How often a plan is disturbed once the bound is known and a gap is left.
    seed
        Of the random numbers.
    shared
        A linear program to go on with, instead of a new one.
    """

    rounds: int = LONG_SEARCH
    seed: int = 1
    shared: Shared | None = None


def optimise(
    program: Program,
    rules: Rules | None,
    *,
    effort: Effort,
    clock: Clock,
    start: Ints | None = None,
) -> Solution:
    """Return the best plan that the effort finds, and a bound that holds for all plans.

    Parameters
    ----------
    program
        The question.
    rules
        The same limits as exchanges keep them; None where exchanges cannot.
    effort, clock
        When to stop.
    start
        A plan that keeps all limits.

    Raises
    ------
    KeyboardInterrupt
        If the user interrupts before there is a plan; later ones return the best plan.
    """
    apart = None
    if len(program.cover.candidate) > SMALL_PAIRS:

        def solve(part: Program, own: Ints | None) -> Solution:
            return _solve(_Work(part, None, effort, clock, own))

        apart = solve_apart(program, start, solve)
    return apart or _solve(_Work(program, rules, effort, clock, start))


def _solve(work: "_Work") -> Solution:
    """Return the answer as far as it comes.

    Raises
    ------
    KeyboardInterrupt
        If the user interrupts before there is a plan.
    """
    try:
        work.run()
    except KeyboardInterrupt:
        if work.best is None:
            raise
        work.ended = "interrupt"
        work.clock.limit_s = 0.0  # what comes after takes no time, either
    return work.solution()


def _core(relaxation: Relaxation, allowed: Bools, more: int) -> Ints:
    """Return the candidates that a linear program uses, and others that it could use at a loss."""
    order = np.lexsort((relaxation.reduced, relaxation.point <= 1e-6))
    order = order[allowed[order]]
    n_used = int((relaxation.point[order] > 1e-6).sum())
    return np.asarray(order[: n_used + more])


class _Work:
    """The answer as far as it is known."""

    def __init__(
        self,
        program: Program,
        rules: Rules | None,
        effort: Effort,
        clock: Clock,
        start: Ints | None,
    ) -> None:
        self.program, self.rules, self.effort, self.clock = program, rules, effort, clock
        self.best: Ints | None = None
        self.value, self.bound, self.ended = -np.inf, np.inf, ""
        forced = program.low > 0
        if program.cost is None:
            self.bound = program.cover.total
        else:
            self.bound = -float(program.cost[forced].sum())
        self.take(np.flatnonzero(forced))
        self.take(start)

    def take(self, plan: Ints | None) -> None:
        """Keep a plan if it is the best so far."""
        if plan is not None and self.program.allows(plan):
            value = self.program.objective(plan)
            if value > self.value:
                self.best, self.value = plan, value

    @property
    def proved(self) -> bool:
        """Whether no plan can be better than the best one."""
        return self.best is not None and self.program.is_best(self.value, self.bound)

    def run(self) -> None:
        """Find plan and bound."""
        pairs = len(self.program.cover.candidate)
        short = SHORT_SEARCH if pairs <= MANY_PAIRS and self.effort.shared is None else 0
        self._search(short if pairs > SMALL_PAIRS else 5, self.effort.seed)
        log.info("search: %s", self.value)
        if self.proved:
            return
        if pairs <= SMALL_PAIRS:
            self._keep(solve_exactly(self.program, self.best, self.clock))
        elif self._must_serve_all():
            self._keep(serve_all(self.program, self.best, self.clock))
        else:
            self._narrow()

    def _narrow(self) -> None:
        """Find plan and bound of a large problem."""
        relaxation = self._relax()
        self.take(np.flatnonzero(relaxation.point > 0.5))
        if not self._is_open(relaxation):
            return
        if not self._improve(relaxation):
            log.info("few candidates are fixed: bound %s, plan %s", self.bound, self.value)
            return
        log.info("linear program: bound %s, plan %s", self.bound, self.value)
        rounds = (0, *(round(self.effort.rounds * share) for share in SEARCHES))
        attempted = -np.inf
        for number, more in enumerate(rounds if self.effort.rounds else (0,)):
            if self.proved or self.clock.over:
                return
            if more:
                self._search_core(relaxation, more, self._core_size, self.effort.seed + 1 + number)
            if self.value > attempted or not number:
                attempted = self.value
                self._fix_and_solve(relaxation)

    def _improve(self, relaxation: Relaxation) -> bool:
        """Look for a better plan where the linear program points; return if branching may help."""
        if self.rules is None or (self.program.cover.need > 1).any():
            self._round(relaxation)
            return True
        first = CORE_ROUNDS if self.effort.shared is None else CORE_ROUNDS // 10
        self._search_core(relaxation, first, SMALL_CORE)
        if self._is_wide(relaxation):
            self._search_core(relaxation, self.effort.rounds, self._core_size)
        if self._is_wide(relaxation):
            return False
        if not self.proved:
            self._solve_core(relaxation)
        return True

    @property
    def _core_size(self) -> int:
        """Return how many candidates a long search has: those the linear program nearly uses."""
        return max(CORE, 4 * self.rules.size if self.rules is not None else 0)

    def _is_wide(self, relaxation: Relaxation) -> bool:
        """Return whether too many pairs are left, so that branching would close very little.

        Each of its nodes would take as long as the whole linear program (`MANY_PAIRS`, `FIXED`).
        """
        free = self.program.high > self.program.low
        if self.best is None or self.proved or not len(relaxation.reduced):
            return False
        left = free & ~self._fixed_candidates(relaxation)
        if left.sum() <= (1 - FIXED) * free.sum():
            return False
        return int(left[self.program.cover.candidate].sum()) > MANY_PAIRS

    def _is_open(self, relaxation: Relaxation) -> bool:
        """Return whether work is left once the linear program is solved."""
        if relaxation.bound == -np.inf:
            self.ended = "infeasible"
            return False
        return not self.proved and not self.clock.over

    def _search(self, rounds: int, seed: int) -> None:
        """Search from the best plan, or from the forced candidates."""
        rules, cover = self.rules, self.program.cover
        if rules is None or rules.size * cover.n_candidates > TABLE:
            return
        if (cover.need > 1).any():
            self.take(search_backup(cover, rules, clock=self.clock))
        else:
            start = self.best if self.best is not None and len(self.best) <= rules.size else None
            plan = search(cover, rules, rounds=rounds, seed=seed, clock=self.clock, start=start)
            self.take(plan)

    def _search_core(self, relaxation: Relaxation, rounds: int, more: int, seed: int = 1) -> None:
        """Search among the candidates that the linear program nearly uses, over merged rows."""
        rules, cover = self.rules, self.program.cover
        if rules is None or (cover.need > 1).any() or not len(relaxation.reduced):
            self._search(rounds, seed)
            return
        best = self.best if self.best is not None else rules.forced
        core = _core(relaxation, rules.allowed, more)
        kept = np.union1d(np.union1d(core, best), rules.forced)
        part, small = restricted(cover, rules, kept)
        start = np.searchsorted(kept, best) if len(best) <= rules.size else None
        if small.size * len(kept) > TABLE:
            return
        plan = search(part, small, rounds=rounds, seed=seed, clock=self.clock, start=start)
        self.take(kept[plan])
        log.info("search among %d candidates: %s", len(kept), self.value)

    def _solve_core(self, relaxation: Relaxation) -> None:
        """Solve among the candidates that the linear program nearly uses, for a better plan."""
        program = self.program
        if not len(relaxation.reduced):
            return
        kept = program.low > 0
        kept[_core(relaxation, program.high > program.low, SMALL_CORE)] = True
        if self.best is not None:
            kept[self.best] = True
        part = dataclasses.replace(program, high=np.where(kept, program.high, 0.0))
        self.take(Tree(part, self.best, self.clock, relaxation).run(CORE_NODES).plan)
        log.info("solved among %d candidates: %s", int(kept.sum()), self.value)

    def _relax(self) -> Relaxation:
        """Return the linear program's answer."""
        program, shared = self.program, self.effort.shared
        inner = program.high * 0.5 if self.best is None else program.chosen(self.best)
        enough = -np.inf if self.best is None else program.better_than(self.value)
        if shared is not None:
            relaxation = shared.run(program, inner, enough, self.clock)
        else:
            relaxation = Master(program).run(inner, enough, self.clock)
        if relaxation.bound > -np.inf:
            self.bound = min(self.bound, relaxation.bound)
        return relaxation

    def _round(self, relaxation: Relaxation) -> None:
        """Solve on the candidates that the linear program and the best plan use."""
        used = relaxation.point > 1e-6
        if self.best is not None:
            used[self.best] = True
        cheap = np.argsort(relaxation.reduced, kind="stable")[: len(relaxation.reduced) // 50]
        used[cheap] = True
        used &= self.program.high > 0
        high = np.where(used | (self.program.low > 0), self.program.high, 0.0)
        part = dataclasses.replace(self.program, high=high)
        self.take(solve_exactly(part, self.best, self.clock, nodes=200).plan)

    def _fix_and_solve(self, relaxation: Relaxation) -> None:
        """Fix what no better plan can change, and solve what is left."""
        if self.best is None:
            part = self.program
        else:
            fixed = self._fixed_candidates(relaxation)
            low = np.where(fixed & relaxation.at_high, self.program.high, self.program.low)
            high = np.where(fixed & ~relaxation.at_high, self.program.low, self.program.high)
            part = dataclasses.replace(self.program, low=low, high=high)
        self._exactly(part, relaxation)

    def _fixed_candidates(self, relaxation: Relaxation) -> Bools:
        """Return the candidates that are the same in all plans better than the best one."""
        better = self.program.better_than(self.value)
        room = relaxation.bound - relaxation.reduced
        free = self.program.high > self.program.low
        return np.asarray(free & (room < better - 1e-7 * max(1.0, abs(better) * 1e-6)))

    def _exactly(self, part: Program, relaxation: Relaxation) -> None:
        """Solve a part that holds every plan better than the best one."""
        start = self.best if self.best is not None and part.allows(self.best) else None
        tree = Tree(part, start, self.clock, relaxation).run()
        self._keep(tree)
        if not self.proved and not self.clock.over and tree.stopped_by != "infeasible":
            start = self.best if self.best is not None and part.allows(self.best) else None
            self._keep(solve_exactly(part, start, self.clock))

    def _must_serve_all(self) -> bool:
        """Return whether the least weights are those of all rows."""
        program, cover = self.program, self.program.cover
        if program.cost is None or (cover.need > 1).any():
            return False
        whole = np.zeros(len(cover), np.bool_)
        for floor in program.floors:
            rows = floor.rows(cover)
            if floor.weight >= cover.weight[rows].sum() * (1 - 1e-12):
                whole |= rows
        return bool(whole.all())

    def _keep(self, result: Solution) -> None:
        """Take plan and bound of a part that holds every plan better than the best one."""
        self.take(result.plan)
        if result.stopped_by == "infeasible":
            if self.best is None:
                self.ended = "infeasible"
            self.bound = min(self.bound, self.value)
        else:
            self.bound = min(self.bound, max(result.bound, self.value))

    def _settle(self) -> None:
        """Choose among equal plans, where exchanges keep all limits."""
        rules, best, cover = self.rules, self.best, self.program.cover
        if rules is None or best is None or len(best) > rules.size or (cover.need > 1).any():
            return
        if self.program.floors or len(best) * cover.n_candidates > TABLE:
            return
        plan = first_of_equals(cover, rules, best)
        if self.program.allows(plan) and self.program.objective(plan) >= self.value:
            self.best = plan

    def solution(self) -> Solution:
        """Return the answer."""
        if self.ended == "infeasible":
            return Solution(None, -np.inf, -np.inf, "infeasible")
        bound = max(self.bound, self.value)
        step = self.program.step
        self._settle()
        if self.proved:
            return Solution(self.best, self.value, self.value, self.ended or "proved")
        if step:  # no plan is between two whole numbers
            bound = max(np.floor(bound / step + 1e-6) * step, self.value)
        ended = self.ended or ("time_limit" if self.clock.over else "search_limit")
        return Solution(self.best, self.value, float(bound), ended)
