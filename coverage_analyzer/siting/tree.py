"""The last gap closed by branching: the linear program again with one candidate in, and out.

All nodes of the tree share the cuts, since a cut holds for every plan. The node with the greatest
bound is opened first. A node is closed once its bound is below what a better plan would have.
"""

import heapq
import logging
from typing import Final, NamedTuple

import numpy as np

from coverage_analyzer.arrays import Floats, Ints
from coverage_analyzer.siting.bounds import Master, Relaxation
from coverage_analyzer.siting.clock import Clock
from coverage_analyzer.siting.cover import Program, Solution
from coverage_analyzer.siting.remainder import Remainder

log = logging.getLogger(__name__)

NODES: Final = 400
"""Nodes at most: a count, so that the answer does not depend on the machine."""

TRIAL: Final = 16
"""After so many nodes the tree goes on only if it has closed a fifth of the gap."""

WHOLE: Final = 1e-6
"""So near to 0 or 1 a value counts as whole."""


class Node(NamedTuple):
    """A part of all plans, in the order in which parts are opened.

    Attributes
    ----------
    key
        The bound with a minus: the greatest comes first.
    number
        When it was made.
    low, high
        Least and greatest value of each kept candidate.
    """

    key: float
    number: int
    low: Floats
    high: Floats


class Tree:
    """A search over all plans that are better than the best known one.

    Parameters
    ----------
    program
        The question; candidates whose bounds are equal are fixed.
    best
        A plan that keeps all limits, or None.
    clock
        Ends the search early.
    """

    def __init__(self, program: Program, best: Ints | None, clock: Clock) -> None:
        self.program, self.clock = program, clock
        self.best, self.value = best, -np.inf
        if best is not None:
            self.value = program.objective(best)
        self.small = Remainder(program)
        self.master = Master(self.small.program)
        self._inner = self.small.program.high / 2
        if best is not None:
            self._inner = self.small.program.chosen(self.small.part(best))
        self._alone = self.small.program.cover.alone()
        self._heap: list[Node] = []
        self._made = 0

    @property
    def bound(self) -> float:
        """No plan has a greater objective."""
        top = -self._heap[0].key if self._heap else -np.inf
        return max(top, self.value)

    @property
    def _enough(self) -> float:
        """Bound below which a node is closed."""
        if not np.isfinite(self.value):
            return -np.inf
        better = self.program.better_than(self.value)
        return better - (1e-7 if self.program.step else 0.0) * max(1.0, abs(better) * 1e-6)

    def run(self, nodes: int = NODES) -> Solution:
        """Return the best plan, and the bound of what is left open."""
        small, first = self.small.program, None
        self._open(small.low.copy(), small.high.copy(), np.inf)
        for count in range(nodes):
            self._drop()
            if not self._heap or self.clock.over:
                break
            node = heapq.heappop(self._heap)
            relaxation = self._relax(node)
            first = relaxation.bound if first is None else first
            self._branch(node, relaxation)
            if count == TRIAL and self.bound > first - (first - self.value) / 5:
                break
        self._drop()
        log.info("tree: %d nodes made, bound %.10g, plan %.10g", self._made, self.bound, self.value)
        ended = "proved" if not self._heap else "search_limit"
        if not self._heap and self.best is None:
            return Solution(None, -np.inf, -np.inf, "infeasible")
        return Solution(self.best, self.value, self.bound, ended)

    def _drop(self) -> None:
        """Close the nodes that hold no better plan."""
        self._heap = [node for node in self._heap if -node.key >= self._enough]
        heapq.heapify(self._heap)

    def _open(self, low: Floats, high: Floats, bound: float) -> None:
        self._made += 1
        heapq.heappush(self._heap, Node(-bound, self._made, low, high))

    def _relax(self, node: Node) -> Relaxation:
        """Return the bound of a node in the objective of the whole."""
        self.master.set_bounds(node.low, node.high)
        constant = self.small.constant
        enough = self._enough - constant
        result = self.master.run(np.clip(self._inner, node.low, node.high), enough, self.clock)
        result.bound = min(result.bound + constant, -node.key)
        return result

    def _branch(self, node: Node, result: Relaxation) -> None:
        """Open the two halves of a node, unless it is closed."""
        if result.bound < self._enough:
            return
        self._take(np.flatnonzero(result.point > 0.5))
        low, high = self._fixed(node, result)
        free = np.flatnonzero(high > low)
        if not len(free):  # one plan is left
            self._take(np.flatnonzero(low > 0.5))
            return
        near = np.minimum(result.point, 1 - result.point)[free]
        score = np.where(near > WHOLE, near * self._alone[free], 0.0)
        at = int(free[np.argmax(score if score.any() else result.point[free])])
        for value in (1.0, 0.0):
            less, more = low.copy(), high.copy()
            less[at] = more[at] = value
            self._open(less, more, result.bound)

    def _fixed(self, node: Node, result: Relaxation) -> tuple[Floats, Floats]:
        """Return the bounds of a node without what no better plan in it can use, or do without."""
        if not len(result.reduced):
            return node.low, node.high
        fixed = (node.high > node.low) & (result.bound - result.reduced < self._enough)
        low = np.where(fixed & result.at_high, node.high, node.low)
        return low, np.where(fixed & ~result.at_high, node.low, node.high)

    def _take(self, chosen: Ints) -> None:
        plan = self.small.plan(chosen)
        if self.program.allows(plan):
            value = self.program.objective(plan)
            if value > self.value:
                self.best, self.value = plan, value
