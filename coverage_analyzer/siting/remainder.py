"""What is left of a program once candidates are fixed: fewer candidates, rows merged again.

Candidates whose bounds are equal are fixed. Rows that the fixed ones serve are a constant, rows
that no free one reaches are dropped, and rows that differ only in fixed candidates become one: of
ten thousand candidates a few hundred are left, and of a hundred thousand rows a few thousand.
"""

import dataclasses

import numpy as np

from coverage_analyzer.arrays import Ints
from coverage_analyzer.siting.cover import Cover, Floor, Program, Side
from coverage_analyzer.siting.reduction import merged
from coverage_analyzer.siting.search import Rules


class Remainder:
    """A program without the candidates that are fixed and the rows that these serve.

    Parameters
    ----------
    program
        The question; candidates whose bounds are equal are fixed.

    Attributes
    ----------
    whole
        The question as given.
    kept, fixed
        Candidates that are free, and that are chosen in any case, ascending.
    served
        Whether the fixed candidates serve a row of the whole, shape (rows,).
    program
        The question about the kept candidates, by their positions in ``kept``.
    constant
        What the fixed candidates add to the objective.
    """

    def __init__(self, program: Program) -> None:
        self.whole, cover = program, program.cover
        self.fixed = np.flatnonzero(program.low > 0)
        self.kept = np.flatnonzero(program.high > program.low)
        counts = cover.counts(self.fixed)
        self.served = counts >= cover.need
        rows = np.flatnonzero(~self.served)
        part = cover.take(rows) if len(rows) < len(cover) else cover
        part = renumbered(part, self.kept)
        part = dataclasses.replace(part, need=(part.need - counts[rows]).astype(np.int8))
        reachable = np.flatnonzero(np.diff(part.start) >= part.need)
        small = merged(part.take(reachable))
        own = program.cost
        self.program = Program(
            small,
            program.low[self.kept],
            program.high[self.kept],
            tuple(self._side(side) for side in program.sides),
            tuple(self._floor(floor) for floor in program.floors),
            None if own is None else own[self.kept],
        )
        self.constant = float(cover.weight[self.served].sum())
        if own is not None:
            self.constant = -float(own[self.fixed].sum())

    def _side(self, side: Side) -> Side:
        """Return a limit on the candidates without those that are fixed."""
        used = side.amount(self.whole.chosen(self.fixed))
        position = np.full(self.whole.cover.n_candidates, -1)
        position[self.kept] = np.arange(len(self.kept))
        at = position[side.index]
        free = at >= 0
        return Side(at[free], side.coefficient[free], side.lower - used, side.upper - used)

    def _floor(self, floor: Floor) -> Floor:
        """Return a least weight without the rows that are served."""
        cover = self.whole.cover
        served = float(cover.weight[self.served & floor.rows(cover)].sum())
        return Floor(floor.groups, max(floor.weight - served, 0.0))

    def plan(self, chosen: Ints) -> Ints:
        """Return a plan of the whole from one of the kept candidates."""
        return np.union1d(self.kept[chosen], self.fixed)

    def part(self, plan: Ints) -> Ints:
        """Return the kept candidates of a plan of the whole, by their positions."""
        return np.flatnonzero(np.isin(self.kept, plan))


def renumbered(cover: Cover, kept: Ints) -> Cover:
    """Return a cover of some candidates only, which are renumbered; rows may become empty."""
    inside = np.zeros(cover.n_candidates, np.bool_)
    inside[kept] = True
    position = np.zeros(cover.n_candidates, np.int32)
    position[kept] = np.arange(len(kept), dtype=np.int32)
    part = cover.only(inside)
    return dataclasses.replace(part, candidate=position[part.candidate], n_candidates=len(kept))


def restricted(cover: Cover, rules: Rules, kept: Ints) -> tuple[Cover, Rules]:
    """Return the exchanges among some candidates, which are renumbered: rows are merged.

    Parameters
    ----------
    cover, rules
        As for all candidates.
    kept
        Some of them, with the forced ones, ascending.
    """
    part = renumbered(cover, kept)
    part = merged(part.take(np.flatnonzero(np.diff(part.start) > 0)))
    small = Rules(
        rules.size,
        np.searchsorted(kept, rules.forced),
        rules.allowed[kept],
        None if rules.group is None else rules.group[kept],
        rules.cap,
        None if rules.cost is None else rules.cost[kept],
        rules.budget,
    )
    return part, small
