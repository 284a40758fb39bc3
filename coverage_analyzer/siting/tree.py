"""The last gap closed by branching: at most, or at least, a number of centers in a neighbourhood.

Neighbouring candidates reach nearly the same sites: without one of them the linear program uses the
next one, and nothing is gained. So a branch limits the number of centers in a set of candidates
that are alike, of which the linear program uses a fraction: at most k in one half of the plans, at
least k + 1 in the other half. A single candidate, in or out, is the smallest such set.

All nodes of the tree share the cuts, since a cut holds for every plan. The node with the greatest
bound is opened first. A node is closed once its bound is below what a better plan would have.
"""

import heapq
import logging
from typing import Final, NamedTuple

import numpy as np

from coverage_analyzer.arrays import Bools, Floats, Ints
from coverage_analyzer.siting.bounds import Master, Relaxation
from coverage_analyzer.siting.clock import Clock
from coverage_analyzer.siting.cover import Cover, Program, Side, Solution
from coverage_analyzer.siting.remainder import Remainder

log = logging.getLogger(__name__)

NODES: Final = 400
"""Nodes at most: a count, so that the answer does not depend on the machine."""

TRIAL: Final = 16
"""After this many nodes the tree goes on only if it has closed a fifth of the gap."""

FREE: Final = (-np.inf, np.inf)
"""Least and greatest number of centers in a set without a limit."""

LIKE: Final = 0.15
"""Candidates are alike from this share of the weight of the smaller one in common."""

MOST_TOGETHER: Final = 3.0
"""Sets hold no more centers than this in the linear program."""

WHOLE: Final = 1e-6
"""Maximum distance from 0 or 1 of a value that counts as whole."""


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
    sets
        Least and greatest number of centers in sets of candidates, by the number of the side.
    """

    key: float
    number: int
    low: Floats
    high: Floats
    sets: dict[int, tuple[float, float]]


class Alike:
    """Sets of candidates that reach nearly the same rows.

    Parameters
    ----------
    cover
        Who reaches whom.
    """

    def __init__(self, cover: Cover) -> None:
        self.cover, self.alone = cover, cover.alone()
        self._first, self._rows = cover.by_candidate()
        self._similar: dict[int, Floats] = {}

    def share(self, candidate: int) -> Floats:
        """Return the share that each candidate has in common with one, shape (candidates,)."""
        if candidate not in self._similar:
            rows = self._rows[self._first[candidate] : self._first[candidate + 1]]
            common = self.cover.take(rows.astype(np.int64)).alone()
            less = np.minimum(self.alone, self.alone[candidate])
            self._similar[candidate] = common / np.maximum(less, 1e-9)
        return self._similar[candidate]

    def best_set(self, point: Floats) -> tuple[Bools, float] | None:
        """Return a set, shape (candidates,), of which a point has a fraction, and how much.

        A set is a candidate with all that are more like it than some other one. Taken is the one
        with the greatest fraction by the weight that its candidate reaches.
        """
        best, result = 0.0, None
        used = np.flatnonzero(point > WHOLE)
        for candidate in used[point[used] < 1 - WHOLE].tolist():
            share = self.share(candidate)
            order = used[np.argsort(-share[used], kind="stable")]
            order = order[share[order] > LIKE]
            amount = np.cumsum(point[order])
            fraction = np.minimum(amount - np.floor(amount), np.ceil(amount) - amount)
            score = fraction * self.alone[candidate] / (1 + np.floor(amount))
            score[(amount > MOST_TOGETHER) | (fraction < WHOLE)] = 0.0
            score[:-1][np.diff(share[order]) == 0] = 0.0
            at = int(score.argmax()) if len(score) else 0
            if len(score) and score[at] > best * (1 + WHOLE):
                best, result = float(score[at]), (candidate, share[order[at]], float(amount[at]))
        if result is None:
            return None
        candidate, least, total = result
        return self.share(candidate) >= least, total


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
    hint
        The answer of the whole's linear program, if there is one: the first cuts are made there.
    """

    def __init__(
        self, program: Program, best: Ints | None, clock: Clock, hint: Relaxation | None = None
    ) -> None:
        self.program, self.clock = program, clock
        self.best, self.value = best, -np.inf
        if best is not None:
            self.value = program.objective(best)
        self.small = Remainder(program)
        self.master = Master(self.small.program)
        self._alike = Alike(self.small.program.cover)
        self._numbers: dict[bytes, int] = {}
        self._inner = self.small.program.high / 2
        if best is not None:
            self._inner = self.small.program.chosen(self.small.part(best))
        if hint is not None:
            self._inner = hint.point[self.small.kept]
        self._heap: list[Node] = []
        self._n_nodes = 0

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
        self._open(Node(-np.inf, 0, small.low.copy(), small.high.copy(), {}))
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
        log.info(
            "tree: %d nodes made, bound %.10g, plan %.10g", self._n_nodes, self.bound, self.value
        )
        ended = "proved" if not self._heap else "search_limit"
        if not self._heap and self.best is None:
            return Solution(None, -np.inf, -np.inf, "infeasible")
        return Solution(self.best, self.value, self.bound, ended)

    def _drop(self) -> None:
        """Close the nodes that hold no better plan."""
        self._heap = [node for node in self._heap if -node.key >= self._enough]
        heapq.heapify(self._heap)

    def _open(self, node: Node) -> None:
        self._n_nodes += 1
        heapq.heappush(self._heap, node._replace(number=self._n_nodes))

    def _relax(self, node: Node) -> Relaxation:
        """Return the bound of a node in the objective of the whole."""
        self.master.set_bounds(node.low, node.high)
        for number in self._numbers.values():
            self.master.set_side(number, *node.sets.get(number, FREE))
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
        low, high = self._fix_bounds(node, result)
        free = np.flatnonzero(high > low)
        if not len(free):  # one plan is left
            self._take(np.flatnonzero(low > 0.5))
            return
        part = Node(-result.bound, 0, low, high, node.sets)
        if not self._halve(part, result.point):
            at = int(free[np.argmax(result.point[free])])
            for value in (1.0, 0.0):
                less, more = low.copy(), high.copy()
                less[at] = more[at] = value
                self._open(part._replace(low=less, high=more))

    def _halve(self, node: Node, point: Floats) -> bool:
        """Open the halves of a node by a set of which a point has a fraction, if there is one."""
        best = self._alike.best_set(point)
        if best is None:
            return False
        members, amount = best
        key = members.tobytes()
        if key not in self._numbers:
            side = Side(np.flatnonzero(members), np.ones(members.sum()), *FREE)
            self._numbers[key] = self.master.add_side(side)
        number = self._numbers[key]
        least, most = node.sets.get(number, FREE)
        for ends in ((np.floor(amount) + 1, most), (least, np.floor(amount))):
            self._open(node._replace(sets={**node.sets, number: ends}))
        return True

    def _fix_bounds(self, node: Node, result: Relaxation) -> tuple[Floats, Floats]:
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
